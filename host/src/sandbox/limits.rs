//! What one call into a guest may cost.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// How often the engine looks at the clock. A budget is counted in these, so it also is the
/// precision of [`Limits::call_budget`], and the longest that a guest keeps a thread to itself.
pub const TICK: Duration = Duration::from_millis(10);

/// The most that a guest may take. A guest that goes beyond traps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in each of its memories. 64 MiB hold a hundred times what one account needs.
    pub memory_bytes: usize,
    /// Elements in each of its tables, which hold the functions it calls through pointers.
    pub table_elements: usize,
    /// Execution time of one call, not counting the time in which others had the thread; rounded up
    /// to a whole [`TICK`].
    pub call_budget: Duration,
    /// Bytes that one call may hand to the host.
    pub returned_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            table_elements: 10_000,
            call_budget: Duration::from_millis(250),
            returned_bytes: 8 << 20,
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
}

/// Refuses growth beyond the limits and remembers that it did: the guest itself only says that it
/// trapped.
#[derive(Debug)]
pub(super) struct Growth {
    memory_bytes: usize,
    table_elements: usize,
    pub(super) refused: Option<Limit>,
}

impl Growth {
    pub(super) fn within(limits: &Limits) -> Self {
        Self { memory_bytes: limits.memory_bytes, table_elements: limits.table_elements, refused: None }
    }

    fn decide(&mut self, limit: Limit, allowed: bool) -> bool {
        if !allowed {
            self.refused = Some(limit);
        }
        allowed
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.decide(Limit::Memory, desired <= self.memory_bytes))
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.decide(Limit::Table, desired <= self.table_elements))
    }
}
