//! x
use crate::command::Command;
use crate::effect::PairingRequest;
/// x
pub fn pairing_notice(_r: &PairingRequest, _c: &str, _a: &str) -> Vec<Command> {
    vec![]
}
