//! The core's `Store` over the SQLite of a Durable Object, with a copy in memory: the object is the only writer there is.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::future::select;
use worker::{SqlStorage, SqlStorageValue};
use wxedge::host::{Key, Store, Time, Version};

use crate::{timer::Timer, world::now};

/// See above.
#[derive(Clone)]
pub(crate) struct Cells(Rc<Inner>);

struct Inner {
    sql: SqlStorage,
    /// Versions count the writes of this instance: nobody outlives it to compare them.
    cells: RefCell<BTreeMap<Key, (Vec<u8>, Version)>>,
    watchers: RefCell<BTreeMap<Key, Vec<Waker>>>,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS cell (name TEXT PRIMARY KEY, value BLOB NOT NULL)";
const READ: &str = "SELECT value FROM cell WHERE name = ?";
const WRITE: &str = "INSERT OR REPLACE INTO cell (name, value) VALUES (?, ?)";

impl Cells {
    /// The cells of one object.
    pub(crate) fn new(sql: SqlStorage) -> Self {
        // An error would come back at the first write, where it is told.
        let _ = sql.exec(TABLE, None);
        Self(Rc::new(Inner { sql, cells: RefCell::default(), watchers: RefCell::default() }))
    }

    fn read(&self, key: &Key) -> Option<Vec<u8>> {
        let rows = self.0.sql.exec(READ, vec![key.as_str().into()]).ok()?;
        match rows.raw().next()?.ok()?.pop()? {
            SqlStorageValue::Blob(value) => Some(value),
            _ => None,
        }
    }
}

impl Store for Cells {
    fn load(&self, key: &Key) -> (Vec<u8>, Version) {
        let mut cells = self.0.cells.borrow_mut();
        let read = || (self.read(key).unwrap_or_default(), Version::default());
        cells.entry(key.clone()).or_insert_with(read).clone()
    }

    fn swap(&self, key: &Key, seen: Version, value: &[u8]) -> bool {
        let row = vec![key.as_str().into(), value.to_vec().into()];
        if self.load(key).1 != seen || self.0.sql.exec(WRITE, row).is_err() {
            return false;
        }
        let next = Version(seen.0.saturating_add(1));
        self.0.cells.borrow_mut().insert(key.clone(), (value.to_vec(), next));
        let waiting = self.0.watchers.borrow_mut().remove(key);
        waiting.into_iter().flatten().for_each(Waker::wake);
        true
    }

    async fn changed(&self, key: &Key, seen: Version, until: Time) {
        let change = poll_fn(|waking| {
            if self.load(key).1 != seen {
                return Poll::Ready(());
            }
            self.0.watchers.borrow_mut().entry(key.clone()).or_default().push(waking.waker().clone());
            Poll::Pending
        });
        let span = now().until(until).max(Duration::from_millis(1));
        select(pin!(change), pin!(Timer::after(span))).await;
    }
}
