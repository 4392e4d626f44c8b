//! The one thread that writes. It takes all requests that wait, carries them out in one transaction and answers
//! them once that is on disk.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::watch;

use super::error::{Fault, JournalError, problem};
use super::schema::{self, Opening};
use super::tables::Tables;
use crate::clock;
use crate::pid_lock::PidLock;

/// How many requests go into one transaction.
const BATCH: usize = 2_048;

/// How often it is looked whether another process changed something, and whether a full disk has room again.
const LOOK: Duration = Duration::from_secs(1);

/// How often what is too old is removed, and after how many requests.
const TIDY_EVERY: Duration = Duration::from_mins(10);
const TIDY_AFTER: usize = 20_000;

/// How long a request that is in no hurry waits for others.
const GATHER: Duration = Duration::from_millis(200);

/// Something that the writer is asked to do.
pub(super) trait Request: Send {
    /// Does it, as part of a transaction. It is done again if that fails.
    fn run(&mut self, tables: &mut Tables<'_>) -> rusqlite::Result<()>;
    /// Whether nobody waits for it.
    fn is_lazy(&self) -> bool;
    /// Tells whoever asked that it is on disk, or why not.
    fn answer(self: Box<Self>, outcome: Result<(), JournalError>);
}

/// What arrives at the writer.
pub(super) enum Message {
    /// Something to do.
    Do(Box<dyn Request>),
    /// It is to end once everything before this is done.
    Close,
}

/// What the writer owns.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) unknown_for: Duration,
    pub(super) messages: Receiver<Message>,
    /// Counts the changes that other processes made.
    pub(super) changes: watch::Sender<u64>,
    /// What keeps the journal from being written.
    pub(super) trouble: watch::Sender<Option<String>>,
    /// Kept as long as the file may be written.
    pub(super) _lock: PidLock,
}

/// Why a connection is of no more use.
enum End {
    Closed,
    Corrupt(String),
    Trouble(JournalError),
}

/// What a connection has seen and done.
struct Course {
    batch: Vec<Box<dyn Request>>,
    closing: bool,
    /// What other processes changed, as SQLite counts it.
    seen: Option<i64>,
    looked: Instant,
    tidied: Instant,
    since_tidied: usize,
}

impl Writer {
    /// Works until it is told to close, or nobody can ask it for anything any more.
    pub(super) fn run(self, first: Connection) {
        let now = Instant::now();
        let mut course = Course {
            batch: Vec::new(),
            closing: false,
            seen: None,
            looked: now,
            tidied: now,
            since_tidied: TIDY_AFTER,
        };
        let mut opened = Ok(first);
        loop {
            let end = match opened {
                Ok(connection) => self.serve(&connection, &mut course),
                Err(Opening::Corrupt(problem)) => End::Corrupt(problem),
                Err(Opening::Other(error)) => End::Trouble(error),
            };
            match end {
                End::Closed => return,
                End::Corrupt(problem) => {
                    tracing::error!("the journal {} is damaged: {problem}", self.path.display());
                    match schema::set_aside(&self.path) {
                        Ok(aside) => tracing::error!(
                            "it was set aside as {}, and a new one is begun: what waited in it is not answered",
                            aside.display()
                        ),
                        Err(error) => self.refuse(&mut course, &error),
                    }
                }
                End::Trouble(error) => self.refuse(&mut course, &error),
            }
            if course.closing {
                return self.refuse(&mut course, &JournalError::Closed);
            }
            course.seen = None;
            opened = schema::open(&self.path);
        }
    }

    /// Works on one connection until that fails.
    fn serve(&self, connection: &Connection, course: &mut Course) -> End {
        let mut tables = Tables::of(connection);
        loop {
            let done = self.commit(&mut tables, course).and_then(|()| self.look_around(&mut tables, course));
            if let Err(error) = done {
                let problem = problem(&error);
                return match Fault::of(&error) {
                    Fault::Corrupt => End::Corrupt(problem),
                    _ => End::Trouble(JournalError::Unusable { path: self.path.clone(), problem }),
                };
            }
            if course.closing {
                return End::Closed;
            }
            self.gather(course, LOOK);
        }
    }

    /// Waits for requests, for at most `time`.
    fn gather(&self, course: &mut Course, time: Duration) {
        let began = Instant::now();
        let mut deadline = began + time;
        let mut lazy = false;
        loop {
            // The clock is asked only when nothing waits.
            let message = match self.messages.try_recv() {
                Ok(message) => Ok(message),
                Err(_) => self.messages.recv_timeout(deadline.saturating_duration_since(Instant::now())),
            };
            let message = match message {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => Message::Close,
            };
            match message {
                Message::Close => {
                    course.closing = true;
                    return;
                }
                Message::Do(request) => {
                    if !request.is_lazy() {
                        deadline = began;
                    } else if !lazy {
                        (lazy, deadline) = (true, deadline.min(Instant::now() + GATHER));
                    }
                    course.batch.push(request);
                }
            }
            if course.batch.len() >= BATCH {
                return;
            }
        }
    }

    /// Carries out the batch. It is empty afterwards, unless this fails.
    fn commit(&self, tables: &mut Tables<'_>, course: &mut Course) -> rusqlite::Result<()> {
        while !course.batch.is_empty() {
            tables.sql("BEGIN IMMEDIATE")?.execute([])?;
            let failed = course
                .batch
                .iter_mut()
                .enumerate()
                .find_map(|(place, request)| request.run(tables).err().map(|error| (place, error)));
            let Some((place, error)) = failed else {
                tables.sql("COMMIT")?.execute([]).inspect_err(|_| roll_back(tables))?;
                course.since_tidied += course.batch.len();
                for request in course.batch.drain(..) {
                    request.answer(Ok(()));
                }
                self.recovered();
                return Ok(());
            };
            roll_back(tables);
            if Fault::of(&error) != Fault::Statement {
                return Err(error);
            }
            let problem = error.to_string();
            tracing::error!("the journal could not do one thing: {problem}");
            let refused = course.batch.remove(place);
            refused.answer(Err(JournalError::Refused(problem)));
        }
        Ok(())
    }

    /// Does what is due from time to time.
    fn look_around(&self, tables: &mut Tables<'_>, course: &mut Course) -> rusqlite::Result<()> {
        let seen = course.seen;
        if seen.is_none() || course.looked.elapsed() >= LOOK {
            course.looked = Instant::now();
            let version = tables.sql("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
            course.seen = Some(version);
            if seen != Some(version) {
                self.changes.send_modify(|count| *count = count.wrapping_add(1));
            }
            if self.trouble.borrow().is_some() {
                tables.probe(now())?;
                self.recovered();
            }
        }
        if course.since_tidied >= TIDY_AFTER || course.tidied.elapsed() >= TIDY_EVERY {
            (course.since_tidied, course.tidied) = (0, Instant::now());
            let given_up = tables.tidy(self.unknown_for, now())?;
            if given_up.unknown > 0 {
                tracing::warn!(
                    "{} replies of which a part may not have arrived waited too long, and their rest is given up",
                    given_up.unknown
                );
            }
            if given_up.dead > 0 {
                tracing::warn!("the oldest {} dead letters are given up: there are too many", given_up.dead);
            }
            if given_up.events > 0 {
                tracing::error!(
                    "{} events are lost: no gateway fetched them from the bridge in time",
                    given_up.events
                );
            }
        }
        Ok(())
    }

    /// Tells everybody who waits, and everybody who asks within the next second, that it cannot be done.
    fn refuse(&self, course: &mut Course, error: &JournalError) {
        if !course.closing && self.trouble.borrow().is_none() {
            tracing::error!("{error}; until it can be, new messages are refused");
            self.trouble.send_replace(Some(error.to_string()));
        }
        let until = Instant::now() + LOOK;
        loop {
            for request in course.batch.drain(..) {
                request.answer(Err(error.clone()));
            }
            let left = until.saturating_duration_since(Instant::now());
            if course.closing || left.is_zero() {
                break;
            }
            self.gather(course, left);
        }
        // Whoever asked while it closed.
        while course.closing
            && let Ok(Message::Do(request)) = self.messages.try_recv()
        {
            request.answer(Err(error.clone()));
        }
    }

    fn recovered(&self) {
        if self.trouble.send_if_modified(|trouble| trouble.take().is_some()) {
            tracing::info!("the journal {} can be written again", self.path.display());
        }
    }
}

/// What SQLite rolled back by itself cannot be rolled back again, which is as well.
fn roll_back(tables: &mut Tables<'_>) {
    if let Ok(statement) = tables.sql("ROLLBACK") {
        let _ = statement.execute([]);
    }
}

pub(super) fn now() -> i64 {
    i64::try_from(clock::now_ms()).unwrap_or(i64::MAX)
}
