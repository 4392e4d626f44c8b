//! What a component asks for that it was not granted, and what it says of it.

use zalouser::grants::{Capability, Gate, Grants};
use zalouser::sandbox::bindings::types::{ChatKind, Thread};
use zalouser::sandbox::{Error, Limit};
use zalouser::tool::{Conclusion, Tool};

use super::{HOSTILE, NAME, account, monitor};
use crate::setting::Setting;

/// Grants for sending to the one thread that all calls come from.
fn granted() -> Grants {
    let all = || vec!["*".to_owned()];
    Grants {
        commands: Capability::ALL.map(|(_, capability)| capability).to_vec(),
        accounts: vec!["work".to_owned()],
        profiles: vec!["default".to_owned()],
        threads: vec!["user:111".to_owned()],
        url_schemes: vec!["http".to_owned()],
        url_hosts: all(),
        ..Grants::default()
    }
}

/// Has the tool called with an attack on behalf of the thread 111.
async fn called(
    setting: &Setting,
    account_id: &str,
    grants: Grants,
    attack: &str,
) -> Result<Conclusion, Error> {
    let thread = Thread { id: "111".to_owned(), kind: ChatKind::Direct };
    let gate = Gate::new(NAME, grants);
    let tool =
        Tool::new(HOSTILE.clone(), gate, setting.simulated_zca(), account(account_id).await, Some(thread));
    tool.call(&format!("attack:{attack}")).await
}

#[tokio::test]
async fn nothing_is_run_that_was_not_granted() {
    let setting = Setting::new();
    let other_account = Grants { accounts: vec!["home".to_owned()], ..granted() };
    let other_profile = Grants { profiles: vec!["home".to_owned()], ..granted() };
    for (attack, grants) in [
        ("directory", Grants::default()),
        ("flags", Grants::default()),
        ("other-thread", granted()),
        ("flag-thread", granted()),
        ("file", granted()),
        ("inside", granted()),
        ("flags", other_account),
        ("flags", other_profile),
    ] {
        // It claims that all went well, and is not believed where something was to be sent.
        let told = match called(&setting, "work", grants, attack).await {
            Ok(conclusion) => conclusion.json,
            Err(error) => error.to_string(),
        };
        assert!(setting.simulator.calls().unwrap().is_empty(), "{attack}: {told}");
    }
}

#[tokio::test]
async fn what_looks_like_a_flag_is_sent_as_it_is() {
    let setting = Setting::new();
    called(&setting, "work", granted(), "flags").await.unwrap();
    let texts: Vec<_> =
        setting.texts().into_iter().map(|(thread, text)| format!("{thread} {text}")).collect();
    assert_eq!(texts, ["111 -x", "111 --profile", "111 --profile=other", "111 -", "111 --"]);
}

#[tokio::test]
async fn a_claim_that_something_was_sent_is_only_believed_when_it_was() {
    let setting = Setting::new();
    let conclusion = called(&setting, "work", granted(), "lie").await.unwrap();
    assert!(conclusion.success, "it is no lie here");
    let error = called(&setting, "work", Grants::default(), "lie").await.unwrap_err().to_string();
    for part in [NAME, "tool.conclude", "claims"] {
        assert!(error.contains(part), "{part} is missing in: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_json_reaches_no_model() {
    let setting = Setting::new();
    let error = called(&setting, "work", granted(), "no-json").await.unwrap_err().to_string();
    assert!(error.contains("no JSON object"), "{error}");
    assert_eq!(setting.texts().len(), 1, "what was sent is sent once");
}

#[tokio::test]
async fn a_tool_that_fails_sends_nothing_twice() {
    let setting = Setting::new();
    let error = called(&setting, "work", granted(), "conclude-trap").await.unwrap_err();
    assert!(error.to_string().contains("tool.conclude"), "{error}");
    assert_eq!(setting.texts().len(), 1);
    let error = called(&setting, "work", granted(), "million").await.unwrap_err();
    assert_eq!(error.limit(), Some(Limit::Returned), "{error}");
    assert_eq!(setting.texts().len(), 1);
}

#[tokio::test]
async fn preparations_are_few_and_pass_the_gate() {
    let error = monitor(&HOSTILE, "attack:prepare-for-ever").await.prepare().await.unwrap_err();
    assert_eq!(error.limit(), Some(Limit::Effects), "{error}");
    let commands = monitor(&HOSTILE, "attack:prepare").await.prepare().await.unwrap();
    let gate = Gate::new(NAME, Grants::default());
    let account = account("work").await;
    for command in commands {
        let refusal = gate.check(&account, command, 0).unwrap_err();
        assert_eq!(refusal.key, "commands");
    }
}
