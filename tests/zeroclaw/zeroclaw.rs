//! The exported plugins in ZeroClaw's own plugin host, over a real bridge with a simulated `zca` behind it.

mod channel;
mod gateway;
mod package;
mod tool;
mod world;
