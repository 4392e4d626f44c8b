//! What the operator can set of the journal.

use std::time::Duration;

use zalouser_settings::Section;

/// The longest pause before another try.
pub const RETRY_MAX: Duration = Duration::from_millis(RETRY_MAX_MS.unsigned_abs());
pub(super) const RETRY_MAX_MS: i64 = 3 * 60 * 1_000;

/// `journal` in the shim's own settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalSettings {
    /// How often a message is tried again after it failed, before it is a dead letter.
    pub retries: u32,
    /// The pause before the first of these tries. Each further pause is twice as long, and none longer than
    /// [`RETRY_MAX`].
    pub retry_base: Duration,
    /// How many messages of one conversation may wait.
    pub waiting_per_conversation: usize,
    /// How many messages may wait in all.
    pub waiting_in_all: usize,
    /// How long a reply of which a part may or may not have arrived waits for the operator.
    pub unknown_for: Duration,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self {
            retries: 8,
            retry_base: Duration::from_secs(1),
            waiting_per_conversation: 100,
            waiting_in_all: 10_000,
            unknown_for: Duration::from_hours(24),
        }
    }
}

impl JournalSettings {
    /// Reads the section.
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let default = Self::default();
        Self {
            retries: section.integer("retries", 0..=20).unwrap_or(default.retries),
            retry_base: section
                .integer("retryBaseMs", 1..=180_000)
                .map_or(default.retry_base, Duration::from_millis),
            waiting_per_conversation: section
                .integer("waitingPerConversation", 1..=10_000)
                .unwrap_or(default.waiting_per_conversation),
            waiting_in_all: section.integer("waitingInAll", 1..=1_000_000).unwrap_or(default.waiting_in_all),
            unknown_for: section
                .integer("unknownHours", 1..=8_760)
                .map_or(default.unknown_for, Duration::from_hours),
        }
    }

    /// The pause after that many failures, counted from 1; none when there were too many. `jitter` from 0 to 1
    /// shortens it by up to a fifth, so that what failed together is not tried again together.
    pub fn retry_in(&self, failures: u32, jitter: f64) -> Option<Duration> {
        if failures > self.retries {
            return None;
        }
        let doublings = failures.saturating_sub(1).min(31);
        let pause = self.retry_base.saturating_mul(1 << doublings).min(RETRY_MAX);
        Some(pause.mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_one_second_to_three_minutes_and_end_after_eight() {
        let settings = JournalSettings::default();
        let pauses: Vec<_> =
            (1..=9).map(|failures| settings.retry_in(failures, 0.0).map(|it| it.as_secs())).collect();
        let expected = [1, 2, 4, 8, 16, 32, 64, 128].map(Some).into_iter().chain([None]).collect::<Vec<_>>();
        assert_eq!(pauses, expected);
        let many = JournalSettings { retries: 20, ..settings };
        assert_eq!(many.retry_in(20, 0.0), Some(RETRY_MAX));
        assert_eq!(settings.retry_in(1, 1.0), Some(Duration::from_millis(800)));
    }
}
