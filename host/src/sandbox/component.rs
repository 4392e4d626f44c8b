//! A compiled component, from which guests are made.

use std::sync::Arc;

use wasmtime::component::{self, Linker};
use wasmtime::{Engine, Store, UpdateDeadline};

use super::bindings::PluginPre;
use super::engine::State;
use super::error::Error;
use super::guest::Guest;
use super::limits::{HANDLES, Limits};
use crate::grants;

/// A compiled component that fits the WIT world. Cheap to clone.
#[derive(Clone)]
pub struct Component {
    name: Arc<str>,
    pre: PluginPre<State>,
    limits: Limits,
}

impl Component {
    pub(super) fn compile(
        engine: &Engine,
        linker: &Linker<State>,
        limits: &Limits,
        bytes: &[u8],
    ) -> Result<Self, Error> {
        let load = |err: wasmtime::Error| Error::Load(format!("{err:#}"));
        let component = component::Component::new(engine, bytes).map_err(load)?;
        let pre = linker.instantiate_pre(&component).and_then(PluginPre::new).map_err(load)?;
        Ok(Self { name: grants::SHIPPED.into(), pre, limits: limits.clone() })
    }

    /// The same component under another name than the shipped one's.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// What the operator calls it.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What the component asks its host for: the names of its imports, as `wasi:io/poll@0.2.6`.
    pub fn imports(&self) -> Vec<String> {
        let component = self.pre.instance_pre().component();
        let ty = component.component_type();
        ty.imports(component.engine()).map(|(name, _)| name.to_owned()).collect()
    }

    /// Makes a guest: an instance with a memory of its own.
    ///
    /// # Errors
    /// [`Error::Trap`] or [`Error::Limit`] when its start does not end well.
    pub async fn instantiate(&self) -> Result<Guest, Error> {
        let mut store = Store::new(self.pre.engine(), State::new(&self.limits));
        store.limiter(|state| &mut state.growth);
        // Counted anew for each transfer, so that a guest does not run out of it by living long.
        store.set_hostcall_fuel(self.limits.returned_bytes);
        store.set_max_component_handles(HANDLES);
        store.epoch_deadline_callback(|mut store| {
            let state = store.data_mut();
            state.ticks = state.ticks.saturating_sub(1);
            Ok(if state.ticks == 0 { UpdateDeadline::Interrupt } else { UpdateDeadline::Yield(1) })
        });
        Guest::start(store, &self.pre, Arc::clone(&self.name), self.limits.clone()).await
    }
}
