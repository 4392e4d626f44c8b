//! `zalouser channels list`, `add`, `remove`, `enable` and `disable`.

use serde_json::{Value, json};

use crate::setting::{Finished, Setting};

const TWO: &str = r#"{
  channels: {
    zalouser: {
      // Both of us.
      defaultAccount: "work",
      accounts: {
        Home: { name: "Home", enabled: false },
        work: { profile: "w", dmPolicy: "allowlist" }, // mine
      },
    },
  },
}
"#;

fn run(setting: &Setting, args: &[&str]) -> Finished {
    setting.run(&[&["channels"], args].concat())
}

/// What the channel's section says after a run that went well, and the first lines that were told.
fn changed(config: &str, args: &[&str]) -> (Value, String) {
    let setting = Setting::with_config(config);
    let ended = run(&setting, args);
    assert_eq!((ended.code(), ended.stderr.as_str()), (0, ""), "{args:?}: {ended:?}");
    let (told, _) = ended.stdout.split_once("Wrote ").unwrap();
    let document = zalouser_settings::parse(&setting.read_state("openclaw.json")).unwrap();
    (document["channels"]["zalouser"].clone(), told.to_owned())
}

#[test]
fn list_shows_every_account_on_a_line() {
    let setting = Setting::with_config(TWO);
    let ended = run(&setting, &["list", "--channel", "zalouser"]);
    assert_eq!((ended.code(), ended.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(ended.stdout, @"
    - Zalo Personal Home (Home): configured, disabled, profile Home, dm:pairing, groups:open
    - Zalo Personal work: configured, enabled, default, profile w, dm:allowlist, groups:open
    ");
    let listing: Value = serde_json::from_str(&run(&setting, &["list", "--json"]).stdout).unwrap();
    assert_eq!(listing["chat"], json!({ "zalouser": ["Home", "work"] }));
    let work = json!({
        "id": "work", "name": null, "configured": true, "enabled": true, "default": true, "profile": "w",
        "dmPolicy": "allowlist", "groupPolicy": "open",
    });
    assert_eq!(listing["accounts"][1], work);
}

#[test]
fn list_says_when_nothing_is_configured() {
    let ended = run(&Setting::with_config(""), &["list"]);
    insta::assert_snapshot!(ended.stdout, @"- Zalo Personal default: not configured, enabled, default, profile default, dm:pairing, groups:open");
}

#[test]
fn add_puts_an_account_beside_the_others() {
    let setting = Setting::with_config(TWO);
    let ended = run(&setting, &["add", "--account", "shop", "--name", "Shop", "--profile", "s"]);
    assert_eq!(ended.code(), 0, "{ended:?}");
    let shop = r#"        shop: {
          enabled: true,
          name: "Shop",
          profile: "s"
        },
"#;
    assert_eq!(setting.read_state("openclaw.json"), TWO.replace("// mine\n", &format!("// mine\n{shop}")));
    assert_eq!(setting.read_state("openclaw.json.bak"), TWO);
}

#[test]
fn add_changes_an_account_whatever_the_case_of_its_id() {
    let (section, told) = changed(TWO, &["add", "--account", " HOME ", "--name", "Here"]);
    assert_eq!(section["accounts"]["Home"], json!({ "name": "Here", "enabled": true }));
    assert_eq!(section["accounts"].as_object().unwrap().len(), 2);
    assert_eq!(told, "Changed the account \"HOME\"\n");
}

#[test]
fn the_account_that_the_section_describes_outlives_the_first_named_one() {
    let config = r#"{ channels: { zalouser: { name: "Mine", profile: "p", dmPolicy: "open" } } }"#;
    let setting = Setting::with_config(config);
    let ended = run(&setting, &["add", "--account", "work"]);
    assert_eq!((ended.code(), ended.stderr.as_str()), (0, ""), "{ended:?}");
    assert!(ended.stdout.contains("goes on beside the new one"), "{ended:?}");
    let listed = run(&setting, &["list"]).stdout;
    insta::assert_snapshot!(listed, @"
    - Zalo Personal default (Mine): configured, enabled, default, profile p, dm:open, groups:open
    - Zalo Personal work (work): configured, enabled, profile work, dm:open, groups:open
    ");
}

#[test]
fn the_first_account_of_a_file_without_the_channel_is_alone() {
    let (section, told) = changed("{}", &["add", "--account", "work"]);
    assert_eq!(section, json!({ "accounts": { "work": { "enabled": true } } }));
    assert_eq!(told, "Added the account \"work\"\n");
    let (section, _) = changed("{}", &["add", "--account", "default", "--name", "Me"]);
    assert_eq!(section, json!({ "enabled": true, "name": "Me" }));
}

#[test]
fn remove_disables_and_deletes_when_told_to() {
    let (section, told) = changed(TWO, &["remove", "--account", "WORK"]);
    assert_eq!(section["accounts"]["work"]["enabled"], false);
    assert_eq!(told, "Disabled the account \"WORK\"\n");

    let setting = Setting::with_config(TWO);
    let ended = run(&setting, &["remove", "--account", "WORK", "--delete"]);
    assert_eq!(ended.code(), 0, "{ended:?}");
    assert!(ended.stdout.contains("now there is no defaultAccount"), "{ended:?}");
    let gone = [
        "      defaultAccount: \"work\",\n",
        "        work: { profile: \"w\", dmPolicy: \"allowlist\" }, // mine\n",
    ];
    let expected = gone.iter().fold(TWO.to_owned(), |text, line| text.replace(line, ""));
    assert_eq!(setting.read_state("openclaw.json"), expected);
}

#[test]
fn deleting_the_last_account_starts_no_other() {
    let config = r#"{ channels: { zalouser: { dmPolicy: "open", accounts: { work: {} } } } }"#;
    let (section, told) = changed(config, &["remove", "--account", "work", "--delete"]);
    assert_eq!(section, json!({ "dmPolicy": "open", "enabled": false }));
    assert!(told.contains("It was the last one"), "{told}");
}

#[test]
fn the_section_itself_is_not_deleted_as_an_account() {
    let config = r#"{ channels: { zalouser: { dmPolicy: "open" } } }"#;
    let setting = Setting::with_config(config);
    let ended = run(&setting, &["remove", "--account", "default", "--delete"]);
    assert_eq!(ended.code(), 1, "{ended:?}");
    assert!(ended.stderr.contains("zalouser config unset channels.zalouser"), "{ended:?}");
    assert_eq!(setting.read_state("openclaw.json"), config);
    let (section, _) = changed(config, &["remove", "--account", "default"]);
    assert_eq!(section, json!({ "dmPolicy": "open", "enabled": false }));
}

#[test]
fn enable_and_disable_mean_an_account_or_the_channel() {
    let (section, _) = changed(TWO, &["enable", "--account", "home"]);
    assert_eq!(section["accounts"]["Home"]["enabled"], true);
    let (section, told) = changed(TWO, &["disable", "--channel", "zalouser"]);
    assert_eq!((&section["enabled"], told.as_str()), (&json!(false), "Disabled the channel\n"));
    let disabled = TWO.replace("// Both of us.", "enabled: false,");
    let (_, told) = changed(&disabled, &["enable", "--account", "home"]);
    assert!(told.contains("`zalouser channels enable`"), "{told}");
}

#[test]
fn what_cannot_be_done_leaves_the_file_as_it_is() {
    for (args, reason) in [
        (&["disable", "--account", "wrok"][..], "there is no account \"wrok\"; there is: Home, work"),
        (&["remove", "--account", "wrok"], "there is no account \"wrok\"; there is: Home, work"),
        (&["add", "--account", "../x"], "is not usable as an id"),
        (&["add", "--account", ""], "is a blank key"),
    ] {
        let setting = Setting::with_config(TWO);
        let ended = run(&setting, args);
        assert_eq!((ended.code(), ended.stdout.as_str()), (1, ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
        assert_eq!(setting.read_state("openclaw.json"), TWO);
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let setting = Setting::with_config(TWO);
    let ended = run(&setting, &["disable", "--account", "work", "--dry-run"]);
    assert_eq!(ended.code(), 0, "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("+        work: { profile: \"w\", dmPolicy: \"allowlist\", enabled: false }, // mine"),
        "{ended:?}"
    );
    assert_eq!(setting.read_state("openclaw.json"), TWO);
}
