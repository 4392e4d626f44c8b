//! The watchdog itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, IsTerminal};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::signal::unix::{SignalKind, signal};

use super::super::table::{Entry, environment, ids};
use super::notice::{Group, MARK, Wards};

/// How long groups may take to end once asked, before they are killed.
const GRACE: Duration = Duration::from_secs(2);

/// How long a group is looked for that was about to be started: from the beginning of a process to its own
/// environment it takes microseconds, on a busy machine more.
const SEARCH: Duration = Duration::from_millis(500);

/// How often it is looked whether groups have ended.
const LOOK: Duration = Duration::from_millis(20);

/// Watches the groups of the process called `name` that standard input tells of, and ends those that are left
/// when that is over.
///
/// # Errors
///
/// When it is not what started it that tells, or signals cannot be caught.
pub(crate) fn watch(name: &str) -> io::Result<()> {
    if io::stdin().is_terminal() {
        return Err(io::Error::other("the watchdog is started by the gateway, and by nobody else"));
    }
    outlast_signals()?;
    let mut wards = Wards::default();
    // An error is an end: nobody can tell anything any more.
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        // The other side is of the same version, unless the program's file was replaced.
        if let Ok(notice) = line.parse() {
            wards.take(notice);
        }
    }
    end(&wards, name);
    Ok(())
}

/// Catches what a service manager sends to all processes of a service alike: who is asked to end is the
/// process that is watched. A handler stays when its runtime is gone.
fn outlast_signals() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
            drop(signal(kind)?);
        }
        Ok(())
    })
}

fn end(wards: &Wards, name: &str) {
    let began = Instant::now();
    let mut groups: BTreeMap<i32, Group> = BTreeMap::new();
    let mut found: Vec<_> = wards.started.values().copied().collect();
    let marks: BTreeSet<_> = wards.expected.iter().map(|number| format!("{MARK}={name}-{number}")).collect();
    while began.elapsed() < GRACE {
        let searches = !marks.is_empty() && began.elapsed() < SEARCH;
        if searches {
            found.extend(marked(&marks));
        }
        for group in found.drain(..) {
            if groups.insert(group.id, group).is_none() {
                send(&group, Signal::TERM);
            }
        }
        if !searches && !groups.values().any(is_left) {
            return;
        }
        sleep(LOOK);
    }
    groups.values().for_each(|group| send(group, Signal::KILL));
}

/// The groups of processes that were started with one of these marks, and lead one.
fn marked(marks: &BTreeSet<String>) -> impl Iterator<Item = Group> {
    ids().filter_map(|id| {
        let leads = Entry::of(id).is_some_and(|entry| entry.group == id);
        let is_marked = || environment(id).is_some_and(|it| it.iter().any(|word| marks.contains(word)));
        (leads && is_marked()).then(|| Group::of(id))
    })
}

fn is_left(group: &Group) -> bool {
    group.is_itself() && Pid::from_raw(group.id).is_some_and(|id| test_kill_process_group(id).is_ok())
}

fn send(group: &Group, signal: Signal) {
    if let Some(id) = Pid::from_raw(group.id).filter(|_| group.is_itself()) {
        // The only error that can occur says that nobody is left.
        let _ = kill_process_group(id, signal);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};

    use super::super::super::gone;
    use super::*;

    const NAME: &str = "test";

    /// A group whose leader says `ready` once it runs this script.
    fn group(script: &str, mark: u64) -> (Child, Group) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).env(MARK, format!("{NAME}-{mark}")).process_group(0);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        io::BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let group = Group::of(i32::try_from(child.id()).unwrap());
        (child, group)
    }

    #[tokio::test]
    async fn what_was_started_and_what_was_about_to_be_is_ended_whether_it_wants_or_not() {
        let (_polite, first) = group("sleep 600 & echo ready; wait", 1);
        let (_stubborn, second) = group("trap '' TERM; echo ready; while :; do sleep 600; done", 2);
        let (_unknown, third) = group("echo ready; exec sleep 600", 3);
        let wards = Wards { expected: [3, 4].into(), started: [(1, first), (2, second)].into() };
        end(&wards, NAME);
        gone(&format!("{} {} {}", first.id, second.id, third.id)).await;
    }

    #[test]
    fn a_stranger_with_the_id_of_what_ended_is_left_alone() {
        let (mut stranger, group) = group("echo ready; exec sleep 600", 5);
        let former = Group { started: group.started + 1, ..group };
        end(&Wards { expected: [6].into(), started: [(1, former)].into() }, NAME);
        assert_eq!(stranger.try_wait().unwrap(), None, "it still runs");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}
