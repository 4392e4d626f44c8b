//! A stand-in for `zca` in tests: a few lines of shell.

use super::program::Zca;

/// A `zca` that runs `body` as a shell script. `$1` is its first argument.
///
/// No file is written and then executed: another test that forks at that moment would hold it open for
/// writing, and it could not be run.
pub(super) fn script(body: &str) -> Zca {
    Zca::new("/bin/sh").with_leading_args(["-c", body, "zca"])
}

/// Waits until no process with this id runs. One that only waits to be reaped does not run.
pub(super) async fn gone(pid: &str) {
    let running = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    };
    let wait = async {
        while running() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), wait).await.expect("the process ends");
}
