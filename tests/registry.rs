//! What tests take from package registries. Where a registry is out of reach that is said, and the test is skipped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What pip and npm say when there is no way to their registry.
const OUT_OF_REACH: [&str; 8] = [
    "from versions: none",
    "NewConnectionError",
    "ConnectTimeout",
    "Max retries",
    "ENOTFOUND",
    "ECONNREFUSED",
    "EAI_AGAIN",
    "ETIMEDOUT",
];

/// A Python that has `package`, as in `mcp==2.3.0`.
pub(crate) fn python(package: &str) -> Option<PathBuf> {
    let folder = installed(package, |folder| {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder.join("venv")))?;
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", package];
        run(Command::new(folder.join("venv/bin/python")).args(pip))
    })?;
    Some(folder.join("venv/bin/python"))
}

/// A folder in which Node finds `package`, as in `@bytecodealliance/jco@1.35.0`.
pub(crate) fn node(package: &str) -> Option<PathBuf> {
    installed(package, |folder| {
        run(Command::new("node").arg("--version"))?;
        let install = ["install", "--silent", "--no-audit", "--no-fund", "--fetch-retries", "1", package];
        run(Command::new("npm").args(install).arg("--prefix").arg(folder).current_dir(folder))
    })
}

/// The folder of a package that `install` has put there, now or in an earlier run.
fn installed(package: &str, install: impl FnOnce(&Path) -> Result<(), String>) -> Option<PathBuf> {
    let name = package.replace(['/', '@', '='], "-");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("registry").join(name);
    fs::create_dir_all(&folder).unwrap();
    // Two tests, or two runs of them, must not make it at the same time.
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let done = folder.join("done");
    if !done.exists() {
        if let Err(reason) = install(&folder) {
            eprintln!("\n*** SKIPPED: nothing was tested with {package}: {reason}\n");
            return None;
        }
        File::create(done).unwrap();
    }
    Some(folder)
}

/// Runs one step. The error is why it cannot be done here; what goes wrong otherwise is a failed test.
fn run(step: &mut Command) -> Result<(), String> {
    let program = step.get_program().to_owned();
    let output = step.output().map_err(|err| format!("{} does not run: {err}", program.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = said(&output);
    assert!(OUT_OF_REACH.iter().any(|sign| said.contains(sign)), "{step:?} fails:\n{said}");
    Err(format!("the registry is out of reach: {said}"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}
