//! Files that appear whole or not at all, for their owner only.

use std::{
    fs::{self, DirBuilder, File, Metadata},
    io::{self, Write},
    os::unix::fs::{self as unix, DirBuilderExt, MetadataExt, PermissionsExt},
    path::Path,
};

use tempfile::NamedTempFile;

/// Puts `bytes` in the place of the file at `path`, or of nothing. Its mode becomes 0600.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    prepare(path, bytes, None)?.persist(path)?;
    sync_folder(path)
}

/// Makes the file at `path`, which must not exist yet.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    prepare(path, bytes, None)?.persist_noclobber(path)?;
    sync_folder(path)
}

/// Makes the folder of `path` and those above it where they are missing, with mode 0700.
pub(crate) fn create_folder_of(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path)?)
}

/// A temporary neighbour of `path`, named as OpenClaw names its own, with `bytes` safely in it, to be put
/// in the place of `path`. Its owner and mode are those of `model`; without one it is for its owner only.
pub(crate) fn prepare(path: &Path, bytes: &[u8], model: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let mut prefix = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    prefix.push(".");
    let mut file = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".tmp")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder_of(path)?)?;
    if let Some(model) = model {
        let made = file.as_file().metadata()?;
        if (made.uid(), made.gid()) != (model.uid(), model.gid()) {
            unix::fchown(file.as_file(), Some(model.uid()), Some(model.gid()))?;
        }
        file.as_file().set_permissions(model.permissions())?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The new name is on disk only when the folder that holds it is.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path)?)?.sync_all()
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_are_for_their_owner_only() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/file.json");
        create_folder_of(&path).unwrap();
        create(&path, b"1").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        replace(&path, b"2").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!((mode(&root.path().join("a")), mode(&root.path().join("a/b"))), (0o700, 0o700));
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(fs::read_dir(root.path().join("a/b")).unwrap().count(), 1, "a temporary file is left");
    }

    #[test]
    fn a_file_can_be_made_after_the_model_of_another() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file.json");
        fs::write(&path, "1").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let model = fs::metadata(&path).unwrap();
        for (model, mode) in [(Some(&model), 0o640), (None, 0o600)] {
            let made = prepare(&path, b"2", model).unwrap().as_file().metadata().unwrap();
            assert_eq!(made.mode() & 0o777, mode);
        }
    }

    #[test]
    fn what_exists_is_not_created_again() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file.json");
        create(&path, b"first").unwrap();
        assert_eq!(create(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }
}
