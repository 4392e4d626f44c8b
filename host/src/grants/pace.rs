//! Counts sends, so that a component does not send more than it may.

use std::collections::VecDeque;

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// The sends of the last day, as far as a limit needs them.
#[derive(Debug)]
pub(super) struct Pace {
    per_minute: Option<u32>,
    per_day: Option<u32>,
    /// When each was made, in milliseconds, oldest first; no more than the larger limit.
    sends: VecDeque<u64>,
}

/// A limit that one more send would break.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Over {
    pub(super) limit: u32,
    pub(super) period: &'static str,
    pub(super) key: &'static str,
}

impl Pace {
    pub(super) fn new(per_minute: Option<u32>, per_day: Option<u32>) -> Self {
        Self { per_minute, per_day, sends: VecDeque::new() }
    }

    /// Counts a send at `now`, unless it is one too many. When the clock jumps back, earlier sends count as
    /// made just now: never for less than their period, nor until the clock is there again.
    pub(super) fn send(&mut self, now: u64) -> Result<(), Over> {
        for ahead in self.sends.iter_mut().rev().take_while(|send| **send > now) {
            *ahead = now;
        }
        let kept = if self.per_day.is_some() { DAY } else { MINUTE };
        while self.sends.front().is_some_and(|send| send.saturating_add(kept) <= now) {
            self.sends.pop_front();
        }
        // The send that is `limit` before the next one has to be out of the period.
        let over = |limit: Option<u32>, period: u64| {
            limit.filter(|limit| {
                match self.sends.len().checked_sub(usize::try_from(*limit).unwrap_or(usize::MAX)) {
                    None => false,
                    Some(index) => self.sends.get(index).is_none_or(|send| send.saturating_add(period) > now),
                }
            })
        };
        if let Some(limit) = over(self.per_minute, MINUTE) {
            return Err(Over { limit, period: "minute", key: "sendsPerMinute" });
        }
        if let Some(limit) = over(self.per_day, DAY) {
            return Err(Over { limit, period: "day", key: "sendsPerDay" });
        }
        if self.per_minute.is_some() || self.per_day.is_some() {
            self.sends.push_back(now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_holds_so_many_sends() {
        let mut pace = Pace::new(Some(2), None);
        assert_eq!([0, 1_000].map(|now| pace.send(now)), [Ok(()), Ok(())]);
        assert_eq!(pace.send(59_999).unwrap_err().key, "sendsPerMinute");
        assert_eq!(pace.send(60_000), Ok(()), "the first is a minute old");
        assert_eq!(pace.send(60_001).unwrap_err().limit, 2);
    }

    #[test]
    fn a_day_holds_so_many_sends_and_a_refused_one_does_not_count() {
        let mut pace = Pace::new(None, Some(1));
        assert_eq!(pace.send(0), Ok(()));
        assert_eq!(pace.send(DAY - 1).unwrap_err().key, "sendsPerDay");
        assert_eq!(pace.send(DAY), Ok(()));
    }

    #[test]
    fn a_clock_that_jumps_back_makes_earlier_sends_count_for_one_more_period() {
        let mut pace = Pace::new(Some(2), None);
        assert_eq!([10 * DAY, 10 * DAY].map(|now| pace.send(now)), [Ok(()), Ok(())]);
        assert!(pace.send(DAY).is_err());
        assert!(pace.send(DAY + MINUTE - 1).is_err());
        assert_eq!(pace.send(DAY + MINUTE), Ok(()));
    }

    #[test]
    fn no_limit_remembers_nothing() {
        let mut pace = Pace::new(None, None);
        assert!((0..1_000).all(|now| pace.send(now).is_ok()));
        assert!(pace.sends.is_empty());
    }
}
