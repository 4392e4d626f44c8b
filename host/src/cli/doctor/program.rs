//! Whether there is a `zca` that works.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::finding::Finding;
use crate::zca::probe::{ProbeError, Support, probe};
use crate::zca::program::{StartError, Zca};

const TOPIC: &str = "zca";

/// The oldest Node, as major and minor version, that openzca runs on; its own requirement.
const OLDEST_NODE: (u32, u32) = (22, 13);

/// The longest first line of a script that is read, in bytes; Linux itself reads 256.
const SHEBANG_LIMIT: u64 = 256;

/// How long Node may take to tell its version.
const NODE_TIME: Duration = Duration::from_secs(10);

/// What was learnt of the program.
pub(super) struct Program {
    /// Where it is, once with links and once without; none when it was not found.
    found: Option<(PathBuf, PathBuf)>,
    probed: Result<Support, ProbeError>,
    /// What it is run by, if it is a script for Node.
    node: Option<Node>,
}

struct Node {
    program: String,
    /// What it said to `--version`; none when it did not run.
    version: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    OpenZca,
    ZcaCli,
    Unknown,
}

impl Program {
    /// Looks at `zca`, and asks it what it can do.
    pub(super) async fn examine(zca: &Zca) -> Self {
        let found = which::which(zca.program()).ok().map(|path| {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            (path, real)
        });
        let interpreter = found.as_ref().and_then(|(_, real)| node_of(&first_line(real)?));
        let node = match interpreter {
            Some(program) => Some(Node { version: node_version(&program).await, program }),
            None => None,
        };
        Self { found, probed: probe(zca).await, node }
    }

    /// Whether it answers at all.
    pub(super) fn works(&self) -> bool {
        self.probed.is_ok()
    }

    fn kind(&self) -> Kind {
        let named = |name: &str| {
            let real = self.found.as_ref().map(|(_, real)| real.as_path());
            real.is_some_and(|real| real.iter().any(|part| part == OsStr::new(name)))
        };
        match &self.probed {
            _ if named("openzca") => Kind::OpenZca,
            _ if named("zca-cli") => Kind::ZcaCli,
            // Only openzca can leave restarts to somebody else.
            Ok(Support { supervised: true, .. }) => Kind::OpenZca,
            _ => Kind::Unknown,
        }
    }
}

/// Judges the program.
pub(super) fn check(program: &Program) -> Vec<Finding> {
    let mut findings = vec![match &program.probed {
        Ok(support) => usable(program, support),
        Err(err) => unusable(err),
    }];
    if let Some(node) = &program.node {
        findings.push(check_node(node, program.kind()));
    }
    findings
}

fn usable(program: &Program, support: &Support) -> Finding {
    let name = match program.kind() {
        Kind::OpenZca => "openzca",
        Kind::ZcaCli => "zca-cli",
        Kind::Unknown => "zca-cli or an old openzca",
    };
    let version = support.version.as_deref().unwrap_or("of unknown version");
    let place = program.found.as_ref().map_or(Path::new("zca"), |(path, _)| path);
    let what = format!("{name} {version} at {}", place.display());
    if support.supervised {
        return Finding::ok(TOPIC, what);
    }
    Finding::warn(
        TOPIC,
        format!("{what}, whose listener gives no sign of life"),
        "a connection that went dead looks like one on which nobody writes",
        "install a current openzca: npm install -g openzca@latest",
    )
}

fn unusable(err: &ProbeError) -> Finding {
    let why = "without it nothing is received and nothing sent";
    let elsewhere = "name another one with --zca, ZALOUSER_ZCA or plugins.entries.zalouser.config.zca";
    match err {
        ProbeError::Start(StartError::NotFound(path)) => Finding::fail(
            TOPIC,
            format!("{} was not found, or is a script whose interpreter was not", path.display()),
            why,
            format!("npm install -g openzca@latest, or {elsewhere}"),
        ),
        ProbeError::Start(StartError::NotExecutable(path)) => {
            let path = path.display();
            Finding::fail(
                TOPIC,
                format!("{path} may not be executed"),
                why,
                format!("chmod +x {path}, or {elsewhere}"),
            )
        }
        other => Finding::fail(TOPIC, other.to_string(), why, format!("install it again, or {elsewhere}")),
    }
}

fn check_node(node: &Node, kind: Kind) -> Finding {
    let program = &node.program;
    let Some(version) = &node.version else {
        let what = format!("zca is a script for {program}, which does not run");
        return Finding::fail(
            "node",
            what,
            "zca cannot start without it",
            "install Node, and put it on PATH",
        );
    };
    let (major, minor) = OLDEST_NODE;
    match version_of(version) {
        Some(found) if found < OLDEST_NODE && kind != Kind::ZcaCli => Finding::fail(
            "node",
            format!("zca runs on Node {version}"),
            &format!("openzca needs {major}.{minor} or later"),
            "install a current Node, as with: nvm install --lts",
        ),
        _ => Finding::ok("node", format!("zca runs on Node {version}")),
    }
}

fn first_line(path: &Path) -> Option<String> {
    let mut line = Vec::new();
    BufReader::new(File::open(path).ok()?.take(SHEBANG_LIMIT)).read_until(b'\n', &mut line).ok()?;
    String::from_utf8(line).ok()
}

/// The Node that runs a script with this first line; none when something else does.
fn node_of(first_line: &str) -> Option<String> {
    let is_node = |word: &&str| {
        let name = Path::new(word).file_name();
        name.is_some_and(|name| name == "node" || name == "nodejs")
    };
    first_line.strip_prefix("#!")?.split_whitespace().find(is_node).map(str::to_owned)
}

async fn node_version(node: &str) -> Option<String> {
    // It is run as zca is, within the same limits.
    let outcome = Zca::new(node).run(&["--version".to_owned()], NODE_TIME).await.ok()?;
    let version = outcome.stdout.trim().trim_start_matches('v');
    version_of(version).map(|_| version.to_owned())
}

/// Major and minor version of `22.13.1`.
fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn program(real: &str, probed: Result<Support, ProbeError>) -> Program {
        Program { found: Some(("/bin/zca".into(), real.into())), probed, node: None }
    }

    fn support(supervised: bool) -> Support {
        Support { version: Some("0.1.58".to_owned()), supervised }
    }

    #[test]
    fn the_kind_is_told_by_place_and_ability() {
        let cases = [
            ("/lib/node_modules/openzca/dist/cli.js", false, Kind::OpenZca),
            ("/lib/node_modules/zca-cli/index.js", false, Kind::ZcaCli),
            ("/opt/zca", true, Kind::OpenZca),
            ("/opt/zca", false, Kind::Unknown),
        ];
        for (real, supervised, kind) in cases {
            assert_eq!(program(real, Ok(support(supervised))).kind(), kind, "{real}");
        }
    }

    #[test]
    fn a_listener_that_may_be_deaf_is_worth_a_warning() {
        let findings = check(&program("/opt/zca", Ok(support(true))));
        assert_eq!(findings, [Finding::ok(TOPIC, "openzca 0.1.58 at /bin/zca")]);
        assert_eq!(check(&program("/opt/zca", Ok(support(false))))[0].level, Level::Warn);
    }

    #[test]
    fn a_program_that_does_not_start_fails_with_a_mend() {
        let missing = ProbeError::Start(StartError::NotFound("zca".into()));
        let unusable =
            ProbeError::Unusable { program: "/bin/zca".to_owned(), reason: "node: not found".to_owned() };
        for err in [missing, unusable] {
            let findings = check(&program("/opt/zca", Err(err)));
            assert_eq!(findings[0].level, Level::Fail);
            assert!(findings[0].mend.as_ref().is_some_and(|mend| mend.contains("--zca")), "{findings:?}");
        }
    }

    #[test]
    fn only_scripts_for_node_are_run_by_node() {
        let cases = [
            ("#!/usr/bin/env node\n", Some("node")),
            ("#!/usr/bin/env -S node --no-warnings\n", Some("node")),
            ("#! /opt/node/bin/node\n", Some("/opt/node/bin/node")),
            ("#!/bin/sh\n", None),
            ("exec node\n", None),
        ];
        for (line, node) in cases {
            assert_eq!(node_of(line).as_deref(), node, "{line:?}");
        }
    }

    #[test]
    fn openzca_needs_a_new_node() {
        let cases = [
            (Some("22.13.0"), Kind::OpenZca, Level::Ok),
            (Some("23.0.0"), Kind::OpenZca, Level::Ok),
            (Some("22.12.9"), Kind::OpenZca, Level::Fail),
            (Some("9.99.0"), Kind::Unknown, Level::Fail),
            (Some("18.0.0"), Kind::ZcaCli, Level::Ok),
            (None, Kind::ZcaCli, Level::Fail),
        ];
        for (version, kind, level) in cases {
            let node = Node { program: "node".to_owned(), version: version.map(str::to_owned) };
            assert_eq!(check_node(&node, kind).level, level, "{version:?} {kind:?}");
        }
    }
}
