//! Lanes: what concerns one conversation happens in order, one thing at a time; conversations go on
//! side by side. A lane holds the numbers of journal entries: what waits lies on disk.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::TaskTracker;

use crate::journal::EntryId;

/// Takes care of entries.
pub(super) trait Desk: Send + Sync + 'static {
    /// Does all that there is to do about an entry.
    fn handle(self: Arc<Self>, entry: EntryId) -> impl Future<Output = ()> + Send;
}

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caps {
    /// In one lane.
    pub(super) per_lane: usize,
    /// In all lanes together.
    pub(super) in_all: usize,
}

/// Has entries taken care of, lane by lane. All clones are the same lanes.
pub(super) struct Lanes<D> {
    state: Arc<Mutex<State<D>>>,
    caps: Caps,
    running: TaskTracker,
}

/// A place in a lane for something that is not on disk yet. Dropped, it is free again.
pub(super) struct Place<D: Desk> {
    lanes: Lanes<D>,
    lane: String,
    /// One of a number of places that are kept apart; free again once what has this place was taken care of.
    apart: Option<OwnedSemaphorePermit>,
}

/// There is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// Too many messages of the conversation are waiting.
    Lane,
    /// Too many messages are waiting in all.
    All,
}

struct State<D> {
    lanes: HashMap<String, Lane<D>>,
    /// All entries that wait or are being taken care of.
    known: BTreeSet<EntryId>,
    /// How many wait, with the places that are kept.
    waiting: usize,
}

/// What waits in a lane.
struct Waiting<D> {
    entry: EntryId,
    desk: Arc<D>,
    _apart: Option<OwnedSemaphorePermit>,
}

struct Lane<D> {
    queue: VecDeque<Waiting<D>>,
    /// How many places are kept.
    kept: usize,
    /// Whether somebody works on it.
    is_worked: bool,
}

impl<D> Clone for Lanes<D> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), caps: self.caps, running: self.running.clone() }
    }
}

impl<D: Desk> Lanes<D> {
    pub(super) fn new(caps: Caps) -> Self {
        let state = State { lanes: HashMap::new(), known: BTreeSet::new(), waiting: 0 };
        Self { state: Arc::new(Mutex::new(state)), caps, running: TaskTracker::new() }
    }

    /// Keeps a place in the lane named `lane`, and with it the one that is kept `apart`.
    ///
    /// # Errors
    /// [`Full`] when as much waits as may.
    pub(super) fn keep_place(
        &self,
        lane: &str,
        apart: Option<OwnedSemaphorePermit>,
    ) -> Result<Place<D>, Full> {
        let mut state = self.lock();
        if state.waiting >= self.caps.in_all {
            return Err(Full::All);
        }
        let found = state.lane(lane);
        if found.queue.len() + found.kept >= self.caps.per_lane {
            return Err(Full::Lane);
        }
        found.kept += 1;
        state.waiting += 1;
        Ok(Place { lanes: self.clone(), lane: lane.to_owned(), apart })
    }

    /// Puts an entry at the end of a lane, whatever waits there; false when it is in its lane already.
    pub(super) fn submit(&self, lane: &str, entry: EntryId, desk: Arc<D>) -> bool {
        self.put(lane, Waiting { entry, desk, _apart: None })
    }

    fn put(&self, lane: &str, waiting: Waiting<D>) -> bool {
        let mut state = self.lock();
        if !state.known.insert(waiting.entry) {
            return false;
        }
        state.waiting += 1;
        let found = state.lane(lane);
        found.queue.push_back(waiting);
        if !found.is_worked {
            found.is_worked = true;
            drop(state);
            self.running.spawn(self.clone().work(lane.to_owned()));
        }
        true
    }

    /// Waits until nothing is being taken care of. Nothing may be submitted any more.
    pub(super) async fn finish(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// Lets go of what nobody has begun to take care of.
    pub(super) fn clear(&self) {
        let mut state = self.lock();
        let cleared: Vec<_> = state.lanes.values_mut().flat_map(|lane| lane.queue.drain(..)).collect();
        state.waiting = state.waiting.saturating_sub(cleared.len());
    }

    async fn work(self, lane: String) {
        while let Some(Waiting { entry, desk, _apart }) = self.next(&lane) {
            // As a task of its own: should it panic, the lane goes on with the next.
            if let Err(err) = tokio::spawn(desk.handle(entry)).await {
                tracing::error!(lane, %entry, "the work on an entry was lost: {err}");
            }
            self.lock().known.remove(&entry);
        }
    }

    /// The next entry of a lane.
    fn next(&self, lane: &str) -> Option<Waiting<D>> {
        let mut state = self.lock();
        let found = state.lane(lane);
        let next = found.queue.pop_front();
        match next {
            Some(_) => state.waiting = state.waiting.saturating_sub(1),
            None => {
                found.is_worked = false;
                state.forget_if_idle(lane);
            }
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, State<D>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D> State<D> {
    fn lane(&mut self, name: &str) -> &mut Lane<D> {
        self.lanes.entry(name.to_owned()).or_insert_with(|| Lane {
            queue: VecDeque::new(),
            kept: 0,
            is_worked: false,
        })
    }

    fn forget_if_idle(&mut self, name: &str) {
        let idle = |lane: &Lane<D>| lane.queue.is_empty() && lane.kept == 0 && !lane.is_worked;
        if self.lanes.get(name).is_some_and(idle) {
            self.lanes.remove(name);
        }
    }
}

impl<D: Desk> Place<D> {
    /// Gives the place to an entry.
    pub(super) fn submit(mut self, entry: EntryId, desk: Arc<D>) {
        let _apart = self.apart.take();
        self.lanes.put(&self.lane, Waiting { entry, desk, _apart });
    }
}

impl<D: Desk> Drop for Place<D> {
    fn drop(&mut self) {
        let mut state = self.lanes.lock();
        state.waiting = state.waiting.saturating_sub(1);
        let lane = state.lane(&self.lane);
        lane.kept = lane.kept.saturating_sub(1);
        state.forget_if_idle(&self.lane);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{Semaphore, mpsc};

    use super::*;

    fn entry(number: u32) -> EntryId {
        number.to_string().parse().unwrap()
    }

    /// Tells of each entry that it was taken care of, once it was let.
    struct Clerk {
        done: mpsc::UnboundedSender<u32>,
        gate: Semaphore,
        name: u32,
    }

    impl Desk for Clerk {
        async fn handle(self: Arc<Self>, entry: EntryId) {
            self.gate.acquire().await.unwrap().forget();
            let number: u32 = entry.to_string().parse().unwrap();
            self.done.send(self.name + number).unwrap();
        }
    }

    fn clerk(name: u32, permits: usize) -> (Arc<Clerk>, mpsc::UnboundedReceiver<u32>) {
        let (done, order) = mpsc::unbounded_channel();
        (Arc::new(Clerk { done, gate: Semaphore::new(permits), name }), order)
    }

    const CAPS: Caps = Caps { per_lane: 2, in_all: 3 };

    #[tokio::test]
    async fn a_lane_keeps_its_order_while_others_go_on() {
        let lanes = Lanes::new(CAPS);
        let (slow, mut told_slow) = clerk(100, 0);
        let (quick, mut told_quick) = clerk(200, 1);
        for (lane, number, desk) in [("slow", 1, &slow), ("slow", 2, &slow), ("quick", 3, &quick)] {
            assert!(lanes.submit(lane, entry(number), Arc::clone(desk)));
        }
        assert_eq!(told_quick.recv().await, Some(203), "another lane waits for nobody");
        slow.gate.add_permits(2);
        lanes.finish().await;
        assert_eq!((told_slow.recv().await, told_slow.recv().await), (Some(101), Some(102)));
    }

    #[tokio::test]
    async fn an_entry_that_is_in_its_lane_is_not_put_there_again() {
        let lanes = Lanes::new(CAPS);
        let (desk, mut told) = clerk(0, 0);
        assert!(lanes.submit("a", entry(1), Arc::clone(&desk)));
        assert!(!lanes.submit("a", entry(1), Arc::clone(&desk)));
        desk.gate.add_permits(9);
        lanes.finish().await;
        assert_eq!((told.recv().await, told.try_recv().ok()), (Some(1), None));
    }

    #[tokio::test]
    async fn a_place_that_is_kept_apart_is_taken_until_the_work_is_done() {
        let (lanes, apart) = (Lanes::new(CAPS), Arc::new(Semaphore::new(1)));
        let (desk, mut told) = clerk(0, 0);
        let permit = Arc::clone(&apart).try_acquire_owned().ok();
        lanes.keep_place("a", permit).ok().unwrap().submit(entry(1), Arc::clone(&desk));
        assert_eq!(apart.available_permits(), 0);
        desk.gate.add_permits(1);
        lanes.finish().await;
        assert_eq!((told.recv().await, apart.available_permits()), (Some(1), 1));
        drop(lanes.keep_place("b", apart.clone().try_acquire_owned().ok()).ok().unwrap());
        assert_eq!(apart.available_permits(), 1, "a place that nothing came to is free again");
    }

    #[tokio::test]
    async fn places_are_bounded_and_free_again_once_they_are_given_back() {
        let lanes: Lanes<Clerk> = Lanes::new(CAPS);
        let kept = [lanes.keep_place("a", None).ok().unwrap(), lanes.keep_place("a", None).ok().unwrap()];
        assert_eq!(lanes.keep_place("a", None).err(), Some(Full::Lane));
        let other = lanes.keep_place("b", None).ok().unwrap();
        assert_eq!(lanes.keep_place("c", None).err(), Some(Full::All));
        drop(other);
        assert!(lanes.keep_place("c", None).is_ok());
        drop(kept);
        assert!(lanes.lock().lanes.is_empty(), "idle lanes are forgotten");
        assert_eq!(lanes.lock().waiting, 0);
    }
}
