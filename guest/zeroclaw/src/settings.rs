//! What the operator wrote for the plugin. ZeroClaw wants it read where it is used and kept nowhere.

use serde_json::Value;
use zalouser_bridge::{Bridge, Failure, Kind};

use crate::bindings::zeroclaw::plugin::secrets::{self, SecretError};
use crate::http::{Address, Http};

/// Where the bridge is unless it is said.
const BRIDGE: &str = "http://127.0.0.1:8787";

/// The settings of a plugin.
#[derive(Debug)]
pub struct Settings {
    /// Which account; the default one if that is not said.
    pub account: Option<String>,
    address: Address,
    token: String,
}

impl Settings {
    /// Reads the settings. Those that are not secret come as JSON.
    ///
    /// # Errors
    /// When one is missing or wrong.
    pub fn read(public: &Value) -> Result<Self, Failure> {
        let text = |name: &str| {
            let text = public.get(name).and_then(Value::as_str).map(str::trim);
            text.filter(|text| !text.is_empty())
        };
        let bridge = text("bridge").unwrap_or(BRIDGE);
        let Some(address) = Address::parse(bridge) else {
            let message = format!(
                "the setting bridge is {bridge:?}; write it as {BRIDGE}, with nothing behind the port"
            );
            return Err(Failure::new(Kind::Input, "setting", message));
        };
        Ok(Self { account: text("account").map(str::to_owned), address, token: token()? })
    }

    /// The bridge, for requests that take no longer than this together, in nanoseconds.
    pub fn bridge(self, time: u64) -> Bridge<Http> {
        Bridge(Http::new(self.address, self.token, time))
    }
}

fn token() -> Result<String, Failure> {
    let told = secrets::get("token").map(|token| token.trim().to_owned());
    let problem = match told {
        // A header takes no other characters.
        Ok(token) if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            return Ok(token);
        }
        Ok(token) if !token.is_empty() => "has characters that no token has",
        Ok(_) | Err(SecretError::NotFound) => "is missing",
        Err(SecretError::AccessDenied) => "may not be read; grant the plugin config_read",
        Err(SecretError::Unavailable) => "is not handed out by the gateway now",
    };
    let message = format!(
        "the setting token {problem}; it is the token of the bridge, which is in the file that `zalouser bridge` names \
         when it starts"
    );
    Err(Failure::new(Kind::Token, "setting", message))
}
