//! A stand-in for `zca` in tests: a few lines of shell.

use super::program::Zca;

/// A `zca` that runs `body` as a shell script. `$1` is its first argument.
///
/// No file is written and then executed: another test that forks at that moment would hold it open for
/// writing, and it could not be run.
pub(super) fn script(body: &str) -> Zca {
    Zca::new("/bin/sh").with_leading_args(["-c", body, "zca"])
}
