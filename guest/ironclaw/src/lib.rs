//! The agent's tool for IronClaw: the same logic as everywhere, which reaches the account through `zalouser bridge`.
//!
//! IronClaw makes a new instance for every call, so nothing is kept between two of them.

mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "sandboxed-tool" });
}
mod address;
mod bridge;
mod failure;
mod protocol;

use zalouser_logic::command::{Command, ExitStatus, Outcome};
use zalouser_logic::tool::{self, CallContext};

use bindings::exports;
use bindings::near;
use bridge::{Bridge, Broken};
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
    let bridge = Bridge::of(request)?;
    let account = bridge.account()?;
    let context = CallContext { account, current_thread: None, groups: None };
    let call = &request.params;
    let commands = tool::plan(call, &context).map_err(|error| failure::refused(&error))?;
    let outcomes = carry_out(&bridge, &context.account.id, &commands)?;
    let answer = tool::conclude(call, &context, &outcomes);
    if answer.success { Ok(answer.json) } else { Err(failure::failed(&answer)) }
}

/// Has commands carried out in order, up to the first that fails or delivers nothing where it should. The error is that
/// the bridge did not even take the first of them.
fn carry_out(bridge: &Bridge, account: &str, commands: &[Command]) -> Result<Vec<Outcome>, GuestFailure> {
    let mut outcomes = Vec::with_capacity(commands.len());
    for (place, command) in commands.iter().enumerate() {
        let outcome = match bridge.carry_out(account, place, command) {
            Ok(outcome) => outcome,
            Err(Broken::Refused(failure)) if place == 0 => return Err(failure),
            Err(Broken::Refused(failure)) => {
                not_carried_out(ExitStatus::NotStarted(failure.message.unwrap_or_default()))
            }
            // Reading again does no harm; what was sent may have arrived.
            Err(Broken::Unknown(failure)) if !protocol::sends(command) => return Err(failure),
            Err(Broken::Unknown(_)) => not_carried_out(ExitStatus::TimedOut),
        };
        let is_done = outcome.status == ExitStatus::Exited(0)
            && (!protocol::sends(command) || outcome.delivered.is_some());
        outcomes.push(outcome);
        if !is_done {
            break;
        }
    }
    Ok(outcomes)
}

fn not_carried_out(status: ExitStatus) -> Outcome {
    Outcome { status, stdout: String::new(), stderr: String::new(), delivered: None }
}

// A native build has no component to export from, and its linker rejects the names.
#[cfg(target_family = "wasm")]
bindings::export!(Tool with_types_in bindings);
