//! Configurations for tests.

use serde_json::{Value, json};

use super::{Configuration, Environment, load};
use crate::account::Account;

/// A file in which `section` is the channel's.
pub(super) fn channel(section: Value) -> Value {
    json!({ "channels": { "zalouser": section } })
}

/// What is understood of a file that has no errors.
pub(super) fn loaded(file: Value) -> Configuration {
    load(&file.to_string(), &Environment::default()).expect("the file has no errors")
}

/// The default account of a file that has neither errors nor warnings.
pub(super) fn account(file: Value) -> Account {
    let configuration = loaded(file);
    assert_eq!(configuration.warnings, []);
    configuration.account(None).expect("the default account exists").clone()
}

/// The errors of a file, as lines.
pub(super) fn error_lines(file: Value) -> Vec<String> {
    let problems = load(&file.to_string(), &Environment::default()).expect_err("the file has errors");
    problems.iter().map(ToString::to_string).collect()
}

/// The warnings about a file that has no errors, as lines.
pub(super) fn warning_lines(file: Value) -> Vec<String> {
    loaded(file).warnings.iter().map(ToString::to_string).collect()
}
