//! The component in `guest/example`, from its author's first command to an answer at night.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use zalouser::simulator::Line;

use crate::component::{build_for_wasi, guest_target_dir};
use crate::setting::{Finished, Setting, config};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../guest/example");

/// Noon and ten in the evening of one day, in UTC as everything here, in milliseconds.
const NOON: u64 = 1_700_049_600_000;
const EVENING: u64 = NOON + 10 * HOUR;
const HOUR: u64 = 3_600_000;

/// How the polite answer begins.
const POLITE: &str = "Thank you for writing.";

/// A setting in which everybody may write and is answered by an echo, and in which the README's author sits in
/// a folder `guest/example` with a `target` two folders up.
fn setting() -> (Setting, PathBuf) {
    let setting = Setting::new();
    setting.configure(&config(json!({ "dmPolicy": "open" }), json!({ "agent": { "kind": "echo" } })));
    let author = setting.path("guest/example");
    fs::create_dir_all(&author).unwrap();
    fs::copy(Path::new(FOLDER).join("zalouser.plugin.json5"), author.join("zalouser.plugin.json5")).unwrap();
    symlink(guest_target_dir(), setting.path("target")).unwrap();
    (setting, author)
}

/// The commands of the README, in its order.
fn commands() -> Vec<String> {
    let readme = fs::read_to_string(Path::new(FOLDER).join("README.md")).unwrap();
    readme.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
}

/// Runs a command of the README as its author does.
fn run(setting: &Setting, author: &Path, line: &str) -> Finished {
    if let Some(arguments) = line.strip_prefix("cargo build ") {
        let arguments: Vec<_> = arguments.split(' ').collect();
        return build_for_wasi(Path::new(FOLDER), &arguments);
    }
    let words = shlex::split(line).unwrap();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let mut command = match words.as_slice() {
        ["zalouser", arguments @ ..] => setting.command(arguments),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        }
        [] => panic!("{line:?} is no command"),
    };
    command.current_dir(author);
    setting.start(command).finish()
}

fn alice(text: &str, time_ms: u64) -> Line {
    Line::direct("111", "Alice", text).at(time_ms)
}

/// The texts that were sent to one thread, each polite answer as `polite`.
fn texts(setting: &Setting, thread: &str) -> Vec<String> {
    let texts = setting.texts().into_iter().filter(|(to, _)| to == thread);
    texts.map(|(_, text)| if text.starts_with(POLITE) { "polite".to_owned() } else { text }).collect()
}

#[test]
fn its_readme_leads_from_the_source_to_an_answer_at_night() {
    let (setting, author) = setting();
    let mut commands = commands();
    assert_eq!(commands.pop().as_deref(), Some("zalouser gateway run"));
    let is_check = |line: &String| line.starts_with("zalouser grants check");
    let check = commands.iter().find(|line| is_check(line)).unwrap().clone();
    let mut printed = String::new();
    for line in &commands {
        let ended = run(&setting, &author, line);
        // The check stands before anything is granted.
        assert_eq!(ended.code(), i32::from(is_check(line)), "{line}: {ended:?}");
        if line.contains("plugins install") {
            printed = ended.stdout;
        }
    }
    run(&setting, &author, &check).succeeded();
    let is_grant = |line: &&str| line.starts_with("zalouser config set");
    let granted: Vec<_> = commands.iter().map(String::as_str).filter(is_grant).collect();
    let offered: Vec<_> = printed.lines().map(str::trim).filter(is_grant).collect();
    assert_eq!(granted, offered, "the README has the lines that are printed");

    let mut gateway = setting.gateway();
    setting.say(&[
        alice("late", EVENING),
        alice("later", EVENING + 3 * HOUR),
        Line::direct("222", "Bob", "hello").at(EVENING),
        Line::group("5001", "222", "Bob", "in a group").at(EVENING),
        alice("by day", NOON + 24 * HOUR),
        alice("late again", EVENING + 24 * HOUR),
    ]);
    gateway.until("all answers", || (setting.texts().len() >= 4).then_some(()));
    assert_eq!(texts(&setting, "111"), ["polite", "by day", "polite"]);
    assert_eq!(texts(&setting, "222"), ["polite"]);
    assert_eq!(texts(&setting, "5001"), Vec::<String>::new(), "groups were not granted");
    gateway.until_logged("outside office hours");
    gateway.until_logged("office-hours may not send to group:5001");
}

#[test]
fn without_its_grants_it_does_nothing_and_the_log_says_what_would_change_that() {
    let (setting, author) = setting();
    for line in commands().iter().filter(|line| {
        ["cargo", "mkdir", "cp", "zalouser plugins install", "zalouser plugins enable"]
            .iter()
            .any(|begins| line.starts_with(begins))
    }) {
        run(&setting, &author, line).succeeded();
    }
    let line = alice("late", EVENING).ids("7", "8");
    let file = setting.write("recorded", line.to_json() + "\n");
    let replayed = setting.run(&["replay", "--json", &file]).succeeded();
    let records: Vec<Value> = replayed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [dropped, acted] = records.as_slice() else { panic!("{replayed}") };
    assert_eq!((&dropped["outcome"], &dropped["reason"]), (&json!("drop"), &json!("declined")));
    assert_eq!((&acted["outcome"], &acted["reason"]), (&json!("act"), &json!("send.text")));
    assert!(acted["command"]["SendText"]["text"].as_str().unwrap().starts_with(POLITE), "{acted}");
    let words = setting.run(&["replay", &file]).succeeded();
    assert!(words.contains("to 111: Thank you"), "{words}");

    let mut gateway = setting.gateway();
    setting.say(&[line]);
    gateway.until_logged("the component did not act: office-hours may not use send.text; to allow it, set");
    gateway.until_logged("grants.office-hours.commands to hold \"send.text\"");
    assert_eq!(setting.sent(), []);
}
