//! When a component that keeps failing is left alone, and for how long.
//!
//! Whoever may write to an account may know a message that its component fails over. So what is counted are
//! failures that are over, not tries; a pause delays what arrives in it and loses nothing; pauses only grow while
//! the component does nothing right at all, and the first line that it takes, a heartbeat for one, ends that.

use std::time::{Duration, Instant};

/// In how much time failures add up.
const WINDOW: Duration = Duration::from_secs(60);

/// How many of them are too many.
const FAILURES: usize = 3;

/// The first pause. Every further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause. It bounds for how long a stranger's messages can delay somebody else's.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// For how long a component may go on failing after a pause. That many of what waited are over with before the
/// next one, and a component that does nothing but burn its time has a processor to itself for a seventh of
/// the time at most.
const PROBATION: Duration = Duration::from_secs(5);

/// How far the component of one account is trusted. Times are those of a clock that only goes forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Quarantine {
    /// It may work. In it are the times of the latest failures, the oldest first.
    Trusted(Vec<Instant>),
    /// It is left alone.
    Confined {
        /// Until when.
        until: Instant,
        /// For how long.
        pause: Duration,
    },
    /// It may work again, and has done nothing right yet.
    Probation {
        /// Since when.
        since: Instant,
        /// How long the last pause was.
        pause: Duration,
    },
}

impl Quarantine {
    pub(super) fn new() -> Self {
        Self::Trusted(Vec::new())
    }

    /// Until when it is left alone, if it is.
    pub(super) fn until(&self) -> Option<Instant> {
        match self {
            Self::Confined { until, .. } => Some(*until),
            Self::Trusted(_) | Self::Probation { .. } => None,
        }
    }

    /// Whether it may work at `now`. That ends a pause which is over.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        if let Self::Confined { until, pause } = *self {
            if now < until {
                return false;
            }
            *self = Self::Probation { since: now, pause };
        }
        true
    }

    /// It did something right.
    pub(super) fn succeed(&mut self) {
        if !matches!(self, Self::Trusted(_)) {
            *self = Self::new();
        }
    }

    /// It failed at `now`. Gives the pause if one begins by that.
    pub(super) fn fail(&mut self, now: Instant) -> Option<Duration> {
        match self {
            Self::Trusted(failures) => {
                failures.retain(|at| now.saturating_duration_since(*at) < WINDOW);
                failures.push(now);
                (failures.len() >= FAILURES).then(|| self.confine(now))
            }
            Self::Probation { since, .. } => {
                let over = now.saturating_duration_since(*since) >= PROBATION;
                over.then(|| self.confine(now))
            }
            Self::Confined { .. } => None,
        }
    }

    /// Leaves it alone from `now` on, and gives for how long.
    pub(super) fn confine(&mut self, now: Instant) -> Duration {
        let pause = match self {
            Self::Trusted(_) => FIRST_PAUSE,
            Self::Confined { pause, .. } | Self::Probation { pause, .. } => (*pause * 2).min(LONGEST_PAUSE),
        };
        *self = Self::Confined { until: now + pause, pause };
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn three_failures_in_a_minute_are_too_many() {
        let start = Instant::now();
        // In seconds, each with whether a pause begins.
        for failures in [
            &[(0, false), (1, false), (2, true)][..],
            &[(0, false), (30, false), (59, true)],
            &[(0, false), (30, false), (60, false), (61, true)],
            &[(0, false), (60, false), (120, false), (180, false)],
        ] {
            let mut quarantine = Quarantine::new();
            for (at, begins) in failures {
                let pause = quarantine.fail(start + SECOND * *at);
                assert_eq!(pause, begins.then_some(FIRST_PAUSE), "at {at} of {failures:?}");
            }
        }
    }

    #[test]
    fn what_it_does_right_between_failures_does_not_hide_them() {
        let (mut quarantine, now) = (Quarantine::new(), Instant::now());
        for begins in [false, false, true] {
            quarantine.succeed();
            assert_eq!(quarantine.fail(now).is_some(), begins);
        }
    }

    #[test]
    fn it_is_left_alone_until_the_pause_is_over() {
        let (mut quarantine, now) = (Quarantine::new(), Instant::now());
        assert!(quarantine.admits(now));
        assert_eq!(quarantine.confine(now), FIRST_PAUSE);
        assert_eq!(quarantine.until(), Some(now + FIRST_PAUSE));
        assert!(!quarantine.admits(now + FIRST_PAUSE - SECOND));
        assert!(quarantine.admits(now + FIRST_PAUSE));
        assert_eq!(quarantine.until(), None);
    }

    #[test]
    fn pauses_grow_up_to_a_bound_while_nothing_is_done_right() {
        let (mut quarantine, mut now) = (Quarantine::new(), Instant::now());
        let mut pauses = vec![quarantine.confine(now)];
        while pauses.len() < 5 {
            now = quarantine.until().expect("it is left alone");
            assert!(quarantine.admits(now));
            assert_eq!(quarantine.fail(now), None, "some failures are over with at once");
            now += PROBATION;
            pauses.extend(quarantine.fail(now));
        }
        assert_eq!(pauses, [5, 10, 20, 30, 30].map(|seconds| SECOND * seconds));
    }

    #[test]
    fn one_thing_done_right_after_a_pause_clears_it() {
        let (mut quarantine, now) = (Quarantine::new(), Instant::now());
        quarantine.confine(now);
        let now = now + FIRST_PAUSE;
        assert!(quarantine.admits(now));
        quarantine.succeed();
        assert_eq!(quarantine, Quarantine::new());
        assert_eq!(quarantine.fail(now + PROBATION), None, "it is the first failure");
    }
}
