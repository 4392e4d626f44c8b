//! What WASI gives it, in words.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, io};

/// One finding for each thing that could be behind WASI: its name, a colon, and `nothing` or what there is.
pub(crate) fn all() -> Vec<String> {
    let findings = [
        ("file", of(fs::read("/etc/passwd").map(|bytes| bytes.len()))),
        ("folder", of(fs::read_dir("/").map(Iterator::count))),
        ("written-file", of(fs::write("/tmp/zalouser-hostile", "x"))),
        ("relative-file", of(fs::read("Cargo.toml").map(|bytes| bytes.len()))),
        ("environment", env::vars().next().map_or_else(nothing, |(name, _)| name)),
        ("arguments", env::args().next().unwrap_or_else(nothing)),
        ("stdin", of(io::read_to_string(io::stdin()).and_then(unless_empty))),
        ("connection", of(TcpStream::connect("127.0.0.1:22"))),
        ("server", of(TcpListener::bind("127.0.0.1:0"))),
        ("datagrams", of(UdpSocket::bind("127.0.0.1:0"))),
        ("names", of(("localhost", 80).to_socket_addrs().map(Iterator::count))),
        (
            "time",
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .filter(|it| !it.is_zero())
                .map_or_else(nothing, told),
        ),
        ("stopwatch", stopwatch()),
        ("stdout", of(flood())),
        ("seed", seed()),
    ];
    findings.map(|(name, found)| format!("{name}: {found}")).to_vec()
}

fn of<T: std::fmt::Debug>(result: io::Result<T>) -> String {
    result.map_or_else(|_| nothing(), told)
}

fn told(found: impl std::fmt::Debug) -> String {
    format!("{found:?}")
}

fn nothing() -> String {
    "nothing".to_owned()
}

fn unless_empty(text: String) -> io::Result<String> {
    if text.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(text) }
}

/// How long some work takes.
fn stopwatch() -> String {
    let begin = Instant::now();
    let mut sum = 0_u64;
    for number in 0..1_000_000 {
        sum = std::hint::black_box(sum.wrapping_add(number));
    }
    if begin.elapsed() == Duration::ZERO { nothing() } else { told(begin.elapsed()) }
}

/// Writes 4 MiB to the host's terminal.
fn flood() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for _ in 0..1_024 {
        out.write_all(&[b'x'; 4_096])?;
    }
    out.flush()
}

/// Whether hash tables are seeded, which two of a kind show by their order.
fn seed() -> String {
    let order =
        || HashMap::<u32, ()>::from_iter((0..64).map(|key| (key, ()))).into_keys().collect::<Vec<_>>();
    if order() == (0..64).collect::<Vec<_>>() { nothing() } else { told(order()) }
}
