//! Which calls a group may make.

use super::*;
use crate::account::{GroupRule, ToolPolicy};
use crate::directory::{Entry, EntryKind};
use crate::tool::policy;

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn rule(key: &str, tools: Option<(&[&str], &[&str])>) -> GroupRule {
    let tools = tools.map(|(allow, deny)| ToolPolicy {
        allow: strings(allow),
        also_allow: Vec::new(),
        deny: strings(deny),
    });
    GroupRule { key: key.into(), enabled: true, require_mention: false, tools }
}

/// A call from the group 5001, with these rules.
fn in_group(rules: Vec<GroupRule>) -> CallContext {
    let mut context = from(group("5001"));
    context.account.access.groups = rules;
    context
}

/// The group 5001, and another one, with these names.
fn named(own: &str, other: &str) -> Option<Vec<Entry>> {
    let entry = |id: &str, name: &str| Entry {
        kind: EntryKind::Group,
        id: id.into(),
        name: name.into(),
        avatar: None,
        member_count: None,
    };
    Some(vec![entry("5001", own), entry("5002", other)])
}

/// The code with which the action is refused, if it is.
fn refusal(context: &CallContext, action: &str) -> Option<ErrorCode> {
    let call = match action {
        "send" => r#"{"action":"send","threadId":"111","message":"hi"}"#.to_owned(),
        action => format!(r#"{{"action":"{action}"}}"#),
    };
    plan(&call, context).err().map(|error| error.code)
}

#[test]
fn a_policy_names_the_tool_or_one_of_its_actions() {
    let no = Some(ErrorCode::NotAllowed);
    for (allow, deny, send, me) in [
        (&[][..], &[][..], None, None),
        (&["*"], &[], None, None),
        (&["zalouser"], &[], None, None),
        (&[" Zalouser.Me "], &[], no, None),
        (&["browser"], &[], no, no),
        (&["zalouser.*"], &[], None, None),
        (&[], &["zalouser"], no, no),
        (&[], &["*"], no, no),
        (&["*"], &["zalouser.send"], no, None),
        (&[], &["zalouser.s*"], no, None),
        (&["zalouser.send"], &["zalouser.send"], no, no),
        (&[], &["zalouser.sen"], None, None),
    ] {
        let context = in_group(vec![rule("5001", Some((allow, deny)))]);
        assert_eq!(refusal(&context, "send"), send, "send with allow {allow:?} and deny {deny:?}");
        assert_eq!(refusal(&context, "me"), me, "me with allow {allow:?} and deny {deny:?}");
    }
}

#[test]
fn tools_that_are_allowed_on_top_of_others_take_none_away() {
    let mut context = in_group(vec![rule("5001", Some((&[], &[])))]);
    for tools in context.account.access.groups.iter_mut().filter_map(|rule| rule.tools.as_mut()) {
        tools.also_allow = strings(&["browser"]);
    }
    assert_eq!(refusal(&context, "send"), None);
}

#[test]
fn the_nearest_rule_that_speaks_of_tools_holds() {
    let deny: Option<(&[&str], &[&str])> = Some((&[], &["*"]));
    let free: Option<(&[&str], &[&str])> = Some((&[], &[]));
    let no = Some(ErrorCode::NotAllowed);
    for (rules, expected) in [
        (vec![rule("*", deny)], no),
        (vec![rule("5001", free), rule("*", deny)], None),
        (vec![rule("zalouser:group:5001", deny), rule("*", free)], no),
        (vec![rule("5001", None), rule("*", deny)], no),
        (vec![rule("5002", deny)], None),
        (vec![rule("Work Chat", None), rule("*", deny)], no),
    ] {
        let keys: Vec<_> = rules.iter().map(|rule| rule.key.clone()).collect();
        assert_eq!(refusal(&in_group(rules), "send"), expected, "{keys:?}");
    }
}

#[test]
fn a_rule_by_name_holds_for_the_group_that_had_the_name_first_to_be_asked() {
    let deny: Option<(&[&str], &[&str])> = Some((&[], &["*"]));
    let no = Some(ErrorCode::NotAllowed);
    for (key, own, other, expected) in [
        ("Work Chat", "Work Chat", "Family", no),
        ("work-chat", "Work Chat", "Family", no),
        ("Work Chat", "Family", "Work Chat", None),
        // The name stands for neither, and then for whoever bears it.
        ("Work Chat", "Work Chat", "work chat", no),
    ] {
        let context = CallContext { groups: named(own, other), ..in_group(vec![rule(key, deny)]) };
        assert_eq!(refusal(&context, "send"), expected, "{key:?} where the group is called {own:?}");
    }
}

#[test]
fn a_rule_by_name_is_not_passed_over_because_names_are_unknown() {
    let deny: Option<(&[&str], &[&str])> = Some((&[], &["*"]));
    let by_name = || rule("Work Chat", deny);
    assert_eq!(refusal(&in_group(vec![by_name()]), "send"), Some(ErrorCode::GroupsUnknown));
    let own: Option<(&[&str], &[&str])> = Some((&[], &[]));
    assert_eq!(refusal(&in_group(vec![by_name(), rule("group:5001", own)]), "send"), None);
}

#[test]
fn a_direct_chat_is_free_of_the_policies_of_groups() {
    let mut context = in_group(vec![rule("*", Some((&[], &["*"])))]);
    for current in [None, Some(thread(ChatKind::Direct, "5001"))] {
        context.current_thread = current;
        assert_eq!(refusal(&context, "send"), None);
    }
}

#[test]
fn what_a_gateway_is_told_of_a_group_is_its_rule() {
    let tools: Option<(&[&str], &[&str])> = Some((&["read"], &["exec"]));
    let told = ToolPolicy { allow: strings(&["read"]), also_allow: Vec::new(), deny: strings(&["exec"]) };
    assert_eq!(policy(&in_group(vec![rule("5001", tools)])), Ok(Some(told.clone())));
    assert_eq!(policy(&in_group(vec![rule("5002", tools)])), Ok(None));
    let by_name = in_group(vec![rule("Work Chat", tools)]);
    assert_eq!(policy(&by_name).map_err(|error| error.code), Err(ErrorCode::GroupsUnknown));
    let known = CallContext { groups: named("Work Chat", "Family"), ..by_name };
    assert_eq!(policy(&known), Ok(Some(told)));
    let direct = CallContext { current_thread: Some(thread(ChatKind::Direct, "5001")), ..known };
    assert_eq!(policy(&direct), Ok(None));
}

#[test]
fn a_gateway_offers_the_tool_when_one_of_its_actions_is_allowed() {
    for (allow, told) in [
        (&["read", " Zalouser.Me "][..], &["read", " Zalouser.Me ", "zalouser"][..]),
        (&["zalouser.*"], &["zalouser.*", "zalouser"]),
        (&["zalouserx.me", "zalouser"], &["zalouserx.me", "zalouser"]),
        (&[], &[]),
    ] {
        let context = in_group(vec![rule("5001", Some((allow, &["zalouser.send"])))]);
        let found = policy(&context).unwrap().unwrap();
        assert_eq!((found.allow, found.deny), (strings(told), strings(&["zalouser.send"])), "{allow:?}");
    }
}
