//! Workers KV: where copies of credentials lie near their readers. What of it is believed is the core's affair.

use worker::{Env, KvStore};
use wxedge::host::Unreachable;
use wxedge::keeper::replica::Write;
use wxedge::limits;
use wxedge::race::within;

use crate::world::Workers;

/// The namespace; without one there is no replica.
pub(crate) fn namespace(env: &Env) -> Option<KvStore> {
    env.kv("KV").ok()
}

/// What lies there under `name`.
pub(crate) async fn read(world: &Workers, kv: &KvStore, name: &str) -> Result<Option<Vec<u8>>, Unreachable> {
    let found = kv.get(name).cache_ttl(limits::REPLICA_CACHE.as_secs()).bytes();
    let found = within(world, limits::REPLICA, found).await.ok_or(Unreachable::Timeout)?;
    found.map_err(|_| Unreachable::Broken)
}

/// Writes a copy; says whether it has arrived.
pub(crate) async fn write(world: &Workers, kv: &KvStore, write: Write) -> bool {
    let Ok(put) = kv.put_bytes(&write.name, &write.value) else { return false };
    let arrived = within(world, limits::FETCH, put.expiration_ttl(write.ttl.as_secs()).execute()).await;
    arrived.is_some_and(|it| it.is_ok())
}
