//! Where the hosts' binaries and our artefacts lie, and what to run when one is missing.
//!
//! Something missing is a failure, never a reason to skip a test.

use std::env;
use std::path::{Path, PathBuf};

use super::{Failure, Result};

/// The repository's root.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// `path` below the root, or what makes it.
pub fn needed(path: &str, command: &str) -> Result<PathBuf> {
    let full = root().join(path);
    if full.exists() { Ok(full) } else { Err(missing(path, command)) }
}

/// Envoy's binary.
pub fn envoy() -> Result<PathBuf> {
    needed(".tools/bin/envoy", "make tools")
}

/// The filter as it is shipped.
pub fn filter() -> Result<PathBuf> {
    needed("target/envoy/wxedge_envoy.wasm", "make envoy")
}

/// The filter with the switches that break it on purpose.
pub fn filter_with_faults() -> Result<PathBuf> {
    needed("target/faults/wxedge_envoy.wasm", "make target/faults/wxedge_envoy.wasm")
}

/// The folder of the built Worker.
pub fn worker() -> Result<PathBuf> {
    needed("worker/build/index_bg.wasm", "make worker")?;
    needed("worker/build/index.js", "make worker")?;
    Ok(root().join("worker/build"))
}

/// workerd's own binary. `node_modules/.bin/workerd` is a script that starts it as a child: killing that one would
/// leave the child behind.
pub fn workerd() -> Result<PathBuf> {
    let packages = root().join("node_modules/@cloudflare");
    std::fs::read_dir(packages)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|package| package.file_name().to_string_lossy().starts_with("workerd-"))
        .map(|package| package.path().join("bin/workerd"))
        .find(|binary| binary.exists())
        .ok_or_else(|| missing("node_modules/@cloudflare/workerd-*/bin/workerd", "make tools"))
}

/// A binary of this package, built beside the one that runs now (a test's own lies one folder deeper).
pub fn own_binary(name: &str) -> Result<PathBuf> {
    let me = env::current_exe().map_err(Failure::of("find the running binary"))?;
    me.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|binary| binary.exists())
        .ok_or_else(|| missing(name, "cargo build --package wxedge-tests --bins"))
}

fn missing(what: &str, command: &str) -> Failure {
    Failure::new(format!("missing: {what}. Run `{command}` in the repository's root."))
}
