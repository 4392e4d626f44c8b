//! The reader of what `zca friend list`, `group list` and `me info` print.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zalouser_logic::command::{Command, ExitStatus, Outcome};
use zalouser_logic::directory::{find, parse_group, parse_target};
use zalouser_logic::inbound::Monitor;

fuzz_target!(|data: &[u8]| {
    let Some((code, stdout, stderr)) = zalouser_fuzz::outputs(data) else { return };
    let outcome = Outcome {
        status: ExitStatus::Exited(i32::from(code % 2)),
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
        delivered: None,
    };
    for command in [Command::ListFriends, Command::ListGroups, Command::WhoAmI] {
        let Ok(all) = find(&command, &outcome, None, None) else { continue };
        assert!(all.iter().all(|entry| !entry.id.is_empty()));
        let some = find(&command, &outcome, Some(stderr), Some(3)).expect("it is the same list");
        assert!(some.len() <= 3 && some.iter().all(|entry| all.contains(entry)), "{some:?} of {all:?}");
    }
    for target in [stdout, stderr] {
        let _ = (parse_target(target), parse_group(target));
    }
    let mut monitor = Monitor::new(zalouser_fuzz::account(), Vec::new());
    let outcomes = monitor.prepare().iter().map(|_| outcome.clone()).collect();
    monitor.learn(outcomes).iter().for_each(|entry| zalouser_fuzz::check_line(&entry.message));
});
