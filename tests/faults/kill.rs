//! `kill -9` at random moments under load, again and again over one state folder. The agent, which writes down
//! what it is handed, and the people, who have what arrived, are the judges.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags};
use rustix::process::Signal;
use serde_json::json;
use zalouser::simulator::Line;

use super::{full, nothing_runs, open};
use crate::setting::{Running, Setting, config, shell};

/// How many people write, each a message a round.
const PEOPLE: usize = 6;

/// Writes down what it is handed and how often that was before, in one write, and answers at its leisure.
const AGENT: &str = r#"
    read -r context
    text=${context#*'"RawBody":"'}
    text=${text%%'"'*}
    case "$context" in *'"Redelivered":true'*) again=again ;; *) again=first ;; esac
    echo "$text $again" >>"$1"
    sleep "0.0$((${#context} % 10))"
    echo "re $text""#;

/// How often it is killed.
fn rounds() -> usize {
    if full() { 200 } else { 5 }
}

/// Numbers that look random; the same ones for the same seed.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let given = env::var("ZALOUSER_FAULTS_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given
            .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into());
        println!("ZALOUSER_FAULTS_SEED={seed}");
        Self(seed)
    }

    /// A number below `limit`, by SplitMix64.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// What the journal says of the messages: by their text, their state.
struct Told {
    states: BTreeMap<String, String>,
    /// Those of which a part may or may not have arrived.
    unknown: BTreeSet<String>,
}

impl Told {
    fn read(journal: &Path) -> Self {
        let database = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let pairs = |sql: &str| -> Vec<(String, String)> {
            let mut statement = database.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let states = pairs("SELECT message, state FROM entry WHERE kind = 'message'").into_iter().collect();
        let unknown = "SELECT message, chunk.state FROM chunk JOIN entry ON entry.id = chunk.entry \
                       WHERE chunk.state = 'unknown'";
        let unknown = pairs(unknown).into_iter().map(|(message, _)| message).collect();
        Self { states, unknown }
    }

    /// How many are neither answered nor left to the operator.
    fn unsettled(&self) -> usize {
        let is_settled =
            |(message, state): (&String, &String)| state == "answered" || self.unknown.contains(message);
        self.states.iter().filter(|entry| !is_settled(*entry)).count()
    }
}

#[test]
fn killed_again_and_again_it_answers_every_admitted_message_and_none_twice() {
    let setting = Setting::new();
    let seen = setting.write("seen", "");
    let settings = json!({
        "agent": shell(AGENT, &[&seen]),
        "heartbeatSeconds": 1,
        "pacing": { "enabled": false },
        "journal": { "retryBaseMs": 10, "waitingPerConversation": 10_000 },
    });
    setting.configure(&config(open(), settings));
    let mut dice = Dice::new();
    let begin = Instant::now();
    for round in 0..rounds() {
        let mut gateway = setting.start(setting.command(&["gateway", "run"]));
        // At any moment of the start, or of the work.
        if dice.below(4) > 0 {
            gateway.until_logged("listening");
        }
        write(&setting, round);
        sleep(Duration::from_millis(dice.below(600)));
        kill(gateway, &setting);
    }
    let mut gateway = setting.start(setting.command(&["gateway", "run"]));
    write(&setting, rounds());
    let journal = setting.in_state("zalouser/journal.sqlite");
    gateway.until("the admission of the last", || {
        let told = Told::read(&journal);
        (0..PEOPLE).all(|person| told.states.contains_key(&name(rounds(), person))).then_some(())
    });
    // However much was left to do, it has to become less.
    let mut left = usize::MAX;
    while left > 0 {
        left = gateway.until("progress", || Some(Told::read(&journal).unsettled()).filter(|now| *now < left));
    }
    let finished = gateway.stop();
    assert!(finished.status.success(), "{finished:?}");
    nothing_runs(&setting);
    is_intact(&journal);
    judge(&Told::read(&journal), &setting, &fs::read_to_string(seen).unwrap());
    println!("{} kills in {:.0} s", rounds(), begin.elapsed().as_secs_f32());
}

/// What a message says, which is its id, too.
fn name(round: usize, person: usize) -> String {
    format!("m{round:03}-{person}")
}

/// Lets everybody write.
fn write(setting: &Setting, round: usize) {
    let lines: Vec<_> = (0..PEOPLE)
        .map(|person| {
            let text = name(round, person);
            Line::direct(format!("{}", 101 + person), "", text.clone()).ids(text.clone(), text)
        })
        .collect();
    setting.say(&lines);
}

/// Kills a gateway, and waits for all that it had started to be gone by itself.
fn kill(gateway: Running, setting: &Setting) {
    gateway.signal(Signal::KILL);
    let log = gateway.finish().stderr;
    assert!(!log.contains("panicked"), "{log}");
    nothing_runs(setting);
}

/// Checks that the database is what it should be, to the last index.
fn is_intact(journal: &Path) {
    let database = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let found: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
}

fn judge(told: &Told, setting: &Setting, seen: &str) {
    let mut handed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in seen.lines() {
        let (text, again) = line.split_once(' ').unwrap();
        handed.entry(text).or_default().push(again);
    }
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for (_, text) in setting.texts() {
        *answers.entry(text.strip_prefix("re ").unwrap().to_owned()).or_default() += 1;
    }
    for (message, state) in &told.states {
        let handed =
            handed.get(message.as_str()).unwrap_or_else(|| panic!("nobody was handed {message}: {state}"));
        assert!(handed.iter().skip(1).all(|again| *again == "again"), "{message}: {handed:?}");
        let answers = answers.get(message).copied().unwrap_or(0);
        assert!(answers <= 1, "{message} was answered {answers} times");
        assert!(answers == 1 || told.unknown.contains(message), "{message} is {state} and was not answered");
    }
    assert!(answers.keys().all(|message| told.states.contains_key(message)), "an answer to nothing");
    let written = (rounds() + 1) * PEOPLE;
    let unanswered = told.states.keys().filter(|message| !answers.contains_key(*message)).count();
    let again = handed.values().filter(|handed| handed.len() > 1).count();
    println!(
        "{written} messages written, {} admitted, {} answered once, {unanswered} of {} unknown ones did not arrive, {again} handed over again",
        told.states.len(),
        answers.len(),
        told.unknown.len(),
    );
}
