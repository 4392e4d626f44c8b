//! x
use crate::account::ReplyFormat;
use crate::command::Command;
/// x
pub fn plan(_f: &ReplyFormat, _r: &super::Reply) -> Vec<Command> {
    vec![]
}
