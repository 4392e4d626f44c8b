//! What the system says of running processes.

use std::fmt;
use std::fs;

use super::table::bytes;

/// The memory of a process, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// All that is in memory of it, with what it shares with others.
    pub(crate) resident: u64,
    /// What it alone has written, and would have to be kept even if nothing else ran.
    own: u64,
}

impl Memory {
    pub(crate) fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("Linux tells of processes");
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("it has memory");
            line.trim_end_matches("kB").trim().parse::<u64>().expect("a number of KiB")
        };
        Self { resident: kib("VmRSS:") << 10, own: kib("RssAnon:") << 10 }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} resident, {} of it not of a file", bytes(self.resident), bytes(self.own))
    }
}

/// The watchdog of a gateway.
pub(crate) fn watchdog_of(gateway: u32) -> u32 {
    let is_it = |process: &u32| {
        let line = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        line.split('\0').nth(1) == Some("watchdog")
    };
    let mut children = fs::read_dir(format!("/proc/{gateway}/task")).unwrap().flat_map(|thread| {
        let children = fs::read_to_string(thread.unwrap().path().join("children")).unwrap_or_default();
        children.split_whitespace().map(|id| id.parse::<u32>().unwrap()).collect::<Vec<_>>()
    });
    children.find(is_it).expect("a gateway with a listener has a watchdog")
}
