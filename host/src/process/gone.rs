//! How a test learns that a process has ended.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::table::Entry;

/// Waits until none of the processes runs whose ids are in `pids`, at least one and between white space. One
/// that only waits to be reaped does not run.
pub(crate) async fn gone(pids: &str) {
    assert!(!pids.trim().is_empty(), "there is no id");
    for pid in pids.split_whitespace().map(|pid| pid.parse().expect("it is an id")) {
        let wait = async {
            while Entry::of(pid).is_some_and(|entry| entry.runs) {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(Duration::from_secs(10), wait).await.expect("the process ends");
    }
}
