//! How names in the rules become ids.

use super::*;
use crate::account::GroupPolicy;
use crate::command::{Command, ExitStatus, Outcome};
use crate::effect::{LogEntry, LogLevel};

fn outcome(status: ExitStatus, stdout: &str, stderr: &str) -> Outcome {
    Outcome { status, stdout: stdout.into(), stderr: stderr.into(), delivered: None }
}

fn ok(stdout: &str) -> Outcome {
    outcome(ExitStatus::Exited(0), stdout, "")
}

const ME: &str = r#"{"userId": "999", "displayName": "Bot"}"#;

/// What the log says, but for how much it matters.
fn messages(learnt: &[LogEntry]) -> Vec<&str> {
    learnt.iter().map(|entry| entry.message.as_str()).collect()
}

#[test]
fn only_what_the_rules_depend_on_is_asked() {
    use Command::{ListFriends, ListGroups, WhoAmI};
    for (allow_from, group_allow_from, key, questions) in [
        (strings(["111", "*", "zalouser:222"]), strings(["111"]), "*", vec![WhoAmI]),
        (strings(["Alice"]), Vec::new(), "777", vec![WhoAmI, ListFriends]),
        (Vec::new(), strings(["zlu:Alice"]), "group:777", vec![WhoAmI, ListFriends]),
        (Vec::new(), Vec::new(), "Family", vec![WhoAmI, ListGroups]),
        (strings(["Alice"]), Vec::new(), "group:x", vec![WhoAmI, ListFriends, ListGroups]),
    ] {
        let mut account = account();
        account.access.allow_from = allow_from;
        account.access.group_allow_from = group_allow_from;
        account.access.groups = vec![rule(key)];
        assert_eq!(Monitor::new(account, Vec::new()).prepare(), questions, "{key}");
    }
}

#[test]
fn a_name_stands_for_the_one_friend_who_has_it() {
    let mut account = account();
    account.access.dm_policy = DmPolicy::Allowlist;
    account.access.allow_from = strings(["NGUYỄN An", "Bob", "Carol"]);
    account.access.group_allow_from = strings(["Bob"]);
    let mut monitor = Monitor::new(account, Vec::new());
    let friends = "Cached.\n[{\"userId\": 111, \"displayName\": \"Nguye\u{302}\u{303}n An\"},\n\
        {\"userId\": \"222\", \"displayName\": \"Bob\"}, {\"userId\": \"222\", \"displayName\": \"Bob\"},\n\
        {\"userId\": \"333\", \"displayName\": \"Carol\"}, {\"userId\": \"444\", \"displayName\": \"carol\"}, 7]\n";
    let learnt = monitor.learn(vec![ok(ME), ok(friends)]);
    let [homonym, rest @ ..] = &learnt[..] else { panic!("{learnt:?}") };
    assert_eq!(homonym.level, LogLevel::Warn);
    assert!(["Carol", "333", "444"].iter().all(|part| homonym.message.contains(part)), "{homonym:?}");
    assert_eq!(
        messages(rest),
        ["zalouser users resolved: NGUYỄN An→111, Bob→222", "zalouser users unresolved: Carol"]
    );
    let from = |id: &str| direct(json!({"threadId": id, "metadata": {"fromId": id}}));
    for (id, reason) in [("111", None), ("222", None), ("333", Some(DropReason::SenderNotAllowed))] {
        assert_eq!(refusal(&mut monitor, &from(id)), reason, "{id}");
    }
    assert_eq!(refusal(&mut monitor, &group(json!({"metadata": {"fromId": "222"}}))), None);
}

#[test]
fn a_resolved_group_name_means_that_group_alone() {
    let mut account = account();
    account.access.group_policy = GroupPolicy::Allowlist;
    account.access.groups = vec![rule("Work Chat"), rule("Family")];
    let mut monitor = Monitor::new(account, Vec::new());
    let learnt =
        monitor.learn(vec![ok(ME), ok(r#"[{"groupId": "5001", "name": "work chat", "totalMember": 3}]"#)]);
    assert_eq!(
        messages(&learnt),
        ["zalouser groups resolved: Work Chat→5001", "zalouser groups unresolved: Family"]
    );
    let called = |id: &str, name: &str| group(json!({"threadId": id, "metadata": {"threadName": name}}));
    for (message, reason) in [
        (called("5001", "Renamed"), None),
        (called("5009", "Work Chat"), Some(DropReason::GroupNotAllowed)),
        (called("5009", "work-chat"), Some(DropReason::GroupNotAllowed)),
        (called("5009", "Family"), None),
    ] {
        assert_eq!(refusal(&mut monitor, &message), reason, "{message}");
    }
}

#[test]
fn a_slug_stands_for_the_one_group_that_has_it() {
    let mut account = account();
    account.access.group_policy = GroupPolicy::Allowlist;
    account.access.groups = vec![rule("ho-nha"), rule("team"), rule("b-n")];
    let mut monitor = Monitor::new(account, Vec::new());
    let groups = r#"[{"groupId": "1", "name": "Họ Nhà"}, {"groupId": "2", "name": "Team!"},
        {"groupId": "3", "name": "TEAM?"}, {"groupId": "4", "name": "Bạn"}]"#;
    let learnt = monitor.learn(vec![ok(ME), ok(groups)]);
    let said = messages(&learnt);
    assert!(said[0].contains("\"team\" stands for more than one id (2, 3)"), "{}", said[0]);
    assert_eq!(
        said[1..],
        ["zalouser groups resolved: ho-nha→1, b-n→4", "zalouser groups unresolved: team"],
        "the reference's slug of a name counts, too"
    );
    assert_eq!(refusal(&mut monitor, &group(json!({"threadId": "1"}))), None);
}

#[test]
fn the_rule_of_an_id_beats_that_of_a_name() {
    let mut account = account();
    account.access.groups = vec![GroupRule { enabled: false, ..rule("Work Chat") }, rule("group:5001")];
    let mut monitor = Monitor::new(account, Vec::new());
    monitor.learn(vec![ok(ME), ok(r#"[{"groupId": "5001", "name": "Work Chat"}]"#)]);
    assert_eq!(refusal(&mut monitor, &group(json!({}))), None);
}

#[test]
fn a_command_that_fails_leaves_the_rules_as_typed_and_says_so() {
    let mut account = account();
    account.access.allow_from = strings(["Alice"]);
    account.access.groups = vec![rule("Family")];
    let mut monitor = Monitor::new(account, Vec::new());
    let learnt = monitor.learn(vec![
        outcome(ExitStatus::NotStarted("no zca".into()), "", ""),
        outcome(ExitStatus::Exited(1), "", "Error: not logged in\n"),
        ok("nothing"),
    ]);
    let said = messages(&learnt);
    assert!(said[0].starts_with("zalouser own id unknown") && said[0].ends_with("no zca"), "{}", said[0]);
    assert_eq!(said[1], "zalouser user resolve failed; using config entries. not logged in");
    assert!(said[2].starts_with("zalouser group resolve failed; using config entries. "), "{}", said[2]);
}

#[test]
fn a_long_list_of_names_is_cut() {
    let mut account = account();
    account.access.allow_from = strings(["a", "b", "c", "d", "e", "f", "g", "h"]);
    let learnt = Monitor::new(account, Vec::new()).learn(vec![ok(ME), ok("[]")]);
    assert_eq!(messages(&learnt), ["zalouser users unresolved: a, b, c, d, e, f (+2)"]);
}

#[test]
fn the_own_id_is_learnt_from_zca() {
    let mut monitor = Monitor::new(account(), Vec::new());
    assert!(monitor.learn(vec![ok(ME)]).is_empty());
    assert_eq!(
        refusal(&mut monitor, &group(json!({"metadata": {"fromId": "999"}}))),
        Some(DropReason::OwnMessage)
    );
}
