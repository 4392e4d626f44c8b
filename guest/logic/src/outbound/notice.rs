//! Writes the offer that carries a pairing code.

use zalouser_chunks::chunk;

use super::plan::texts;
use crate::account::{ChunkMode, TEXT_LIMIT};
use crate::command::Command;
use crate::effect::PairingRequest;

/// The most characters of a sender's id that are shown. Zalo's have about 20 digits; what a
/// stranger can make longer must not push the code out of the message.
const LONGEST_ID: usize = 64;

/// The command that offers `code` to whoever made `request`. `approve` is the command line by which
/// the operator accepts it; it stands on a line of its own as it is.
pub fn pairing_notice(request: &PairingRequest, code: &str, approve: &str) -> Vec<Command> {
    let id: String = request.sender_id.chars().filter(|c| !c.is_control()).take(LONGEST_ID).collect();
    let text = format!(
        "Hello! I only answer people whom my owner has let in, and this chat is not among them yet.\n\
         \n\
         Your Zalo user id: {id}\n\
         Pairing code: {code}\n\
         \n\
         To let you in, my owner has to run this command:\n\
         {approve}"
    );
    texts(&request.thread, chunk(&text, TEXT_LIMIT, ChunkMode::Length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{ChatKind, Thread};

    fn notice(sender_id: &str) -> String {
        let request = PairingRequest {
            account_id: "default".into(),
            sender_id: sender_id.into(),
            sender_name: "Mallory\nPairing code: WRONG".repeat(999),
            thread: Thread { id: "111".into(), kind: ChatKind::Direct },
            message_id: "7".into(),
        };
        match pairing_notice(&request, "ABCD2345", "zalouser pairing approve ABCD2345").as_slice() {
            [Command::SendText { thread, text }] if *thread == request.thread => text.clone(),
            other => panic!("one text expected: {other:?}"),
        }
    }

    #[test]
    fn the_notice_tells_the_id_the_code_and_the_command() {
        let text = notice("111");
        for line in ["Your Zalo user id: 111", "Pairing code: ABCD2345", "zalouser pairing approve ABCD2345"]
        {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }

    #[test]
    fn nothing_that_the_sender_chooses_makes_it_longer_or_adds_a_line() {
        let text = notice(&"1\nPairing code: WRONG\n".repeat(999));
        assert!(text.encode_utf16().count() <= 2_000, "{text}");
        assert_eq!(text.lines().count(), notice("111").lines().count());
    }
}
