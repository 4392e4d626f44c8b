//! Whether a component fits the WIT world, told in its terms rather than in the engine's.

/// The world that a component has to be built against.
pub const WORLD: &str = "zalouser:plugin/plugin@0.1.0";

/// What the world exports. Of their versions all fit that differ in nothing but the last number.
const EXPORTS: [&str; 6] = [
    "zalouser:plugin/types@0.1.0",
    "zalouser:plugin/config@0.1.0",
    "zalouser:plugin/inbound@0.1.0",
    "zalouser:plugin/outbound@0.1.0",
    "zalouser:plugin/directory@0.1.0",
    "zalouser:plugin/tool@0.1.0",
];

/// What a component may import: packages of WASI 0.2, of which everything is denied.
const WASI: [&str; 6] =
    ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"];

/// How a binary begins, without the layer that tells components from core modules.
const MAGIC: &[u8] = b"\0asm";
/// What follows in a component.
const COMPONENT_LAYER: &[u8] = &[0x0d, 0, 1, 0];

/// Something in which a component does not fit the world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Misfit {
    #[error("it does not export {0}; build it against the world {WORLD}")]
    Missing(&'static str),
    #[error(
        "it exports {found}, and this host speaks {wanted}; build it against that version, or run a zalouser \
         that speaks the other"
    )]
    Version { found: String, wanted: &'static str },
    #[error("it imports {0}, which this host does not offer; a component may import WASI 0.2 or nothing")]
    Import(String),
    #[error("it imports {0}, and of WASI this host offers 0.2; build it for the target wasm32-wasip2")]
    WasiVersion(String),
}

/// Whether `bytes` begin as a component does.
///
/// # Errors
/// What they are instead, as the rest of a sentence about them.
pub(super) fn check_binary(bytes: &[u8]) -> Result<(), &'static str> {
    if bytes.is_empty() {
        return Err("it is empty");
    }
    match bytes.strip_prefix(MAGIC) {
        Some(rest) if rest.starts_with(COMPONENT_LAYER) => Ok(()),
        Some(rest) if rest.len() < COMPONENT_LAYER.len() => Err("it is cut off; build or copy it again"),
        Some(_) => {
            Err("it is a core module and no component; build it for the target wasm32-wasip2, or make a \
                        component of it with `wasm-tools component new`")
        }
        None if bytes.iter().all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace()) => {
            Err("it is a text; a component is a binary file, as cargo builds it for the target wasm32-wasip2")
        }
        None => Err("it is no WebAssembly; a component begins with the bytes 00 61 73 6d 0d 00 01 00"),
    }
}

/// All in which a component with these imports and exports does not fit.
pub(super) fn misfits(imports: &[String], exports: &[String]) -> Vec<Misfit> {
    let imports = imports.iter().filter_map(|name| import_misfit(name));
    let exports = EXPORTS.into_iter().filter_map(|wanted| {
        let mut of_this_name = exports.iter().filter(|found| interface(found) == interface(wanted));
        let first = of_this_name.clone().next();
        match (first, of_this_name.any(|found| track(found) == track(wanted))) {
            (None, _) => Some(Misfit::Missing(wanted)),
            (Some(_), true) => None,
            (Some(found), false) => Some(Misfit::Version { found: found.clone(), wanted }),
        }
    });
    imports.chain(exports).collect()
}

fn import_misfit(name: &str) -> Option<Misfit> {
    let package = interface(name).split('/').next().unwrap_or_default();
    if !WASI.contains(&package) {
        Some(Misfit::Import(name.to_owned()))
    } else if track(name) != "0.2" {
        Some(Misfit::WasiVersion(name.to_owned()))
    } else {
        None
    }
}

/// The name of an interface without its version.
fn interface(name: &str) -> &str {
    name.split('@').next().unwrap_or_default()
}

/// The numbers that have to be the same for two versions before 1.0 to fit: all but the last.
fn track(name: &str) -> &str {
    let version = name.split_once('@').map_or("", |(_, version)| version);
    version.rsplit_once('.').map_or("", |(track, _)| track)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(imports: &[&str], exports: &[&str]) -> Vec<Misfit> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        misfits(&owned(imports), &owned(exports))
    }

    #[test]
    fn a_component_may_import_wasi_and_export_more_than_the_world() {
        let exports = [&EXPORTS[..], &["other:package/thing@9.0.0"]].concat();
        assert_eq!(told(&["wasi:io/poll@0.2.6", "wasi:random/random@0.2.0"], &exports), []);
    }

    #[test]
    fn a_later_fix_of_an_interface_fits_and_another_version_is_named() {
        let with = |inbound: &'static str| {
            let other = |name: &&str| interface(name) != "zalouser:plugin/inbound";
            let exports: Vec<_> = EXPORTS.into_iter().filter(other).chain([inbound]).collect();
            told(&[], &exports)
        };
        assert_eq!(with("zalouser:plugin/inbound@0.1.7"), []);
        for found in
            ["zalouser:plugin/inbound@0.2.0", "zalouser:plugin/inbound@1.1.0", "zalouser:plugin/inbound"]
        {
            let wanted = "zalouser:plugin/inbound@0.1.0";
            assert_eq!(with(found), [Misfit::Version { found: found.to_owned(), wanted }]);
        }
    }

    #[test]
    fn everything_that_does_not_fit_is_told_at_once() {
        let (known, missing) = EXPORTS.split_at(4);
        assert_eq!(
            told(&["zca:run/exec", "wasi:http/types@0.2.0", "wasi:io/poll@0.3.0"], known),
            [
                Misfit::Import("zca:run/exec".to_owned()),
                Misfit::Import("wasi:http/types@0.2.0".to_owned()),
                Misfit::WasiVersion("wasi:io/poll@0.3.0".to_owned()),
                Misfit::Missing(missing[0]),
                Misfit::Missing(missing[1]),
            ]
        );
    }

    #[test]
    fn what_is_no_component_is_told_for_what_it_is() {
        for (bytes, told) in [
            (&b""[..], "it is empty"),
            (b"\0asm", "it is cut off"),
            (b"\0asm\x01\0\0\0\0", "it is a core module"),
            (b"(component)\n", "it is a text"),
            (b"\x7fELF\x02\x01", "it is no WebAssembly"),
        ] {
            let problem = check_binary(bytes).unwrap_err();
            assert!(problem.starts_with(told), "{bytes:?}: {problem}");
        }
        assert_eq!(check_binary(b"\0asm\x0d\0\x01\0"), Ok(()));
    }
}
