//! The library in another gateway.

#[expect(dead_code, reason = "its `main` runs for ever on a real account")]
#[path = "../host/examples/embed.rs"]
mod example;

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use zalouser::embed::{
    Account, Admission, Asked, Channel, ChannelBuilder, ChatKind, Clock, ComponentSource, Context,
    ExitStatus, Grants, Inbound, Journal, Listening, Listing, Noted, Offered, Outcome, PairingRequest,
    Pairings, Running, SendError, Settled, StartError, Thread, ZcaRunner,
};
use zalouser::sandbox::SHIPPED;
use zalouser::simulator::Line;

use crate::component::built_for_wasi;
use crate::setting::{Setting, config, eventually};

/// A `zca` that is no process.
#[derive(Clone, Debug)]
struct Scripted(Arc<Script>);

#[derive(Debug)]
struct Script {
    /// What listeners print, one listener after the other; here is only one.
    output: Mutex<Option<DuplexStream>>,
    /// The texts that were sent.
    sent: Mutex<Vec<String>>,
    /// How many sends have begun.
    begun: Semaphore,
    /// How many sends may end.
    may_end: Semaphore,
}

impl Scripted {
    /// The program, and the end into which its listener's lines go.
    fn new() -> (Self, DuplexStream) {
        let (input, output) = duplex(1 << 16);
        let script = Script {
            output: Mutex::new(Some(output)),
            sent: Mutex::default(),
            begun: Semaphore::new(0),
            may_end: Semaphore::new(0),
        };
        (Self(Arc::new(script)), input)
    }

    /// The same, of which no send waits.
    fn prompt() -> (Self, DuplexStream) {
        let (zca, input) = Self::new();
        zca.0.may_end.add_permits(1_000);
        (zca, input)
    }

    fn sent(&self) -> Vec<String> {
        self.0.sent.lock().unwrap().clone()
    }
}

/// What it answers when it is asked for friends.
const FRIENDS: &str =
    r#"[{ "userId": "111", "displayName": "Alice" }, { "userId": "222", "displayName": "Bob" }]"#;

impl ZcaRunner for Scripted {
    fn run<'a>(&'a self, args: &'a [String], _: Duration) -> Running<'a> {
        Box::pin(async move {
            let is_friends = args.iter().any(|arg| arg == "friend");
            let mut stdout = if is_friends { FRIENDS } else { "[]" }.to_owned();
            if args.iter().any(|arg| arg == "send") {
                self.0.begun.add_permits(1);
                self.0.may_end.acquire().await.unwrap().forget();
                self.0.sent.lock().unwrap().push(args.last().unwrap().clone());
                stdout = "{ message: { msgId: 70 }, attachment: [] }".to_owned();
            }
            Outcome { status: ExitStatus::Exited(0), stdout, stderr: String::new(), delivered: None }
        })
    }

    fn listen<'a>(&'a self, _: &'a [String]) -> Listening<'a> {
        Box::pin(async move {
            let output = self.0.output.lock().unwrap().take();
            Ok(Box::new(output.ok_or(io::Error::other("there is one listener"))?) as _)
        })
    }
}

/// A clock that goes when it is told to.
#[derive(Clone, Debug)]
struct Manual(Arc<AtomicU64>);

impl Clock for Manual {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A journal in memory, which tells what it was told.
#[derive(Clone, Debug, Default)]
struct Notes(Arc<Mutex<(Vec<String>, BTreeSet<String>)>>);

impl Notes {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().0.clone()
    }
}

impl Journal for Notes {
    fn admit<'a>(&'a self, message: &'a Context) -> Noted<'a, Admission> {
        Box::pin(async move {
            let mut notes = self.0.lock().unwrap();
            notes.0.push(format!("admit {}", message.message_sid));
            let is_settled = notes.1.contains(&message.message_sid);
            Ok(if is_settled { Admission::Settled } else { Admission::Open })
        })
    }

    fn settle<'a>(&'a self, message: &'a Context, end: &'a Settled) -> Noted<'a, ()> {
        Box::pin(async move {
            let mut notes = self.0.lock().unwrap();
            notes.0.push(format!("settle {} {end:?}", message.message_sid));
            notes.1.insert(message.message_sid.clone());
            Ok(())
        })
    }
}

/// Pairing requests in memory: everybody is offered the same code.
#[derive(Clone, Debug, Default)]
struct Desk(Arc<Mutex<Vec<String>>>);

impl Desk {
    fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

impl Pairings for Desk {
    fn paired<'a>(&'a self, _: &'a str) -> Asked<'a, Vec<String>> {
        Box::pin(async { Ok(vec!["222".to_owned()]) })
    }

    fn request<'a>(&'a self, request: &'a PairingRequest) -> Asked<'a, Option<Offered>> {
        self.note(format!("request of {}", request.sender_id));
        let (code, approve) = ("CODE2345".to_owned(), "my-gateway let-in CODE2345".to_owned());
        Box::pin(async { Ok(Some(Offered { code, approve })) })
    }

    fn announced<'a>(&'a self, code: &'a str) -> Asked<'a, ()> {
        self.note(format!("announced {code}"));
        Box::pin(async { Ok(()) })
    }
}

/// A channel in this setting that lets everybody in.
fn channel(setting: &Setting) -> ChannelBuilder {
    let settings = json!({ "pacing": { "enabled": false }, "journal": { "retryBaseMs": 1 } });
    let config = config(json!({ "dmPolicy": "open", "allowFrom": ["*"] }), settings);
    Channel::builder(setting.path("state")).config(config.to_string())
}

async fn say(zca: &mut DuplexStream, id: &str, text: &str) {
    say_as(zca, "111", id, text).await;
}

async fn say_as(zca: &mut DuplexStream, sender: &str, id: &str, text: &str) {
    let line = json!({
        "threadId": sender, "msgId": id, "content": text, "timestamp": 1_763_751_000,
        "metadata": { "isGroup": false, "fromId": sender },
    });
    zca.write_all(format!("{line}\n").as_bytes()).await.unwrap();
}

/// The next message, from a stream of its own.
async fn next(account: &Account) -> Inbound {
    soon(account.messages().next()).await.expect("the account runs")
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("it happens")
}

fn alice() -> Thread {
    Thread { id: "111".to_owned(), kind: ChatKind::Direct }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_brings_its_own_runner_and_journal() {
    let (setting, notes, (zca, mut input)) = (Setting::new(), Notes::default(), Scripted::prompt());
    notes.0.lock().unwrap().1.insert("6".to_owned());
    let channel = channel(&setting).runner(zca.clone()).journal(notes.clone()).open().await.unwrap();
    let account = soon(channel.start("default")).await.unwrap();
    say(&mut input, "6", "was settled before").await;
    say(&mut input, "7", "hello").await;

    let message = next(&account).await;
    assert_eq!((message.context().raw_body.as_str(), message.thread()), ("hello", &alice()));
    assert_eq!(message.reply("hi").await.unwrap(), ["70"]);
    message.answered();
    say(&mut input, "8", "again").await;
    next(&account).await.failed("no mood", false);
    let told = eventually("both are settled", || Some(notes.all()).filter(|notes| notes.len() == 5));
    assert_eq!(told, ["admit 6", "admit 7", "settle 7 Answered", "admit 8", "settle 8 Failed(\"no mood\")"]);
    assert_eq!(zca.sent(), ["hi"]);

    let mut messages = account.messages();
    account.stop().await;
    assert!(soon(messages.next()).await.is_none(), "the stream ends with the account");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pace_of_grants_goes_by_the_gateways_clock() {
    let (setting, (zca, _input)) = (Setting::new(), Scripted::prompt());
    let clock = Manual(Arc::new(AtomicU64::new(1_763_751_000_000)));
    let grants = Grants { sends_per_minute: Some(1), ..Grants::shipped() };
    let channel = channel(&setting).runner(zca.clone()).clock(clock.clone()).grants(grants);
    let channel = channel.without_journal().open().await.unwrap();
    let account = soon(channel.start("default")).await.unwrap();
    account.send(&alice(), "one").await.unwrap();
    let refused = account.send(&alice(), "two").await.unwrap_err();
    assert!(
        matches!(&refused, SendError::Refused { refusal, .. } if refusal.key == "sendsPerMinute"),
        "{refused}"
    );
    clock.0.fetch_add(60_001, Ordering::SeqCst);
    account.send(&alice(), "three").await.unwrap();
    assert_eq!(zca.sent(), ["one", "three"]);
    account.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_grant_names_its_key_for_an_answer_too() {
    let (setting, (zca, mut input)) = (Setting::new(), Scripted::prompt());
    let grants = Grants { commands: Vec::new(), ..Grants::shipped() };
    let channel = channel(&setting).runner(zca.clone()).grants(grants).open().await.unwrap();
    let account = soon(channel.start("default")).await.unwrap();
    say(&mut input, "7", "hello").await;
    let message = next(&account).await;
    let refused = message.reply("hi").await.unwrap_err();
    let SendError::Refused { refusal, .. } = &refused else { panic!("{refused}") };
    assert_eq!((refusal.key, refusal.value.to_string().as_str()), ("commands", "\"send.text\""));
    assert!(zca.sent().is_empty());
    message.failed("it may not", false);
    account.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_with_its_stream_is_handed_over_again() {
    let (setting, (zca, mut input)) = (Setting::new(), Scripted::prompt());
    let channel = channel(&setting).runner(zca).open().await.unwrap();
    let account = soon(channel.start("default")).await.unwrap();
    say(&mut input, "7", "hello").await;
    drop(next(&account).await);
    let again = next(&account).await;
    assert_eq!((again.context().message_sid.as_str(), again.context().redelivered), ("7", true));
    again.answered();
    account.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_waits_for_is_sent_once_all_the_same() {
    let (setting, (zca, mut input)) = (Setting::new(), Scripted::new());
    let channel = channel(&setting).runner(zca.clone()).open().await.unwrap();
    let account = soon(channel.start("default")).await.unwrap();
    say(&mut input, "7", "hello").await;
    say(&mut input, "8", "and then").await;
    let message = next(&account).await;
    {
        let reply = message.reply("hi");
        tokio::select! {
            biased;
            result = reply => panic!("it cannot end yet: {result:?}"),
            begun = zca.0.begun.acquire() => begun.unwrap().forget(),
        }
    }
    // Without an acknowledgement, too: what was sent is enough for it not to come again.
    drop(message);
    zca.0.may_end.add_permits(1);
    let second = next(&account).await;
    assert_eq!(second.context().message_sid, "8", "the first is not handed over again");
    assert_eq!(zca.sent(), ["hi"]);
    second.answered();
    account.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_costs_the_message_that_led_to_it() {
    let (setting, (zca, mut input)) = (Setting::new(), Scripted::prompt());
    let hostile = ComponentSource::bytes("hostile".parse().unwrap(), built_for_wasi("zalouser-hostile"));
    let channel = channel(&setting).component(hostile).runner(zca).open().await.unwrap();
    let account = soon(channel.start("default")).await.unwrap();
    say(&mut input, "6", "attack:trap").await;
    say(&mut input, "7", "hello").await;
    let message = next(&account).await;
    assert_eq!(message.context().raw_body, "1: hello", "a fresh guest, which counts anew");
    message.answered();
    account.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tool_and_the_directory_ask_the_gateways_runner() {
    let (setting, (zca, _input)) = (Setting::new(), Scripted::prompt());
    let channel = channel(&setting).runner(zca.clone()).open().await.unwrap();
    let account = soon(channel.start("default")).await.unwrap();
    let found = account.directory(Listing::Friends, Some("bo"), None).await.unwrap();
    assert_eq!(found.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["222"]);
    assert_eq!(account.directory(Listing::Friends, None, Some(1)).await.unwrap().len(), 1);

    let call = json!({ "action": "send", "message": "hi" }).to_string();
    let answer = account.tool(&call, Some(alice())).await.unwrap();
    assert!(answer.success, "{}", answer.json);
    let refused = account.tool(&call, None).await.unwrap();
    assert!(!refused.success && refused.json.contains("threadId"), "{}", refused.json);
    assert_eq!(zca.sent(), ["hi"], "only where somebody speaks");
    account.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_offered_the_code_that_the_gateways_pairings_give() {
    let (setting, desk, (zca, mut input)) = (Setting::new(), Desk::default(), Scripted::prompt());
    let config = config(json!({}), json!({ "pacing": { "enabled": false } })).to_string();
    let channel = channel(&setting).config(config).runner(zca.clone()).pairings(desk.clone());
    let channel = channel.open().await.unwrap();
    let account = soon(channel.start("default")).await.unwrap();
    say(&mut input, "7", "let me in").await;
    say_as(&mut input, "222", "8", "I was let in").await;
    let message = next(&account).await;
    assert_eq!(message.context().raw_body, "I was let in");
    message.answered();
    let told =
        eventually("the offer", || Some(desk.0.lock().unwrap().clone()).filter(|told| told.len() == 2));
    assert_eq!(told, ["request of 111", "announced CODE2345"]);
    let offer = zca.sent().concat();
    assert!(offer.contains("CODE2345") && offer.contains("my-gateway let-in CODE2345"), "{offer}");
    account.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_read_from_its_file_and_one_that_is_not_there_is_named() {
    let (setting, (zca, mut input)) = (Setting::new(), Scripted::prompt());
    let path = setting.path("component.wasm");
    let missing = ComponentSource::file("mine".parse().unwrap(), &path);
    let unreadable = channel(&setting).component(missing.clone()).open().await.unwrap_err().to_string();
    assert!(unreadable.contains(path.to_str().unwrap()), "{unreadable}");

    std::fs::write(&path, SHIPPED).unwrap();
    let channel = channel(&setting).component(missing).runner(zca.clone()).open().await.unwrap();
    let account = soon(channel.start("default")).await.unwrap();
    say(&mut input, "7", "hello").await;
    let message = next(&account).await;
    let refused = message.reply("hi").await.unwrap_err();
    assert!(
        matches!(refused, SendError::Refused { .. }),
        "it is not the shipped one, by its name: {refused}"
    );
    message.failed("it may not", false);
    account.stop().await;
}

#[tokio::test]
async fn an_account_that_there_is_not_is_told_with_those_that_there_are() {
    let setting = Setting::new();
    let channel = channel(&setting).open().await.unwrap();
    let unknown = channel.start("work").await.unwrap_err();
    assert!(matches!(&unknown, StartError::Unknown { known, .. } if known == &["default"]), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_echoes_and_is_the_one_of_the_readme() {
    let setting = Setting::new();
    let (folder, zca) = (setting.path("state"), setting.simulated_zca());
    let echo = tokio::spawn(async move { example::echo(&folder, zca).await });
    setting.say(&[Line::direct("111", "Alice", "hello")]);
    let texts = tokio::task::spawn_blocking(move || {
        let texts = eventually("the echo", || Some(setting.texts()).filter(|texts| !texts.is_empty()));
        (setting, texts)
    });
    let (setting, texts) = texts.await.unwrap();
    assert_eq!(texts, [("111".to_owned(), "hello".to_owned())]);
    echo.abort();
    assert!(echo.await.unwrap_err().is_cancelled(), "it runs until it is stopped");
    setting.nothing_is_left();

    let [readme, code] = [include_str!("../README.md"), include_str!("../host/examples/embed.rs")];
    assert!(readme.contains(code), "the README has another example than host/examples/embed.rs");
}
