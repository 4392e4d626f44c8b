//! The agent's tool for IronClaw: the same logic as everywhere, which reaches the account through `zalouser bridge`.
//!
//! IronClaw makes a new instance for every call, so nothing is kept between two of them.

mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "sandboxed-tool" });
}
mod address;
mod bridge;
mod failure;

use zalouser_bridge::Key;
use zalouser_logic::tool::{self, CallContext};

use bindings::exports;
use bindings::near;
use exports::near::agent::tool::{Guest, GuestFailure, Request, Response};

/// What the component exports.
struct Tool;

impl Guest for Tool {
    fn execute(request: Request) -> Response {
        match answer(&request) {
            Ok(json) => Response::Success(json),
            Err(failure) => Response::Failure(failure),
        }
    }

    fn schema() -> String {
        tool::describe().parameters
    }

    fn description() -> String {
        tool::describe().description.to_owned()
    }
}

fn answer(request: &Request) -> Result<String, GuestFailure> {
    let bridge = bridge::bridge().map_err(failure::broken)?;
    let configuration = bridge.configuration().map_err(|broken| failure::broken(broken.into()))?;
    let account = configuration.account(None).map_err(failure::broken)?;
    let context = CallContext { account, current_thread: None, groups: None };
    let call = &request.params;
    let commands = tool::plan(call, &context).map_err(|error| failure::refused(&error))?;
    let texts = [Some(call.as_str()), request.context.as_deref()];
    let key = Key::of_call("ironclaw", near::agent::host::now_millis(), texts);
    let outcomes = bridge.carry_out_all(&context.account.id, &commands, |place| key.of_place(place));
    let answer = tool::conclude(call, &context, &outcomes.map_err(failure::broken)?);
    if answer.success { Ok(answer.json) } else { Err(failure::failed(&answer)) }
}

// A native build has no component to export from, and its linker rejects the names.
#[cfg(target_family = "wasm")]
bindings::export!(Tool with_types_in bindings);
