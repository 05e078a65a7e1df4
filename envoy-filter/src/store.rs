//! The core's `Store` over Envoy's shared data: cells seen by every worker thread of the process.
//!
//! A cell holds `[count u8][count x queue id u32 LE][payload]`: the threads that watch it stand *in the same value* as the record, so
//! a compare-and-swap of the one is one of the other, and no wake-up can be lost. A writer leaves the list empty and enqueues the
//! cell's name to every queue that stood in it.
//!
//! Shared data has no create-if-absent (a set on a missing key always succeeds): the root creates all cells in `on_configure`.

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
pub(crate) struct SharedData(pub(crate) Rc<Edge>);

impl Store for SharedData {
    fn load(&self, key: &Key) -> (Vec<u8>, Version) {
        let cell = Cell::load(&name(key));
        (cell.payload, Version(cell.version.into()))
    }

    fn swap(&self, key: &Key, seen: Version, value: &[u8]) -> bool {
        let name = name(key);
        let Cell { queues, version, .. } = Cell::load(&name);
        if Version(version.into()) != seen || !set(&name, &[], value, version) {
            return false;
        }
        for queue in queues {
            // An error: that thread is gone.
            let _ = hostcalls::enqueue_shared_queue(queue, Some(key.as_str().as_bytes()));
        }
        true
    }

    async fn changed(&self, key: &Key, seen: Version, until: Time) {
        let edge = &self.0;
        let mut waited = false;
        std::future::poll_fn(|_| {
            if waited || until <= now() || !self.watch(key, seen) {
                return Poll::Ready(());
            }
            waited = true;
            let task = edge.exec.current();
            edge.watchers.borrow_mut().entry(key.clone()).or_default().insert(task);
            edge.exec.alarm(until);
            Poll::Pending
        })
        .await;
    }
}

impl SharedData {
    /// Puts this thread on the cell's list; says whether it stands there and the cell is still as it was `seen`.
    fn watch(&self, key: &Key, seen: Version) -> bool {
        let name = name(key);
        let mut cell = Cell::load(&name);
        if Version(cell.version.into()) != seen {
            return false;
        }
        if cell.queues.contains(&self.0.queue) {
            return true;
        }
        if cell.queues.len() >= limits::WATCHERS {
            // Nobody will wake us; the alarm will.
            return true;
        }
        cell.queues.push(self.0.queue);
        set(&name, &cell.queues, &cell.payload, cell.version)
    }
}

/// A cell, taken apart.
struct Cell {
    queues: Vec<u32>,
    payload: Vec<u8>,
    version: u32,
}

impl Cell {
    fn load(name: &str) -> Self {
        let (value, version) = hostcalls::get_shared_data(name).unwrap_or((None, None));
        let mut payload = value.unwrap_or_default();
        let queues = queues(&payload);
        let header = queues.len().saturating_mul(4).saturating_add(1).min(payload.len());
        payload.drain(..header);
        Self { queues, payload, version: version.unwrap_or(NONE) }
    }
}

fn queues(value: &[u8]) -> Vec<u32> {
    let Some((&count, rest)) = value.split_first() else {
        return Vec::new();
    };
    let ids = rest.chunks_exact(4).take(count.into());
    ids.filter_map(|it| Some(u32::from_le_bytes(it.try_into().ok()?))).collect()
}

fn set(name: &str, queues: &[u32], payload: &[u8], seen: u32) -> bool {
    let mut value = vec![u8::try_from(queues.len()).unwrap_or(0)];
    queues.iter().for_each(|it| value.extend(it.to_le_bytes()));
    value.extend_from_slice(payload);
    hostcalls::set_shared_data(name, Some(&value), Some(seen)).is_ok()
}

fn name(key: &Key) -> String {
    format!("{PREFIX}{}", key.as_str())
}

/// Creates the cell of `key` if it is not there. The first `on_configure` after a start or a change runs alone.
pub(crate) fn create(key: &Key) {
    let name = name(key);
    if let Ok((None, None)) = hostcalls::get_shared_data(&name) {
        set(&name, &[], &[], NONE);
    }
}

/// Changes the number and text in the cell `key` until no other thread is in the way; gives the number.
pub(crate) fn count(key: &Key, next: impl Fn(u64, &[u8]) -> (u64, Vec<u8>)) -> u64 {
    let name = name(key);
    create(key);
    loop {
        let cell = Cell::load(&name);
        let (number, text) =
            cell.payload.split_first_chunk().map_or((0, &[][..]), |it| (u64::from_le_bytes(*it.0), it.1));
        let (number, text) = next(number, text);
        let value = [&number.to_le_bytes()[..], &text].concat();
        if value == cell.payload || set(&name, &[], &value, cell.version) {
            return number;
        }
    }
}
