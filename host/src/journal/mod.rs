//! The journal: what was admitted is on disk before anybody acts on it, and stays there until it is answered or
//! given up, so that no end of the process loses or repeats anything.
//!
//! It is a SQLite database in WAL mode. One thread writes; it gathers what waits into one transaction, so that one
//! wait for the disk does for all. Other processes may read it, and change what waits or is dead (see [`Queue`]).

mod asked;
mod entry;
mod error;
mod event;
mod history;
mod queue;
mod schema;
mod settings;
mod tables;
#[cfg(test)]
mod tests;
mod upkeep;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::spawn_blocking;

use self::asked::Asked;
pub use self::asked::Doing;
pub use self::entry::{
    Admission, Admitted, Begun, Chunk, ChunkState, EntryId, Identity, Kind, Recovered, Rest, State, Task,
    Waiting, Work,
};
pub use self::error::JournalError;
pub use self::event::{Claim, EVENTS_FOR, EVENTS_MAX, EventPage, NewEvent, NotYet, PageSize, StoredEvent};
pub use self::queue::{ChunkItem, Depths, Item, Queue, QueueError};
use self::schema::Opening;
pub use self::settings::{JournalSettings, RETRY_MAX};
use self::tables::{NewEntry, Tables};
use self::writer::{Message, Request, Writer, now};
use crate::pid_lock::PidLock;
use crate::sandbox::bindings::inbound::Remembered;
use crate::sandbox::bindings::types::Command;
use crate::state_dir::StateDir;

/// How much may wait to be written, in bytes, in steps of [`STEP`]. What is more is refused.
const UNWRITTEN: usize = 32 << 20;
const STEP: usize = 256;

/// Where the journal of a state folder is.
pub fn file(state: &StateDir) -> PathBuf {
    state.own().join("journal.sqlite")
}

/// An open journal. A clone is the same journal.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    messages: Sender<Message>,
    room: Arc<Semaphore>,
    changes: watch::Receiver<u64>,
    trouble: watch::Receiver<Option<String>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal at `path`, and begins one where there is none or where there is a damaged one, which is
    /// set aside. What was running when the last gateway ended waits again. Blocks on the disk.
    ///
    /// # Errors
    /// When another process has it open, a newer program wrote it, or the disk does not let it be read and
    /// written.
    pub fn open(path: &Path, settings: &JournalSettings) -> Result<(Self, Recovered), JournalError> {
        let lock = lock(path)?;
        let mut set_aside = None;
        let opened =
            schema::open(path).and_then(|connection| schema::check(&connection).map(|()| connection));
        let connection = match opened {
            Ok(connection) => connection,
            Err(Opening::Other(error)) => return Err(error),
            Err(Opening::Corrupt(_)) => {
                set_aside = Some(schema::set_aside(path)?);
                schema::open(path).map_err(|error| error.into_error(path))?
            }
        };
        let failed = |error: rusqlite::Error| JournalError::Unusable {
            path: path.to_owned(),
            problem: error::problem(&error),
        };
        let transaction = connection.unchecked_transaction().map_err(failed)?;
        let (waiting, unknown) = Tables::of(&transaction).recover(now()).map_err(failed)?;
        transaction.commit().map_err(failed)?;

        let (messages, arriving) = channel();
        let (changes, changed) = watch::channel(0);
        let (trouble, troubled) = watch::channel(None);
        let writer = Writer {
            path: path.to_owned(),
            unknown_for: settings.unknown_for,
            messages: arriving,
            changes,
            trouble,
            _lock: lock,
        };
        let writer = thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run(connection));
        let writer = writer.map_err(|error| JournalError::Unusable {
            path: path.to_owned(),
            problem: format!("no thread can be started: {error}"),
        })?;
        let inner = Inner {
            messages,
            room: Arc::new(Semaphore::new(UNWRITTEN / STEP)),
            changes: changed,
            trouble: troubled,
            writer: Mutex::new(Some(writer)),
        };
        Ok((Self(Arc::new(inner)), Recovered { waiting, unknown, set_aside }))
    }

    /// Admits something. What is admitted first is first in its conversation.
    ///
    /// # Errors
    /// [`JournalError::Behind`] at once when too much waits to be written. When this is waited for, what keeps
    /// the journal from being written; then it was not admitted.
    pub fn admit(&self, admission: Admission) -> Result<Doing<Admitted>, JournalError> {
        let Admission { account, thread, sender_id, message_id, identity, work } = admission;
        let kind = match work {
            Work::Message(_) => Kind::Message,
            Work::Pairing(_) => Kind::Pairing,
            Work::Act(_) => Kind::Act,
        };
        let new = NewEntry {
            account,
            is_group: entry::is_group(&thread),
            thread,
            kind,
            state: State::Received,
            sender: sender_id,
            message: message_id,
            identity,
            body: serde_json::to_vec(&work).unwrap_or_default(),
            reason: None,
        };
        self.insert(new)
    }

    /// Keeps a line of the listener that made the guest fail as a dead letter. `line` are its bytes as they came,
    /// with or without the line's end; `reason` is how the guest failed.
    ///
    /// # Errors
    /// As for [`Self::admit`].
    pub fn bury_line(
        &self,
        account: &str,
        line: Vec<u8>,
        reason: &str,
    ) -> Result<Doing<Admitted>, JournalError> {
        self.insert(tables::buried(account, line, reason))
    }

    /// Keeps a line of the listener that no guest has judged, to be judged when its account runs again.
    ///
    /// # Errors
    /// As for [`Self::admit`].
    pub fn keep_line(&self, account: &str, line: Vec<u8>) -> Result<Doing<Admitted>, JournalError> {
        self.insert(tables::unjudged(account, line))
    }

    /// Begins an entry that waits, unless it is to be tried again later. One that was begun before, and is now
    /// begun again, says so in its context.
    pub fn begin(&self, id: EntryId) -> Doing<Begun> {
        self.ask(move |tables| tables.begin(id, now()))
    }

    /// Notes the commands of a reply, of which then none is sent twice. What led to it is forgotten unless it is
    /// `kept`.
    pub fn plan(&self, id: EntryId, commands: &[Command], kept: bool) -> Doing<()> {
        let commands: Vec<_> =
            commands.iter().map(|command| serde_json::to_string(command).unwrap_or_default()).collect();
        self.ask(move |tables| tables.plan(id, &commands, kept, now()))
    }

    /// Notes further commands of a reply, behind those that are planned. What led to it is kept.
    pub fn append(&self, id: EntryId, commands: &[Command]) -> Doing<()> {
        let commands: Vec<_> =
            commands.iter().map(|command| serde_json::to_string(command).unwrap_or_default()).collect();
        self.ask(move |tables| tables.append(id, &commands, now()))
    }

    /// The parts of a reply that are still to be sent, and how many it has in all.
    pub fn unsent(&self, id: EntryId) -> Doing<(Vec<Chunk>, usize)> {
        self.ask(move |tables| tables.unsent(id))
    }

    /// Notes what becomes of a part of a reply: [`ChunkState::Sending`] before it is sent, another state after.
    pub fn mark(&self, id: EntryId, place: u32, state: ChunkState, note: Option<&str>) -> Doing<()> {
        let note = note.map(tables::shown_reason);
        self.ask(move |tables| tables.mark(id, place, state, note.as_deref(), now()))
    }

    /// Notes that the last part of a reply was sent, and with it that its message is answered.
    pub fn sent_last(&self, id: EntryId, place: u32) -> Doing<()> {
        self.ask(move |tables| {
            tables.mark(id, place, ChunkState::Sent, None, now())?;
            tables.rest(id, &Rest::Answered, now())
        })
    }

    /// Notes how a running entry came to rest.
    pub fn rest(&self, id: EntryId, rest: Rest) -> Doing<()> {
        self.ask(move |tables| tables.rest(id, &rest, now()))
    }

    /// What waits of an account's.
    pub fn waiting(&self, account: &str) -> Doing<Waiting> {
        let account = account.to_owned();
        self.ask(move |tables| {
            Ok(Waiting { entries: tables.waiting(&account)?, lines: tables.lines(&account)? })
        })
    }

    /// Keeps what a guest remembers, at most `limit` messages of a group. Nobody waits for this: the last fifth of
    /// a second may be lost in a crash, and all of it when the disk is too slow.
    pub fn remember(&self, account: &str, limit: u32, remembered: &[Remembered]) {
        let messages: Vec<_> = remembered
            .iter()
            .map(|it| (it.thread_id.clone(), serde_json::to_string(&it.message).unwrap_or_default()))
            .collect();
        let size = messages.iter().map(|(thread, message)| thread.len() + message.len()).sum();
        let Ok(room) = self.room_for(size) else { return };
        let account = account.to_owned();
        let run = move |tables: &mut Tables<'_>| tables.remember(&account, limit, &messages);
        self.send(Asked::lazy(room, run));
    }

    /// All that the guests of an account remembered and did not use, the oldest first.
    pub fn recall(&self, account: &str) -> Doing<Vec<Remembered>> {
        let account = account.to_owned();
        self.ask(move |tables| tables.recall(&account))
    }

    /// Keeps an event for a bridge to hand out, and gives whether it is a new one. What is kept first is handed out
    /// first.
    ///
    /// # Errors
    /// As for [`Self::admit`].
    pub fn record(&self, event: NewEvent) -> Result<Doing<bool>, JournalError> {
        let room = self.room_for(event.body.len())?;
        Ok(self.ask_with(Some(room), move |tables| tables.record(&event)))
    }

    /// Confirms the events of an account up to and including `after`, and gives those that wait behind it.
    pub fn events(
        &self,
        account: &str,
        after: Option<u64>,
        size: PageSize,
    ) -> Doing<Result<EventPage, NotYet>> {
        let account = account.to_owned();
        self.ask(move |tables| tables.events(&account, after, size))
    }

    /// Notes that the command with this key is begun, and gives what is known of it.
    pub fn claim(&self, account: &str, key: &str) -> Doing<Claim> {
        let (account, key) = (account.to_owned(), key.to_owned());
        self.ask(move |tables| tables.claim(&account, &key, now()))
    }

    /// Notes what became of the command with this key, as JSON; none for one that was not carried out, whose key
    /// is free again.
    pub fn conclude(&self, account: &str, key: &str, outcome: Option<String>) -> Doing<()> {
        let (account, key) = (account.to_owned(), key.to_owned());
        self.ask(move |tables| match &outcome {
            Some(outcome) => tables.conclude(&account, &key, outcome),
            None => tables.disclaim(&account, &key),
        })
    }

    /// Counts the changes that other processes made, such as `zalouser queue retry`.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.clone()
    }

    /// What keeps the journal from being written, if anything does.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.0.trouble.clone()
    }

    /// Writes all that waits, and closes the file. Whatever is asked later fails.
    pub async fn close(&self) {
        // An error says that the writer is gone, which is what is wanted.
        let _ = self.0.messages.send(Message::Close);
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = spawn_blocking(|| writer.join()).await;
        }
    }

    fn insert(&self, new: NewEntry) -> Result<Doing<Admitted>, JournalError> {
        let room = self.room_for(new.body.len())?;
        Ok(self.ask_with(Some(room), move |tables| tables.admit(&new, now())))
    }

    fn room_for(&self, size: usize) -> Result<OwnedSemaphorePermit, JournalError> {
        // Something that is larger than all the room takes all of it.
        let steps = (size / STEP + 1).min(UNWRITTEN / STEP);
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        Arc::clone(&self.0.room).try_acquire_many_owned(steps).map_err(|_| JournalError::Behind)
    }

    fn ask<T: Send + 'static>(
        &self,
        run: impl FnMut(&mut Tables<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Doing<T> {
        self.ask_with(None, run)
    }

    fn ask_with<T: Send + 'static>(
        &self,
        room: Option<OwnedSemaphorePermit>,
        run: impl FnMut(&mut Tables<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Doing<T> {
        let (asked, doing) = Asked::new(room, run);
        self.send(asked);
        doing
    }

    fn send(&self, request: impl Request + 'static) {
        // Once the writer is gone the request is dropped, and with it whoever would have answered.
        let _ = self.0.messages.send(Message::Do(Box::new(request)));
    }
}

fn lock(path: &Path) -> Result<PidLock, JournalError> {
    match PidLock::acquire(&path.with_extension("lock")) {
        Ok(Ok(lock)) => Ok(lock),
        Ok(Err(holder)) => Err(JournalError::Held { pid: holder.pid, path: path.to_owned() }),
        Err(error) => Err(JournalError::Unusable {
            path: path.to_owned(),
            problem: format!("no lock can be made: {error}"),
        }),
    }
}
