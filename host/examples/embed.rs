//! A gateway that answers everybody with their own words.

use std::error::Error;
use std::path::Path;

use zalouser::{Channel, Zca};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    echo(Path::new("/var/lib/my-gateway"), Zca::new("zca")).await
}

pub(crate) async fn echo(folder: &Path, zca: Zca) -> Result<(), Box<dyn Error + Send + Sync>> {
    let config = r#"{ channels: { zalouser: { dmPolicy: "open", allowFrom: ["*"] } } }"#;
    let channel = Channel::builder(folder).config(config).zca(zca).open().await?;
    let account = channel.start("default").await?;
    let mut messages = account.messages();
    while let Some(message) = messages.next().await {
        match message.reply(&message.context().raw_body).await {
            Ok(_) => message.answered(),
            Err(err) => message.failed(err.to_string(), false),
        }
    }
    Ok(())
}
