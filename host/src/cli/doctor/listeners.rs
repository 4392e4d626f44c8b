//! Listeners that no gateway here has started: somebody's `zca listen` by hand, or another program's.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::iter::successors;
use std::path::{Path, PathBuf};

use super::finding::Finding;
use crate::process::table::{self, Entry};
use crate::sandbox::bindings::config::Account;
use crate::zca::profile_lock::Holder;

/// How many generations of processes lie at most between a gateway and its listener: `zca` may be a script
/// that runs another one.
const GENERATIONS: usize = 8;

/// A process whose command line and environment may be read.
struct Process {
    parent: i32,
    /// Its process group.
    group: i32,
    argv: Vec<String>,
    variables: BTreeMap<String, String>,
}

/// All processes, by their ids.
pub(super) struct Processes(BTreeMap<i32, Process>);

impl Processes {
    /// Those that run now.
    pub(super) fn running() -> Self {
        let processes = table::ids().filter_map(|pid| Some((pid, Process::read(pid)?)));
        Self(processes.collect())
    }

    /// Tells of everybody who listens on the profile of `account` in `home` and is not `holder`'s.
    pub(super) fn check(
        &self,
        account: &Account,
        home: Option<&Path>,
        holder: Option<&Holder>,
    ) -> Vec<Finding> {
        let ours = holder.and_then(|holder| i32::try_from(holder.pid?).ok());
        let listens = |process: &Process| {
            process.listens_on().is_some_and(|profile| profile == account.profile)
                && process.home().as_deref() == home
        };
        let foreign = self.0.iter().filter(|(pid, process)| {
            listens(process) && !ours.is_some_and(|ours| self.stems_from(**pid, process.group, ours))
        });
        // A script and what it runs have the same arguments, and are one listener.
        let groups: BTreeSet<_> = foreign.map(|(_, process)| process.group).collect();
        groups.into_iter().map(|group| self.finding(account, group, ours.is_some())).collect()
    }

    fn finding(&self, account: &Account, listener: i32, beside_ours: bool) -> Finding {
        let Account { id, profile, .. } = account;
        let parent = self.0.get(&listener).map(|process| process.parent);
        // Its listener would be back at once.
        let gateway = parent.filter(|pid| self.0.get(pid).is_some_and(|it| it.is_named(&["zalouser"])));
        let (whose, stop) = match gateway {
            Some(gateway) => (format!("a zalouser of another state folder, process {gateway}"), gateway),
            None => ("no zalouser".to_owned(), listener),
        };
        let what = format!("process {listener} listens on profile {profile:?} of account {id}, for {whose}");
        let why = "a profile has one listener: zca refuses another one, or Zalo closes the older connection";
        let mend = format!("stop it with `kill {stop}`, or give account {id} a `profile` of its own");
        let level = if beside_ours { Finding::fail } else { Finding::warn };
        level("listener", what, why, mend)
    }

    /// Whether a process, or the one that leads its group, is a descendant of `ancestor`.
    fn stems_from(&self, pid: i32, group: i32, ancestor: i32) -> bool {
        let line = |pid| successors(Some(pid), |pid| Some(self.0.get(pid)?.parent)).take(GENERATIONS);
        line(pid).chain(line(group)).any(|pid| pid == ancestor)
    }
}

impl Process {
    /// None for one that has ended, or is not this user's.
    fn read(pid: i32) -> Option<Self> {
        let Entry { parent, group, .. } = Entry::of(pid)?;
        let pair =
            |word: String| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = table::environment(pid)?.into_iter().filter_map(pair).collect();
        Some(Self { parent, group, argv: table::arguments(pid)?, variables })
    }

    /// The profile on which it listens; none when it is no `zca listen`.
    fn listens_on(&self) -> Option<&str> {
        // As a script, it has the name of what runs it in front of its own.
        let program = self.argv.iter().take(3).position(|word| is_named(word, &["zca", "openzca"]))?;
        let mut words = self.argv.iter().skip(program + 1).map(String::as_str);
        let mut profile = None;
        loop {
            match words.next()? {
                "listen" => break,
                "-p" | "--profile" => profile = Some(words.next()?),
                "--debug" => {}
                "--debug-file" => drop(words.next()?),
                word => profile = Some(word.strip_prefix("--profile=")?),
            }
        }
        let named = || ["OPENZCA_PROFILE", "ZCA_PROFILE"].iter().find_map(|name| self.variable(name));
        Some(profile.or_else(named).unwrap_or("default"))
    }

    /// Where it keeps its profiles.
    fn home(&self) -> Option<PathBuf> {
        let named = self.variable("OPENZCA_HOME").map(PathBuf::from);
        named.or_else(|| Some(Path::new(self.variable("HOME")?).join(".openzca")))
    }

    fn is_named(&self, names: &[&str]) -> bool {
        self.argv.first().is_some_and(|word| is_named(word, names))
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn is_named(program: &str, names: &[&str]) -> bool {
    Path::new(program).file_name().and_then(OsStr::to_str).is_some_and(|name| names.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::super::fixture::account;
    use super::*;

    fn process(parent: i32, group: i32, line: &str) -> Process {
        let argv = line.split(' ').map(str::to_owned).collect();
        Process { parent, group, argv, variables: [("HOME".to_owned(), "/h".to_owned())].into() }
    }

    fn check(processes: impl IntoIterator<Item = (i32, Process)>, holder: Option<u32>) -> Vec<Finding> {
        let processes = Processes(processes.into_iter().collect());
        let holder = holder.map(|pid| Holder { pid: Some(pid) });
        processes.check(&account("work"), Some(Path::new("/h/.openzca")), holder.as_ref())
    }

    #[test]
    fn a_listener_is_told_from_other_commands_by_its_words() {
        for (line, profile) in [
            ("zca --profile work listen -r -k", Some("work")),
            ("node /usr/bin/openzca -p work --debug --debug-file /x listen", Some("work")),
            ("/usr/bin/env node /a/zca --profile=work listen", Some("work")),
            ("openzca listen --profile work", Some("default")),
            ("zca --profile work msg send 1 listen", None),
            ("zca --profile listen", None),
            ("grep listen", None),
        ] {
            assert_eq!(process(1, 1, line).listens_on(), profile, "{line}");
        }
        let mut process = process(1, 1, "zca listen");
        process.variables.insert("ZCA_PROFILE".to_owned(), "work".to_owned());
        assert_eq!(process.listens_on(), Some("work"));
    }

    #[test]
    fn only_what_the_gateway_did_not_start_is_told() {
        let line = "zca --profile work listen";
        let foreign = || (20, process(1, 20, line));
        let ours = || [(10, process(5, 10, line)), (11, process(10, 10, line))];
        assert_eq!(check(ours(), Some(5)), []);
        let found = check([foreign()], None);
        assert_eq!((found.len(), found[0].level), (1, Level::Warn), "{found:?}");
        assert!(
            found[0].what.contains("process 20") && found[0].mend.as_ref().unwrap().contains("`kill 20`")
        );
        let found = check(ours().into_iter().chain([foreign()]), Some(5));
        assert_eq!((found.len(), found[0].level), (1, Level::Fail), "{found:?}");
        assert_eq!(check([(20, process(1, 20, "zca --profile home listen"))], None), []);
        let mut elsewhere = foreign();
        elsewhere.1.variables.insert("OPENZCA_HOME".to_owned(), "/other".to_owned());
        assert_eq!(check([elsewhere], None), []);
    }

    #[test]
    fn a_gateway_of_another_folder_is_what_has_to_be_stopped() {
        let gateway = (5, process(1, 5, "/usr/bin/zalouser gateway run"));
        let found = check([gateway, (10, process(5, 10, "zca --profile work listen"))], None);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].mend.as_ref().unwrap().contains("`kill 5`"), "{found:?}");
    }
}
