//! A folder for what one test writes: gone when the test passes, kept when it fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Failure, Result, place};

/// A new, empty folder below `target/harness/`.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    keep: bool,
}

impl Scratch {
    /// Makes the folder. `what` becomes a part of its name.
    pub fn new(what: &str) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = place::root().join(format!("target/harness/{what}-{}-{number}", std::process::id()));
        Self::make(folder, false)
    }

    /// A folder that stays, with what was in it before.
    pub fn lasting(folder: PathBuf) -> Result<Self> {
        Self::make(folder, true)
    }

    fn make(folder: PathBuf, keep: bool) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(Failure::of(format_args!("make {}", folder.display())))?;
        Ok(Self { folder, keep })
    }

    /// Where `name` would be in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file into it, in one step: who watches the file never sees half of it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let (path, new) = (self.path(name), self.path(&format!("{name}.new")));
        fs::write(&new, content)
            .and_then(|()| fs::rename(&new, &path))
            .map_err(Failure::of(format_args!("write {}", path.display())))?;
        Ok(path)
    }

    /// Copies a file into it, under its own name.
    pub fn copy(&self, from: &Path) -> Result<()> {
        let name = from.file_name().unwrap_or_default();
        fs::copy(from, self.folder.join(name)).map_err(Failure::of(format_args!("copy {}", from.display())))?;
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what it wrote is kept in {}", self.folder.display());
        } else if !self.keep {
            // A folder left behind in target/ harms nobody.
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}
