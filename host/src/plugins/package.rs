//! What is handed over to be installed: a component alone, or a folder with a manifest.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Component as PathPart, Path, PathBuf};

use serde_json::{Map, Value};
use zalouser_settings::{Problem, Section};

use super::error::{Error, reason};
use super::name::ComponentName;
use super::record::{Request, sha256};
use crate::grants;
use crate::sandbox::{Inspection, Sandbox};

/// The name of the manifest in the folder of a component.
pub const MANIFEST: &str = "zalouser.plugin.json5";

/// The largest component, in bytes; the shipped one has some hundred thousand.
const SIZE: u64 = 64 << 20;

/// The largest manifest, in bytes.
const MANIFEST_SIZE: u64 = 1 << 20;

/// What is handed over to be installed.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    /// What it is to be called: the manifest says so, else the name of the file does.
    pub name: String,
    /// Its version, if a manifest says it.
    pub version: Option<String>,
    /// What it is for, if a manifest says it.
    pub description: Option<String>,
    /// The grants that it asks for.
    pub requests: Vec<Request>,
    /// Where the component is.
    pub file: PathBuf,
    /// The component.
    pub bytes: Vec<u8>,
}

/// What a manifest says.
struct Manifest {
    name: String,
    version: Option<String>,
    description: Option<String>,
    file: PathBuf,
    requests: Vec<Request>,
}

impl Package {
    /// Reads a component, or a folder with a manifest that names one.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::File`] when it cannot be read or is too large, [`Error::Manifest`] with all
    /// that is wrong with the manifest.
    pub fn read(path: &Path) -> Result<Self, Error> {
        if fs::metadata(path).map_err(Error::io(path))?.is_dir() {
            let manifest = Manifest::read(&path.join(MANIFEST))?;
            let file = path.join(&manifest.file);
            let bytes = read_component(&file)?;
            let Manifest { name, version, description, requests, .. } = manifest;
            return Ok(Self { name, version, description, requests, file, bytes });
        }
        let bytes = read_component(path)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        // As cargo does with the name of a package when it writes a file.
        let name = stem.replace('_', "-").to_lowercase();
        let file = path.to_owned();
        Ok(Self { name, version: None, description: None, requests: Vec::new(), file, bytes })
    }

    /// The hash of the component, as lower-case hex digits.
    pub fn sha256(&self) -> String {
        sha256(&self.bytes)
    }

    /// Looks at the component, whether or not it fits.
    ///
    /// # Errors
    /// [`Error::File`] when it is none.
    pub fn inspect(&self, sandbox: &Sandbox) -> Result<Inspection, Error> {
        sandbox.inspect(&self.bytes).map_err(|err| self.wrong(reason(&err)))
    }

    /// Checks that this host can load it.
    ///
    /// # Errors
    /// [`Error::File`] with all in which it does not fit.
    pub fn check(&self, sandbox: &Sandbox) -> Result<(), Error> {
        self.inspect(sandbox)?.fit.map(drop).map_err(|err| self.wrong(reason(&err)))
    }

    /// What it is to be called.
    ///
    /// # Errors
    /// [`Error::Name`] or [`Error::Shipped`] when it cannot be called so.
    pub fn component_name(&self) -> Result<ComponentName, Error> {
        let name: ComponentName = self.name.parse()?;
        if name.is_shipped() { Err(Error::Shipped) } else { Ok(name) }
    }

    fn wrong(&self, reason: String) -> Error {
        Error::File { file: self.file.clone(), reason }
    }
}

impl Manifest {
    fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |problems| Error::Manifest { file: path.to_owned(), problems };
        let bytes = read(path, MANIFEST_SIZE)?;
        let text = String::from_utf8(bytes).map_err(|_| wrong(vec![Problem::new("", "is not UTF-8")]))?;
        let document = zalouser_settings::parse(&text).map_err(|problem| wrong(vec![problem]))?;
        zalouser_settings::read("", Some(&document), Self::of).map_err(wrong)
    }

    fn of(section: &mut Section<'_>) -> Self {
        for key in ["name", "version", "description", "file"] {
            section.require(key);
        }
        let name = section.parse("name", |value| {
            let name = value.as_str().ok_or("is not a string")?;
            name.parse::<ComponentName>().map(String::from).map_err(|_| {
                "has other characters than a-z, 0-9, - and _, begins with one of the last two, or is too long"
                    .to_owned()
            })
        });
        let file = section.parse("file", |value| {
            let file = PathBuf::from(value.as_str().ok_or("is not a string")?);
            let is_inside =
                file.components().all(|part| matches!(part, PathPart::Normal(_) | PathPart::CurDir));
            if is_inside && file.file_name().is_some() {
                Ok(file)
            } else {
                Err("is not the path of a file inside this folder".to_owned())
            }
        });
        Self {
            name: name.unwrap_or_default(),
            version: section.text("version"),
            description: section.text("description"),
            file: file.unwrap_or_default(),
            requests: section.items("grants", request).unwrap_or_default(),
        }
    }
}

fn request(section: &mut Section<'_>) -> Request {
    for key in ["key", "value", "reason"] {
        section.require(key);
    }
    let key =
        section.choice("key", "a key of the grants", &grants::KEYS.map(|key| (key, key))).unwrap_or_default();
    let value = section.value("value").cloned().unwrap_or_default();
    if !key.is_empty() && !value.is_null() {
        let asked = Value::Object(Map::from_iter([(key.to_owned(), value.clone())]));
        // The name does not matter for what is right.
        let read = zalouser_settings::read("", Some(&asked), |section| grants::read("", section));
        for problem in read.err().into_iter().flatten() {
            section.reject("value", problem.problem);
        }
    }
    Request { key: key.to_owned(), value, reason: section.text("reason").unwrap_or_default() }
}

/// Reads the file of a component, which may be too large for one.
pub(super) fn read_component(path: &Path) -> Result<Vec<u8>, Error> {
    read(path, SIZE)
}

/// Reads a file of at most `limit` bytes.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(Error::io(path))?;
    if !file.metadata().map_err(Error::io(path))?.is_file() {
        return Err(Error::File { file: path.to_owned(), reason: "it is not a file".to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(Error::io(path))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        let reason = format!("it has more than {} MiB, the most that is read", limit >> 20);
        return Err(Error::File { file: path.to_owned(), reason });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A folder with this manifest and a file `c.wasm`.
    fn folder(manifest: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MANIFEST), manifest).unwrap();
        fs::write(folder.path().join("c.wasm"), "bytes").unwrap();
        folder
    }

    #[test]
    fn a_manifest_says_what_a_component_is_and_asks_for() {
        let folder = folder(
            "{ name: 'office-hours', version: '1.2.3', description: 'Says when.', file: './c.wasm', // here
               grants: [{ key: 'commands', value: ['send.text'], reason: 'To say so.' }] }",
        );
        let package = Package::read(folder.path()).unwrap();
        assert_eq!((package.name.as_str(), package.version.as_deref()), ("office-hours", Some("1.2.3")));
        assert_eq!(
            (package.bytes.as_slice(), package.description.as_deref()),
            (&b"bytes"[..], Some("Says when."))
        );
        let asked =
            Request { key: "commands".into(), value: json!(["send.text"]), reason: "To say so.".into() };
        assert_eq!(package.requests, [asked]);
    }

    #[test]
    fn everything_that_is_wrong_with_a_manifest_is_told_at_once() {
        let folder = folder(
            "{ name: 'Office Hours', file: '../c.wasm', versoin: '1', description: '',
               grants: [{ key: 'command', value: [], reason: 'x' }, { key: 'commands', value: ['send'] },
                        { key: 'sendsPerDay', value: 'many', reason: 'x' }] }",
        );
        let told = Package::read(folder.path()).unwrap_err().to_string();
        for part in [
            "name: \"Office Hours\" has other characters",
            "file: \"../c.wasm\" is not the path of a file inside",
            "version is missing",
            "versoin is not a known key",
            "description: \"\" is blank",
            "grants[0].key: \"command\" is not a key of the grants",
            "did you mean \"commands\"",
            "grants[1].value: [\"send\"] is not a kind of command",
            "grants[1].reason is missing",
            "grants[2].value: \"many\" is not an integer",
        ] {
            assert!(told.contains(part), "{part} is missing in:\n{told}");
        }
    }

    #[test]
    fn a_file_alone_is_called_as_it_is_without_its_ending() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Office_hours.wasm");
        fs::write(&file, "").unwrap();
        assert_eq!(Package::read(&file).unwrap().name, "office-hours");
        let package = Package { name: "zalouser".to_owned(), ..Package::read(&file).unwrap() };
        assert!(matches!(package.component_name(), Err(Error::Shipped)));
    }

    #[test]
    fn a_folder_without_a_manifest_and_a_file_that_is_not_there_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let told = Package::read(folder.path()).unwrap_err().to_string();
        assert!(told.contains(MANIFEST), "{told}");
        let told = Package::read(Path::new("/nonexistent/c.wasm")).unwrap_err().to_string();
        assert!(told.contains("/nonexistent/c.wasm"), "{told}");
    }
}
