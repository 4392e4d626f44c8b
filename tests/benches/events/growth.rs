//! How the cost of an event grows with what there is to look through.

use serde_json::{Map, Value, json};
use zalouser::simulator::Line;

use super::admission::{age, beside_answered, open};
use super::chart::{self, Curve};
use super::pair::Pair;
use super::table::Row;
use super::{fill, micros};

/// How often more something may cost with ten thousand times as much to look through: caches of the processor are
/// smaller than that.
const ALIKE: f64 = 2.0;

/// How many messages a journal has that is years old.
const AGED: usize = 10_000_000;

pub(super) async fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for curve in [allow_list().await, groups().await, history().await, journal().await, length().await] {
        let file = chart::draw(&curve);
        let ratio = growth(&curve.points);
        let told: Vec<_> = curve.points.iter().map(|(size, cost)| format!("{size}: {cost:.2}")).collect();
        rows.push(
            Row::new(
                format!("{}, times that of fewer {}", curve.unit, curve.over),
                format!("{ratio:.2}"),
                "2.0",
                ratio <= ALIKE,
            )
            .beside(format!("{}; {}", told.join(", "), file.display())),
        );
    }
    rows
}

/// How many times what it costs with fewer something costs with more, at the most.
fn growth(points: &[(usize, f64)]) -> f64 {
    let (mut least, mut growth) = (f64::MAX, 0.0_f64);
    for (_, cost) in points {
        growth = growth.max(cost / least);
        least = least.min(*cost);
    }
    growth
}

async fn allow_list() -> Curve {
    let mut points = Vec::new();
    for size in [10, 100, 1_000, 10_000, 100_000] {
        let allowed: Vec<_> = (0..size).map(|id| format!("{}", 1_000_000 + id)).collect();
        let mut pair = Pair::new(&json!({ "dmPolicy": "allowlist", "allowFrom": allowed })).await;
        let (chunk, count) = fill(|_| Line::direct("222", "Bob", "let me in"));
        points.push((size, micros(pair.push(&chunk).await.1, count)));
    }
    Curve { name: "allow-list", over: "entries of the allow list", unit: "µs an event", points }
}

async fn groups() -> Curve {
    let mut points = Vec::new();
    for size in [10, 100, 1_000, 10_000] {
        let groups: Map<_, _> =
            (0..size).map(|id| (format!("{}", 1_000_000 + id), json!({ "requireMention": true }))).collect();
        let mut pair = Pair::new(&json!({ "groupPolicy": "allowlist", "groups": groups })).await;
        let (chunk, count) = fill(|_| Line::group("5001", "222", "Bob", "hello all"));
        points.push((size, micros(pair.push(&chunk).await.1, count)));
    }
    Curve { name: "groups", over: "groups with a rule", unit: "µs an event", points }
}

async fn history() -> Curve {
    let mut points = Vec::new();
    for size in [1, 10, 100, 1_000] {
        let section =
            json!({ "groupPolicy": "open", "historyLimit": size, "groups": Value::Object(Map::new()) });
        let mut pair = Pair::new(&section).await;
        let (chunk, count) = fill(|_| Line::group("5001", "222", "Bob", "hello all"));
        // The first rounds fill it.
        points.push((size, micros(pair.push(&chunk).await.1, count)));
    }
    Curve { name: "history", over: "pending messages of a group", unit: "µs an event", points }
}

/// As many as are remembered at the most, and ten million in a journal that was made for this: of so many all but
/// 200,000 are forgotten.
async fn journal() -> Curve {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let (mut points, mut from) = (Vec::new(), 0);
    for answered in [0, 10_000, 50_000, 190_000] {
        let cost = beside_answered(&journal, from, answered).await;
        points.push((answered, micros(cost, 1)));
        from = answered + 5_000;
    }
    journal.close().await;
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().await;
    age(folder.path(), AGED);
    let journal = open(folder.path());
    // Some before it is measured: a journal that was just opened forgets ten thousand.
    let cost = beside_answered(&journal, AGED, AGED + 5_000).await;
    points.push((AGED, micros(cost, 1)));
    journal.close().await;
    Curve { name: "journal", over: "answered messages in the journal", unit: "µs an admission", points }
}

async fn length() -> Curve {
    let mut points = Vec::new();
    for size in [1_000, 4_000, 16_000, 60_000] {
        let mut pair = Pair::new(&json!({ "dmPolicy": "allowlist", "allowFrom": ["111"] })).await;
        let (chunk, _) = fill(|_| Line::direct("222", "Bob", "lorem ipsum ".repeat(size / 12)));
        points.push((size, micros(pair.push(&chunk).await.1, chunk.len()) * 1_000.0));
    }
    Curve { name: "length", over: "characters of a message", unit: "ns a byte", points }
}
