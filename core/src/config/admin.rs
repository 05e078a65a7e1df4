//! The admin key.

use super::{ConfigError, callers};
use crate::caller::Caller;

/// Its digest; a key that a caller has as well would make that caller the admin.
pub(super) fn read(key: &str, callers: &[Caller]) -> Result<[u8; 32], ConfigError> {
    let digest = callers::sendable("admin.key", key)?;
    let same = |it: &Caller| it.key == Some(digest) || it.jwt.as_ref().is_some_and(|it| it.key.matches(key));
    if callers.iter().any(same) {
        return Err(ConfigError::new("admin.key", "is a caller's key too: make another one"));
    }
    Ok(digest)
}
