//! What one call into a guest may cost.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// How often the engine looks at the clock. A budget is counted in these, so it also is the
/// precision of [`Limits::call_budget`], and the longest that a guest keeps a thread to itself.
pub const TICK: Duration = Duration::from_millis(10);

/// Instances, memories and tables of one guest, each. A component of a compiler has three or four; each
/// memory reserves 4 GiB of address space.
const PARTS: usize = 32;

/// What a guest may hold at a time of the host's resources, and of its own. Each is some memory of the host.
pub(super) const HANDLES: usize = 1_000;

/// The most that a guest may take. A guest that goes beyond traps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in all of its memories. 64 MiB hold a hundred times what one account needs.
    pub memory_bytes: usize,
    /// Elements in all of its tables, which hold the functions it calls through pointers.
    pub table_elements: usize,
    /// Execution time of one call, not counting the time in which others had the thread; rounded up
    /// to a whole [`TICK`].
    pub call_budget: Duration,
    /// Time from the beginning of one call to its end, with all that it waits for. Only a guest that asks
    /// its host to wait gets here, or one on a machine that has no time for anybody.
    pub call_deadline: Duration,
    /// Bytes that one call may hand to the host, as the host stores them. What is beyond is not even read.
    pub returned_bytes: usize,
    /// Effects, or commands, in what one call hands to the host.
    pub effects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            table_elements: 10_000,
            call_budget: Duration::from_millis(250),
            call_deadline: Duration::from_secs(5),
            returned_bytes: 8 << 20,
            effects: 10_000,
        }
    }
}

impl Limits {
    /// The call budget in ticks. One is added because the first is already running.
    pub(super) fn budget_ticks(&self) -> u64 {
        let ticks = self.call_budget.as_nanos().div_ceil(TICK.as_nanos());
        u64::try_from(ticks).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// What a guest ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// [`Limits::memory_bytes`].
    #[error("memory")]
    Memory,
    /// [`Limits::table_elements`].
    #[error("table elements")]
    Table,
    /// [`Limits::call_budget`].
    #[error("execution time")]
    Time,
    /// [`Limits::call_deadline`].
    #[error("waiting time")]
    Deadline,
    /// Its stack of 512 KiB, of which it uses more the deeper its functions call one another.
    #[error("stack")]
    Stack,
    /// [`Limits::returned_bytes`].
    #[error("returned data")]
    Returned,
    /// [`Limits::effects`].
    #[error("effects")]
    Effects,
    /// The messages that it was given: it may not hand over more of them than there were lines, nor answer each
    /// by itself with more than a few commands.
    #[error("messages")]
    Messages,
    /// Handles: what it may hold of the host's resources and its own at a time.
    #[error("handles")]
    Handles,
    /// The instances, memories and tables that it may consist of.
    #[error("instances")]
    Instances,
}

/// Refuses growth beyond the limits and remembers that it did: the guest itself only says that it
/// trapped.
#[derive(Debug)]
pub(super) struct Growth {
    memory_left: usize,
    elements_left: usize,
    pub(super) refused: Option<Limit>,
}

impl Growth {
    pub(super) fn within(limits: &Limits) -> Self {
        Self { memory_left: limits.memory_bytes, elements_left: limits.table_elements, refused: None }
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(take(&mut self.memory_left, current, desired, Limit::Memory, &mut self.refused))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(take(&mut self.elements_left, current, desired, Limit::Table, &mut self.refused))
    }

    fn instances(&self) -> usize {
        PARTS
    }

    fn tables(&self) -> usize {
        PARTS
    }

    fn memories(&self) -> usize {
        PARTS
    }
}

/// Takes what growth costs out of what is left, if there is that much. What cannot be had after all, because
/// the machine does not have it, stays taken.
fn take(left: &mut usize, current: usize, desired: usize, limit: Limit, refused: &mut Option<Limit>) -> bool {
    let rest = left.checked_sub(desired.saturating_sub(current));
    match rest {
        Some(rest) => *left = rest,
        None => *refused = Some(limit),
    }
    rest.is_some()
}
