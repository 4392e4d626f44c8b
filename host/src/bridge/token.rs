//! The token that whoever asks the bridge has to know.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::state_dir::StateDir;
use crate::store::atomic;

/// How many random bytes a token is made of.
const RANDOM: usize = 32;

/// The fewest characters of a token that somebody else made.
const SHORTEST: usize = 16;

/// A token.
#[derive(Clone)]
pub struct Token(String);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Its file cannot be made or read.
    #[error("the token's file {} cannot be used: {reason}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Others can read its file.
    #[error(
        "others on this machine can read the token in {path} (mode {mode:04o}); run: chmod 600 {path}",
        path = file.display()
    )]
    Exposed {
        /// The file.
        file: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// There is no token in its file that can be used.
    #[error(
        "{path} holds no token of at least {SHORTEST} visible ASCII characters; remove it to have one made: rm {path}",
        path = file.display()
    )]
    Unfit {
        /// The file.
        file: PathBuf,
    },
}

impl Token {
    /// Where the token of a state folder is.
    pub fn file(state: &StateDir) -> PathBuf {
        state.own().join("bridge-token")
    }

    /// Reads the token in `file`, and makes one where there is no file.
    ///
    /// # Errors
    /// When the file cannot be used, or others can read it.
    pub fn open(file: &Path) -> Result<Self, TokenError> {
        let failed = |reason| TokenError::Io { file: file.to_owned(), reason };
        let made = URL_SAFE_NO_PAD.encode(rand::random::<[u8; RANDOM]>());
        atomic::create_folder_of(file).map_err(failed)?;
        match atomic::create(file, format!("{made}\n").as_bytes()) {
            Ok(()) => return Ok(Self(made)),
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {}
            Err(err) => return Err(failed(err)),
        }
        let mode = fs::metadata(file).map_err(failed)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(TokenError::Exposed { file: file.to_owned(), mode });
        }
        let token = fs::read_to_string(file).map_err(failed)?.trim().to_owned();
        if token.len() < SHORTEST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Unfit { file: file.to_owned() });
        }
        Ok(Self(token))
    }

    /// Whether `said` is this token. How long this takes says nothing about how much of it is right.
    pub(super) fn is(&self, said: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(said).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state/bridge-token");
        let made = Token::open(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.trim().len() >= 43,
            "32 random bytes are written with 43 characters: {}",
            text.trim().len()
        );
        let read = Token::open(&file).unwrap();
        assert!(read.is(text.trim().as_bytes()) && made.is(text.trim().as_bytes()));
        assert!(!read.is(b"") && !read.is(&text.trim().as_bytes()[1..]));
        assert_eq!(format!("{read:?}"), "Token(…)");
    }

    #[test]
    fn a_token_that_others_can_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "0123456789abcdef0123").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Token::open(&file), Err(TokenError::Exposed { mode: 0o640, .. })));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(Token::open(&file).unwrap().is(b"0123456789abcdef0123"));
        fs::write(&file, "short").unwrap();
        assert!(matches!(Token::open(&file), Err(TokenError::Unfit { .. })));
    }
}
