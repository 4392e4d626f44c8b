//! How long something took, and how much of that a processor worked for it.

use std::fmt;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The unit of times in `/proc`, which is the same on every Linux: `USER_HZ`.
const TICK: Duration = Duration::from_millis(10);

/// How long something took that was done again and again.
#[derive(Debug, Default)]
pub(crate) struct Times {
    wall: Vec<Duration>,
    /// Of all together; none where the system does not tell.
    cpu: Option<Duration>,
}

impl Times {
    /// Does it `rounds` times.
    pub(crate) fn of(rounds: usize, mut once: impl FnMut() -> Duration) -> Self {
        let mut times = Self::default();
        (0..rounds).for_each(|_| times.add(cpu_of(&mut once)));
        times
    }

    pub(crate) fn add(&mut self, (wall, cpu): (Duration, Option<Duration>)) {
        self.wall.push(wall);
        self.wall.sort();
        self.cpu = cpu.map(|cpu| cpu + self.cpu.unwrap_or_default());
    }

    pub(crate) fn median(&self) -> Duration {
        self.wall.get(self.wall.len() / 2).copied().unwrap_or_default()
    }

    /// What else the machine does can only add to it.
    pub(crate) fn least(&self) -> Duration {
        self.wall.first().copied().unwrap_or_default()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = super::table::millis;
        write!(f, "{} (median {}", millis(self.least()), millis(self.median()))?;
        let rounds = u32::try_from(self.wall.len()).unwrap().max(1);
        match self.cpu {
            Some(cpu) => write!(f, ", CPU {})", millis(cpu / rounds)),
            None => write!(f, ")"),
        }
    }
}

/// How long `work` takes, with its result.
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let result = work();
    (began.elapsed(), result)
}

/// How long a command takes from its start to its end, which has to be a success.
pub(crate) fn timed(command: &mut Command) -> Duration {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (took, status) = time(|| command.status().unwrap());
    assert!(status.success(), "{command:?} failed");
    took
}

/// Runs `work`, which says how long it took, and adds how long processors worked for the processes that ended in it.
pub(crate) fn cpu_of(work: &mut impl FnMut() -> Duration) -> (Duration, Option<Duration>) {
    let before = children();
    let wall = work();
    let cpu = children().zip(before).map(|(after, before)| after.saturating_sub(before));
    (wall, cpu)
}

/// How long processors worked for all processes that this one has started and buried, with theirs.
fn children() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may hold anything, the 16th and 17th field are the 14th and 15th.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(13).take(2).map(|field| field.parse::<u32>().unwrap_or_default());
    Some(TICK * ticks.sum())
}
