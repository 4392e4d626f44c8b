//! A compiled component, from which guests are made.

use std::sync::Arc;

use wasmtime::component::{self, Linker};
use wasmtime::{Engine, Store, UpdateDeadline};

use super::bindings::PluginPre;
use super::contract::{self, WORLD};
use super::engine::State;
use super::error::Error;
use super::guest::Guest;
use super::limits::{HANDLES, Limits};

/// A compiled component that fits the WIT world. Cheap to clone.
#[derive(Clone)]
pub struct Component {
    name: Arc<str>,
    pre: PluginPre<State>,
    limits: Limits,
}

/// What there is to know of a component before it is run.
pub struct Inspection {
    /// The names of what it asks its host for.
    pub imports: Vec<String>,
    /// The names of what it offers.
    pub exports: Vec<String>,
    /// The component, or why this host cannot load it.
    pub fit: Result<Component, Error>,
}

impl Component {
    pub(super) fn compile(
        engine: &Engine,
        linker: &Linker<State>,
        limits: &Limits,
        bytes: &[u8],
    ) -> Result<Inspection, Error> {
        contract::check_binary(bytes).map_err(|problem| Error::Load(problem.to_owned()))?;
        let component = component::Component::new(engine, bytes).map_err(|err| {
            Error::Load(format!("it is damaged or cut off; build or copy it again ({})", err.root_cause()))
        })?;
        let ty = component.component_type();
        let imports: Vec<_> = ty.imports(engine).map(|(name, _)| name.to_owned()).collect();
        let exports: Vec<_> = ty.exports(engine).map(|(name, _)| name.to_owned()).collect();
        let misfits = contract::misfits(&imports, &exports);
        let fit = if misfits.is_empty() {
            link(linker, &component).map(|pre| Self {
                name: crate::SHIPPED_NAME.into(),
                pre,
                limits: limits.clone(),
            })
        } else {
            let told: Vec<_> = misfits.iter().map(ToString::to_string).collect();
            Err(Error::Load(told.join("; ")))
        };
        Ok(Inspection { imports, exports, fit })
    }

    /// The same component for guests with other limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
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

/// Links a component whose imports and exports have the right names.
fn link(linker: &Linker<State>, component: &component::Component) -> Result<PluginPre<State>, Error> {
    let pre = linker.instantiate_pre(component).map_err(|err| {
        Error::Load(format!("an import of it is not as this host offers it: {}", err.root_cause()))
    })?;
    PluginPre::new(pre).map_err(|err| {
        let reason = format!("{err:#}");
        Error::Load(format!(
            "an export of it is not as the world {WORLD} has it, build it against that: {reason}"
        ))
    })
}
