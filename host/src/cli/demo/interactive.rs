//! The demo in which a person types as any of the simulated people.

use tokio::io::{AsyncBufReadExt, BufReader};

use super::stage::{BOT, PEOPLE, Stage, name_of};
use super::transcript;
use crate::simulator::Line;

const HELP: &str = "Type as somebody:  Lan: hello   or in a group:  Lan@5001: hello\n   \
                    Let somebody in:   approve CODE\n   End:               quit";

/// What a person typed.
#[derive(Debug, PartialEq, Eq)]
enum Input<'a> {
    Say { sender: &'a str, group: Option<&'a str>, text: &'a str },
    Approve(&'a str),
    Quit,
    Help,
}

pub(super) async fn play(stage: &Stage) -> anyhow::Result<()> {
    transcript::remark(&format!("People: {}. Groups: 5001 (let in), 5002 (not).", transcript::people()));
    transcript::remark(HELP);
    let mut watcher = stage.watch();
    let mut typed = BufReader::new(tokio::io::stdin()).lines();
    loop {
        tokio::select! {
            event = watcher.next() => transcript::event(&event?),
            line = typed.next_line() => match line? {
                None => return Ok(()),
                Some(line) => match understand(&line) {
                    Input::Quit => return Ok(()),
                    Input::Help => transcript::remark(HELP),
                    Input::Approve(code) => approve(stage, code).await?,
                    Input::Say { sender, group, text } => {
                        let line = match group {
                            Some(group) => Line::group(group, sender, name_of(sender), text),
                            None => Line::direct(sender, name_of(sender), text),
                        };
                        stage.simulator.say(&line.to(BOT))?;
                    }
                },
            },
        }
    }
}

async fn approve(stage: &Stage, code: &str) -> anyhow::Result<()> {
    match stage.approve(code).await? {
        Some(id) => transcript::remark(&format!("approved {} ({id})", name_of(&id))),
        None => transcript::remark("no request with this code is waiting"),
    }
    Ok(())
}

fn understand(line: &str) -> Input<'_> {
    let line = line.trim();
    if matches!(line, "quit" | "exit") {
        return Input::Quit;
    }
    if let Some(code) = line.strip_prefix("approve ") {
        return Input::Approve(code.trim());
    }
    let Some((who, text)) = line.split_once(':') else { return Input::Help };
    let (name, group) = match who.split_once('@') {
        Some((name, group)) => (name.trim(), Some(group.trim())),
        None => (who.trim(), None),
    };
    let person = PEOPLE.iter().find(|(id, known)| *id == name || known.eq_ignore_ascii_case(name));
    match person {
        Some((sender, _)) => Input::Say { sender, group, text: text.trim() },
        None => Input::Help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_understood_as_it_is_explained() {
        let say = |sender, group, text| Input::Say { sender, group, text };
        for (line, input) in [
            ("Lan: hello: there", say("111", None, "hello: there")),
            ("mallory@5001: hi", say("666", Some("5001"), "hi")),
            ("222 : hi", say("222", None, "hi")),
            ("approve ABCD2345", Input::Approve("ABCD2345")),
            ("quit", Input::Quit),
            ("Nobody: hi", Input::Help),
            ("", Input::Help),
        ] {
            assert_eq!(understand(line), input, "{line:?}");
        }
    }
}
