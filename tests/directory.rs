//! `zalouser directory`: who is found, and how they are told.

use serde_json::{Value, json};
use zalouser::simulator::{CallFault, Faults, Group, Person, World};

use crate::setting::{Finished, Setting, config};

/// An account with these friends, by id and name, and these groups.
pub(crate) fn world(friends: &[(&str, &str)], groups: &[(&str, &str)]) -> World {
    let group = |(id, name): &(&str, &str)| Group {
        group_id: (*id).to_owned(),
        name: (*name).to_owned(),
        members: vec![Person::new("444", "Carol"), Person::new("111", "Trần Nguyễn")],
    };
    World {
        friends: friends.iter().map(|(id, name)| Person::new(*id, *name)).collect(),
        groups: groups.iter().map(group).collect(),
        ..World::default()
    }
}

/// A setting with that world.
pub(crate) fn setting(friends: &[(&str, &str)], groups: &[(&str, &str)]) -> Setting {
    let setting = Setting::new();
    setting.simulator.set_world(&world(friends, groups)).unwrap();
    setting
}

/// The one line that it printed as an error, when it was used wrongly.
pub(crate) fn usage(finished: Finished) -> String {
    assert_eq!(finished.status.code(), Some(2), "{finished:?}");
    assert_eq!(finished.stderr.lines().count(), 1, "one line is to be printed: {finished:?}");
    finished.stderr
}

pub(crate) fn parsed(finished: Finished) -> Value {
    serde_json::from_str(&finished.succeeded()).unwrap()
}

const FRIENDS: [(&str, &str); 4] =
    [("333", "Trần Nguyễn An"), ("222", "Bob"), ("111", "Nguyễn"), ("444", "\u{1b}[2JEve\n")];

const GROUPS: [(&str, &str); 2] = [("5001", "Họ Nhà"), ("5002", "Work Chat")];

#[test]
fn friends_are_found_whatever_their_accents() {
    let setting = setting(&FRIENDS, &GROUPS);
    let found = setting.run(&["directory", "peers", "list", "--query", "NGUYEN", "--channel", "zalouser"]);
    assert_eq!(
        found.succeeded(),
        " ID   Name\n 111  Nguyễn\n 333  Trần Nguyễn An\n",
        "the exact match is first"
    );
    let found = setting.run(&["directory", "peers", "list", "--query", "nguyen", "--limit", "1", "--json"]);
    assert_eq!(parsed(found), json!([{ "kind": "user", "id": "111", "name": "Nguyễn" }]));
}

#[test]
fn what_people_call_themselves_cannot_reach_the_terminal() {
    let told = setting(&FRIENDS, &GROUPS).run(&["directory", "peers", "list"]).succeeded();
    assert_eq!(told.lines().count(), 5, "{told}");
    assert!(told.chars().all(|char| char == '\n' || !char.is_control()), "{told:?}");
}

#[test]
fn groups_are_told_with_their_size() {
    let setting = setting(&FRIENDS, &GROUPS);
    let groups = parsed(setting.run(&["directory", "groups", "list", "--query", "ho nha", "--json"]));
    assert_eq!(groups, json!([{ "kind": "group", "id": "5001", "name": "Họ Nhà", "memberCount": 2 }]));
}

#[test]
fn a_group_is_named_by_its_id() {
    let setting = setting(&FRIENDS, &GROUPS);
    let members = |group: &str| setting.run(&["directory", "groups", "members", "--group-id", group]);
    for group in ["5001", "group:5001", "zalouser:group:5001"] {
        assert_eq!(members(group).succeeded(), " ID   Name\n 444  Carol\n 111  Trần Nguyễn\n", "{group}");
    }
    let called = setting.simulator.calls().unwrap().len();
    for (group, problem) in [("user:111", "names a person"), ("Họ Nhà", "is no id"), ("", "is blank")] {
        let complaint = usage(members(group));
        assert!(complaint.contains("--group-id") && complaint.contains(problem), "{complaint}");
    }
    assert_eq!(setting.simulator.calls().unwrap().len(), called, "zca is not asked then");
}

#[test]
fn the_account_itself_is_told() {
    let own = parsed(Setting::new().run(&["directory", "self", "--json"]));
    let expected =
        json!([{ "kind": "user", "id": "999", "name": "Bot Nguyễn", "avatarUrl": "https://a/b.jpg" }]);
    assert_eq!(own, expected);
}

#[test]
fn an_empty_list_says_so() {
    let setting = setting(&[], &[]);
    for (arguments, told) in [
        (&["directory", "peers", "list"][..], "There are no friends.\n"),
        (&["directory", "groups", "list"], "There are no groups.\n"),
        (&["directory", "peers", "list", "--query", "x"], "Nothing matches \"x\".\n"),
        (&["directory", "peers", "list", "--json"], "[]\n"),
    ] {
        assert_eq!(setting.run(arguments).succeeded(), told, "{arguments:?}");
    }
    let members = setting.run(&["directory", "groups", "members", "--group-id", "7"]).succeeded();
    assert!(members.starts_with("The group has no members"), "{members}");
}

#[test]
fn another_account_is_asked_through_its_own_profile() {
    let setting = Setting::new();
    let accounts = json!({ "accounts": { "Work": { "profile": "job" } } });
    setting.configure(&config(accounts, json!({})));
    let job = setting.simulator.with_profile("job").unwrap();
    job.set_world(&world(&[("1", "Only here")], &[])).unwrap();
    let friends = setting.run(&["directory", "peers", "list", "--account", "work"]).succeeded();
    assert!(friends.contains("Only here"), "{friends}");
    let complaint = setting.run(&["directory", "peers", "list", "--account", "wrok"]).complaint();
    assert!(complaint.contains("\"wrok\"") && complaint.contains("Work"), "{complaint}");
}

#[test]
fn a_failure_of_zca_is_told_with_the_next_step() {
    let setting = Setting::new();
    setting.simulator.set_world(&World { logged_in: false, ..World::default() }).unwrap();
    let complaint = setting.run(&["directory", "groups", "list"]).complaint();
    let next = "run: zalouser channels login --account default";
    assert!(complaint.contains("the groups cannot be listed: ") && complaint.contains(next), "{complaint}");
    let complaint = setting.run(&["directory", "self", "--zca", "/nowhere/zca"]).complaint();
    assert!(complaint.contains("/nowhere/zca was not found"), "{complaint}");

    let strange = CallFault { empty_output: true, ..CallFault::default() };
    let faults = Faults { query: vec![strange], ..Faults::default() };
    setting.simulator.set_faults(&faults).unwrap();
    let complaint = setting.run(&["directory", "peers", "list"]).complaint();
    assert!(complaint.contains("--profile default friend list -j"), "{complaint}");
}

#[test]
fn wrong_use_runs_nothing() {
    let setting = Setting::new();
    for arguments in [
        &["directory"][..],
        &["directory", "groups", "members"],
        &["directory", "peers", "list", "--channel", "telegram"],
        &["directory", "peers", "list", "--limit", "0"],
    ] {
        let finished = setting.run(arguments);
        assert_eq!(finished.status.code(), Some(2), "{arguments:?}: {finished:?}");
    }
    assert!(setting.simulator.calls().unwrap().is_empty());
}
