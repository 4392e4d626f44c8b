//! The configuration: any text is either refused with reasons that can be shown, or is one that accounts can
//! be run with.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zalouser_fuzz::check;
use zalouser_logic::config::{Environment, load};
use zalouser_logic::effect::DropReport;
use zalouser_logic::inbound::Monitor;

const LINES: &[u8] = include_bytes!("../../tests/vectors/listen-raw.txt");

fuzz_target!(|text: &str| {
    let environment = Environment { zca_profile: None };
    match load(text, &environment) {
        Ok(configuration) => {
            assert!(configuration.account(None).is_some(), "the default account exists");
            assert_eq!(load(text, &environment).as_ref(), Ok(&configuration));
            for account in configuration.accounts.into_iter().take(2) {
                let mut monitor = Monitor::new(account, Vec::new());
                monitor.push(LINES, 0, DropReport::Origin).iter().for_each(check);
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                let shown = problem.to_string();
                assert!(!shown.contains(|c: char| c.is_control()), "{shown:?}");
            }
        }
    }
});
