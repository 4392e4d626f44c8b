//! The native host of zalouser: it owns `zca`, feeds what `zca listen` prints to a sandboxed guest,
//! and carries out what the guest asks for.

pub mod bridge;
pub mod cli;
mod clock;
pub mod config;
pub mod config_file;
pub mod decision;
mod file_watch;
pub mod gateway;
pub mod grants;
pub mod journal;
mod log_file;
pub mod mcp;
mod pid_lock;
pub mod plugins;
mod private_folder;
mod process;
mod qr;
pub mod sandbox;
pub mod serve;
pub mod settings;
pub mod simulator;
pub mod state_dir;
pub mod store;
pub mod tool;
pub mod zca;
mod zone;
