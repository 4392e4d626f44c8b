//! What the whole program costs: its file, its start, its commands and its memory, each beside its bound.
//!
//! `cargo bench -p zalouser --bench program` prints the table. Nothing here fails for being slow. What belongs to the
//! simulated `zca` is measured in the same minute, by calling it as the program did. Bounds are held by the least of many
//! runs, as other work of the machine only adds to it; the median and the time of processors stand beside it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench has nobody to tell, as a test"
)]

#[path = "program/clock.rs"]
mod clock;
#[path = "program/processes.rs"]
mod processes;
#[path = "../setting.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod setting;
#[expect(dead_code, reason = "the bench of events needs more of it")]
#[path = "table.rs"]
mod table;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Map, Value, json};
use zalouser::simulator::{Line, Simulator};

use self::clock::{Times, cpu_of, time, timed};
use self::processes::{Memory, watchdog_of};
use self::setting::Setting;
use self::table::{Row, bytes, millis, print};

/// How often a command is run.
const COMMANDS: usize = 30;

/// How often a gateway is started with compiled code, and without.
const STARTS: usize = 20;
const FIRST_STARTS: usize = 10;

/// How many accounts a gateway has from which the cost of one more is told.
const MORE_ACCOUNTS: usize = 20;

/// How many messages each account has answered before its memory counts.
const ANSWERED: usize = 20;

/// OpenClaw 2026.2.9 on a machine of this kind, for orientation: from start to listening, one command of its, and the
/// resident memory of its gateway and of a command.
const REFERENCE_START: &str = "OpenClaw 3.8 s";
const REFERENCE_COMMAND: &str = "OpenClaw 3.3 to 4.2 s";
const REFERENCE_MEMORY: &str = "OpenClaw 344 to 377 MB";

fn main() {
    let mut rows = vec![size()];
    rows.extend(commands_alone());
    rows.extend(commands_with_guest());
    rows.extend(starts());
    rows.extend(memory());
    print(&rows);
}

fn size() -> Row {
    let size = fs::metadata(env!("CARGO_BIN_EXE_zalouser")).unwrap().len();
    let shipped = u64::try_from(zalouser::sandbox::SHIPPED.len()).unwrap();
    Row::new("size of the program, stripped", bytes(size), "20 MiB", size <= 20 << 20)
        .beside(format!("{} of it are the component", bytes(shipped)))
}

/// One that everybody may write to, and that says everything back.
fn world() -> Setting {
    let setting = Setting::with(json!({ "dmPolicy": "open" }), json!({ "kind": "echo" }));
    // From here on the component is compiled.
    setting.run(&["config", "check"]).succeeded();
    setting
}

fn commands_alone() -> Vec<Row> {
    let setting = world();
    let commands: [&[&str]; 4] =
        [&["--version"], &["completions", "bash"], &["plugins", "list"], &["queue", "list"]];
    let measure = |arguments: &&[&str]| {
        let times = Times::of(COMMANDS, || timed(&mut setting.command(arguments)));
        let least = times.least();
        let what = format!("zalouser {}", arguments.join(" "));
        Row::new(what, times.to_string(), "10 ms", least <= Duration::from_millis(10))
            .beside(REFERENCE_COMMAND)
    };
    commands.iter().map(measure).collect()
}

fn commands_with_guest() -> Vec<Row> {
    let setting = world();
    let commands: [&[&str]; 5] = [
        &["config", "check"],
        &["pairing", "list"],
        &["tool", "describe"],
        &["directory", "peers", "list"],
        &["message", "send", "--target", "111", "--message", "hello"],
    ];
    let measure = |arguments: &&[&str]| {
        let calls = calls_of(&setting, || {
            setting.run(arguments).succeeded();
        });
        let (times, own) =
            side_by_side(COMMANDS, || timed(&mut setting.command(arguments)), || call_all(&setting, &calls));
        let over = times.least().saturating_sub(own.least());
        let what = format!("zalouser {}", arguments.join(" "));
        Row::new(what, times.to_string(), "40 ms over zca's own", over <= Duration::from_millis(40))
            .beside(format!("{} over zca's own {}; {REFERENCE_COMMAND}", millis(over), millis(own.least())))
    };
    commands.iter().map(measure).collect()
}

fn starts() -> Vec<Row> {
    let setting = world();
    let calls = calls_of(&setting, || {
        start(&setting);
    });
    let (times, own) = side_by_side(STARTS, || start(&setting), || call_all(&setting, &calls));
    let count = calls.len();
    let kept = Row::new(
        "start to listening, compiled code kept",
        times.to_string(),
        "40 ms",
        times.least() <= Duration::from_millis(40),
    )
    .beside(format!("its {count} calls of zca one by one {}; {REFERENCE_START}", millis(own.least())));

    let first = Times::of(FIRST_STARTS, || {
        fs::remove_dir_all(setting.state().own().join("cache")).unwrap();
        start(&setting)
    });
    let first = Row::new(
        "start to listening, nothing compiled yet",
        first.to_string(),
        "500 ms",
        first.least() <= Duration::from_millis(500),
    );
    vec![kept, first.beside(REFERENCE_START)]
}

fn memory() -> Vec<Row> {
    let (one, watchdog) = at_work(1);
    let (many, _) = at_work(1 + MORE_ACCOUNTS);
    let further = many.resident.saturating_sub(one.resident) / u64::try_from(MORE_ACCOUNTS).unwrap();
    vec![
        Row::new("memory of a gateway, 1 account", one.to_string(), "30 MiB", one.resident <= 30 << 20)
            .beside(REFERENCE_MEMORY),
        Row::new("its watchdog process", watchdog.to_string(), "", true)
            .beside("of the same file, which is shared"),
        Row::new(
            format!("memory of each further account, of {MORE_ACCOUNTS}"),
            bytes(further),
            "1.5 MiB",
            further <= 3 << 19,
        )
        .beside(format!("the gateway with all of them {many}")),
    ]
}

/// The arguments of all calls of `zca` but the listener's that `work` leads to.
fn calls_of(setting: &Setting, work: impl FnOnce()) -> Vec<Vec<String>> {
    let before = setting.simulator.calls().unwrap().len();
    work();
    let calls = setting.simulator.calls().unwrap().into_iter().skip(before).map(|call| call.argv);
    calls.filter(|argv| !argv.contains(&"--supervised".to_owned())).collect()
}

fn call_all(setting: &Setting, calls: &[Vec<String>]) -> Duration {
    calls
        .iter()
        .map(|argv| timed(&mut setting.zca(&argv.iter().map(String::as_str).collect::<Vec<_>>())))
        .sum()
}

/// Both by turns, so that what else the machine does falls on both.
fn side_by_side(
    rounds: usize,
    mut first: impl FnMut() -> Duration,
    mut second: impl FnMut() -> Duration,
) -> (Times, Times) {
    let (mut ours, mut others) = (Times::default(), Times::default());
    for _ in 0..rounds {
        ours.add(cpu_of(&mut first));
        others.add(cpu_of(&mut second));
    }
    (ours, others)
}

/// How long a gateway takes to listen.
fn start(setting: &Setting) -> Duration {
    let mut command = setting.command(&["gateway", "run"]);
    let (took, mut gateway) = time(|| listening(&mut command, 1));
    kill_process(Pid::from_child(&gateway), Signal::TERM).unwrap();
    assert!(gateway.wait().unwrap().success());
    took
}

/// Starts a gateway, and returns when this many accounts of it listen.
fn listening(command: &mut Command, accounts: usize) -> std::process::Child {
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let listens = |line: &String| line.contains("listening");
    assert_eq!(lines.by_ref().filter(listens).take(accounts).count(), accounts, "all accounts listen");
    // It is read to its end: the gateway must not be stopped by a pipe that is gone or full.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

/// The memory of a gateway with this many accounts that have answered, and that of its watchdog.
fn at_work(accounts: usize) -> (Memory, Memory) {
    let setting = world();
    let names: Vec<_> = (0..accounts).map(|number| format!("account-{number}")).collect();
    let sections: Map<_, _> = names.iter().map(|name| (name.clone(), json!({}))).collect();
    let channel = json!({ "dmPolicy": "open", "accounts": Value::Object(sections) });
    setting.configure(&setting::config(channel, json!({ "agent": { "kind": "echo" } })));
    let people: Vec<Simulator> =
        names.iter().map(|name| setting.simulator.with_profile(name).unwrap()).collect();

    let mut gateway = setting.gateway();
    for number in 0..ANSWERED {
        for account in &people {
            account.say(&Line::direct("111", "Alice", format!("message {number}"))).unwrap();
        }
    }
    for account in &people {
        gateway.until("every answer", || (account.sent().unwrap().len() >= ANSWERED).then_some(()));
    }
    (Memory::of(gateway.id()), Memory::of(watchdog_of(gateway.id())))
}
