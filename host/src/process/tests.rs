use std::time::Duration;

use tokio::process::Command;

use super::*;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    grace: Duration::from_millis(200),
    stdout: Keep::All(1 << 20),
    stderr: Keep::End(1 << 16),
};

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    command
}

async fn run_within(limits: &Limits, script: &str) -> Finished {
    run(shell(script), b"", limits).await.expect("the shell starts")
}

/// How it ended and what it printed, both outputs.
fn facts(finished: &Finished) -> (Option<i32>, &str, &str) {
    let code = match &finished.ended {
        Ended::Exited(status) => status.as_ref().expect("it is not lost").code(),
        ended => panic!("it was stopped: {ended:?}"),
    };
    (code, text(&finished.stdout), text(&finished.stderr))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("it prints text")
}

#[tokio::test]
async fn input_goes_in_and_both_outputs_come_out() {
    let finished = run(shell("cat; echo no >&2; exit 3"), b"in", &LIMITS).await.unwrap();
    assert_eq!(facts(&finished), (Some(3), "in", "no\n"));
    assert_eq!(finished.discarded, 0);
}

#[tokio::test]
async fn without_input_there_is_nothing_to_read() {
    assert_eq!(facts(&run_within(&LIMITS, "cat; echo end").await), (Some(0), "end\n", ""));
}

#[tokio::test]
async fn a_program_that_does_not_read_its_input_ends_all_the_same() {
    let input = vec![b'x'; 1 << 20];
    for script in ["echo hi", "exec 0<&-; echo hi", "head -c 300000 /dev/zero >&2; echo hi"] {
        let finished = run(shell(script), &input, &LIMITS).await.unwrap();
        assert_eq!(finished.stdout, b"hi\n", "{script}");
    }
}

#[tokio::test]
async fn a_flood_is_read_to_its_end_and_kept_in_part() {
    let limits = Limits { stdout: Keep::Beginning(3), stderr: Keep::End(3), ..LIMITS };
    let cases = [
        ("echo abcd; head -c 5000000 /dev/zero; head -c 200000 /dev/zero >&2; echo ab >&2", "abc", 5_200_002),
        ("echo ab; echo ab >&2", "ab\n", 0),
    ];
    for (script, beginning, discarded) in cases {
        let finished = run_within(&limits, &format!("{script}; exit 4")).await;
        assert_eq!(facts(&finished), (Some(4), beginning, "ab\n"));
        assert_eq!(finished.discarded, discarded);
    }
}

#[tokio::test]
async fn too_much_stops_it_and_an_output_of_the_full_size_does_not() {
    let limits = Limits { stdout: Keep::All(4), ..LIMITS };
    for script in ["yes", "echo 1234"] {
        let ended = run_within(&limits, script).await.ended;
        assert!(matches!(ended, Ended::Flooded), "{script}: {ended:?}");
    }
    assert_eq!(facts(&run_within(&limits, "echo 123").await), (Some(0), "123\n", ""));
}

#[tokio::test]
async fn what_ignores_the_request_to_end_is_killed_with_its_children() {
    let limits = Limits { time: Duration::from_secs(1), ..LIMITS };
    let begin = "trap '' TERM; sleep 600 & echo $$ $! >&2";
    let slow = run_within(&limits, &format!("{begin}; while :; do sleep 600; done")).await;
    assert!(matches!(slow.ended, Ended::TimedOut), "{slow:?}");
    let loud = run_within(&LIMITS, &format!("{begin}; yes")).await;
    assert!(matches!(loud.ended, Ended::Flooded), "{loud:?}");
    for finished in [slow, loud] {
        let pids = text(&finished.stderr);
        assert_eq!(pids.split_whitespace().count(), 2, "{pids}");
        gone(pids).await;
    }
}

#[tokio::test]
async fn what_heeds_the_request_to_end_is_given_the_time_and_may_go_on_printing() {
    let limits = Limits { grace: LIMITS.time, ..LIMITS };
    let body = "trap 'head -c 300000 /dev/zero && echo bye >&2; exit' TERM; yes";
    let finished = run_within(&limits, body).await;
    assert!(matches!(finished.ended, Ended::Flooded), "{finished:?}");
    // In front of it the shell may say what became of `yes`.
    assert!(finished.stderr.ends_with(b"bye\n"), "{finished:?}");
}

#[tokio::test]
async fn what_is_left_behind_in_the_group_ends_with_the_program() {
    for holds in ["", ">&- 2>&-"] {
        let finished = run_within(&LIMITS, &format!("sleep 600 {holds} & echo $!")).await;
        let (code, pid, _) = facts(&finished);
        assert_eq!(code, Some(0), "{holds}");
        gone(pid).await;
    }
}

#[tokio::test]
async fn what_left_the_group_cannot_hold_anybody_up() {
    let body = r#"trap 'exit 0' USR1
        setsid sh -c "echo \$\$; kill -USR1 $$; exec sleep 600" &
        wait"#;
    let finished = run_within(&LIMITS, body).await;
    let (code, pid, _) = facts(&finished);
    assert_eq!(code, Some(0));
    let pid = pid.trim().parse().ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(pid.expect("it says its id"), rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn what_is_passed_on_after_the_end_is_heard() {
    let limits = Limits { grace: LIMITS.time, ..LIMITS };
    assert_eq!(
        facts(&run_within(&limits, "(sleep 0.2; echo late) & echo early").await),
        (Some(0), "early\nlate\n", "")
    );
}

#[tokio::test]
async fn who_stops_waiting_leaves_nothing_running() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pids");
    let written = async {
        loop {
            match std::fs::read_to_string(&path) {
                Ok(pids) if pids.ends_with('\n') => return pids,
                _ => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    };
    let mut command = shell("sleep 600 & echo $$ $! > pids; wait");
    command.current_dir(folder.path());
    let pids = tokio::select! {
        finished = run(command, b"", &LIMITS) => panic!("it ended by itself: {finished:?}"),
        pids = written => pids,
    };
    gone(&pids).await;
}
