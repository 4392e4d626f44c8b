//! Whether the clock can be right, as far as that shows on this machine.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::finding::Finding;

/// No program like this one was there before, so that a clock that shows an earlier time is wrong: the first
/// moment of 2026, in seconds since the Unix epoch.
const EARLIEST: Duration = Duration::from_secs(1_767_225_600);

/// How far a file may be ahead of the clock: file servers have clocks of their own.
const TOLERANCE: Duration = Duration::from_secs(60);

/// A file of ours, and when it was written.
pub(super) struct Written {
    pub(super) path: PathBuf,
    pub(super) at: SystemTime,
}

/// Judges the clock, which says that it is `now`, by the file that was written last. The network is not asked.
pub(super) fn check(now: SystemTime, newest: Option<&Written>) -> Finding {
    let told =
        Timestamp::try_from(now).map_or_else(|_| "no time at all".to_owned(), |now| format!("{now:.0}"));
    let finding = |what: String| {
        Finding::fail(
            "clock",
            what,
            "pairing codes expire by the clock, Zalo refuses sessions with a wrong time, and locks seem old",
            "set the clock, as with: timedatectl set-ntp true",
        )
    };
    if now < SystemTime::UNIX_EPOCH + EARLIEST {
        return finding(format!("the clock says {told}, which is before this program was made"));
    }
    match newest {
        Some(Written { path, at }) if *at > now + TOLERANCE => finding(format!(
            "the clock says {told}, and {} was written later than that: it is behind, or was ahead",
            path.display()
        )),
        _ => Finding::ok(
            "clock",
            format!("it is {told}, and no file of ours is newer; the network was not asked"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_clock_is_wrong_that_is_behind_the_past() {
        let at = |time: &str| SystemTime::from(time.parse::<Timestamp>().unwrap());
        let cases = [
            ("2025-12-31T23:59:59Z", None, Level::Fail),
            ("2026-01-01T00:00:00Z", None, Level::Ok),
            ("2026-06-01T12:00:00Z", Some("2026-06-01T11:00:00Z"), Level::Ok),
            ("2026-06-01T12:00:00Z", Some("2026-06-01T12:01:00Z"), Level::Ok),
            ("2026-06-01T12:00:00Z", Some("2026-06-01T12:01:01Z"), Level::Fail),
        ];
        for (now, newest, level) in cases {
            let newest = newest.map(|time| Written { path: "/f".into(), at: at(time) });
            assert_eq!(check(at(now), newest.as_ref()).level, level, "{now}");
        }
    }
}
