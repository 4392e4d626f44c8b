//! An agent that says everything back: for a first try of the channel.

use crate::gateway::context::Context;

use super::AgentReply;

/// What was written; for a message of media alone, what came. Paths stay untold, since whoever
/// wrote the message has no business with this machine's disk.
pub(super) fn answer(context: &Context) -> AgentReply {
    let text = if context.raw_body.trim().is_empty() { received(context) } else { context.raw_body.clone() };
    AgentReply { text, ..AgentReply::default() }
}

fn received(context: &Context) -> String {
    let lines = context.media_types.iter().zip(&context.media_urls).map(|(mime, url)| {
        let kind = if mime.is_empty() { "media" } else { mime };
        format!("received {kind} {url}").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::tests::context;
    use super::*;

    #[test]
    fn what_was_written_comes_back_without_its_introduction() {
        assert_eq!(answer(&context("s", "hi")).text, "hi");
    }

    #[test]
    fn media_alone_is_told_without_its_path() {
        let mut message = context("s", " ");
        message.media_paths = vec!["/tmp/a".to_owned(), "/tmp/b".to_owned()];
        message.media_urls = vec!["https://z/a".to_owned(), String::new()];
        message.media_types = vec!["image/jpeg".to_owned(), String::new()];
        assert_eq!(answer(&message).text, "received image/jpeg https://z/a\nreceived media");
    }
}
