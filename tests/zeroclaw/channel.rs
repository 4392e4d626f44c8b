//! The channel, run by ZeroClaw.

use serde_json::json;
use zeroclaw_api::channel::{Channel, SendMessage};
use zeroclaw_api::media::MediaAttachment;

use crate::gateway::{self, Gateway};
use crate::world::{BEGIN, Bridge, World, eventually};

/// A bridge for this world, and a gateway that may ask it.
async fn start(world: &World) -> (Bridge, Gateway) {
    let bridge = world.bridge("0").await;
    let gateway = Gateway::new(&world.export(&bridge.url()), &bridge);
    (bridge, gateway)
}

fn to(thread: &str, text: &str) -> (String, String) {
    (thread.to_owned(), text.to_owned())
}

#[tokio::test]
async fn a_message_that_is_let_in_reaches_the_agent_and_the_answer_whoever_wrote_it() {
    let world = World::of_alice();
    let (_bridge, gateway) = start(&world).await;
    let mut listening = gateway.listen(8).await;
    world.alice(1, "is anybody there");
    let message = listening.next().await;
    assert_eq!((message.sender.as_str(), message.id.as_str()), ("111", "7000001"));
    assert_eq!(message.timestamp, BEGIN + 1_000);
    assert!(message.content.starts_with("[Zalo Personal Alice"), "{}", message.content);
    assert!(message.content.ends_with("is anybody there"), "{}", message.content);
    listening.channel.send(&SendMessage::reply_to(&message, "I am")).await.unwrap();

    world.say(2, "444", "Carol", Some("5001"), "and here?");
    let message = listening.next().await;
    assert_eq!(message.sender, "444");
    assert!(message.content.contains("[from: Carol (444)]"), "{}", message.content);
    listening.channel.send(&SendMessage::reply_to(&message, "here, too")).await.unwrap();
    assert_eq!(world.texts(), [to("111", "I am"), to("5001", "here, too")]);
    assert!(listening.channel.health_check().await);
    listening.stop().await;
}

#[tokio::test]
async fn what_was_written_in_a_group_before_comes_with_what_speaks_to_the_account() {
    let world = World::new(&json!({ "groups": { "5001": { "requireMention": true } } }));
    let (_bridge, gateway) = start(&world).await;
    let mut listening = gateway.listen(8).await;
    world.say(1, "444", "Carol", Some("5001"), "lunch at noon");
    world.say(2, "222", "Bob", Some("5001"), "@Bot when was that?");
    let message = listening.next().await;
    let (history, body) = message.content.split_once("[Written to you:]").unwrap();
    assert!(history.contains("lunch at noon") && body.contains("when was that?"), "{}", message.content);
    listening.stop().await;
}

#[tokio::test]
async fn a_stranger_is_offered_a_code_and_not_handed_on_until_the_operator_approves_it() {
    let world = World::of_alice();
    let (_bridge, gateway) = start(&world).await;
    let mut listening = gateway.listen(8).await;
    world.say(1, "222", "Bob", None, "let me in");
    world.alice(2, "hello");
    assert_eq!(listening.next().await.sender, "111", "the stranger's message does not reach the agent");
    let (thread, notice) = world.texts().remove(0);
    assert_eq!(thread, "222");
    let code = notice.lines().find_map(|line| line.strip_prefix("Pairing code: ")).unwrap().to_owned();

    // Whoever knows the code is not told it again.
    world.say(3, "222", "Bob", None, "hello?");
    world.alice(4, "still there?");
    assert!(listening.next().await.content.ends_with("still there?"));
    assert_eq!(world.texts().len(), 1);

    world.run(&["pairing", "approve", &code]);
    world.say(5, "222", "Bob", None, "thank you");
    let message = listening.next().await;
    assert_eq!(message.sender, "222");
    assert!(message.content.ends_with("thank you"), "{}", message.content);
    listening.stop().await;
}

#[tokio::test]
async fn a_message_comes_again_when_it_was_not_taken_and_not_when_it_was() {
    let world = World::of_alice();
    let (bridge, gateway) = start(&world).await;
    for (number, text) in [(1, "one"), (2, "two"), (3, "three")] {
        world.alice(number, text);
    }
    // With one place, the first message lies in the queue and the second is in the gateway's hands, which it never gets
    // out of again.
    let listening = gateway.listen(1).await;
    eventually("the end of the first message", async || {
        (bridge.unconfirmed() == ["two", "three"]).then_some(())
    })
    .await;
    listening.stop().await;

    let mut listening = gateway.listen(8).await;
    for text in ["two", "three"] {
        let message = listening.next().await;
        assert!(message.content.ends_with(text), "{text}: {}", message.content);
    }
    eventually("the end of all messages", async || bridge.unconfirmed().is_empty().then_some(())).await;
    listening.stop().await;
}

#[tokio::test]
async fn a_bridge_that_is_gone_makes_the_channel_unhealthy_and_nothing_is_lost_when_it_comes_back() {
    let world = World::of_alice();
    let (bridge, gateway) = start(&world).await;
    let mut listening = gateway.listen(8).await;
    world.alice(1, "one");
    assert!(listening.next().await.content.ends_with("one"));
    let address = bridge.address.clone();
    let mut errors = gateway::errors();
    let mut told = async || {
        while let Ok(entry) = errors.try_recv() {
            let entry = entry.to_string();
            if entry.contains(&address) && entry.contains("nobody listens there") {
                return Some(());
            }
        }
        None
    };
    bridge.stop();
    eventually("the log entry", &mut told).await;
    eventually("bad health", async || (!listening.channel.health_check().await).then_some(())).await;
    let unsent = listening.channel.send(&SendMessage::new("hi", "user:111")).await.unwrap_err().to_string();
    assert!(unsent.contains("0 of 1 parts were delivered"), "{unsent}");
    assert!(unsent.contains("zalouser bridge --listen"), "{unsent}");

    // Carol is let in from now on, and Alice is not.
    world.configure(&json!({ "allowFrom": ["444"], "dmPolicy": "allowlist" }));
    let _bridge = world.bridge(&address).await;
    world.alice(2, "two");
    world.say(3, "444", "Carol", None, "three");
    let message = listening.next().await;
    assert!(message.content.ends_with("three"), "the new configuration holds: {}", message.content);
    assert!(told().await.is_none(), "it is logged once, however often it was tried");
    eventually("good health", async || listening.channel.health_check().await.then_some(())).await;
    listening.channel.send(&SendMessage::new("hi", "user:444")).await.unwrap();
    assert_eq!(world.texts(), [to("444", "hi")]);
    listening.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_settings_is_told_with_what_to_do() {
    let world = World::of_alice();
    let (bridge, mut gateway) = start(&world).await;
    let token = bridge.token.clone();
    let url = bridge.url();
    for (name, value, parts) in [
        ("token", None, ["the setting token is missing", "`zalouser bridge` names"]),
        ("token", Some("0123456789abcdef0123"), ["answered 401", "give the gateway the token of the bridge"]),
        ("bridge", Some("http://127.0.0.1:1"), ["nobody listens there", "zalouser bridge --listen"]),
        ("bridge", Some("127.0.0.1:8787"), ["the setting bridge is", "write it as http://127.0.0.1:8787"]),
        ("account", Some("work"), ["no account \"work\"", "it has: default"]),
    ] {
        match value {
            Some(value) => gateway.set(name, value),
            None => gateway.unset(name),
        }
        let problem = gateway.channel().await.map(drop).unwrap_err();
        assert!(parts.iter().all(|part| problem.contains(part)), "{name} {value:?}: {problem}");
        gateway.set("token", &token);
        gateway.set("bridge", &url);
        gateway.unset("account");
    }
    gateway.allowed.clear();
    let problem = gateway.channel().await.map(drop).unwrap_err();
    assert!(problem.contains("egress_hosts") && problem.contains("egress_allow_private"), "{problem}");
    gateway.allowed = vec!["127.0.0.1".to_owned()];
    gateway.channel().await.map(drop).unwrap();

    drop(bridge);
    world.configure(&json!({ "enabled": true, "accounts": { "default": {}, "work": { "enabled": false } } }));
    let bridge = world.bridge("0").await;
    gateway.set("bridge", &bridge.url());
    gateway.set("account", "work");
    let problem = gateway.channel().await.map(drop).unwrap_err();
    assert!(problem.contains("\"work\" is switched off"), "{problem}");
}

#[tokio::test]
async fn a_token_that_was_changed_counts_at_once() {
    let world = World::of_alice();
    let (bridge, gateway) = start(&world).await;
    let channel = gateway.channel().await.unwrap();
    gateway.set("token", "0123456789abcdef0123456789abcdef");
    channel.send(&SendMessage::new("hi", "user:111")).await.unwrap_err();
    gateway.set("token", &bridge.token);
    channel.send(&SendMessage::new("hi", "user:111")).await.unwrap();
    assert_eq!(world.texts(), [to("111", "hi")]);
}

#[tokio::test]
async fn a_long_answer_is_sent_in_parts_and_one_that_failed_goes_on_where_it_stopped() {
    let world = World::of_alice();
    let (_bridge, gateway) = start(&world).await;
    let channel = gateway.channel().await.unwrap();
    let parts = ["a".repeat(1_500), "b".repeat(1_500), "c".repeat(1_500)];
    let long = SendMessage::new(parts.join("\n\n"), "user:111");
    let fault = json!({ "match": "bbb", "times": 1, "exit": 1, "stderr": "Error: no route" });
    world.set_faults(&json!({ "send": [fault] }));
    let problem = channel.send(&long).await.unwrap_err().to_string();
    assert!(problem.contains("1 of 3 parts were delivered"), "{problem}");
    assert!(problem.contains("no route"), "{problem}");
    assert_eq!(world.texts(), [to("111", &parts[0])]);

    channel.send(&long).await.unwrap();
    let all: Vec<_> = parts.iter().map(|part| to("111", part)).collect();
    assert_eq!(world.texts(), all);

    // It was delivered, so that it is another message now.
    channel.send(&long).await.unwrap();
    assert_eq!(world.texts().len(), 6);
}

#[tokio::test]
async fn files_and_unknown_recipients_are_refused_in_words() {
    let world = World::of_alice();
    let (_bridge, gateway) = start(&world).await;
    let channel = gateway.channel().await.unwrap();
    let mut message = SendMessage::new("look", "group:5001");
    let (file_name, mime_type) = ("a.png".to_owned(), Some("image/png".to_owned()));
    message.attachments.push(MediaAttachment { file_name, data: vec![1], mime_type, marker: None });
    for _ in 0..2 {
        let problem = channel.send(&message).await.unwrap_err().to_string();
        assert!(problem.contains("the text was delivered") && problem.contains("\"a.png\""), "{problem}");
        assert_eq!(world.texts(), [to("5001", "look")], "the text is not sent again");
    }
    let problem = channel.send(&SendMessage::new("hi", "Alice")).await.unwrap_err().to_string();
    assert!(problem.contains("nothing was sent") && problem.contains("user:ID or group:ID"), "{problem}");
    channel.send(&SendMessage::new("NO_REPLY", "user:111")).await.unwrap();
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn the_longest_lines_are_judged_within_what_the_gateway_allows_a_call() {
    let world = World::of_alice();
    let (_bridge, gateway) = start(&world).await;
    // A line may have 1 MiB, and this much of it is left beside the text.
    let longest = (1 << 20) - 2_000;
    world.say_raw(&vec![1; 1 << 20]);
    world.say_raw(&b"{\"a\":[".repeat(1 << 17));
    let quotes = "\"".repeat(longest / 2);
    world.alice(1, &quotes);
    world.alice(2, "and now?");
    let mut listening = gateway.listen(8).await;
    let message = listening.next().await;
    assert!(message.content.ends_with(&quotes), "{} bytes", message.content.len());
    assert!(listening.next().await.content.ends_with("and now?"));
    listening.stop().await;
}

#[tokio::test]
async fn a_backlog_comes_in_order_and_leaves_the_bridge_free_for_answers() {
    let world = World::of_alice();
    let (_bridge, gateway) = start(&world).await;
    let texts: Vec<_> = (1..=300).map(|number| format!("message {number}.")).collect();
    for (number, text) in (1..).zip(&texts) {
        world.alice(number, text);
    }
    let mut listening = gateway.listen(8).await;
    for text in &texts {
        let message = listening.next().await;
        assert!(message.content.ends_with(text), "{text}: {}", message.content);
    }
    listening.channel.send(&SendMessage::new("I have read it all", "user:111")).await.unwrap();
    assert!(listening.channel.health_check().await);
    listening.stop().await;
}
