//! What the components for ZeroClaw have in common: their settings, and the way to the bridge.

mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "bridge-user", generate_all });
}
mod http;
mod settings;

pub use http::{Http, now};
pub use settings::Settings;
