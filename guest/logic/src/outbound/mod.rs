//! Turns what the agent says into commands.
