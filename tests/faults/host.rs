//! Faults of the machine: no room on the disk, no file descriptors, no rights.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, geteuid, prlimit};
use serde_json::json;

use super::{Stage, alice, answered, bob, echo, ends_well, leave_out, open, texts_to};
use crate::setting::{Running, Setting, compiled, shell};
use zalouser::simulator::Line;

/// Runs `command` with these programs in front of it.
fn wrapped(front: &[&str], command: &Command) -> Command {
    let mut outer = Command::new(front[0]);
    outer.args(&front[1..]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer.current_dir(command.get_current_dir().unwrap()).stdin(std::process::Stdio::null());
    outer
}

/// Whether these programs can be run in front of others here.
fn works(front: &[&str]) -> bool {
    let output = Command::new(front[0]).args(&front[1..]).arg("true").output();
    output.is_ok_and(|output| output.status.success())
}

/// What mounts a file system for a process alone, if that is possible here.
fn mounts() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--user", "--map-root-user", "--mount"]];
    ways.into_iter().find(|way| {
        works(&[*way, &["sh", "-c", "mount -t tmpfs -o size=1m none /mnt && exec \"$@\"", "sh"]].concat())
    })
}

/// A gateway whose state folder is a disk of one MiB, and that folder.
fn on_a_small_disk(stage: &Stage, front: &[&str]) -> (Running, PathBuf) {
    let config = stage.setting.write("config.json", stage.setting.read_state("openclaw.json"));
    let prepare = r#"
        mount -t tmpfs -o size=1m,mode=700 none "$OPENCLAW_STATE_DIR" &&
        mkdir -m 700 "$OPENCLAW_STATE_DIR/zalouser" "$OPENCLAW_STATE_DIR/zalouser/cache" &&
        ln -s "$COMPILED/modules" "$OPENCLAW_STATE_DIR/zalouser/cache/modules" && exec "$@""#;
    let mut command = wrapped(&[front, &["sh", "-c", prepare, "sh"]].concat(), &stage.command());
    command.env("OPENCLAW_CONFIG_PATH", config).env("COMPILED", compiled());
    let mut gateway = stage.setting.start(command);
    gateway.until_logged("listening");
    let disk = format!("/proc/{}/root{}", gateway.id(), stage.setting.state().root().display());
    (gateway, disk.into())
}

/// Fills a disk to the last byte, and gives what to remove to have room again.
fn fill(disk: &Path) -> PathBuf {
    let path = disk.join("filler");
    let mut file = fs::File::create(&path).unwrap();
    for size in [4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    path
}

#[test]
fn on_a_full_disk_messages_are_refused_aloud_until_there_is_room() {
    let Some(front) = mounts() else {
        return leave_out("a full disk", "neither as root nor in a namespace can a tmpfs be mounted");
    };
    let stage = Stage::new(json!({ "allowFrom": ["222"] }), json!({ "agent": echo() }), "");
    let setting = &stage.setting;
    let (mut gateway, disk) = on_a_small_disk(&stage, front);
    setting.say(&[bob("before")]);
    answered(&mut gateway, setting, "222", &["before"]);
    let filler = fill(&disk);
    setting.say(&[alice("hello")]);
    gateway.until_line(&["a stranger's message is lost", "disk is full", "free some space on its disk"]);
    assert_eq!(texts_to(setting, "111"), [""; 0]);
    fs::remove_file(filler).unwrap();
    gateway.until_line(&["the journal", "can be written again"]);
    setting.say(&[alice("hello again"), bob("after")]);
    gateway.until("the code", || texts_to(setting, "111").pop());
    answered(&mut gateway, setting, "222", &["before", "after"]);
    ends_well(gateway, setting);
}

/// Lets a process open no file, no pipe and no process any more, or as many as it likes.
fn allow_descriptors(gateway: &Running, some: bool) {
    let limit = Rlimit { current: Some(if some { 1024 } else { 3 }), maximum: Some(4096) };
    prlimit(Pid::from_raw(gateway.id().try_into().unwrap()), Resource::Nofile, limit).unwrap();
}

#[test]
fn without_file_descriptors_it_lives_and_says_so_and_goes_on_when_there_are_some() {
    let cases =
        r#"*" listen --raw "*) once first && { until [ -e "$0.over" ]; do sleep 0.02; done; exit 1; } ;;"#;
    let stage = Stage::new(open(), json!({ "agent": shell("echo fine", &[]) }), cases);
    let setting = &stage.setting;
    let mut gateway = stage.gateway();
    gateway.until_logged("listening");
    allow_descriptors(&gateway, false);
    // The first listener ends, and the second cannot be started.
    fs::write(format!("{}.over", stage.zca), "").unwrap();
    gateway.until_line(&["could not be started", "Too many open files"]);
    allow_descriptors(&gateway, true);
    setting.say(&[alice("one")]);
    answered(&mut gateway, setting, "111", &["fine"]);
    // No agent can be started.
    allow_descriptors(&gateway, false);
    setting.say(&[bob("two")]);
    gateway.until_line(&["cannot run the agent program", "Too many open files"]);
    allow_descriptors(&gateway, true);
    setting.say(&[Line::direct("333", "Carol", "three")]);
    answered(&mut gateway, setting, "333", &["fine"]);
    ends_well(gateway, setting);
}

/// What runs a program such that the modes of files bind it: nothing, unless this is root, whom they do not.
fn bound_by_modes() -> Option<&'static [&'static str]> {
    const NOBODY_SPECIAL: &[&str] = &["env"];
    const NO_OVERRIDE: &[&str] = &[
        "setpriv",
        "--bounding-set=-dac_override,-dac_read_search",
        "--inh-caps=-dac_override,-dac_read_search",
    ];
    let way = if geteuid().is_root() { NO_OVERRIDE } else { NOBODY_SPECIAL };
    works(way).then_some(way)
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn without_the_right_to_its_files_it_lives_and_says_so_and_goes_on_when_it_has_it() {
    let Some(front) = bound_by_modes() else {
        return leave_out("missing rights", "modes do not bind root, and setpriv cannot change that");
    };
    let stage = Stage::new(json!({ "allowFrom": ["222"] }), json!({ "agent": echo() }), "");
    let setting = &stage.setting;
    setting.write_state("credentials/zalouser-allowFrom.json", r#"{"version":1,"allowFrom":["333"]}"#);
    let credentials = setting.state().credentials().to_owned();
    let mut gateway = setting.start(wrapped(front, &stage.command()));
    let carol = |text: &str| Line::direct("333", "Carol", text);
    setting.say(&[bob("one"), carol("one")]);
    answered(&mut gateway, setting, "222", &["one"]);
    answered(&mut gateway, setting, "333", &["one"]);
    chmod(&credentials, 0);
    setting.say(&[alice("hello"), bob("two"), carol("two")]);
    gateway.until_line(&["no pairing code was sent", "Permission denied"]);
    answered(&mut gateway, setting, "222", &["one", "two"]);
    answered(&mut gateway, setting, "333", &["one", "two"]);
    assert!(gateway.log().contains("the list of paired senders cannot be read"), "{}", gateway.log());
    chmod(&credentials, 0o700);
    setting.say(&[alice("hello again")]);
    gateway.until("the code", || texts_to(setting, "111").pop());
    ends_well(gateway, setting);
}

#[test]
fn a_state_folder_that_may_not_be_written_is_told_before_anything_runs() {
    let Some(front) = bound_by_modes() else {
        return leave_out("missing rights", "modes do not bind root, and setpriv cannot change that");
    };
    let stage = Stage::echo("");
    let setting: &Setting = &stage.setting;
    let own = setting.state().own();
    chmod(&own, 0o500);
    let complaint = setting.start(wrapped(front, &stage.command())).finish().complaint();
    chmod(&own, 0o700);
    for part in [own.to_str().unwrap(), "Permission denied"] {
        assert!(complaint.contains(part), "{part} is missing in: {complaint}");
    }
    assert_eq!(setting.simulator.calls().unwrap(), [], "nothing was run");
}
