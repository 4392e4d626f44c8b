//! The agent's tool for ZeroClaw: the same logic as everywhere, which reaches the account through `zalouser bridge`.
//!
//! ZeroClaw makes a new instance for every call, so nothing is kept between two of them.

mod bindings {
    wit_bindgen::generate!({ path: "../wit", world: "tool-plugin", generate_all });
}

use serde_json::{Map, Value};
use zalouser_bridge::{Failure, Key, Kind};
use zalouser_logic::tool::{self, CallContext};
use zalouser_zeroclaw::Settings;

use bindings::exports::zeroclaw::plugin::{plugin_info, tool as exported};
use bindings::wasi::clocks::wall_clock;

/// For how long a call may take, in nanoseconds. ZeroClaw ends it after 30 s, and its answer takes a moment.
const TIME: u64 = 25_000_000_000;

/// What the component exports.
struct Tool;

impl plugin_info::Guest for Tool {
    fn plugin_name() -> String {
        "zalouser-tool".to_owned()
    }

    fn plugin_version() -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }
}

impl exported::Guest for Tool {
    fn name() -> String {
        tool::describe().name.to_owned()
    }

    fn description() -> String {
        tool::describe().description.to_owned()
    }

    fn parameters_schema() -> String {
        tool::describe().parameters
    }

    fn execute(args: String) -> Result<exported::ToolResult, String> {
        let answer = answer(&args).unwrap_or_else(|failure| tool::Answer {
            success: false,
            // A model is shown this alone.
            json: failure.message,
        });
        let tool::Answer { success, json } = answer;
        let (output, error) = if success { (json, None) } else { (String::new(), Some(json)) };
        Ok(exported::ToolResult { success, output, error })
    }
}

fn answer(args: &str) -> Result<tool::Answer, Failure> {
    let Ok(mut arguments) = serde_json::from_str::<Map<String, Value>>(args) else {
        return Err(Failure::new(Kind::Input, "malformed", "the arguments are no JSON object; pass one"));
    };
    let settings = Settings::read(&arguments.remove("__config").unwrap_or_default())?;
    let call = Value::Object(arguments).to_string();
    let id = settings.account.clone();
    let bridge = settings.bridge(TIME);
    let account = bridge.configuration()?.account(id.as_deref())?;
    let context = CallContext { account, current_thread: None, groups: None };
    let commands = tool::plan(&call, &context).map_err(|error| {
        Failure::new(Kind::Input, error.code.name(), format!("{}; {}", error.message, error.hint))
    })?;
    let key = Key::of_call("zeroclaw", now(), [Some(call.as_str())]);
    let outcomes = bridge.carry_out_all(&context.account.id, &commands, |place| key.of_place(place))?;
    Ok(tool::conclude(&call, &context, &outcomes))
}

/// Milliseconds since the Unix epoch.
fn now() -> u64 {
    let wall_clock::Datetime { seconds, nanoseconds } = wall_clock::now();
    seconds.saturating_mul(1_000).saturating_add(u64::from(nanoseconds / 1_000_000))
}

// A native build has no component to export from, and its linker rejects the names.
#[cfg(target_family = "wasm")]
bindings::export!(Tool with_types_in bindings);
