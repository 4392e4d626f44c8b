//! `channels login` and `channels logout`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use zalouser::simulator::{AuthFault, CallFault, Faults, World};

use crate::setting::{Setting, eventually, snapshot};
use crate::terminal::{CTRL_C, Terminal};

/// What the simulator's QR code says.
const CODE: &str = "https://zca.invalid/login?profile=default";

/// A setting in which nobody is logged in.
fn logged_out() -> Setting {
    let setting = Setting::with(json!({}), json!({ "kind": "echo" }));
    setting.simulator.set_world(&World { logged_in: false, ..World::default() }).unwrap();
    setting
}

/// The commands that `zca` was given, without the profile.
fn calls(setting: &Setting) -> Vec<String> {
    let calls = setting.simulator.calls().unwrap();
    calls
        .iter()
        .map(|call| call.argv.iter().skip(2).map(String::as_str).collect::<Vec<_>>().join(" "))
        .collect()
}

/// What a QR code says of which each dot is light or not.
fn decode(width: usize, height: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    // More than one dot a module, as a camera sees it.
    let scale = 4;
    let mut image = rqrr::PreparedImage::prepare_from_bitmap(width * scale, height * scale, |x, y| {
        is_dark(x / scale, y / scale)
    });
    let codes = image.detect_grids();
    let (_, text) = codes.first().expect("there is a code").decode().expect("it can be read");
    text
}

#[test]
fn a_login_in_the_terminal_is_zcas_own_and_says_who() {
    let setting = logged_out();
    let out = setting.run(&["channels", "login"]).succeeded();
    assert_eq!(out, "account default is logged in as Bot Nguyễn (999), profile default\n");
    assert_eq!(calls(&setting), ["auth status", "auth login", "auth status", "me info -j"]);
}

#[test]
fn a_login_that_fails_says_why_and_what_to_do() {
    let setting = logged_out();
    let fault = CallFault { matching: Some("login".to_owned()), exit: Some(1), ..CallFault::default() };
    setting.simulator.set_faults(&Faults { query: vec![fault], ..Faults::default() }).unwrap();
    let complaint = setting.run(&["channels", "login"]).complaint();
    assert!(complaint.contains("exit code 1") && complaint.contains("--qr-text"), "{complaint}");
    let complaint = setting.run(&["channels", "login", "--qr-text"]).complaint();
    assert!(complaint.contains("zca made no QR code"), "{complaint}");
}

#[test]
fn a_code_is_saved_for_the_owner_alone() {
    let setting = logged_out();
    let out = setting.run(&["channels", "login", "--qr-file", "code.png"]).succeeded();
    assert!(out.starts_with("the QR code is in code.png\n"), "{out}");
    let path = setting.path("code.png");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let mut reader =
        png::Decoder::new(fs::File::open(&path).map(std::io::BufReader::new).unwrap()).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    assert_eq!(decode(width, height, |x, y| pixels[y * width + x] < 128), CODE);
}

#[test]
fn a_code_is_drawn_so_that_it_can_be_scanned() {
    let setting = logged_out();
    let out = setting.run(&["channels", "login", "--qr-text"]).succeeded();
    let drawn: Vec<Vec<char>> =
        out.lines().take_while(|line| line.starts_with('█')).map(|line| line.chars().collect()).collect();
    let is_light = |x: usize, y: usize| match drawn[y / 2][x] {
        '█' => true,
        '▀' => y.is_multiple_of(2),
        '▄' => !y.is_multiple_of(2),
        ' ' => false,
        other => panic!("{other:?} is no half block"),
    };
    // The last half line has nothing below it.
    assert_eq!(decode(drawn[0].len(), drawn.len() * 2 - 1, |x, y| !is_light(x, y)), CODE);
    assert!(out.ends_with("account default is logged in as Bot Nguyễn (999), profile default\n"), "{out}");
}

#[test]
fn a_login_that_nobody_finishes_is_given_up() {
    let setting = logged_out();
    let auth = AuthFault { logged_in: false };
    setting.simulator.set_faults(&Faults { auth, ..Faults::default() }).unwrap();
    let finished = setting.run(&["channels", "login", "--qr-file", "code.png", "--timeout", "1"]);
    assert_eq!(finished.status.code(), Some(1));
    for part in ["waiting for the scan, 1 s left", "not logged in after 1 s", "--timeout"] {
        assert!(finished.stderr.contains(part), "{part:?} is missing in {}", finished.stderr);
    }
}

#[test]
fn ctrl_c_while_the_countdown_runs_or_while_zca_does_changes_nothing() {
    let nobody_scans = Faults { auth: AuthFault { logged_in: false }, ..Faults::default() };
    let hang = CallFault { matching: Some("login".to_owned()), hang: true, ..CallFault::default() };
    let stubborn = CallFault { ignore_term: true, ..hang.clone() };
    let hangs = |fault| Faults { query: vec![fault], ..Faults::default() };
    for (faults, arguments, counts) in [
        (nobody_scans.clone(), &["channels", "login"][..], true),
        (nobody_scans, &["channels", "login", "--qr-text"], true),
        (hangs(hang), &["channels", "login"], false),
        (hangs(stubborn), &["channels", "login", "--qr-text"], false),
    ] {
        let setting = logged_out();
        setting.simulator.set_faults(&faults).unwrap();
        let before = snapshot(setting.state().root());
        let mut terminal = Terminal::open(&setting, arguments);
        if counts {
            terminal.sees("waiting for the scan, 180 s left");
            terminal.sees("waiting for the scan, 179 s left");
        } else {
            eventually("zca's start", || {
                calls(&setting).iter().any(|call| call.starts_with("auth login")).then_some(())
            });
        }
        terminal.types(CTRL_C);
        let (rest, code) = terminal.end();
        assert_eq!(code, 1, "{arguments:?}: {rest}");
        assert!(rest.contains("interrupted; account default is not logged in"), "{arguments:?}: {rest}");
        assert_eq!(snapshot(setting.state().root()), before, "{arguments:?}");
        setting.nothing_is_left();
    }
}

#[test]
fn a_code_that_cannot_be_saved_names_the_flag() {
    let complaint = logged_out().run(&["channels", "login", "--qr-file", "none/code.png"]).complaint();
    assert!(complaint.contains("--qr-file none/code.png"), "{complaint}");
}

#[test]
fn who_is_logged_in_stays_so() {
    let setting = Setting::with(json!({}), json!({ "kind": "echo" }));
    let out = setting.run(&["channels", "login"]).succeeded();
    assert!(out.contains("logged in already as Bot Nguyễn (999)"), "{out}");
    assert!(!calls(&setting).contains(&"auth login".to_owned()));
}

#[test]
fn a_missing_zca_is_named_with_the_mend() {
    let complaint = logged_out().run(&["channels", "login", "--zca", "/nonexistent/zca"]).complaint();
    assert!(
        complaint.contains("/nonexistent/zca was not found") && complaint.contains("--zca"),
        "{complaint}"
    );
}

#[test]
fn a_logout_is_verified() {
    let setting = Setting::with(json!({}), json!({ "kind": "echo" }));
    let out = setting.run(&["channels", "logout"]).succeeded();
    assert_eq!(out, "account default is logged out (profile default)\n");
    assert_eq!(calls(&setting), ["auth logout", "auth status"]);
}

#[test]
fn a_logout_that_does_nothing_fails() {
    let setting = Setting::with(json!({}), json!({ "kind": "echo" }));
    let fault = CallFault { matching: Some("logout".to_owned()), empty_output: true, ..CallFault::default() };
    setting.simulator.set_faults(&Faults { query: vec![fault], ..Faults::default() }).unwrap();
    let complaint = setting.run(&["channels", "logout"]).complaint();
    assert!(complaint.contains("still logged in"), "{complaint}");
}

#[test]
fn a_logout_warns_when_a_gateway_uses_the_profile() {
    let setting = Setting::with(json!({}), json!({ "kind": "echo" }));
    let mut gateway = setting.gateway();
    gateway.until_logged("listening");
    let finished = setting.run(&["channels", "logout"]);
    assert!(finished.status.success(), "{finished:?}");
    assert!(finished.stderr.contains("uses the profile default"), "{}", finished.stderr);
}
