//! The one engine that compiles and runs guests.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread;

use wasmtime::component::Linker;
use wasmtime::{Cache, CacheConfig, Config, Engine};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

use super::component::{Component, Inspection};
use super::denial::deny_all;
use super::error::Error;
use super::limits::{Growth, HANDLES, Limits, TICK};
use crate::private_folder;

/// Compiles components and knows what they may import: WASI 0.2 with everything denied, or nothing.
#[derive(Clone)]
pub struct Sandbox {
    engine: Engine,
    linker: Arc<Linker<State>>,
    limits: Limits,
    shipped: Arc<OnceLock<Component>>,
}

/// What a guest's store holds.
pub(super) struct State {
    pub(super) growth: Growth,
    /// Ticks that the running call has left.
    pub(super) ticks: u64,
    wasi: WasiCtx,
    resources: ResourceTable,
}

impl State {
    pub(super) fn new(limits: &Limits) -> Self {
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(HANDLES);
        Self { growth: Growth::within(limits), ticks: 0, wasi: deny_all(), resources }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

impl Sandbox {
    /// Sets up the engine. With `cache`, compiled code is kept in that folder, which is made for
    /// this user alone: what lies there is run as native code.
    ///
    /// # Errors
    /// [`Error::Engine`] when somebody else could write to the folder, when it cannot be used, or when the
    /// engine does not start.
    pub fn new(limits: Limits, cache: Option<&Path>) -> Result<Self, Error> {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            // Nobody is shown where in a component something failed, and this is a third of what is kept of it.
            .generate_address_map(false)
            .native_unwind_info(false)
            // A third of the cost of a call; needed only for async in WIT, of which there is none.
            .concurrency_support(false);
        if let Some(folder) = cache {
            config.cache(Some(open_cache(folder)?));
        }
        let engine = Engine::new(&config).map_err(|err| Error::Engine(format!("{err:#}")))?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)
            .map_err(|err| Error::Engine(format!("{err:#}")))?;
        tick(&engine)?;
        Ok(Self { engine, linker: Arc::new(linker), limits, shipped: Arc::default() })
    }

    /// The component that is part of this program, compiled at the first call.
    ///
    /// # Errors
    /// [`Error::Load`]; never for a program that was built by its own build script.
    pub fn load_shipped(&self) -> Result<Component, Error> {
        if let Some(component) = self.shipped.get() {
            return Ok(component.clone());
        }
        let component = self.load(super::SHIPPED)?;
        Ok(self.shipped.get_or_init(|| component).clone())
    }

    /// Compiles a component, which takes some 30 ms unless the cache has it.
    ///
    /// # Errors
    /// [`Error::Load`] when the bytes are not a component, or it does not fit the WIT world of this
    /// host.
    pub fn load(&self, bytes: &[u8]) -> Result<Component, Error> {
        self.inspect(bytes)?.fit
    }

    /// Looks at a component, whether or not it fits the WIT world of this host.
    ///
    /// # Errors
    /// [`Error::Load`] when the bytes are not a component.
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspection, Error> {
        Component::compile(&self.engine, &self.linker, &self.limits, bytes)
    }
}

fn open_cache(folder: &Path) -> Result<Cache, Error> {
    // The two folders over it are the state folder and our part of that.
    let folder = private_folder::open(folder, 2).map_err(|err| {
        Error::Engine(format!("compiled code is not kept where others could put some: {err}"))
    })?;
    let mut config = CacheConfig::new();
    config.with_directory(folder);
    Cache::new(config).map_err(|err| Error::Engine(format!("{err:#}")))
}

/// Advances the engine's clock for as long as the engine exists.
fn tick(engine: &Engine) -> Result<(), Error> {
    let engine = engine.weak();
    thread::Builder::new()
        .name("sandbox-tick".into())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        })
        .map_err(|err| Error::Engine(format!("no thread for the clock: {err}")))?;
    Ok(())
}
