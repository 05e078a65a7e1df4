//! The core's `Store` over Envoy's shared data: cells seen by every worker thread of the process.
//!
//! A cell holds `[count u8][count x queue id u32 LE][payload]`: the threads that watch it stand *in the same value* as the record, so
//! a compare-and-swap of the one is one of the other, and no wake-up can be lost. A writer leaves the list empty and enqueues the
//! cell's name to every queue that stood in it.
//!
//! Shared data has no create-if-absent: a set on a missing key always succeeds. A cell that nobody wrote is said to have a version that
//! no cell ever has, so of those who saw none only the first succeeds. The root creates the cells of configured accounts in
//! `on_configure`, whose first run is alone.

use std::{rc::Rc, task::Poll};

use proxy_wasm::hostcalls;
use wxedge::host::{Key, Store, Time, Version};
use wxedge::limits;

use crate::edge::{Edge, now};

/// Before every key: shared data belongs to whoever has the same `vm_id`.
const PREFIX: &str = "wxedge/1/";

/// The version of a cell that is not there, which no cell ever has. Zero would mean "whatever the version".
const NONE: u32 = u32::MAX;

/// See above.
#[derive(Clone)]
pub(crate) struct SharedData(
    /// Who waits. A configuration that is still being read has nobody, and only looks.
    pub(crate) Option<Rc<Edge>>,
);

impl Store for SharedData {
    fn load(&self, key: &Key) -> (Vec<u8>, Version) {
        let cell = Cell::load(&name(key));
        (cell.payload, cell.version)
    }

    fn swap(&self, key: &Key, seen: Version, value: &[u8]) -> bool {
        let name = name(key);
        let Cell { queues, version, .. } = Cell::load(&name);
        let swapped = version == seen && set(&name, &[], value, version);
        for queue in queues.into_iter().filter(|_| swapped) {
            // An error: that thread is gone.
            let _ = hostcalls::enqueue_shared_queue(queue, Some(key.as_str().as_bytes()));
        }
        swapped
    }

    async fn changed(&self, key: &Key, seen: Version, until: Time) {
        let Some(edge) = &self.0 else { return };
        let mut waited = false;
        std::future::poll_fn(|_| {
            if waited || until <= now() || !watch(edge, key, seen) {
                return Poll::Ready(());
            }
            waited = true;
            let task = edge.exec.current();
            edge.watchers.borrow_mut().entry(key.clone()).or_default().push(task);
            edge.exec.alarm(until);
            Poll::Pending
        })
        .await;
    }
}

/// Puts this thread on the cell's list; says whether it stands there and the cell is still as it was `seen`.
fn watch(edge: &Edge, key: &Key, seen: Version) -> bool {
    let name = name(key);
    let mut cell = Cell::load(&name);
    // A full list: nobody will wake us, but the alarm will.
    if cell.version != seen || cell.queues.contains(&edge.queue) || cell.queues.len() >= limits::WATCHERS {
        return cell.version == seen;
    }
    cell.queues.push(edge.queue);
    set(&name, &cell.queues, &cell.payload, cell.version)
}

/// A cell, taken apart.
struct Cell {
    queues: Vec<u32>,
    payload: Vec<u8>,
    version: Version,
}

impl Cell {
    fn load(name: &str) -> Self {
        let (value, version) = hostcalls::get_shared_data(name).unwrap_or((None, None));
        let mut payload = value.unwrap_or_default();
        let count = usize::from(payload.first().copied().unwrap_or(0));
        let header = count.saturating_mul(4).saturating_add(1).min(payload.len());
        let queues = payload.drain(..header).skip(1).collect::<Vec<_>>();
        let queues = queues.chunks_exact(4).filter_map(|it| Some(u32::from_le_bytes(it.try_into().ok()?))).collect();
        Self { queues, payload, version: Version(version.unwrap_or(NONE).into()) }
    }
}

fn set(name: &str, queues: &[u32], payload: &[u8], seen: Version) -> bool {
    let mut value = vec![u8::try_from(queues.len()).unwrap_or(0)];
    queues.iter().for_each(|it| value.extend(it.to_le_bytes()));
    value.extend_from_slice(payload);
    hostcalls::set_shared_data(name, Some(&value), u32::try_from(seen.0).ok()).is_ok()
}

fn name(key: &Key) -> String {
    format!("{PREFIX}{}", key.as_str())
}

/// Creates the cell of `key` if it is not there. The first `on_configure` after a start or a change runs alone.
pub(crate) fn create(key: &Key) {
    let name = name(key);
    if let Ok((None, None)) = hostcalls::get_shared_data(&name) {
        set(&name, &[], &[], Version(NONE.into()));
    }
}
