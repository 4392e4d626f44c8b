//! Lanes: what concerns one conversation happens in order, one thing at a time; conversations go on
//! side by side.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::task::TaskTracker;

/// A piece of work for a lane.
type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs jobs by lane. Cheap to clone; all clones are the same lanes.
#[derive(Clone, Default)]
pub(super) struct Lanes {
    queues: Arc<Mutex<HashMap<String, VecDeque<Job>>>>,
    running: TaskTracker,
}

/// The lane has as many jobs waiting as it may.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{waiting} messages of this conversation are waiting already")]
pub(super) struct LaneFull {
    /// How many jobs are waiting.
    pub(super) waiting: usize,
}

impl Lanes {
    /// The most jobs that wait in one lane. A person does not write faster than this is emptied;
    /// what does is a flood.
    pub(super) const CAPACITY: usize = 100;

    /// Puts a job at the end of the lane named `lane`.
    ///
    /// # Errors
    /// [`LaneFull`] when [`Self::CAPACITY`] jobs are waiting there; the job is dropped.
    pub(super) fn submit(
        &self,
        lane: &str,
        job: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), LaneFull> {
        let mut queues = self.lock();
        if let Some(queue) = queues.get_mut(lane) {
            if queue.len() >= Self::CAPACITY {
                return Err(LaneFull { waiting: queue.len() });
            }
            queue.push_back(Box::pin(job));
            return Ok(());
        }
        queues.insert(lane.to_owned(), VecDeque::from([Box::pin(job) as Job]));
        drop(queues);
        self.running.spawn(self.clone().work(lane.to_owned()));
        Ok(())
    }

    /// Waits until no job is left. Nothing may be submitted any more.
    pub(super) async fn finish(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// Drops the jobs that have not begun, and says how many those were.
    pub(super) fn clear(&self) -> usize {
        self.lock().values_mut().map(|queue| queue.drain(..).count()).sum()
    }

    async fn work(self, lane: String) {
        while let Some(job) = self.next(&lane) {
            // As a task of its own: should a job panic, the lane goes on with the next.
            if let Err(err) = tokio::spawn(job).await {
                tracing::error!(lane, "a job was lost: {err}");
            }
        }
    }

    /// The next job of a lane; a lane that has none is forgotten.
    fn next(&self, lane: &str) -> Option<Job> {
        let mut queues = self.lock();
        let job = queues.get_mut(lane).and_then(VecDeque::pop_front);
        if job.is_none() {
            queues.remove(lane);
        }
        job
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, VecDeque<Job>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    #[tokio::test]
    async fn a_lane_keeps_its_order_while_others_go_on() {
        let lanes = Lanes::default();
        let (done, mut order) = mpsc::unbounded_channel();
        let (release, blocked) = oneshot::channel::<()>();
        let report = |name: &'static str| {
            let done = done.clone();
            async move { done.send(name).unwrap() }
        };
        let first = report("slow: first");
        lanes
            .submit("slow", async move {
                blocked.await.unwrap();
                first.await;
            })
            .unwrap();
        lanes.submit("slow", report("slow: second")).unwrap();
        lanes.submit("quick", report("quick")).unwrap();
        assert_eq!(order.recv().await, Some("quick"), "another lane waits for nobody");
        release.send(()).unwrap();
        lanes.finish().await;
        assert_eq!(order.recv().await, Some("slow: first"));
        assert_eq!(order.recv().await, Some("slow: second"));
    }

    #[tokio::test]
    async fn a_full_lane_says_so_and_others_do_not_mind() {
        let lanes = Lanes::default();
        let (_hold, blocked) = oneshot::channel::<()>();
        lanes.submit("full", async move { drop(blocked.await) }).unwrap();
        tokio::task::yield_now().await;
        for _ in 0..Lanes::CAPACITY {
            lanes.submit("full", async {}).unwrap();
        }
        assert_eq!(lanes.submit("full", async {}), Err(LaneFull { waiting: Lanes::CAPACITY }));
        assert_eq!(lanes.clear(), Lanes::CAPACITY, "what has not begun is dropped");
        assert_eq!(lanes.submit("other", async {}), Ok(()));
    }
}
