//! What is kept beside an installed component: what it is, and to the byte which one was approved.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::name::ComponentName;

/// What is kept beside an installed component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// What it is called here.
    pub name: ComponentName,
    /// Its version, if a manifest said it.
    pub version: Option<String>,
    /// What it is for, if a manifest said it.
    pub description: Option<String>,
    /// The hash of the file that was approved, as lower-case hex digits.
    pub sha256: String,
    /// When that was, as RFC 3339 has it.
    pub approved_at: String,
    /// The grants that it asks for. None of them is given by that.
    pub requests: Vec<Request>,
}

/// A grant that a component asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The key of the grants, as `commands`.
    pub key: String,
    /// What it is to hold.
    pub value: Value,
    /// What the component needs it for, in its author's words.
    pub reason: String,
}

/// The hash of a file's content, as lower-case hex digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
