//! The tool, called by ZeroClaw.

use serde_json::{Value, json};
use zeroclaw_plugins::runtime::call_tool_metadata;

use crate::gateway::Gateway;
use crate::world::World;

#[tokio::test]
async fn the_tool_is_described_to_the_agent_as_everywhere() {
    let world = World::of_alice();
    let bridge = world.bridge("0").await;
    let gateway = Gateway::new(&world.export(&bridge.url()), &bridge);
    let told = call_tool_metadata(&mut gateway.tool().await).await.unwrap();
    let described: Value = serde_json::from_str(&world.run(&["tool", "describe", "--json"])).unwrap();
    assert_eq!(json!(told.name), described["name"]);
    assert_eq!(json!(told.description), described["description"]);
    assert_eq!(told.parameters_schema, described["parameters"]);
}

#[tokio::test]
async fn a_call_is_carried_out_and_answered() {
    let world = World::of_alice();
    let bridge = world.bridge("0").await;
    let gateway = Gateway::new(&world.export(&bridge.url()), &bridge);
    gateway.set("account", "default");
    let message = format!("{}\n\n{}", "a".repeat(1_500), "b".repeat(1_500));
    let sent = gateway.call(&json!({ "action": "send", "threadId": "group:5001", "message": message })).await;
    let answer: Value = serde_json::from_str(&sent.output.to_string()).unwrap();
    assert!(sent.success && sent.error.is_none(), "{sent:?}");
    assert_eq!((&answer["sent"], &answer["parts"]), (&json!(2), &json!(2)), "{answer}");
    let to = |text: String| ("5001".to_owned(), text);
    assert_eq!(world.texts(), [to("a".repeat(1_500)), to("b".repeat(1_500))]);

    let found = gateway.call(&json!({ "action": "friends", "query": "bob" })).await;
    let answer: Value = serde_json::from_str(&found.output.to_string()).unwrap();
    assert_eq!(
        answer["friends"],
        json!([{ "threadId": "222", "isGroup": false, "name": "Bob" }]),
        "{answer}"
    );
}

#[tokio::test]
async fn a_call_that_is_not_carried_out_is_told_why_and_what_to_do() {
    let world = World::of_alice();
    let bridge = world.bridge("0").await;
    let mut gateway = Gateway::new(&world.export(&bridge.url()), &bridge);
    let hello = json!({ "action": "send", "threadId": "user:111", "message": "hello" });

    let wrong = gateway.call(&json!({ "action": "send", "threadId": "user:111" })).await;
    assert!(!wrong.success, "{wrong:?}");
    assert!(wrong.error.unwrap().contains("pass message as a text"));
    assert_eq!(world.texts(), []);

    world.set_faults(&json!({ "send": [{ "exit": 1, "stderr": "Error: no route" }] }));
    let failed = gateway.call(&hello).await;
    let answer: Value = serde_json::from_str(&failed.error.unwrap()).unwrap();
    assert_eq!((failed.success, &answer["delivered"]), (false, &json!(false)), "{answer}");

    gateway.allowed.clear();
    let denied = gateway.call(&hello).await.error.unwrap();
    assert!(denied.contains("egress_hosts") && denied.contains("egress_allow_private"), "{denied}");

    gateway.allowed = vec!["127.0.0.1".to_owned()];
    gateway.set("token", "0123456789abcdef0123456789abcdef");
    let refused = gateway.call(&hello).await.error.unwrap();
    assert!(refused.contains("give the gateway the token of the bridge"), "{refused}");
}
