//! When an account may send: not too many messages in a row, because Zalo bans who sends like a machine, and
//! not too many at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};
use zalouser_settings::Section;

/// How many messages of one account are on their way at a time: each is a process that logs in anew.
const AT_A_TIME: usize = 4;

/// How much longer than needed a message waits at most, in parts of the time between two messages, so that
/// the times of sending have no beat.
const JITTER: f64 = 0.5;

/// How fast an account sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacing {
    /// How many messages a minute may be sent in the long run; at least 1.
    pub sends_per_minute: u32,
    /// How many messages may be sent at once after a pause; at least 1.
    pub burst: u32,
}

impl Default for Pacing {
    /// One message a second, five at once. Zalo tells no numbers; this is as a person writes.
    fn default() -> Self {
        Self { sends_per_minute: 60, burst: 5 }
    }
}

/// A bucket of tokens, one a message, which fills up again with time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bucket {
    /// When it will be full again.
    full_at: Duration,
}

/// What the accounts send through: each has its own, and none waits for another.
pub(crate) struct Pacers {
    pacing: Option<Pacing>,
    began: Instant,
    accounts: Mutex<BTreeMap<String, Pacer>>,
}

struct Pacer {
    bucket: Bucket,
    places: Arc<Semaphore>,
}

/// Reads the section `pacing`; none when it is switched off.
pub fn read(section: &mut Section<'_>) -> Option<Pacing> {
    let default = Pacing::default();
    let enabled = section.flag("enabled").unwrap_or(true);
    let sends_per_minute = section.integer("sendsPerMinute", 1..=6_000).unwrap_or(default.sends_per_minute);
    let burst = section.integer("burst", 1..=100).unwrap_or(default.burst);
    enabled.then_some(Pacing { sends_per_minute, burst })
}

impl Bucket {
    /// Takes a token at `now`, and says how long to wait until there is one. `chance` is at least 0 and less
    /// than 1.
    fn take(&mut self, pacing: &Pacing, now: Duration, chance: f64) -> Duration {
        let full_at = self.full_at.max(now);
        // A full bucket holds as many as may be sent at once; one of them is for this message.
        let interval = Duration::from_secs(60) / pacing.sends_per_minute.max(1);
        let spare = interval.saturating_mul(pacing.burst.saturating_sub(1));
        let wait = full_at.saturating_sub(now).saturating_sub(spare);
        // Only who has to wait at all is watched for a beat.
        let jitter = if wait.is_zero() { 0.0 } else { chance * JITTER };
        self.full_at = full_at.saturating_add(interval.mul_f64(1.0 + jitter));
        wait
    }
}

impl Pacers {
    pub(super) fn new(pacing: Option<Pacing>) -> Self {
        Self { pacing, began: Instant::now(), accounts: Mutex::default() }
    }

    /// Waits until `account` may send one message. It is on its way for as long as what is given is kept.
    pub(crate) async fn turn(&self, account: &str) -> Option<OwnedSemaphorePermit> {
        let (wait, places) = self.queue_up(account);
        sleep(wait).await;
        // None only when they were closed, which nobody does.
        places.acquire_owned().await.ok()
    }

    fn queue_up(&self, account: &str) -> (Duration, Arc<Semaphore>) {
        let now = self.began.elapsed();
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Pacer { bucket: Bucket::default(), places: Arc::new(Semaphore::new(AT_A_TIME)) };
        let pacer = accounts.entry(account.to_owned()).or_insert_with(new);
        let wait =
            self.pacing.map_or(Duration::ZERO, |pacing| pacer.bucket.take(&pacing, now, rand::random()));
        (wait, Arc::clone(&pacer.places))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// When messages are sent that want to be at these times, in seconds.
    fn sent(pacing: Pacing, wanted: &[f64], chance: f64) -> Vec<f64> {
        let mut bucket = Bucket::default();
        wanted
            .iter()
            .map(|wanted| {
                let now = seconds(*wanted);
                (now + bucket.take(&pacing, now, chance)).as_secs_f64()
            })
            .collect()
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_one_by_one() {
        let pacing = Pacing { sends_per_minute: 60, burst: 3 };
        assert_eq!(sent(pacing, &[10.0; 6], 0.0), [10.0, 10.0, 10.0, 11.0, 12.0, 13.0]);
    }

    #[test]
    fn a_pause_fills_the_bucket_and_no_more_than_that() {
        let pacing = Pacing { sends_per_minute: 60, burst: 2 };
        let wanted = [0.0, 0.0, 1.0, 1.0, 100.0, 100.0, 100.0];
        assert_eq!(sent(pacing, &wanted, 0.0), [0.0, 0.0, 1.0, 2.0, 100.0, 100.0, 101.0]);
    }

    #[test]
    fn jitter_makes_nothing_faster() {
        let pacing = Pacing { sends_per_minute: 30, burst: 1 };
        let even = sent(pacing, &[0.0; 20], 0.0);
        let late = sent(pacing, &[0.0; 20], 0.99);
        assert!(even.iter().zip(&late).all(|(even, late)| late >= even), "{late:?}");
        assert!(late[19] <= even[19] * (1.0 + JITTER), "{late:?}");
        assert!(late[19] > even[19], "{late:?}");
    }

    #[tokio::test]
    async fn one_account_does_not_wait_for_another() {
        let pacers = Pacers::new(Some(Pacing { sends_per_minute: 1, burst: 1 }));
        drop(pacers.turn("busy").await);
        tokio::select! {
            biased;
            _ = pacers.turn("busy") => panic!("the busy account has to wait"),
            _ = pacers.turn("other") => {}
        }
    }

    #[tokio::test]
    async fn what_is_slow_holds_up_its_own_account_alone() {
        let pacers = Pacers::new(None);
        let mut slow = Vec::new();
        for _ in 0..AT_A_TIME {
            slow.push(pacers.turn("slow").await);
        }
        let next = pacers.turn("slow");
        tokio::pin!(next);
        tokio::select! {
            biased;
            _ = &mut next => panic!("too many are on their way"),
            _ = pacers.turn("other") => {}
        }
        slow.clear();
        next.await;
    }

    #[test]
    fn the_section_is_read_strictly_and_can_switch_it_off() {
        let read = |section: Value| zalouser_settings::read("pacing", Some(&section), read);
        assert_eq!(read(json!({})), Ok(Some(Pacing::default())));
        assert_eq!(read(json!({ "enabled": false })), Ok(None));
        let slow = Pacing { sends_per_minute: 10, burst: 1 };
        assert_eq!(read(json!({ "sendsPerMinute": 10, "burst": 1 })), Ok(Some(slow)));
        for wrong in [json!({ "sendsPerMinute": 0 }), json!({ "burst": 0 }), json!({ "rate": 1 })] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
