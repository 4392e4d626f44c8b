//! How a test learns that a process has ended.

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// Waits until none of the processes runs whose ids are in `pids`, at least one and between white space. One
/// that only waits to be reaped does not run.
pub(crate) async fn gone(pids: &str) {
    assert!(!pids.trim().is_empty(), "there is no id");
    for pid in pids.split_whitespace() {
        let running = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
        };
        let wait = async {
            while running() {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(Duration::from_secs(10), wait).await.expect("the process ends");
    }
}
