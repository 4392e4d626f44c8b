//! When a listener that has ended is started again.

use std::time::Duration;

use super::program::StartError;

/// The exit code by which a listener that grew old asks for a fresh one.
const RECYCLED: i32 = 75;

/// A listener that asks for a fresh one before this is believed once, not twice in a row: it would be
/// started in a tight loop.
const SHORTEST_LIFE: Duration = Duration::from_secs(5);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// A listener that lived this long was healthy, and what went before is forgotten.
const QUIET: Duration = Duration::from_secs(5 * 60);

/// How a listener ended.
#[derive(Debug)]
pub enum ListenerEnd {
    /// It ended by itself, with this exit code, or 128 and the number of the signal that ended it.
    Exited(i32),
    /// It was stopped, because it no longer proved that it was alive.
    Silent,
    /// It never ran.
    NotStarted(StartError),
}

impl ListenerEnd {
    /// Whether it ended because it grew old, as it does every half hour: nothing is wrong then.
    pub fn is_recycling(&self) -> bool {
        matches!(self, Self::Exited(RECYCLED))
    }
}

/// Decides how long to wait before a listener is started again: not at all when it only grew old, and
/// otherwise twice as long each time, up to 5 minutes. Every start is a login at Zalo, and many logins are
/// what accounts are locked for.
#[derive(Clone, Debug)]
pub struct Restart {
    shortest: Duration,
    next: Duration,
    recycled_young: bool,
}

impl Restart {
    /// Waits `shortest` the first time.
    pub fn new(shortest: Duration) -> Self {
        Self { shortest, next: shortest, recycled_young: false }
    }

    /// How long to wait after a listener ended as `end` and had run for `uptime`. `jitter`, from 0 to 1 and
    /// best at random, moves the wait by up to a tenth down or up, so that accounts which were thrown out
    /// together do not return together.
    pub fn next(&mut self, end: &ListenerEnd, uptime: Duration, jitter: f64) -> Duration {
        if uptime >= QUIET {
            self.next = self.shortest;
        }
        let young = uptime < SHORTEST_LIFE;
        let believed = end.is_recycling() && !(young && self.recycled_young);
        self.recycled_young = end.is_recycling() && young;
        if believed {
            return Duration::ZERO;
        }
        let wait = self.next;
        self.next = wait.saturating_mul(2).min(LONGEST);
        let factor = if jitter.is_finite() { 0.9 + 0.2 * jitter.clamp(0.0, 1.0) } else { 1.0 };
        wait.mul_f64(factor).min(LONGEST)
    }
}

impl Default for Restart {
    /// Waits a second the first time.
    fn default() -> Self {
        Self::new(Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: ListenerEnd = ListenerEnd::Exited(1);
    const MIDDLE: f64 = 0.5;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn waits_double_up_to_five_minutes() {
        let mut restart = Restart::default();
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            assert_eq!(restart.next(&FAILED, seconds(1), MIDDLE), seconds(expected));
        }
    }

    #[test]
    fn every_end_but_recycling_waits() {
        let missing = ListenerEnd::NotStarted(StartError::NotFound("zca".into()));
        for end in [ListenerEnd::Exited(0), ListenerEnd::Exited(143), ListenerEnd::Silent, missing] {
            assert_eq!(Restart::default().next(&end, seconds(60), MIDDLE), seconds(1), "{end:?}");
        }
    }

    #[test]
    fn recycling_is_immediate_and_no_failure() {
        let mut restart = Restart::default();
        assert_eq!(restart.next(&ListenerEnd::Exited(RECYCLED), seconds(5), MIDDLE), Duration::ZERO);
        assert_eq!(restart.next(&FAILED, seconds(1), MIDDLE), seconds(1));
    }

    #[test]
    fn recycling_young_is_believed_once_in_a_row() {
        let mut restart = Restart::default();
        let mut recycle = |uptime| restart.next(&ListenerEnd::Exited(RECYCLED), seconds(uptime), MIDDLE);
        assert_eq!([recycle(4), recycle(4), recycle(4)], [seconds(0), seconds(1), seconds(2)]);
        assert_eq!([recycle(5), recycle(4)], [seconds(0), seconds(0)], "one that grew old breaks the row");
    }

    #[test]
    fn a_long_life_forgets_earlier_failures() {
        let mut restart = Restart::default();
        restart.next(&FAILED, seconds(1), MIDDLE);
        assert_eq!(restart.next(&FAILED, seconds(299), MIDDLE), seconds(2));
        assert_eq!(restart.next(&FAILED, seconds(300), MIDDLE), seconds(1));
    }

    #[test]
    fn jitter_moves_a_wait_by_a_tenth_at_most() {
        let wait = |jitter| Restart::new(seconds(10)).next(&FAILED, seconds(1), jitter);
        assert_eq!((wait(0.0), wait(1.0)), (seconds(9), seconds(11)));
        assert_eq!((wait(-7.0), wait(7.0), wait(f64::NAN)), (seconds(9), seconds(11), seconds(10)));
        assert_eq!(Restart::new(LONGEST).next(&FAILED, seconds(1), 1.0), LONGEST);
    }
}
