//! Builds the guest components, so that the host can embed them.
//!
//! Artifact dependencies are not stable, so this runs cargo a second time, in a target folder of
//! its own: one that it shared with the outer cargo would be locked.

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha2::{Digest, Sha256};
use wasmparser::BinaryReader;
use wit_component::ComponentEncoder;

/// How long a component's header is, in bytes.
const HEADER: usize = 8;

/// The number of a section that means nothing to who runs the component.
const CUSTOM: u8 = 0;

const TARGET: &str = "wasm32-unknown-unknown";

/// A component to embed.
struct Guest {
    package: &'static str,
    /// What the file is called.
    file: &'static str,
    /// The variable of the compiler that says where it is.
    variable: &'static str,
}

/// The one that is run here.
const CHANNEL: Guest =
    Guest { package: "zalouser-component", file: "zalouser.wasm", variable: "ZALOUSER_COMPONENT" };

/// Those that are exported for other gateways.
const EXPORTED: [Guest; 3] = [
    Guest {
        package: "zalouser-ironclaw",
        file: "zalouser-ironclaw.wasm.z",
        variable: "ZALOUSER_IRONCLAW_COMPONENT",
    },
    Guest {
        package: "zalouser-zeroclaw-channel",
        file: "zalouser-zeroclaw-channel.wasm.z",
        variable: "ZALOUSER_ZEROCLAW_CHANNEL_COMPONENT",
    },
    Guest {
        package: "zalouser-zeroclaw-tool",
        file: "zalouser-zeroclaw-tool.wasm.z",
        variable: "ZALOUSER_ZEROCLAW_TOOL_COMPONENT",
    },
];

/// How the guests are compiled.
const FLAGS: [&str; 2] = [
    // Writes the addresses in the code as short as they are, instead of each in five bytes: a twentieth of the
    // component.
    "-Clink-arg=--compress-relocations",
    // Looks for the ends of lines sixteen bytes at a time. Every engine that runs components has vectors.
    "-Ctarget-feature=+simd128",
];

fn main() {
    if let Err(err) = build() {
        println!("cargo::error={err}");
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let workspace = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../..");
    for source in [
        "Cargo.toml",
        "Cargo.lock",
        "guest/bridge",
        "guest/channel",
        "guest/chunks",
        "guest/component",
        "guest/ironclaw",
        "guest/logic",
        "guest/tolerant",
        "guest/zeroclaw",
        "settings",
        "wit",
    ] {
        println!("cargo::rerun-if-changed={}", workspace.join(source).display());
    }
    check_target()?;

    let out_dir = PathBuf::from(variable("OUT_DIR")?);
    let modules = target_dir(&out_dir)?;
    build_modules(&workspace, &modules)?;
    for guest in EXPORTED {
        embed(&guest, &out_dir, &compressed(&component(&guest, &modules)?)?)?;
    }
    let component = component(&CHANNEL, &modules)?;
    embed(&CHANNEL, &out_dir, &component)?;
    println!("cargo::rustc-env=ZALOUSER_COMPONENT_SHA256={:x}", Sha256::digest(&component));
    println!("cargo::rustc-env=ZALOUSER_GUEST_VERSION={}", guest_version(&workspace)?);
    Ok(())
}

/// Makes a component of a guest's module.
fn component(guest: &Guest, modules: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let module = modules.join(TARGET).join("guest").join(format!("{}.wasm", guest.package.replace('-', "_")));
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&fs::read(&module)?)
        .and_then(|encoder| encoder.encode())
        .map_err(|err| format!("cannot make a component of {}: {err:#}", module.display()))?;
    without_names(&component)
}

/// What is rarely exported need not take the room that it will have.
fn compressed(component: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(component)?;
    encoder.finish()
}

/// Tells the compiler where a guest is.
fn embed(guest: &Guest, out_dir: &Path, content: &[u8]) -> io::Result<()> {
    let path = out_dir.join(guest.file);
    fs::write(&path, content)?;
    println!("cargo::rustc-env={}={}", guest.variable, path.display());
    Ok(())
}

/// A component without its custom sections. They name what is in it to who takes it apart, and say which tools made
/// it: 4 kB that each gateway would load.
fn without_names(component: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut reader = BinaryReader::new(component, 0);
    let mut bare = reader.read_bytes(HEADER)?.to_vec();
    let mut rest = reader.read_bytes(reader.bytes_remaining())?;
    while !rest.is_empty() {
        let mut section = BinaryReader::new(rest, 0);
        let id = section.read_u8()?;
        let size = section.read_var_u32()?;
        section.read_bytes(usize::try_from(size)?)?;
        let (section, after) = rest.split_at(rest.len() - section.bytes_remaining());
        if id != CUSTOM {
            bare.extend_from_slice(section);
        }
        rest = after;
    }
    Ok(bare)
}

/// Names the mend when the guest's target is not there; cargo itself says this in a hundred lines.
fn check_target() -> Result<(), Box<dyn Error>> {
    let rustc = variable("RUSTC")?;
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output()?;
    let folder = String::from_utf8(output.stdout)?;
    if output.status.success() && Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    Err(format!("the guest needs the target {TARGET}; run: rustup toolchain install").into())
}

/// One folder for all profiles of the host, beside theirs: `OUT_DIR` is
/// `<target>/<profile>/build/<package>/out`.
fn target_dir(out_dir: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let target = out_dir.ancestors().nth(4).ok_or("OUT_DIR is not where cargo puts it")?;
    Ok(target.join("guest"))
}

fn build_modules(workspace: &Path, target_dir: &Path) -> Result<(), Box<dyn Error>> {
    let packages: Vec<_> =
        [CHANNEL].iter().chain(&EXPORTED).flat_map(|guest| ["--package", guest.package]).collect();
    let status = Command::new(variable("CARGO")?)
        .current_dir(workspace)
        .args(["build", "--locked", "--profile", "guest", "--target", TARGET])
        .args(&packages)
        .arg("--target-dir")
        .arg(target_dir)
        // What the outer cargo was told about the host does not hold for the guest.
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags())
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .status()?;
    if !status.success() {
        let packages = packages.join(" ");
        return Err(format!("the guests do not build; run: cargo build {packages} --target {TARGET}").into());
    }
    Ok(())
}

/// The flags of the compiler, as cargo takes them apart. A panic names its place in the source; the folders that cargo
/// has the sources of dependencies in are left out, so that a component is the same from wherever it is built.
fn rustflags() -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let registries = fs::read_dir(home.join("registry").join("src")).into_iter().flatten().flatten();
    let remapped = registries.map(|registry| format!("--remap-path-prefix={}=", registry.path().display()));
    FLAGS.map(str::to_owned).into_iter().chain(remapped).collect::<Vec<_>>().join("\x1f")
}

/// The version in the guest's own manifest.
fn guest_version(workspace: &Path) -> Result<String, Box<dyn Error>> {
    let output = Command::new(variable("CARGO")?)
        .current_dir(workspace)
        .args(["pkgid", "--locked", "--offline", "--package", CHANNEL.package])
        .output()?;
    // An id ends in `#<version>` or in `#<name>@<version>`.
    let id = String::from_utf8(output.stdout)?;
    match id.trim().rsplit_once(['#', '@']) {
        Some((_, version)) if output.status.success() => Ok(version.to_owned()),
        _ => Err(format!("cargo does not know the version of {}: {id}", CHANNEL.package).into()),
    }
}

fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    env::var(name).map_err(|err| format!("{name}: {err}").into())
}
