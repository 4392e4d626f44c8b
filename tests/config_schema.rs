//! `zalouser config schema` allows what the program accepts, and nothing else.

use boon::{Compiler, Draft, Schemas};
use serde_json::{Value, json};
use zalouser::config::Reading;
use zalouser::sandbox::{Guest, Limits, Sandbox};

use crate::setting::Setting;

/// Sections of the channel, and whether they are right.
fn channels() -> Vec<(Value, bool)> {
    let long = "a".repeat(65);
    vec![
        (json!({}), true),
        (json!([]), false),
        (json!({ "enabled": true, "name": " ", "messagePrefix": "", "responsePrefix": "auto" }), true),
        (json!({ "enabled": "yes" }), false),
        (json!({ "name": 1 }), false),
        (json!({ "nmae": "x" }), false),
        (json!({ "profile": " my profile " }), true),
        (json!({ "profile": "" }), true),
        (json!({ "profile": "../p" }), false),
        (json!({ "profile": "-p" }), false),
        (json!({ "profile": "a/b" }), false),
        (json!({ "profile": "a\u{0}b" }), false),
        (json!({ "profile": &long[1..] }), true),
        (json!({ "profile": long }), false),
        (json!({ "dmPolicy": "pairing", "groupPolicy": "allowlist" }), true),
        (json!({ "dmPolicy": "opne" }), false),
        (json!({ "dmPolicy": null }), false),
        (json!({ "groupPolicy": "pairing" }), false),
        (json!({ "allowFrom": ["a", 1, -1, "*", ""], "groupAllowFrom": [9_007_199_254_740_992_u64] }), true),
        (json!({ "allowFrom": "*" }), false),
        (json!({ "allowFrom": [1.5] }), false),
        (json!({ "allowFrom": [true] }), false),
        // One less reads as the number before it in a validator that knows 64-bit floats only.
        (json!({ "groupAllowFrom": [9_007_199_254_740_994_u64] }), false),
        (
            json!({ "groups": { "*": {}, "5002": { "allow": true, "enabled": false, "requireMention": true } } }),
            true,
        ),
        (json!({ "groups": { " ": {} } }), false),
        (json!({ "groups": { "x": 1 } }), false),
        (json!({ "groups": { "x": { "mention": true } } }), false),
        (json!({ "groups": { "x": { "tools": { "allow": [], "alsoAllow": ["b"], "deny": ["c"] } } } }), true),
        (json!({ "groups": { "x": { "tools": { "allow": ["a"], "alsoAllow": ["b"] } } } }), false),
        (json!({ "groups": { "x": { "tools": { "allow": [1] } } } }), false),
        (json!({ "markdown": { "tables": "off" } }), true),
        (json!({ "markdown": { "tables": "on" } }), false),
        (json!({ "markdown": { "table": "off" } }), false),
        (
            json!({ "chunkMode": "newline", "textChunkLimit": 2000, "historyLimit": 0, "mediaMaxMb": 0.5 }),
            true,
        ),
        (json!({ "chunkMode": "word" }), false),
        (json!({ "textChunkLimit": 0 }), false),
        (json!({ "textChunkLimit": 2001 }), false),
        (json!({ "textChunkLimit": 2e3 }), true),
        (json!({ "historyLimit": 1001 }), false),
        (json!({ "mediaMaxMb": 0 }), false),
        (json!({ "accounts": { "work": { "dmPolicy": "open" } }, "defaultAccount": "work" }), true),
        (json!({ "accounts": {} }), true),
        (json!({ "accounts": { "work": { "accounts": {} } } }), false),
        (json!({ "accounts": { "work": { "defaultAccount": "work" } } }), false),
        (json!({ "accounts": { "work": { "textChunkLimit": 0 } } }), false),
        (json!({ "accounts": { ".": {} } }), false),
        (json!({ "accounts": { " ": {} } }), false),
        (json!({ "accounts": { "a": 1 } }), false),
        (json!({ "defaultAccount": 1 }), false),
    ]
}

/// Settings of the program, and whether they are right.
fn settings() -> Vec<(Value, bool)> {
    let agent = |agent: Value| json!({ "agent": agent });
    vec![
        (json!({}), true),
        (json!(1), false),
        (json!({ "zca": "/bin/zca", "heartbeatSeconds": 600 }), true),
        (json!({ "zca": " " }), false),
        (json!({ "zcaa": "x" }), false),
        (json!({ "heartbeatSeconds": 0 }), false),
        (json!({ "journal": {} }), true),
        (json!({ "journal": { "retries": 0, "retryBaseMs": 180_000, "unknownHours": 8_760 } }), true),
        (json!({ "journal": { "waitingPerConversation": 1, "waitingInAll": 1_000_000 } }), true),
        (json!({ "journal": { "retries": 21 } }), false),
        (json!({ "journal": { "retryBaseMs": 0 } }), false),
        (json!({ "journal": { "waiting": 1 } }), false),
        (json!({ "component": "office-hours", "components": { "work": "zalouser" } }), true),
        (json!({ "component": "Office" }), false),
        (json!({ "component": "../x" }), false),
        (json!({ "components": { "work": 1 } }), false),
        (json!({ "components": ["x"] }), false),
        (
            json!({ "grants": { "x": {
                "commands": ["send.text"], "accounts": ["*"], "profiles": [], "threads": ["user:1"],
                "sendsPerMinute": 0, "sendsPerDay": 5, "mediaRoots": ["/srv"], "urlSchemes": ["https"],
                "urlHosts": ["*"], "mediaMaxMb": 1,
            } } }),
            true,
        ),
        (json!({ "grants": { "x": { "commands": ["send"] } } }), false),
        (json!({ "grants": { "x": { "mediaRoots": ["srv"] } } }), false),
        (json!({ "grants": { "x": { "mediaMaxMb": 0.5 } } }), false),
        (json!({ "grants": { "x": { "thread": [] } } }), false),
        (json!({ "grants": { " ": {} } }), false),
        (
            json!({ "limits": { "memoryMiB": 4, "tableElements": 1000, "callMs": 10, "returnedMiB": 1, "effects": 100 } }),
            true,
        ),
        (json!({ "limits": { "memoryMiB": 3 } }), false),
        (json!({ "limits": { "returnedMiB": 4096 } }), false),
        (json!({ "limits": { "effects": 99 } }), false),
        (json!({ "limits": { "memory": 64 } }), false),
        (json!({ "pacing": { "sendsPerMinute": 6000, "burst": 100 } }), true),
        (json!({ "pacing": { "enabled": false } }), true),
        (json!({ "pacing": { "sendsPerMinute": 0 } }), false),
        (json!({ "pacing": { "burst": 101 } }), false),
        (json!({ "pacing": { "sendsPerSecond": 1 } }), false),
        (json!({ "pacing": false }), false),
        (json!({ "grants": { "other": {} } }), true),
        (
            json!({ "grants": { "zalouser": {
                "commands": ["send.text", "session"], "accounts": ["*"], "profiles": [], "threads": ["user:1"],
                "sendsPerMinute": 0, "sendsPerDay": 1000000, "mediaRoots": ["/srv"], "urlSchemes": ["https"],
                "urlHosts": ["h"], "mediaMaxMb": 1,
            } } }),
            true,
        ),
        (json!({ "grants": { "zalouser": { "commands": ["send"] } } }), false),
        (json!({ "grants": { "zalouser": { "mediaRoots": ["srv"] } } }), false),
        (json!({ "grants": { "zalouser": { "sendsPerHour": 1 } } }), false),
        (json!({ "grants": { "zalouser": 1 } }), false),
        (agent(json!({ "kind": "echo" })), true),
        (agent(json!({ "kind": "echo", "model": "m" })), false),
        (agent(json!({ "kind": "exec" })), false),
        (agent(json!({})), false),
        (agent(json!({ "kind": "command", "command": ["prog", ""], "timeoutSeconds": 3600 })), true),
        (agent(json!({ "kind": "command" })), false),
        (agent(json!({ "kind": "command", "command": [] })), false),
        (agent(json!({ "kind": "command", "command": [" "] })), false),
        (agent(json!({ "kind": "command", "command": "prog" })), false),
        (agent(json!({ "kind": "command", "command": ["prog"], "timeoutSeconds": 0 })), false),
        (agent(json!({ "kind": "openai", "baseUrl": "http://localhost/v1", "model": "m" })), true),
        (
            agent(json!({
                "kind": "openai", "baseUrl": "https://host", "model": "m", "apiKeyEnv": "KEY",
                "systemPrompt": "", "historyMessages": 0, "timeoutSeconds": 1,
            })),
            true,
        ),
        (agent(json!({ "kind": "openai", "baseUrl": "localhost:1", "model": "m" })), false),
        (agent(json!({ "kind": "openai", "baseUrl": "https://host" })), false),
        (agent(json!({ "kind": "openai", "model": "m" })), false),
        (agent(json!({ "kind": "openai", "baseUrl": "https://host", "model": " " })), false),
        (
            agent(json!({ "kind": "openai", "baseUrl": "https://h", "model": "m", "historyMessages": 1001 })),
            false,
        ),
        (agent(json!({ "kind": "openai", "baseUrl": "https://h", "model": "m", "apiKey": "k" })), false),
    ]
}

/// Whole files, and whether they are right.
fn files() -> Vec<(Value, bool)> {
    let mut files = vec![
        (json!({ "channels": { "telegram": { "dmPolicy": 1 } }, "gateway": 1 }), true),
        (json!({ "channels": { "defaults": { "groupPolicy": "disabled", "other": 1 } } }), true),
        (json!({ "channels": { "defaults": { "groupPolicy": "all" } } }), false),
        (json!({ "channels": [] }), false),
        (json!({ "plugins": { "entries": { "zalouser": { "enabled": true } } } }), true),
        (json!([]), false),
    ];
    files.extend(
        channels()
            .into_iter()
            .map(|(section, right)| (json!({ "channels": { "zalouser": section } }), right)),
    );
    files.extend(settings().into_iter().map(|(section, right)| {
        (json!({ "plugins": { "entries": { "zalouser": { "config": section } } } }), right)
    }));
    files
}

#[tokio::test]
async fn the_schema_and_the_program_agree() {
    let setting = Setting::with_config("");
    let printed = setting.run(&["config", "schema"]);
    let schema: Value = serde_json::from_str(&printed.stdout).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.set_default_draft(Draft::V2020_12);
    compiler.add_resource("schema.json", schema).unwrap();
    let schema = compiler.compile("schema.json", &mut schemas).unwrap();

    let sandbox = Sandbox::new(Limits::default(), Some(&setting.in_state("zalouser/cache"))).unwrap();
    let mut guest: Guest = sandbox.load_shipped().unwrap().instantiate().await.unwrap();
    for (file, right) in files() {
        let errors = Reading::of(&file.to_string(), &mut guest).await.unwrap().errors();
        assert_eq!(errors.is_empty(), right, "the program, of {file}: {errors:?}");
        let verdict = schemas.validate(&file, schema);
        assert_eq!(verdict.is_ok(), right, "the schema, of {file}: {verdict:?}");
    }
}
