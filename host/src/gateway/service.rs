//! What a service manager is told, if one asks for it as systemd does: sd_notify(3).

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::event::{Event, Events, What};
use super::readiness::Readiness;

/// The longest state that is told, in bytes; a manager shows it in one line.
const STATUS_MAX: usize = 500;

/// The service manager that started this process, or none.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// How often it wants a sign of life, if at all.
    watchdog: Option<Duration>,
}

impl Service {
    /// The one that the environment names.
    pub fn of_environment() -> Self {
        Self { watchdog: sd_notify::watchdog_enabled().filter(|it| !it.is_zero()) }
    }

    /// Tells that the service is ready once its accounts listen or have said why not, and how they are, and
    /// gives signs of life for as long as this is polled: poll it where the gateway itself is.
    pub async fn follow(&self, events: &Events) -> Infallible {
        // Twice in the time in which it is missed.
        let mut pings = self.watchdog.map(|time| {
            let mut pings = interval((time / 2).max(Duration::from_millis(1)));
            pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pings
        });
        let mut seen = events.watch_health();
        let mut ready = false;
        let mut told = String::new();
        loop {
            let readiness = Readiness::of(&events.status());
            if readiness.ready && !ready {
                ready = true;
                tell(&[NotifyState::Ready]);
            }
            let mut summary = readiness.summary();
            summary.truncate(summary.floor_char_boundary(STATUS_MAX));
            if summary != told {
                tell(&[NotifyState::Status(&summary)]);
                told = summary;
            }
            loop {
                tokio::select! {
                    () = tick(&mut pings) => tell(&[NotifyState::Watchdog]),
                    event = seen.recv() => match event {
                        Ok(event) if !concerns(&event) => {}
                        // Whatever was missed, the status has it.
                        Ok(_) | Err(RecvError::Lagged(_)) => break,
                        Err(RecvError::Closed) => pending().await,
                    },
                }
            }
        }
    }

    /// Tells that the service ends because it was asked to.
    pub fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// Tells that the service reads its configuration anew; [`Self::reloaded`] has to follow.
    pub fn reloading(&self) {
        let now = NotifyState::monotonic_usec_now();
        tell(&[Some(NotifyState::Reloading), now.ok()].into_iter().flatten().collect::<Vec<_>>());
    }

    /// Tells that this is done, with whatever result.
    pub fn reloaded(&self) {
        tell(&[NotifyState::Ready]);
    }
}

async fn tick(pings: &mut Option<Interval>) {
    match pings {
        Some(pings) => {
            pings.tick().await;
        }
        None => pending().await,
    }
}

/// Whether an event can change what accounts do.
fn concerns(event: &Event) -> bool {
    matches!(
        event.what,
        What::Starting { .. } | What::NotStarted(_) | What::Listening { .. } | What::ListenerEnded { .. }
    )
}

/// Does nothing without a manager.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(err) = sd_notify::notify(states) {
        tracing::debug!("the service manager was not told {states:?}: {err}");
    }
}
