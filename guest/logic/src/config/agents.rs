//! Which agent answers, from `agents.list` and `bindings`.

use serde_json::Value;
use zalouser_settings::{Problem, Section};

use super::accounts::same_id;
use super::filled;
use crate::account::Route;
use crate::command::{ChatKind, Thread};
use crate::session::DEFAULT_AGENT;

/// The names under which a binding can mean this channel: its own and its alias.
const CHANNELS: [&str; 2] = ["zalouser", "zlu"];

/// The agents of the gateway, and what is bound to them.
#[derive(Debug, Default)]
pub(super) struct Agents {
    list: Vec<Agent>,
    bindings: Vec<Binding>,
}

#[derive(Debug)]
struct Agent {
    id: String,
    is_default: bool,
    identity_name: Option<String>,
}

/// An agent answers in a part of this channel.
#[derive(Debug)]
struct Binding {
    agent: String,
    scope: Scope,
}

#[derive(Debug)]
struct Scope {
    /// The one account; none for all.
    account: Option<String>,
    /// The one thread; none for all.
    peer: Option<Thread>,
}

impl Agents {
    /// Reads the `list` of the section `agents`.
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let list = section.items("list", read_agent).unwrap_or_default();
        Self { list: list.into_iter().flatten().collect(), bindings: Vec::new() }
    }

    /// The routes of an account: those of single threads, then the general one.
    pub(super) fn routes(&self, account: &str) -> Vec<Route> {
        let threads = self.bound(account).filter(|binding| binding.scope.peer.is_some());
        let mut routes: Vec<_> = threads
            .map(|binding| Route { agent: binding.agent.clone(), peer: binding.scope.peer.clone() })
            .collect();
        routes.push(Route { agent: self.general(account).to_owned(), peer: None });
        routes
    }

    /// The id of the agent that answers in all threads of an account that have no agent of their
    /// own: the one bound to the account, else the one bound to the channel, else the default one.
    pub(super) fn general(&self, account: &str) -> &str {
        let bindings = || self.bound(account).filter(|binding| binding.scope.peer.is_none());
        let of_account = bindings().find(|binding| binding.scope.account.is_some());
        let binding = of_account.or_else(|| bindings().next());
        binding.map_or_else(|| self.default_id(), |binding| &binding.agent)
    }

    /// What the agent with this id calls itself.
    pub(super) fn identity_name(&self, id: &str) -> Option<&str> {
        self.list.iter().find(|agent| same_id(&agent.id, id))?.identity_name.as_deref()
    }

    /// The bindings that hold in an account, in the order of the file.
    fn bound(&self, account: &str) -> impl Iterator<Item = &Binding> {
        self.bindings
            .iter()
            .filter(move |binding| binding.scope.account.as_ref().is_none_or(|bound| same_id(bound, account)))
    }

    /// The id of the agent to which nothing needs to be bound.
    fn default_id(&self) -> &str {
        let default = self.list.iter().find(|agent| agent.is_default).or_else(|| self.list.first());
        default.map_or(DEFAULT_AGENT, |agent| &agent.id)
    }
}

/// Reads those of the `bindings` of `root` that concern this channel into `agents`.
pub(super) fn read_bindings(root: &mut Section<'_>, agents: &mut Agents) {
    let bindings = root.items("bindings", |section| {
        section.leave_rest();
        let concerns_us = section.value("match").is_some_and(means_this_channel);
        if concerns_us { read_binding(section, &agents.list) } else { None }
    });
    agents.bindings = bindings.unwrap_or_default().into_iter().flatten().collect();
}

fn read_agent(section: &mut Section<'_>) -> Option<Agent> {
    section.leave_rest();
    let identity_name = section.section("identity", |section| {
        section.leave_rest();
        section.string("name").as_deref().and_then(filled)
    });
    Some(Agent {
        id: section.text("id")?,
        is_default: section.flag("default").unwrap_or(false),
        identity_name: identity_name.flatten(),
    })
}

fn means_this_channel(scope: &Value) -> bool {
    let channel = scope.get("channel").and_then(Value::as_str).unwrap_or_default().trim();
    CHANNELS.iter().any(|name| name.eq_ignore_ascii_case(channel))
}

fn read_binding(section: &mut Section<'_>, list: &[Agent]) -> Option<Binding> {
    section.require("agentId");
    let named = section.text("agentId")?;
    let scope = section.section("match", read_scope)??;
    // Without a list every id is an agent; the gateways make one up as it is needed.
    if list.is_empty() {
        return Some(Binding { agent: named, scope });
    }
    let agent = list.iter().find(|agent| same_id(&agent.id, &named));
    if agent.is_none() {
        let ids = list.iter().map(|agent| agent.id.as_str());
        let problem =
            Problem::new(section.path_of("agentId"), "is not in agents.list; the binding is ignored");
        section.report(problem.found(&Value::from(named.as_str())).allowing(ids, &named));
    }
    agent.map(|agent| Binding { agent: agent.id.clone(), scope })
}

/// What a binding holds for; none when it is wrong, or for something that Zalo does not have.
/// Either must not make it hold for everything.
fn read_scope(section: &mut Section<'_>) -> Option<Scope> {
    section.leave_rest();
    let account = match section.value("accountId") {
        None => None,
        Some(_) => Some(section.text("accountId")?).filter(|account| account != "*"),
    };
    let peer = match section.value("peer") {
        None => None,
        Some(_) => Some(section.section("peer", read_peer)??),
    };
    let is_foreign = ["guildId", "teamId"].into_iter().any(|key| section.value(key).is_some());
    (!is_foreign).then_some(Scope { account, peer })
}

fn read_peer(section: &mut Section<'_>) -> Option<Thread> {
    section.leave_rest();
    let kind = match section.text("kind")?.to_ascii_lowercase().as_str() {
        "dm" | "direct" | "user" => ChatKind::Direct,
        "group" => ChatKind::Group,
        _ => return None,
    };
    let id = filled(&section.id("id")?)?;
    Some(Thread { id, kind })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::{loaded, warning_lines};
    use super::*;

    /// The routes of the account `work` beside an account `home`, as agent and peer.
    fn routes(agents: Value, bindings: Value) -> Vec<(String, Option<Thread>)> {
        let accounts = json!({ "Work": {}, "home": {} });
        let file = json!({
            "channels": { "zalouser": { "accounts": accounts } },
            "agents": { "list": agents },
            "bindings": bindings,
        });
        let account = loaded(file).account(Some("work")).unwrap().clone();
        account.routes.into_iter().map(|route| (route.agent, route.peer)).collect()
    }

    fn bound(agent: &str, scope: Value) -> Value {
        json!({ "agentId": agent, "match": scope })
    }

    #[test]
    fn the_default_agent_is_marked_else_first_else_main() {
        for (list, expected) in [
            (json!([]), "main"),
            (json!([{ "id": "a" }, { "id": "b" }]), "a"),
            (json!([{ "id": "a" }, { "id": "b", "default": true }, { "id": "c", "default": true }]), "b"),
        ] {
            assert_eq!(routes(list.clone(), json!([])), [(expected.to_owned(), None)], "{list}");
        }
    }

    #[test]
    fn a_binding_to_the_account_beats_one_to_the_channel() {
        let of_channel = bound("c", json!({ "channel": "zalouser" }));
        let of_any = bound("any", json!({ "channel": "ZLU", "accountId": "*" }));
        let of_work = bound("w", json!({ "channel": "zalouser", "accountId": "work" }));
        let of_home = bound("h", json!({ "channel": "zalouser", "accountId": "home" }));
        let of_other = bound("o", json!({ "channel": "telegram" }));
        for (bindings, expected) in [
            (json!([of_channel, of_any, of_work, of_home]), "w"),
            (json!([of_channel, of_any]), "c"),
            (json!([of_any, of_channel]), "any"),
            (json!([of_home, of_other]), "main"),
        ] {
            assert_eq!(routes(json!([]), bindings.clone()), [(expected.to_owned(), None)], "{bindings}");
        }
    }

    #[test]
    fn routes_of_threads_come_before_the_general_one() {
        let peer = |kind, id: Value| json!({ "kind": kind, "id": id });
        let of_work = |peer| json!({ "channel": "zalouser", "accountId": "WORK", "peer": peer });
        let bindings = json!([
            bound("general", json!({ "channel": "zalouser" })),
            bound("a", of_work(peer("dm", json!("1")))),
            bound("b", of_work(peer("direct", json!(2)))),
            bound("c", of_work(peer("user", json!(" 3 ")))),
            bound("d", json!({ "channel": "zalouser", "peer": peer("group", json!("4")) })),
            bound(
                "e",
                json!({ "channel": "zalouser", "accountId": "home", "peer": peer("group", json!("5")) })
            ),
        ]);
        let thread = |id: &str, kind| Some(Thread { id: id.into(), kind });
        assert_eq!(
            routes(json!([]), bindings),
            [
                ("a".into(), thread("1", ChatKind::Direct)),
                ("b".into(), thread("2", ChatKind::Direct)),
                ("c".into(), thread("3", ChatKind::Direct)),
                ("d".into(), thread("4", ChatKind::Group)),
                ("general".into(), None),
            ]
        );
    }

    #[test]
    fn a_binding_that_does_not_fit_zalo_or_is_wrong_does_not_widen() {
        let general = [("main".to_owned(), None)];
        for scope in [
            json!({ "peer": { "kind": "channel", "id": "1" } }),
            json!({ "peer": { "kind": "group", "id": " " } }),
            json!({ "peer": { "kind": "group" } }),
            json!({ "peer": "1" }),
            json!({ "accountId": 5 }),
            json!({ "guildId": "1" }),
        ] {
            let mut scope = scope;
            scope["channel"] = json!("zalouser");
            assert_eq!(routes(json!([]), json!([bound("x", scope.clone())])), general, "{scope}");
        }
    }

    #[test]
    fn a_binding_to_an_agent_that_is_not_listed_is_ignored_with_a_warning() {
        let file = json!({
            "agents": { "list": [{ "id": "Home" }, { "id": "work" }] },
            "bindings": [
                bound("wrok", json!({ "channel": "zalouser" })),
                { "match": { "channel": "zalouser" } },
            ],
        });
        assert_eq!(loaded(file.clone()).accounts[0].routes, [Route { agent: "Home".into(), peer: None }]);
        assert_eq!(
            warning_lines(file),
            [
                "bindings[0].agentId: \"wrok\" is not in agents.list; the binding is ignored; \
             allowed: Home, work; did you mean \"work\"?",
                "bindings[1].agentId is missing",
            ]
        );
    }

    #[test]
    fn the_identity_is_that_of_the_agent_that_answers_in_general() {
        let file = json!({
            "channels": { "zalouser": { "responsePrefix": "auto" } },
            "agents": { "list": [{ "id": "a", "identity": { "name": "Ant" } }, { "id": "B", "identity": { "name": "Bee" } }] },
            "bindings": [bound("b", json!({ "channel": "zalouser" }))],
        });
        let replies = loaded(file).accounts.remove(0).replies;
        assert_eq!(replies.identity_name.as_deref(), Some("Bee"));
        assert_eq!(replies.response_prefix.as_deref(), Some("[Bee]"));
    }
}
