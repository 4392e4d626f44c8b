//! The files of the simulator: JSON values that are replaced at once, and logs of JSON lines.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a JSON file; none when there is no such file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| invalid(path, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path, error)),
    }
}

/// Replaces a JSON file, so that a reader sees either the old one or the new one.
pub(super) fn replace(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| at(folder, error))?;
    file.write_all(&serde_json::to_vec_pretty(value)?)?;
    file.persist(path).map_err(|error| at(path, error.error))?;
    Ok(())
}

/// Appends a line to a log in one write, so that lines of several processes do not mix.
pub(super) fn append(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    append_bytes(path, &line)
}

/// Appends bytes to a file in one write.
pub(super) fn append_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file =
        OpenOptions::new().create(true).append(true).open(path).map_err(|error| at(path, error))?;
    file.write_all(bytes)
}

/// Reads all lines of a log; none when there is no such file. A line that is just being written is left out.
pub(super) fn read_log<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at(path, error)),
    };
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    lines.map(|line| serde_json::from_slice(line).map_err(|error| invalid(path, error))).collect()
}

/// Opens a file for reading and writing, and makes it if need be.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(|error| at(path, error))
}

fn invalid(path: &Path, error: serde_json::Error) -> io::Error {
    at(path, io::Error::new(io::ErrorKind::InvalidData, error))
}

fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
