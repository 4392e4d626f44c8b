//! The simulator against what openzca printed, and its own promises.

use std::path::PathBuf;
use std::pin::pin;

use serde::Deserialize;
use tempfile::TempDir;

use super::*;

/// A run of openzca.
#[derive(Deserialize)]
struct Recorded {
    args: Vec<String>,
    exit_code: u8,
    stdout: String,
    stderr: String,
    #[serde(default)]
    note: String,
}

/// What a call came to.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    code: u8,
    stdout: String,
    stderr: String,
}

fn simulator() -> (TempDir, Simulator) {
    let folder = tempfile::tempdir().unwrap();
    let simulator = Simulator::create_with(folder.path(), &PathBuf::from("/never/started")).unwrap();
    (folder, simulator)
}

/// Runs a call within this process, as nothing else than a signal would end it otherwise.
fn call_at(simulator: &Simulator, argv: &[&str], stop: impl Future<Output = u8>) -> Outcome {
    let argv: Vec<String> = argv.iter().map(|arg| (*arg).to_owned()).collect();
    let surroundings = Surroundings {
        home: Some(simulator.env().1.to_owned()),
        openzca_home: PathBuf::from("/home/op/.openzca"),
        profile: None,
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams { out: &mut out, err: &mut err };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let code = runtime.block_on(run(&argv, &surroundings, &mut streams, pin!(stop)));
    Outcome { code, stdout: String::from_utf8(out).unwrap(), stderr: String::from_utf8(err).unwrap() }
}

fn call(simulator: &Simulator, argv: &[&str]) -> Outcome {
    call_at(simulator, argv, std::future::pending())
}

fn recorded() -> Vec<Recorded> {
    serde_json::from_str(include_str!("../../../tests/vectors/zca-recorded.json")).unwrap()
}

fn closes() -> ListenFault {
    ListenFault { exit: Some(0), ..ListenFault::default() }
}

fn failing(exit: u8, stderr: &str) -> ListenFault {
    ListenFault { exit: Some(exit), early: true, stderr: Some(stderr.to_owned()), ..ListenFault::default() }
}

#[test]
fn every_recorded_call_is_answered_as_recorded() {
    for entry in recorded() {
        let (_folder, simulator) = simulator();
        let fault = match entry.note.as_str() {
            // Its heartbeats, session id and times differ from run to run; the lifecycle has a test below.
            "supervised, closes with 1006" => continue,
            "listen until the connection closes with 1006" => {
                let lines = entry.stdout.lines().filter(|line| line.starts_with('{'));
                lines.for_each(|line| simulator.say_raw(format!("{line}\n")).unwrap());
                ListenFault { stderr: Some(entry.stderr.trim_end().to_owned()), ..closes() }
            }
            "login fails" => failing(1, "Error: Đăng nhập thất bại"),
            _ => ListenFault::default(),
        };
        simulator.set_faults(&Faults { listen: vec![fault], ..Faults::default() }).unwrap();
        let argv: Vec<&str> = entry.args.iter().map(String::as_str).collect();
        let expected = Outcome { code: entry.exit_code, stdout: entry.stdout, stderr: entry.stderr };
        assert_eq!(call(&simulator, &argv), expected, "{argv:?}");
    }
}

#[test]
fn a_supervised_listener_tells_how_it_is() {
    let (_folder, simulator) = simulator();
    let fault = ListenFault { after_ms: 30, ..closes() };
    simulator.set_faults(&Faults { listen: vec![fault], ..Faults::default() }).unwrap();
    let outcome = call(&simulator, &["listen", "--raw", "--supervised", "--heartbeat-ms", "1"]);
    let events: Vec<String> = outcome
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .map(|line| line["event"].as_str().unwrap().to_owned())
        .collect();
    let [first, second, heartbeats @ .., last] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!([first, second, last], ["session_id", "connected", "closed"]);
    assert!(!heartbeats.is_empty() && heartbeats.iter().all(|event| event == "heartbeat"), "{events:?}");
    assert!(outcome.stdout.ends_with("\"code\":1006,\"reason\":\"x\"}\n"), "{}", outcome.stdout);
}

#[test]
fn a_listener_goes_on_where_the_last_one_stopped() {
    let (_folder, simulator) = simulator();
    simulator.set_faults(&Faults { listen: vec![closes(), closes()], ..Faults::default() }).unwrap();
    simulator.say(&Line::direct("111", "Alice", "one")).unwrap();
    simulator.say_raw("half of ").unwrap();
    let first = call(&simulator, &["listen", "-r", "-k"]);
    simulator.say_raw("a line\n").unwrap();
    let second = call(&simulator, &["listen", "-r", "-k"]);
    assert!(
        first.stdout.contains("\"content\":\"one\"") && !first.stdout.contains("half"),
        "{}",
        first.stdout
    );
    assert!(
        second.stdout.contains("\nhalf of a line\n") && !second.stdout.contains("one"),
        "{}",
        second.stdout
    );
}

#[test]
fn every_listener_leaves_a_trace() {
    let (_folder, simulator) = simulator();
    let faults = vec![ListenFault { exit: Some(75), ..ListenFault::default() }, failing(1, "no")];
    simulator.set_faults(&Faults { listen: faults, ..Faults::default() }).unwrap();
    assert_eq!(call(&simulator, &["listen"]).code, 75);
    assert_eq!(call(&simulator, &["listen"]).code, 1);
    assert_eq!(call_at(&simulator, &["listen"], async { 143 }).code, 143);
    let events: Vec<ListenEvent> = simulator.listens().unwrap().iter().map(|listen| listen.event).collect();
    let ended = |code| [ListenEvent::Start, ListenEvent::Exit { code }];
    assert_eq!(events, [ended(75), ended(1), ended(143)].concat());
    assert_eq!(simulator.calls().unwrap().len(), 3);
}

#[test]
fn a_profile_has_one_listener() {
    let (_folder, simulator) = simulator();
    let profile = Home::at(simulator.env().1).profile("default").unwrap().unwrap();
    let ownership = profile.own().unwrap().expect("nobody owns it");
    let pid = std::process::id();
    let refused = call(&simulator, &["listen"]);
    let complaint =
        format!("Error: Another openzca listener already owns profile \"default\" (pid {pid}).\n");
    assert_eq!((refused.code, refused.stderr), (1, complaint));
    assert!(
        call(&simulator, &["msg", "video", "111", "-u", "/a.mp4"]).stderr.contains("Active listener owner")
    );
    drop(ownership);
    assert_eq!(call(&simulator, &["msg", "video", "111", "-u", "/a.mp4"]).code, 0);
    assert!(simulator.listens().unwrap().is_empty());
}

#[test]
fn what_was_sent_can_be_read() {
    let (_folder, simulator) = simulator();
    call(&simulator, &["msg", "send", "-g", "--", "5001", "- item"]);
    call(&simulator, &["msg", "image", "111", "-u", "/a.png,/b.png", "-m", "two"]);
    call(&simulator, &["msg", "upload", "/c.pdf", "111"]);
    call(&simulator, &["msg", "upload", "111", "-u", "/d.pdf"]);
    let sent = simulator.sent().unwrap();
    let seen: Vec<_> = sent
        .iter()
        .map(|sent| {
            (
                sent.kind,
                sent.thread_id.as_str(),
                sent.text.as_deref(),
                sent.caption.as_deref(),
                sent.url.as_deref(),
            )
        })
        .collect();
    let expected = [
        (SentKind::Text, "5001", Some("- item"), None, None),
        (SentKind::Image, "111", None, Some("two"), Some("/a.png")),
        (SentKind::Image, "111", None, None, Some("/b.png")),
        (SentKind::Upload, "111", None, None, Some("/c.pdf")),
        (SentKind::Upload, "111", None, None, Some("/d.pdf")),
    ];
    assert_eq!(seen, expected);
    assert!(sent[0].group && !sent[1].group);
    assert_eq!(sent[0].argv, ["msg", "send", "-g", "--", "5001", "- item"]);
}

#[test]
fn ids_are_unique_when_calls_run_side_by_side() {
    let (_folder, simulator) = simulator();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                (0..5).for_each(|_| assert_eq!(call(&simulator, &["msg", "send", "1", "x"]).code, 0))
            });
        }
    });
    let ids: Vec<u64> = simulator.sent().unwrap().iter().map(|sent| sent.msg_id).collect();
    assert_eq!(ids, (7_543_210_000_001..7_543_210_000_021).collect::<Vec<_>>());
}

#[test]
fn faults_strike_the_calls_they_are_meant_for() {
    let (_folder, simulator) = simulator();
    let faults: Faults = serde_json::from_str(
        r#"{"send": [{"match": "once", "times": 1, "exit": 1, "stderr": "Error: no"},
                     {"match": "lost", "emptyOutput": true}],
            "query": [{"match": "list", "exit": 7}]}"#,
    )
    .unwrap();
    simulator.set_faults(&faults).unwrap();
    let nothing = |code, stderr: &str| Outcome { code, stdout: String::new(), stderr: stderr.to_owned() };
    assert_eq!(call(&simulator, &["msg", "send", "1", "once"]), nothing(1, "Error: no\n"));
    assert_eq!(call(&simulator, &["msg", "send", "1", "lost"]), nothing(0, ""));
    assert_eq!(call(&simulator, &["friend", "list", "-j"]), nothing(7, ""));
    assert!(simulator.sent().unwrap().is_empty());
    assert_eq!(call(&simulator, &["msg", "send", "1", "once"]).code, 0);
    assert_eq!(call(&simulator, &["msg", "send", "1", "list"]).code, 0);
}

#[test]
fn an_older_zca_has_no_supervised_listener() {
    let (_folder, simulator) = simulator();
    assert!(call(&simulator, &["listen", "--help"]).stdout.contains("--supervised"));
    let faults = Faults { help: HelpFault { supervised: false }, ..Faults::default() };
    simulator.set_faults(&faults).unwrap();
    let help = call(&simulator, &["listen", "--help"]);
    assert!(help.stdout.contains("--keep-alive") && !help.stdout.contains("--supervised"), "{}", help.stdout);
    assert_eq!(
        call(&simulator, &["listen", "--supervised"]).stderr,
        "error: unknown option '--supervised'\n"
    );
}

#[test]
fn a_session_begins_with_a_login_and_ends_with_a_logout() {
    let (_folder, simulator) = simulator();
    assert_eq!(call(&simulator, &["-p", "work", "me", "id"]).code, 1);
    let login = call(&simulator, &["-p", "work", "auth", "login", "--qr-base64"]);
    assert!(login.stdout.starts_with("data:image/png;base64,"), "{login:?}");
    assert_eq!(call(&simulator, &["-p", "work", "me", "id"]).stdout, "999\n");
    assert_eq!(call(&simulator, &["-p", "work", "auth", "logout"]).stdout, "Logged out profile work\n");
    assert_eq!(
        call(&simulator, &["-p", "work", "auth", "status"]).stderr,
        "Error: Profile work: not logged in\n"
    );
    for argv in [&["-p", "work", "listen"] as &[&str], &["-p", "work", "msg", "send", "1", "x"]] {
        let complaint = "Error: Profile \"work\" has no credentials. Run: auth login\n";
        assert_eq!(call(&simulator, argv).stderr, complaint, "{argv:?}");
    }
    assert_eq!(call(&simulator, &["auth", "status"]).code, 0, "another profile is not concerned");
}

#[test]
fn a_profile_is_never_a_path() {
    let (_folder, simulator) = simulator();
    for name in ["..", "a/b", "/etc", "."] {
        let outcome = call(&simulator, &["--profile", name, "auth", "login"]);
        assert_eq!(outcome.code, 1, "{name}: {outcome:?}");
    }
}

#[test]
fn only_a_program_named_zca_is_one() {
    for (program, expected) in
        [("/tmp/x/zca", true), ("openzca", true), ("/usr/bin/zalouser", false), ("", false)]
    {
        assert_eq!(plays(OsStr::new(program)), expected, "{program:?}");
    }
}
