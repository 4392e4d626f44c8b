//! The `zalouser` program.

use std::env;
use std::process::ExitCode;

use zalouser::{cli, simulator};

fn main() -> ExitCode {
    let mut arguments = env::args_os();
    match env::args_os().next() {
        Some(program) if simulator::plays(&program) => {
            arguments.next();
            simulator::main(arguments)
        }
        _ => cli::run(arguments),
    }
}
