//! The `zalouser` program.

fn main() -> std::process::ExitCode {
    let mut args = std::env::args_os();
    if args.next().is_some_and(|program| zalouser::simulator::plays(&program)) {
        return zalouser::simulator::main(args);
    }
    std::process::ExitCode::SUCCESS
}
