//! Workers KV: where copies of credentials lie near their readers. What of it is believed is the core's affair.

use std::pin::pin;

use futures_util::future::{Either, select};
use worker::{Env, KvStore};
use wxedge::host::Unreachable;
use wxedge::keeper::replica::Write;
use wxedge::limits;

use crate::timer::Timer;

/// The namespace; without one there is no replica.
pub(crate) fn namespace(env: &Env) -> Option<KvStore> {
    env.kv("KV").ok()
}

/// What lies there under `name`.
pub(crate) async fn read(kv: &KvStore, name: &str) -> Result<Option<Vec<u8>>, Unreachable> {
    let found = pin!(kv.get(name).cache_ttl(limits::REPLICA_CACHE.as_secs()).bytes());
    match select(found, pin!(Timer::after(limits::REPLICA))).await {
        Either::Left((found, _)) => found.map_err(|_| Unreachable::Broken),
        Either::Right(_) => Err(Unreachable::Timeout),
    }
}

/// Writes a copy; says whether it has arrived.
pub(crate) async fn write(kv: &KvStore, write: Write) -> bool {
    let Ok(put) = kv.put_bytes(&write.name, &write.value) else { return false };
    let arrived = pin!(put.expiration_ttl(write.ttl.as_secs()).execute());
    match select(arrived, pin!(Timer::after(limits::FETCH))).await {
        Either::Left((arrived, _)) => arrived.is_ok(),
        Either::Right(_) => false,
    }
}
