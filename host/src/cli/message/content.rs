//! What an operator wants to send, checked before anything is run.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path;

use anyhow::{Context as _, ensure};
use reqwest::Url;

use super::Arguments;
use crate::cli::Usage;

/// The longest text that is read from standard input, in bytes: far more than anybody can read on Zalo.
const TEXT_LIMIT: u64 = 1 << 20;

/// What is to be sent. Something always is.
pub(super) struct Content {
    /// Markdown; may be empty.
    pub(super) text: String,
    /// URLs, or absolute paths of files that can be read.
    pub(super) media: Vec<String>,
    /// A URL.
    pub(super) link: Option<String>,
}

impl Content {
    /// Reads what the command line asks to send, and standard input if it says so.
    pub(super) fn read(arguments: &Arguments) -> anyhow::Result<Self> {
        let Arguments { message, media, link, .. } = arguments;
        let only_text = media.is_empty() && link.is_none();
        ensure!(
            message.is_some() || !only_text,
            Usage("there is nothing to send; give --message, --media or --link".to_owned())
        );
        let link = link.as_deref().map(|link| web_address("--link", link)).transpose()?;
        let media = media.iter().map(|source| media_source(source)).collect::<Result<_, _>>()?;
        let text = match message.as_deref() {
            Some("-") => read_text()?,
            other => other.unwrap_or_default().to_owned(),
        };
        ensure!(
            !text.trim().is_empty() || !only_text,
            Usage("--message is blank; give a text, or --media or --link".to_owned())
        );
        Ok(Self { text, media, link })
    }
}

fn read_text() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(TEXT_LIMIT + 1).read_to_end(&mut bytes).context("cannot read standard input")?;
    ensure!(
        u64::try_from(bytes.len()).is_ok_and(|length| length <= TEXT_LIMIT),
        "standard input has more than {TEXT_LIMIT} bytes, too many for a message; send it as a file with --media"
    );
    let text = String::from_utf8(bytes).ok();
    let text = text.context("standard input is not UTF-8 text; send it as a file with --media")?;
    // What ends the last line of a file is no part of a message, as with a shell's own substitution.
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn web_address(flag: &str, text: &str) -> Result<String, Usage> {
    let text = text.trim();
    let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    // What the parser would mend, zca might not.
    if is_web && !text.contains(|char: char| char.is_whitespace() || char.is_control()) {
        return Ok(text.to_owned());
    }
    Err(Usage(format!("{flag} {text:?} is no http or https address")))
}

/// A URL, or the path of a file as `zca` finds it from wherever it runs. An agent may not name a file;
/// an operator can read it anyway.
fn media_source(source: &str) -> Result<String, Usage> {
    if source.contains("://") {
        return web_address("--media", source);
    }
    let problem = |problem: String| {
        Usage(format!("--media {source:?}: {problem}; give the path of a file, or an http or https address"))
    };
    let path = path::absolute(source).map_err(|err| problem(err.to_string()))?;
    let metadata = fs::metadata(&path).map_err(|err| problem(err.to_string()))?;
    if !metadata.is_file() {
        return Err(problem("it is no regular file".to_owned()));
    }
    File::open(&path).map_err(|err| problem(err.to_string()))?;
    path.into_os_string().into_string().map_err(|_| problem("its folder's name is not UTF-8".to_owned()))
}
