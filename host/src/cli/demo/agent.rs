//! The demo's agent: it is run once a message, as any program could be.

use std::fmt::Write as _;
use std::io::{self, Read};

use anyhow::Context as _;

use crate::gateway::context::Context;

/// Reads the context on standard input and prints the answer.
pub(in crate::cli) fn run() -> anyhow::Result<()> {
    let mut context = String::new();
    io::stdin().read_to_string(&mut context)?;
    let context: Context = serde_json::from_str(&context).context("standard input is not a context")?;
    println!("{}", answer(&context.command_body));
    Ok(())
}

fn answer(text: &str) -> String {
    if text.to_lowercase().contains("recipe") { recipe() } else { format!("You said: {text}") }
}

/// Longer than two messages may be, with a table and a fenced block that has to be cut.
fn recipe() -> String {
    let mut recipe = String::from(
        "# Phở bò for six 🍜\n\n| What | How much |\n|---|---|\n| beef bones | 2 kg |\n| rice noodles | 600 g |\n\
         | ginger, charred | 1 root |\n\nThe timetable, as a program:\n\n```python\n",
    );
    for minute in (0..=360).step_by(6) {
        // Writing to a string cannot fail.
        let _ = writeln!(recipe, "at({minute:>3}, \"skim the broth\")  # stay patient, it is worth it");
    }
    recipe.push_str("```\n\nServe with herbs and lime. Chúc ngon miệng!");
    recipe
}
