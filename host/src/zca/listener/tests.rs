use super::super::fake::script;
use super::super::program::StartError;
use super::*;
use crate::process::gone;

struct Fixture {
    listener: Listener,
    folder: tempfile::TempDir,
}

fn listen_to(zca: Zca, mode: ListenMode) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let lock = ProfileLock::acquire(folder.path(), Profile::new("work")).unwrap();
    let restart = Restart::new(Duration::from_millis(1));
    let options = ListenOptions { mode, grace: Duration::from_millis(200), restart };
    Fixture { listener: Listener::start(zca, lock, options), folder }
}

fn supervised(heartbeat: u64) -> ListenMode {
    ListenMode::Supervised { heartbeat: Duration::from_millis(heartbeat) }
}

/// What one process gave, from its start to its end.
#[derive(Default)]
struct Heard {
    pid: i32,
    text: String,
    complaints: Vec<String>,
    end: Option<ListenerEnd>,
}

impl Fixture {
    async fn one_life(&mut self) -> Heard {
        let mut heard = Heard::default();
        while heard.end.is_none() {
            match self.listener.next().await.expect("it goes on until it is stopped") {
                Output::Started { pid } => heard.pid = pid,
                Output::Bytes(bytes) => heard.text.push_str(&String::from_utf8(bytes).unwrap()),
                Output::Complaint(line) => heard.complaints.push(line),
                Output::Ended { end, .. } => heard.end = Some(end),
            }
        }
        heard
    }

    async fn first_line(&mut self) -> String {
        let mut text = String::new();
        while !text.ends_with('\n') {
            if let Output::Bytes(bytes) = self.listener.next().await.expect("it goes on") {
                text.push_str(&String::from_utf8(bytes).unwrap());
            }
        }
        text.trim().to_owned()
    }

    async fn stop(&mut self) {
        self.listener.end();
        while self.listener.next().await.is_some() {}
    }
}

#[tokio::test]
async fn any_exit_is_followed_by_another_start() {
    for code in [0, 1, 75] {
        let mut fixture = listen_to(script(&format!("echo hi; exit {code}")), ListenMode::KeepAlive);
        let mut pids = Vec::new();
        for _ in 0..3 {
            let heard = fixture.one_life().await;
            assert!(
                matches!(heard.end, Some(ListenerEnd::Exited(found)) if found == code),
                "{:?}",
                heard.end
            );
            assert_eq!(heard.text, "hi\n");
            pids.push(heard.pid);
        }
        pids.dedup();
        assert_eq!(pids.len(), 3, "each is a new process");
        fixture.stop().await;
    }
}

#[tokio::test]
async fn the_mode_decides_what_it_is_called_with() {
    let cases = [
        (supervised(30_000), "--profile work listen --raw --supervised --heartbeat-ms 30000 1\n"),
        (ListenMode::KeepAlive, "--profile work listen -r -k 1\n"),
    ];
    for (mode, expected) in cases {
        let mut fixture =
            listen_to(script(r#"echo "$@" $OPENZCA_LISTEN_KEEPALIVE_RESTART_ON_ANY_CLOSE"#), mode);
        assert_eq!(fixture.one_life().await.text, expected);
        fixture.stop().await;
    }
}

#[tokio::test]
async fn a_missing_program_waits_like_any_other_failure() {
    let mut fixture = listen_to(Zca::new("/nonexistent/zca"), supervised(100));
    for expected in [1, 2, 4] {
        let Some(Output::Ended { end, restart_in }) = fixture.listener.next().await else { panic!("no end") };
        assert!(matches!(end, ListenerEnd::NotStarted(StartError::NotFound(_))), "{end:?}");
        let least = Duration::from_millis(expected).mul_f64(0.9);
        assert!(restart_in >= least, "{restart_in:?} is shorter than {least:?}");
    }
    fixture.stop().await;
}

#[tokio::test]
async fn what_misses_its_heartbeat_is_stopped_and_started_again() {
    let body = "trap '' TERM; sleep 600 & echo $!; while :; do sleep 600; done";
    let mut fixture = listen_to(script(body), supervised(10));
    for _ in 0..2 {
        let heard = fixture.one_life().await;
        assert!(matches!(heard.end, Some(ListenerEnd::Silent)), "{:?}", heard.end);
        gone(&heard.pid.to_string()).await;
        gone(&heard.text).await;
    }
    fixture.stop().await;
}

#[tokio::test]
async fn complaints_without_end_are_no_sign_of_life() {
    let mut fixture = listen_to(script("exec yes >&2"), supervised(10));
    let heard = fixture.one_life().await;
    assert!(matches!(heard.end, Some(ListenerEnd::Silent)), "{:?}", heard.end);
    fixture.stop().await;
}

#[tokio::test]
async fn what_closes_its_output_is_of_no_use() {
    let mut fixture = listen_to(script("exec >&-; sleep 600"), ListenMode::KeepAlive);
    let heard = fixture.one_life().await;
    assert!(matches!(heard.end, Some(ListenerEnd::Silent)), "{:?}", heard.end);
    fixture.stop().await;
}

#[tokio::test]
async fn a_slow_reader_loses_nothing_and_is_not_taken_for_silence() {
    // Three times what waits here and in the pipe, against a patience of one and a half seconds.
    let mut fixture = listen_to(script("head -c 4000000 /dev/zero; exit 7"), supervised(600));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let heard = fixture.one_life().await;
    assert!(matches!(heard.end, Some(ListenerEnd::Exited(7))), "{:?}", heard.end);
    assert_eq!(heard.text.len(), 4_000_000);
    fixture.stop().await;
}

#[tokio::test]
async fn complaints_come_line_by_line_and_never_hold_it_up() {
    let body = "printf 'one\\ntw' >&2; printf 'o' >&2; echo; head -c 3000000 /dev/zero >&2; exit 1";
    let heard = listen_to(script(body), ListenMode::KeepAlive).one_life().await;
    assert_eq!(heard.complaints.first().map(String::as_str), Some("one"));
    assert_eq!(heard.complaints.get(1).map(String::as_str), Some("two"));
    assert_eq!(heard.text, "\n");
}

#[tokio::test]
async fn stopping_leaves_no_process_and_frees_the_profile() {
    let body = "trap '' TERM; sleep 600 & echo $$ $!; while :; do sleep 600; done";
    let mut fixture = listen_to(script(body), ListenMode::KeepAlive);
    let pids = fixture.first_line().await;
    fixture.stop().await;
    gone(&pids).await;
    ProfileLock::acquire(fixture.folder.path(), Profile::new("work")).expect("the profile is free");
}

#[tokio::test]
async fn stopping_asks_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("asked");
    let body = format!(
        "trap 'echo yes > {}; exit 0' TERM; echo ready; while :; do sleep 0.01; done",
        path.display()
    );
    let mut fixture = listen_to(script(&body), ListenMode::KeepAlive);
    fixture.first_line().await;
    fixture.stop().await;
    assert_eq!(std::fs::read_to_string(path).unwrap(), "yes\n");
}

#[tokio::test]
async fn dropping_leaves_no_process_either() {
    let mut fixture = listen_to(script("sleep 600 & echo $$ $!; wait"), ListenMode::KeepAlive);
    let pids = fixture.first_line().await;
    drop(fixture.listener);
    gone(&pids).await;
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_reader() {
    let mut fixture = listen_to(script("exec yes"), ListenMode::KeepAlive);
    fixture.stop().await;
}

#[tokio::test]
async fn what_it_printed_before_its_end_is_heard() {
    let body = "trap 'echo last; exit 0' TERM; echo first; while :; do sleep 0.01; done";
    let mut fixture = listen_to(script(body), ListenMode::KeepAlive);
    assert_eq!(fixture.first_line().await, "first");
    fixture.listener.end();
    assert_eq!(fixture.first_line().await, "last");
    while let Some(output) = fixture.listener.next().await {
        assert!(matches!(output, Output::Complaint(_)), "the shell's remark at most: {output:?}");
    }
}
