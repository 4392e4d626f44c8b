//! Assembles the components.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const WIT: &str = "../../../wit";

/// What the world asks for beside the monitor: interface, function, and how many parameters of 32 bits it has in a
/// core module. None of it is called.
const STUBS: [(&str, &str, usize); 14] = [
    ("config", "load", 5),
    ("inbound", "[method]monitor.prepare", 1),
    ("inbound", "[method]monitor.learn", 3),
    ("outbound", "plan", 1),
    ("outbound", "pairing-notice", 15),
    ("outbound", "session-key", 5),
    ("directory", "find", 1),
    ("directory", "parse-target", 2),
    ("directory", "parse-group", 2),
    ("directory", "resolve", 6),
    ("tool", "describe", 0),
    ("tool", "policy", 1),
    ("tool", "plan", 1),
    ("tool", "conclude", 1),
];

/// Takes the next bytes, and never gives any back. Local 3 is how many.
const REALLOC: &str = "(global.get $free)
    (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 7)) (i32.const -8)))";

/// No effects: where the pointer and the length of the list are there is only zero.
const NOTHING: &str = "(i32.const 16)";

/// Says that the list of effects is at 32 and has one element.
const ONE: &str = "(i32.store (i32.const 16) (i32.const 32)) (i32.store (i32.const 20) (i32.const 1))";

/// Makes that element a log entry: its level is at 40, the pointer of its text at 44 and the length at 48.
const ENTRY: &str = "(i32.store8 (i32.const 32) (i32.const 4))";

/// Uses up its time.
const SPIN: &str = "(loop $again (br $again)) (unreachable)";

/// A core module with all that the world asks for, of which only what it is about is written out.
struct Module {
    name: &'static str,
    /// Pages of 64 KiB.
    pages: u32,
    /// Further parts of it.
    parts: String,
    /// The body of the function by which the host gets memory of it.
    realloc: &'static str,
    /// The body of `monitor.push`, which gives the address of the list of effects.
    push: String,
}

impl Module {
    fn new(name: &'static str) -> Self {
        Self { name, pages: 2, parts: String::new(), realloc: REALLOC, push: NOTHING.to_owned() }
    }

    fn pushing(name: &'static str, push: impl Into<String>) -> Self {
        Self { push: push.into(), ..Self::new(name) }
    }

    fn with(name: &'static str, parts: impl Into<String>) -> Self {
        Self { parts: parts.into(), ..Self::new(name) }
    }

    fn allocating(name: &'static str, realloc: &'static str) -> Self {
        Self { realloc, ..Self::new(name) }
    }

    fn text(&self) -> String {
        let Self { pages, parts, realloc, push, .. } = self;
        let inbound = "zalouser:plugin/inbound@0.1.0";
        let stubs = STUBS.map(|(interface, name, parameters)| {
            let parameters = "i32 ".repeat(parameters);
            let export = format!("zalouser:plugin/{interface}@0.1.0#{name}");
            format!("(func (export \"{export}\") (param {parameters}) (result i32) unreachable)")
        });
        format!(
            r#"(module
                (import "[export]{inbound}" "[resource-new]monitor" (func $new (param i32) (result i32)))
                (memory (export "memory") {pages})
                (global $free (mut i32) (i32.const 65536))
                {parts}
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
                (func (export "{inbound}#[constructor]monitor") (param i32) (result i32)
                    (call $new (i32.const 1)))
                (func (export "{inbound}#[method]monitor.set-paired") (param i32 i32 i32))
                (func (export "{inbound}#[method]monitor.recall") (param i32 i32 i32))
                (func (export "{inbound}#[method]monitor.push") (param i32 i32 i32 i64 i32) (result i32) {push})
                {stubs})"#,
            stubs = stubs.join("\n")
        )
    }
}

fn modules() -> Vec<Module> {
    vec![
        Module::new("harmless"),
        Module { pages: 1_025, ..Module::new("large memory") },
        Module::with("large table", "(table 10001 funcref)"),
        Module::with("two half tables", "(table 6000 funcref) (table 6000 funcref)"),
        Module::with("many tables", "(table 1 funcref)".repeat(40)),
        Module::with("endless start", format!("(func $start {SPIN}) (start $start)")),
        Module {
            push: "(loop $again (br_if $again (i32.ne (i32.const -1)
                    (table.grow $table (ref.null func) (i32.const 100)))))
                (unreachable)"
                .to_owned(),
            ..Module::with("growing table", "(table $table 1 funcref)")
        },
        Module::allocating("endless allocation", SPIN),
        Module::allocating("allocation outside of the memory", "(i32.const -8)"),
        Module::pushing("result outside of the memory", "(i32.const -16)"),
        Module::pushing("result that is not aligned", "(i32.const 17)"),
        Module::pushing(
            "list that ends outside of the memory",
            format!("{ONE} (i32.store (i32.const 20) (i32.const 0x7fffffff)) {NOTHING}"),
        ),
        Module::pushing("unknown effect", format!("{ONE} (i32.store8 (i32.const 32) (i32.const 99)) {NOTHING}")),
        Module::pushing(
            "unknown level",
            format!("{ONE} {ENTRY} (i32.store8 (i32.const 40) (i32.const 99)) {NOTHING}"),
        ),
        Module::pushing(
            "text of a gigabyte",
            format!("{ONE} {ENTRY} (i32.store (i32.const 48) (i32.const 0x40000000)) {NOTHING}"),
        ),
        Module::pushing(
            "text that is not UTF-8",
            format!(
                "{ONE} {ENTRY} (i32.store8 (i32.const 2000) (i32.const 0xff))
                (i32.store (i32.const 44) (i32.const 2000)) (i32.store (i32.const 48) (i32.const 1)) {NOTHING}"
            ),
        ),
        Module::pushing("empty entry", format!("{ONE} {ENTRY} {NOTHING}")),
        Module {
            pages: 1_000,
            ..Module::pushing(
                "effects in all of the memory",
                "(i32.store (i32.const 16) (i32.const 65536)) (i32.store (i32.const 20) (i32.const 150000))
                (i32.const 16)",
            )
        },
    ]
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={WIT}");
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(Path::new(WIT))?;
    let world = resolve.select_world(&[package], Some("plugin"))?;
    let folder = PathBuf::from(env::var("OUT_DIR")?);

    let mut list = String::from("const COMPONENTS: &[(&str, &[u8])] = &[\n");
    let foreign = r#"(component (import "evil:host/shell@1.0.0" (instance (export "run" (func)))))"#;
    let mut components = vec![("foreign import", wat::parse_str(foreign)?)];
    for module in modules() {
        let mut bytes = wat::parse_str(module.text())?;
        embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8)?;
        let encoded = ComponentEncoder::default().module(&bytes).and_then(|encoder| encoder.encode());
        components.push((module.name, encoded.map_err(|err| format!("{}: {err:#}", module.name))?));
    }
    for (name, bytes) in components {
        let path = folder.join(format!("{name}.wasm"));
        fs::write(&path, bytes)?;
        writeln!(list, "({name:?}, include_bytes!({path:?})),")?;
    }
    fs::write(folder.join("components.rs"), list + "];\n")?;
    Ok(())
}
