//! Reads an argv by the rules of commander, which decide what a text that looks like an option does.
//!
//! The root command reads the whole argv first and takes its own options out of it wherever they are.
//! From the first option on that it does not know, everything is left to the command; what came before
//! is final. Only `--` protects what follows it.

use std::collections::VecDeque;

use super::Exit;
use super::commands::{Action, COMMANDS, Command};

/// What `--version` prints.
const VERSION: &str = "0.1.58";

/// The options that hold for every command.
const ROOT_OPTIONS: [&str; 4] = ["-V, --version", "-p, --profile <name>", "--debug", "--debug-file <path>"];

/// The options that an older `zca` does not have.
const SUPERVISION: [&str; 2] = ["--supervised", "--heartbeat-ms <ms>"];

/// An argv as the root command sees it.
pub(super) struct Root(Scan);

/// A call that is well-formed.
pub(super) struct Invocation {
    /// What to do.
    pub(super) action: Action,
    /// The positional arguments, as many as the command requires or allows.
    pub(super) operands: Vec<String>,
    /// The options of the command.
    pub(super) options: Options,
}

/// The options of a call, in their order.
#[derive(Default)]
pub(super) struct Options(Vec<(String, Option<String>)>);

/// What one pass over the arguments found.
#[derive(Default)]
struct Scan {
    options: Options,
    operands: Vec<String>,
    unknown: Vec<String>,
}

/// An option as it is declared, `-u, --url <url>`.
#[derive(Clone, Copy)]
struct Flag<'a> {
    declared: &'a str,
    short: Option<&'a str>,
    long: &'a str,
    takes_value: bool,
}

impl Options {
    /// Whether the option with this long name was given.
    pub(super) fn has(&self, long: &str) -> bool {
        self.0.iter().any(|(name, _)| name == long)
    }

    /// The value of the option with this long name; the last one counts.
    pub(super) fn value(&self, long: &str) -> Option<&str> {
        self.values(long).last()
    }

    /// All values of the option with this long name.
    pub(super) fn values(&self, long: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(name, _)| name == long).filter_map(|(_, value)| value.as_deref())
    }
}

impl Invocation {
    /// The positional argument at `index`; empty when it was optional and left out.
    pub(super) fn operand(&self, index: usize) -> &str {
        self.operands.get(index).map_or("", String::as_str)
    }
}

impl<'a> Flag<'a> {
    fn declared(declared: &'a str) -> Self {
        let (names, takes_value) = match declared.split_once(" <") {
            Some((names, _)) => (names, true),
            None => (declared, false),
        };
        match names.split_once(", ") {
            Some((short, long)) => Self { declared, short: Some(short), long, takes_value },
            None => Self { declared, short: None, long: names, takes_value },
        }
    }

    fn is(&self, arg: &str) -> bool {
        self.long == arg || self.short == Some(arg)
    }
}

/// Takes the options of the root command out of `argv`. Prints the version if that is asked for.
pub(super) fn parse_root(argv: &[String]) -> Result<Root, Exit> {
    let scan = scan(argv.iter().cloned().collect(), &ROOT_OPTIONS.map(Flag::declared), false)?;
    if scan.options.has("--version") {
        return Err(Exit::success(format!("{VERSION}\n")));
    }
    Ok(Root(scan))
}

impl Root {
    /// The profile that the argv names.
    pub(super) fn profile(&self) -> Option<&str> {
        self.0.options.value("--profile")
    }

    /// Finds the command and reads its options and arguments. `supervised` tells whether this `zca`
    /// is new enough for a supervised listener. Prints help if that is asked for.
    pub(super) fn parse_command(self, supervised: bool) -> Result<Invocation, Exit> {
        let Some(command) = COMMANDS.iter().find(|command| command.is_named_by(&self.0.operands)) else {
            return Err(self.without_command());
        };
        let declared = command.options.iter().copied();
        let flags: Vec<Flag<'_>> = declared
            .filter(|declared| supervised || !SUPERVISION.contains(declared))
            .map(Flag::declared)
            .collect();
        let scan = scan(self.0.unknown.into(), &flags, true)?;
        if wants_help(&scan.unknown) {
            return Err(Exit::success(help(
                command.usage,
                "Options",
                flags.iter().map(|flag| flag.declared),
            )));
        }
        if let Some(option) = scan.unknown.first() {
            return Err(unknown_option(option));
        }
        let given = self.0.operands.into_iter().skip(command.words().count());
        let operands: Vec<String> = given.chain(scan.operands).collect();
        check_arguments(command, &operands)?;
        Ok(Invocation { action: command.action, operands, options: scan.options })
    }

    /// How a call ends that names no command, or only a group of them.
    fn without_command(&self) -> Exit {
        let is_group = |name: &&String| COMMANDS.iter().any(|command| command.words().next() == Some(*name));
        let group = self.0.operands.first().filter(is_group);
        let listed =
            COMMANDS.iter().filter(|command| group.is_none_or(|name| command.words().next() == Some(name)));
        let usage = group.map_or_else(String::new, |name| format!("{name} ")) + "[options] [command]";
        let help = help(&usage, "Commands", listed.map(|command| command.usage));
        let stray = self.0.operands.get(usize::from(group.is_some()));
        match (stray, self.0.unknown.first()) {
            _ if wants_help(&self.0.unknown) => Exit::success(help),
            (Some(name), _) => Exit::failure(format!("error: unknown command '{name}'")),
            (None, Some(option)) => unknown_option(option),
            (None, None) => Exit::failure(help.trim_end()),
        }
    }
}

/// Passes once over the arguments. In the pass of a `leaf`, a command without commands of its own, what
/// looks like a negative number is none of the unknown options.
fn scan(mut args: VecDeque<String>, flags: &[Flag<'_>], leaf: bool) -> Result<Scan, Exit> {
    let find = |name: &str| flags.iter().find(|flag| flag.is(name));
    let mut scan = Scan::default();
    while let Some(arg) = args.pop_front() {
        if arg == "--" {
            if scan.unknown.is_empty() {
                scan.operands.extend(args);
            } else {
                scan.unknown.push(arg);
                scan.unknown.extend(args);
            }
            break;
        }
        if let Some(flag) = find(&arg) {
            let value = match flag.takes_value {
                true => Some(args.pop_front().ok_or_else(|| {
                    Exit::failure(format!("error: option '{}' argument missing", flag.declared))
                })?),
                false => None,
            };
            scan.options.0.push((flag.long.to_owned(), value));
            continue;
        }
        if let Some((flag, rest)) = split_short(&arg).and_then(|(name, rest)| Some((find(&name)?, rest))) {
            let value = flag.takes_value.then(|| rest.to_owned());
            if value.is_none() {
                args.push_front(format!("-{rest}"));
            }
            scan.options.0.push((flag.long.to_owned(), value));
            continue;
        }
        let assigned = arg.split_once('=').filter(|(name, _)| name.starts_with("--"));
        if let Some((flag, value)) = assigned.and_then(|(name, value)| Some((find(name)?, value)))
            && flag.takes_value
        {
            scan.options.0.push((flag.long.to_owned(), Some(value.to_owned())));
            continue;
        }
        let optionlike = arg.len() > 1 && arg.starts_with('-') && !(leaf && is_negative_number(&arg));
        let foreign = optionlike || !scan.unknown.is_empty();
        if foreign { scan.unknown.push(arg) } else { scan.operands.push(arg) }
    }
    Ok(scan)
}

/// Splits `-gx` into `-g` and `x`.
fn split_short(arg: &str) -> Option<(String, &str)> {
    let letters = arg.strip_prefix('-').filter(|letters| !letters.starts_with('-'))?;
    let first = letters.chars().next()?;
    let rest = letters.strip_prefix(first).filter(|rest| !rest.is_empty())?;
    Some((format!("-{first}"), rest))
}

/// Whether an argument is a number such as `-5`, `-.5` or `-1.5e+3`.
fn is_negative_number(arg: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = arg.strip_prefix('-') else { return false };
    let (mantissa, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or(("", mantissa));
    !exponent.is_empty() && digits(exponent) && digits(whole) && !fraction.is_empty() && digits(fraction)
}

fn check_arguments(command: &Command, operands: &[String]) -> Result<(), Exit> {
    let arguments: Vec<&str> = command.arguments().collect();
    if let Some(missing) = arguments.get(operands.len()).and_then(|argument| argument.strip_prefix('<')) {
        let name = missing.trim_end_matches('>');
        return Err(Exit::failure(format!("error: missing required argument '{name}'")));
    }
    if operands.len() > arguments.len() {
        let name = command.words().last().unwrap_or_default();
        let (expected, got) = (arguments.len(), operands.len());
        let plural = if expected == 1 { "" } else { "s" };
        return Err(Exit::failure(format!(
            "error: too many arguments for '{name}'. Expected {expected} argument{plural} but got {got}."
        )));
    }
    Ok(())
}

fn wants_help(args: &[String]) -> bool {
    args.iter().any(|arg| arg == "-h" || arg == "--help")
}

fn help<'a>(usage: &str, title: &str, items: impl Iterator<Item = &'a str>) -> String {
    let items: String = items.map(|item| format!("  {item}\n")).collect();
    format!("Usage: zca {usage}\n\n{title}:\n{items}")
}

fn unknown_option(option: &str) -> Exit {
    Exit::failure(format!("error: unknown option '{option}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(argv: &[&str]) -> Result<Invocation, Exit> {
        parse_root(&argv.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())?.parse_command(true)
    }

    #[test]
    fn a_text_that_is_no_option_is_an_argument() {
        let cases: [(&[&str], [&str; 2]); 5] = [
            (&["msg", "send", "1", "-5"], ["1", "-5"]),
            (&["msg", "send", "1", "-1.5e+3", "-g"], ["1", "-1.5e+3"]),
            (&["msg", "send", "1", "-"], ["1", "-"]),
            (&["msg", "send", "-g", "--", "1", "--profile"], ["1", "--profile"]),
            (&["msg", "send", "1", "--", "--"], ["1", "--"]),
        ];
        for (argv, expected) in cases {
            let call = parse(argv).unwrap_or_else(|exit| panic!("{argv:?}: {exit:?}"));
            assert_eq!(call.operands, expected, "{argv:?}");
        }
    }

    #[test]
    fn a_text_that_looks_like_an_option_is_none_of_the_arguments() {
        let cases: [(&[&str], &str); 9] = [
            (&["msg", "send", "1", "-g"], "error: missing required argument 'message'\n"),
            (&["msg", "send", "1", "--raw"], "error: missing required argument 'message'\n"),
            (&["msg", "send", "1", "--profile=x"], "error: missing required argument 'message'\n"),
            (&["msg", "send", "1", "-please"], "error: missing required argument 'message'\n"),
            (&["msg", "send", "1", "-p"], "error: option '-p, --profile <name>' argument missing\n"),
            (&["msg", "send", "1", "-gx"], "error: unknown option '-x'\n"),
            (&["msg", "send", "1", "-5x"], "error: unknown option '-5x'\n"),
            (&["friend", "find", "-x"], "error: unknown option '-x'\n"),
            (&["auth", "status", "-j"], "error: unknown option '-j'\n"),
        ];
        for (argv, expected) in cases {
            let exit = parse(argv).err().unwrap_or_else(|| panic!("{argv:?} is accepted"));
            assert_eq!((exit.code, exit.stderr.as_str()), (1, expected), "{argv:?}");
        }
    }

    #[test]
    fn help_is_asked_for_anywhere_before_the_dashes() {
        for argv in
            [&["--help"] as &[&str], &["msg", "-h"], &["listen", "--help"], &["msg", "send", "1", "-h"]]
        {
            let exit = parse(argv).err().unwrap_or_else(|| panic!("{argv:?} is accepted"));
            assert_eq!((exit.code, exit.stdout.starts_with("Usage: zca")), (0, true), "{argv:?}");
        }
        assert!(parse(&["msg", "send", "1", "--", "-h"]).is_ok());
    }

    #[test]
    fn a_command_takes_no_more_arguments_than_it_names() {
        let exit = parse(&["msg", "send", "1", "a", "b"]).err().expect("it is refused");
        assert_eq!(exit.stderr, "error: too many arguments for 'send'. Expected 2 arguments but got 3.\n");
    }
}
