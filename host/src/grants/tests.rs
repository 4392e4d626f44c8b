//! What is refused, and what the refusal says.

use tokio::sync::OnceCell;

use super::*;
use crate::sandbox::bindings::config::Environment;
use crate::sandbox::bindings::types::{LinkMessage, MediaKind, TextMessage};
use crate::sandbox::{Limits, Sandbox};

const NOON: u64 = 43_200_000;

/// The default account of an empty configuration. Read once: a debug build compiles the component in seconds.
async fn account() -> Account {
    static ACCOUNT: OnceCell<Account> = OnceCell::const_new();
    let read = async || {
        let sandbox = Sandbox::new(Limits::default(), None).unwrap();
        let mut guest = sandbox.load_shipped().unwrap().instantiate().await.unwrap();
        let configuration =
            guest.load_config("{}", &Environment { zca_profile: None }).await.unwrap().unwrap();
        configuration.accounts.into_iter().next().unwrap()
    };
    ACCOUNT.get_or_init(read).await.clone()
}

fn thread(id: &str, kind: ChatKind) -> Thread {
    Thread { id: id.to_owned(), kind }
}

fn text(id: &str, kind: ChatKind) -> Command {
    Command::SendText(TextMessage { thread: thread(id, kind), text: "hello".to_owned() })
}

fn link(url: &str) -> Command {
    Command::SendLink(LinkMessage { thread: thread("111", ChatKind::Direct), url: url.to_owned() })
}

fn media(source: &str) -> Command {
    Command::SendMedia(MediaMessage {
        thread: thread("111", ChatKind::Direct),
        kind: MediaKind::Image,
        source: source.to_owned(),
        caption: None,
    })
}

#[tokio::test]
async fn a_component_without_grants_may_do_nothing() {
    let (account, gate) = (account().await, Gate::new("other", Grants::default()));
    let commands = [
        text("111", ChatKind::Direct),
        link("https://example.com"),
        media("https://example.com/a.png"),
        Command::ListFriends,
        Command::ListGroups,
        Command::ListMembers("5001".to_owned()),
        Command::WhoAmI,
        Command::SessionStatus,
    ];
    for command in commands {
        let refusal = gate.check(&account, command.clone(), NOON).unwrap_err();
        assert_eq!(refusal.key, "commands", "{command:?}");
    }
}

#[tokio::test]
async fn the_shipped_component_may_do_what_a_channel_needs() {
    let (account, gate) = (account().await, Gate::new(SHIPPED, Grants::shipped()));
    for command in [text("111", ChatKind::Direct), link("https://example.com"), Command::ListFriends] {
        assert!(gate.check(&account, command.clone(), NOON).is_ok(), "{command:?}");
    }
    for (command, key) in [
        (media("/etc/passwd"), "mediaRoots"),
        (media("file:///etc/passwd"), "urlSchemes"),
        (media("http://127.0.0.1/a.png"), "urlHosts"),
        (link("http://192.168.1.1/"), "urlHosts"),
    ] {
        assert_eq!(gate.check(&account, command.clone(), NOON).unwrap_err().key, key, "{command:?}");
    }
}

#[tokio::test]
async fn a_refusal_says_which_key_would_allow_it() {
    let account = account().await;
    let grants = Grants { threads: vec!["user:111".to_owned()], ..Grants::shipped() };
    let refusal = Gate::new("bot", grants).check(&account, text("111", ChatKind::Group), NOON).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "bot may not send to group:111; to allow it, set \
         plugins.entries.zalouser.config.grants.bot.threads to hold \"group:111\""
    );
}

#[tokio::test]
async fn accounts_profiles_and_threads_are_granted_by_name_or_all() {
    let account = account().await;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let all = Grants::shipped;
    for (grants, refused) in [
        (Grants { accounts: names(&["DEFAULT"]), ..all() }, None),
        (Grants { accounts: names(&["work"]), ..all() }, Some("accounts")),
        (Grants { profiles: names(&["work"]), ..all() }, Some("profiles")),
        (Grants { threads: names(&["group:*"]), ..all() }, Some("threads")),
        (Grants { threads: names(&["user:*"]), ..all() }, None),
        (Grants { threads: names(&["111"]), ..all() }, Some("threads")),
    ] {
        let checked = Gate::new("bot", grants).check(&account, text("111", ChatKind::Direct), NOON);
        assert_eq!(checked.err().map(|refusal| refusal.key), refused);
    }
}

#[tokio::test]
async fn only_granted_sends_count() {
    let account = account().await;
    let grants =
        Grants { sends_per_minute: Some(1), threads: vec!["user:*".to_owned()], ..Grants::shipped() };
    let gate = Gate::new("bot", grants);
    assert!(gate.check(&account, text("1", ChatKind::Group), NOON).is_err());
    assert!(gate.check(&account, Command::ListFriends, NOON).is_ok());
    assert!(gate.check(&account, text("1", ChatKind::Direct), NOON).is_ok());
    let refusal = gate.clone().check(&account, text("1", ChatKind::Direct), NOON).unwrap_err();
    assert_eq!(refusal.key, "sendsPerMinute", "clones count together");
    assert_eq!(refusal.what, "send more than 1 messages a minute");
}
