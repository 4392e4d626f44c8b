//! Folders whose content is trusted, because nobody else can put anything in them.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What everybody but the owner may change in a folder.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// In a folder with this bit, as `/tmp`, everybody may only move what is their own.
const STICKY: u32 = 0o1000;

/// Why a folder is not to be trusted.
#[derive(Debug, thiserror::Error)]
pub enum Exposed {
    /// It cannot be made or looked at.
    #[error("{}: {reason}", folder.display())]
    Io {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// It leads elsewhere, where nobody looked.
    #[error(
        "{path} is a symbolic link, and what is trusted has to lie in a folder of its own; remove it: rm {path}",
        path = folder.display()
    )]
    Link {
        /// Which folder.
        folder: PathBuf,
    },
    /// There is something else in its place.
    #[error("{path} is no folder; move it away: mv {path} {path}.old", path = folder.display())]
    NotAFolder {
        /// Which path.
        folder: PathBuf,
    },
    /// Another user of this machine owns it.
    #[error(
        "{path} belongs to another user (uid {owner}, and this is uid {user}), who could put anything there; run \
         zalouser as its owner, or name another state folder by OPENCLAW_STATE_DIR",
        path = folder.display()
    )]
    Foreign {
        /// Which folder.
        folder: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who runs this program.
        user: u32,
    },
    /// Others may put something in it.
    #[error(
        "others on this machine can write to {path} (mode {mode:04o}); look at what is in it, remove what is not \
         yours, then run: chmod go-w {path}",
        path = folder.display()
    )]
    Writable {
        /// Which folder.
        folder: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// Makes the folder at `path` where it is missing, with those above it, for this user alone, and checks that
/// nobody else could have put anything in it: not in the folder itself, and not by exchanging it or one of
/// the `above` folders over it. Returns it without symbolic links.
///
/// # Errors
/// See [`Exposed`]. Nothing of somebody else's is changed.
pub fn open(path: &Path, above: usize) -> Result<PathBuf, Exposed> {
    let io = |folder: &Path| {
        let folder = folder.to_owned();
        move |reason| Exposed::Io { folder, reason }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(path).or_else(|err| {
        match path.symlink_metadata() {
            // What is wrong with it is told below.
            Ok(_) => Ok(()),
            Err(_) => Err(io(path)(err)),
        }
    })?;
    for folder in path.ancestors().skip(1).take(above) {
        let found = fs::symlink_metadata(folder).map_err(io(folder))?;
        // The outermost may be a link of the operator's.
        let found = match folder == outermost(path, above) {
            true => fs::metadata(folder).map_err(io(folder))?,
            false => found,
        };
        check(folder, &found, found.uid() == 0 || is_ours(&found))?;
    }
    let found = fs::symlink_metadata(path).map_err(io(path))?;
    check(path, &found, is_ours(&found))?;
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io(path))?;
    }
    fs::canonicalize(path).map_err(io(path))
}

fn outermost(path: &Path, above: usize) -> &Path {
    path.ancestors().take(above + 1).last().unwrap_or(path)
}

fn is_ours(found: &Metadata) -> bool {
    found.uid() == rustix::process::geteuid().as_raw()
}

fn check(folder: &Path, found: &Metadata, is_trusted: bool) -> Result<(), Exposed> {
    let folder = folder.to_owned();
    let mode = found.mode() & 0o7777;
    if found.is_symlink() {
        Err(Exposed::Link { folder })
    } else if !found.is_dir() {
        Err(Exposed::NotAFolder { folder })
    } else if !is_trusted {
        let user = rustix::process::geteuid().as_raw();
        Err(Exposed::Foreign { folder, owner: found.uid(), user })
    } else if mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0 {
        Err(Exposed::Writable { folder, mode })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A state folder with the folders over `path`, all private.
    fn root() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o700)).unwrap();
        root
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_is_made_for_its_owner_and_what_others_may_only_read_is_closed() {
        let root = root();
        let folder = root.path().join("zalouser/cache");
        assert_eq!(open(&folder, 2).unwrap(), fs::canonicalize(&folder).unwrap());
        set_mode(&folder, 0o755);
        open(&folder, 2).unwrap();
        for path in [&folder, folder.parent().unwrap()] {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o700, "{}", path.display());
        }
    }

    #[test]
    fn what_others_could_have_written_is_refused_with_the_mend_and_left_as_it_is() {
        let root = root();
        let folder = root.path().join("zalouser/cache");
        open(&folder, 2).unwrap();
        for exposed in [&folder, folder.parent().unwrap(), root.path()] {
            set_mode(exposed, 0o770);
            let told = open(&folder, 2).unwrap_err().to_string();
            assert!(told.contains(&format!("chmod go-w {}", exposed.display())), "{told}");
            assert_eq!(fs::metadata(exposed).unwrap().mode() & 0o777, 0o770);
            set_mode(exposed, 0o700);
        }
        assert!(open(&folder, 2).is_ok());
    }

    #[test]
    fn a_link_is_refused_but_for_the_outermost_folder() {
        let (root, elsewhere) = (root(), root());
        let folder = root.path().join("zalouser/cache");
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        symlink(elsewhere.path(), &folder).unwrap();
        assert!(matches!(open(&folder, 2), Err(Exposed::Link { folder: found }) if found == folder));

        let linked = elsewhere.path().join("state");
        fs::remove_file(&folder).unwrap();
        symlink(root.path(), &linked).unwrap();
        assert_eq!(open(&linked.join("zalouser/cache"), 2).unwrap(), fs::canonicalize(&folder).unwrap());
        let told = open(&linked.join("cache"), 2).unwrap_err().to_string();
        assert!(told.contains("state is a symbolic link"), "{told}");
    }

    #[test]
    fn a_file_in_its_place_is_told() {
        let root = root();
        fs::write(root.path().join("cache"), "").unwrap();
        assert!(matches!(open(&root.path().join("cache"), 1), Err(Exposed::NotAFolder { .. })));
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        // Of the system's folders none belongs to this user, unless that is root.
        if !rustix::process::geteuid().is_root() {
            assert!(matches!(open(Path::new("/usr"), 0), Err(Exposed::Foreign { owner: 0, .. })));
        }
    }
}
