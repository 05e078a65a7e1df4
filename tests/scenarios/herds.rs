//! Herds of callers, and whatever else is measured: in a binary of its own, so that nothing runs beside it.

#[path = "herd.rs"]
mod herd;
#[path = "outage.rs"]
mod outage;
#[allow(dead_code)] // each binary needs another part of it
#[path = "support.rs"]
mod support;

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static MACHINE: RwLock<()> = RwLock::const_new(());

/// The whole machine, for a herd.
async fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().await
}

/// A machine without a herd on it, for what mostly waits.
async fn beside_others() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().await
}
