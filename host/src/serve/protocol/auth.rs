//! What the peer asks and is told of logins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks whether somebody is logged in: `auth/status`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthStatus {
    /// The account; the default one when none is named.
    #[serde(default)]
    pub account: Option<String>,
    /// How long to wait for somebody who is not, 0 to 600 seconds.
    #[serde(default)]
    #[schemars(range(max = 600))]
    pub wait_seconds: u64,
}

/// What `auth/status` answers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// Whether somebody is.
    pub logged_in: bool,
    /// What `zca` says if nobody is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who, if `zca` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Person>,
}

/// Somebody on Zalo.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Zalo's id.
    pub user_id: String,
    /// The name; empty when unknown.
    pub display_name: String,
}

/// Begins a login: `auth/login`. It is over when `auth/status` says so.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthLogin {
    /// The account; the default one when none is named.
    #[serde(default)]
    pub account: Option<String>,
    /// Whether to make a code even if somebody is logged in.
    #[serde(default)]
    pub force: bool,
}

/// What `auth/login` answers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// The profile of `zca` that is logged in.
    pub profile: String,
    /// Whether somebody is logged in already, so that there is nothing to scan.
    pub logged_in: bool,
    /// The QR code to scan with the Zalo app, as a `data:image/png;base64,` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_data_url: Option<String>,
    /// The same drawn with text; none when the picture cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_text: Option<String>,
}

/// What `status/probe` answers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// Whether the account can work.
    pub ok: bool,
    /// Why it cannot, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The version of this program.
    pub version: String,
    /// What `zca` calls its version, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zca_version: Option<String>,
    /// Whose account it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Person>,
    /// The process that listens for its profile, if one does and says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener: Option<u32>,
}
