//! Names the conversation of a thread in the gateway, for both directions alike.

use zalouser_settings::lower_case;

use crate::account::Route;
use crate::command::{ChatKind, Thread};

/// The agent of a gateway that names none.
pub const DEFAULT_AGENT: &str = "main";

/// The agent that answers in `thread`: the first route that names it, else the first that names no
/// thread, else [`DEFAULT_AGENT`].
pub fn agent_for<'a>(routes: &'a [Route], thread: &Thread) -> &'a str {
    let own = routes.iter().find(|route| route.peer.as_ref() == Some(thread));
    let general = || routes.iter().find(|route| route.peer.is_none());
    own.or_else(general).map_or(DEFAULT_AGENT, |route| &route.agent)
}

/// The session key of `thread`: `agent:<agent>:zalouser:direct:<id>` or `…:group:<id>`, in lower
/// case.
pub fn session_key(routes: &[Route], thread: &Thread) -> String {
    let kind = match thread.kind {
        ChatKind::Direct => "direct",
        ChatKind::Group => "group",
    };
    lower_case(&["agent:", agent_for(routes, thread), ":zalouser:", kind, ":", &thread.id].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(kind: ChatKind, id: &str) -> Thread {
        Thread { id: id.into(), kind }
    }

    #[test]
    fn a_direct_chat_and_a_group_of_the_same_id_are_different_sessions() {
        assert_eq!(session_key(&[], &thread(ChatKind::Direct, "1")), "agent:main:zalouser:direct:1");
        assert_eq!(session_key(&[], &thread(ChatKind::Group, "1")), "agent:main:zalouser:group:1");
    }

    #[test]
    fn a_route_for_the_thread_beats_the_general_one() {
        let family = thread(ChatKind::Group, "5002");
        let routes = [
            Route { agent: "Work".into(), peer: None },
            Route { agent: "home".into(), peer: Some(family.clone()) },
        ];
        assert_eq!(session_key(&routes, &family), "agent:home:zalouser:group:5002");
        assert_eq!(
            session_key(&routes, &thread(ChatKind::Direct, "5002")),
            "agent:work:zalouser:direct:5002"
        );
    }
}
