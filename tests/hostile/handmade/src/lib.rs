//! Components that no compiler makes: with ill-formed results, and parts that are too large. The build script has
//! them as text.

include!(concat!(env!("OUT_DIR"), "/components.rs"));

/// The bytes of a component, by its name in the build script; none for a name that is not there.
pub fn component(name: &str) -> Option<&'static [u8]> {
    COMPONENTS.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}
