//! How long others wait while somebody burns his time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Barrier;
use tokio::time::sleep_until;
use zalouser::sandbox::{Component, Monitor, runtime};

use super::{HOSTILE, NOW, line, monitor, texts};
use crate::conformance::SHIPPED;

/// How many messages are judged, with and without attackers.
const MESSAGES: usize = 500;

/// How long after one message the next arrives.
const PAUSE: Duration = Duration::from_millis(2);

/// Judges messages of an account one by one, and gives how long after its arrival each was, the shortest first.
async fn judged(monitor: &mut Monitor) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..MESSAGES {
        let arrival = Instant::now() + PAUSE;
        sleep_until(arrival.into()).await;
        let pushed = monitor.push(line("hello").as_bytes(), NOW).await;
        times.push(arrival.elapsed());
        assert_eq!(texts(&pushed.effects), ["hello"]);
    }
    times.sort();
    times
}

/// Lets a component use up its time again and again until it is told to stop, and gives how often it did.
async fn attack(component: Component, begun: Arc<Barrier>, stop: Arc<AtomicBool>) -> usize {
    let mut failures = 0;
    begun.wait().await;
    while !stop.load(Ordering::Relaxed) {
        // A monitor of its own each time: one that fails so often would be left alone.
        let mut attacker = monitor(&component, "attacker").await;
        failures += attacker.push(line("attack:spin").as_bytes(), NOW).await.incidents.len();
    }
    failures
}

#[test]
fn others_are_judged_while_attackers_burn_their_time() {
    runtime().unwrap().block_on(compare());
}

async fn compare() {
    // One for each thread, so that none is left for others.
    let attackers = Handle::current().metrics().num_workers();
    // As a task, like the accounts of a gateway.
    let run = || async {
        tokio::spawn(async { judged(&mut monitor(&SHIPPED, "victim").await).await }).await.unwrap()
    };
    let alone = run().await;
    let stop = Arc::new(AtomicBool::new(false));
    let begun = Arc::new(Barrier::new(attackers + 1));
    let attack = |_| tokio::spawn(attack(HOSTILE.clone(), Arc::clone(&begun), Arc::clone(&stop)));
    let attacks: Vec<_> = (0..attackers).map(attack).collect();
    begun.wait().await;
    let beside = run().await;
    stop.store(true, Ordering::Relaxed);
    for attack in attacks {
        assert!(attack.await.unwrap() > 0, "there was an attack");
    }
    let p99 = |times: &[Duration]| times[times.len() * 99 / 100];
    let median = |times: &[Duration]| times[times.len() / 2];
    println!(
        "{MESSAGES} messages, alone: median {:?}, p99 {:?}; beside an attacker on each of {attackers} threads: \
         median {:?}, p99 {:?}",
        median(&alone),
        p99(&alone),
        median(&beside),
        p99(&beside)
    );
}
