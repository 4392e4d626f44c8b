//! Whether a call may come from the group that it comes from.

use super::CallContext;
use super::action::{Action, TOOL};
use super::error::{ErrorCode, ToolError};
use crate::account::ToolPolicy;
use crate::command::{ChatKind, Thread};
use crate::directory::EntryKind;
use crate::inbound::{GroupKey, Groups, Resolution};

/// The policy for the agent's tools in the current conversation; none when nothing restricts them. Where it
/// allows an action of this tool, it allows the tool, which knows itself which of its actions.
///
/// # Errors
/// [`ErrorCode::GroupsUnknown`], when it depends on the name of the group.
pub fn policy(context: &CallContext) -> Result<Option<ToolPolicy>, ToolError> {
    let Some(Thread { id, kind: ChatKind::Group }) = &context.current_thread else { return Ok(None) };
    let Some((_, policy)) = find(id, context)? else { return Ok(None) };
    let mut policy = policy.clone();
    let is_action = |entry: &String| {
        let entry = entry.trim().to_ascii_lowercase();
        entry.strip_prefix(TOOL).is_some_and(|rest| rest.starts_with('.'))
    };
    for list in [&mut policy.allow, &mut policy.also_allow] {
        if list.iter().any(is_action) {
            list.push(TOOL.to_owned());
        }
    }
    Ok(Some(policy))
}

/// Refuses `action` if the tool policy of the current group forbids it.
pub(super) fn check(action: Action, context: &CallContext) -> Result<(), ToolError> {
    let Some(Thread { id, kind: ChatKind::Group }) = &context.current_thread else { return Ok(()) };
    let Some((key, policy)) = find(id, context)? else { return Ok(()) };
    let name = format!("{TOOL}.{}", action.name());
    let named = |list: &[String]| list.iter().any(|entry| covers(entry, &name));
    let rule = format!("groups[{key:?}].tools");
    let hint = if named(&policy.deny) {
        format!("only the operator can allow it, by taking it out of {rule}.deny")
    } else if !policy.allow.is_empty() && !named(&policy.allow) {
        format!("only the operator can allow it, by adding {name:?} to {rule}.allow")
    } else {
        return Ok(());
    };
    let message = format!("{name} may not be used on behalf of the group {id}");
    Err(ToolError::new(ErrorCode::NotAllowed, message, hint))
}

/// The tool policy for the group with this id, and the key of its rule. A rule that says nothing of
/// tools leaves them to the next one.
fn find<'a>(id: &str, context: &'a CallContext) -> Result<Option<(&'a str, &'a ToolPolicy)>, ToolError> {
    let access = &context.account.access;
    let rules: Vec<_> =
        access.groups.iter().filter_map(|rule| Some((rule.key.as_str(), rule.tools.as_ref()?))).collect();
    let keys: Vec<_> = rules.iter().map(|(key, _)| *key).collect();
    let is_own =
        |key: &&str| matches!(GroupKey::read(key), GroupKey::Id(it) | GroupKey::PrefixedId(it) if it == id);
    let is_name = |key: &&str| matches!(GroupKey::read(key), GroupKey::Name(_));
    let place = match &context.groups {
        Some(groups) => {
            let own = groups.iter().find(|group| group.kind == EntryKind::Group && group.id == id);
            let resolution = Resolution::of_groups(access, groups);
            Groups::new(keys, &resolution).find(id, own.map(|group| group.name.as_str()))
        }
        // The rule for an id beats those for names, whatever they stand for.
        None if keys.iter().any(is_own) || !keys.iter().any(is_name) => {
            Groups::new(keys, &Resolution::default()).find(id, None)
        }
        None => {
            return Err(ToolError::new(
                ErrorCode::GroupsUnknown,
                format!("which tools the group {id} may use depends on its name, and that is not known"),
                "try again once the account's groups can be listed",
            ));
        }
    };
    Ok(place.and_then(|place| rules.get(place)).copied())
}

/// Whether an entry of a policy means the action `name`: by that name, by the tool's, or by the
/// beginning of either and `*`.
fn covers(entry: &str, name: &str) -> bool {
    let entry = entry.trim().to_ascii_lowercase();
    match entry.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => entry == name || entry == TOOL,
    }
}
