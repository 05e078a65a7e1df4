//! The core's `Store` over the SQLite of a Durable Object, with a copy in memory: the object is the only writer there is.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::future::select;
use worker::{SqlStorage, SqlStorageValue, console_error};
use wxedge::host::{Key, Store, Time, Version};

use crate::{timer, world::now};

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
        let _ = sql.exec(TABLE, None).inspect_err(tell);
        Self(Rc::new(Inner { sql, cells: RefCell::default(), watchers: RefCell::default() }))
    }

    fn read(&self, key: &Key) -> worker::Result<Vec<u8>> {
        let rows = self.0.sql.exec(READ, vec![key.as_str().into()])?;
        match rows.raw().next().transpose()?.and_then(|mut it| it.pop()) {
            Some(SqlStorageValue::Blob(value)) => Ok(value),
            _ => Ok(Vec::new()),
        }
    }
}

impl Store for Cells {
    fn load(&self, key: &Key) -> (Vec<u8>, Version) {
        if let Some(known) = self.0.cells.borrow().get(key) {
            return known.clone();
        }
        // What cannot be read is no empty cell: nobody can have seen this version, so nobody overwrites it.
        let Ok(value) = self.read(key).inspect_err(tell) else { return (Vec::new(), Version(u64::MAX)) };
        self.0.cells.borrow_mut().insert(key.clone(), (value.clone(), Version::default()));
        (value, Version::default())
    }

    fn swap(&self, key: &Key, seen: Version, value: &[u8]) -> bool {
        let row = vec![key.as_str().into(), value.to_vec().into()];
        let current = seen.0 < u64::MAX && self.load(key).1 == seen;
        if !current || self.0.sql.exec(WRITE, row).inspect_err(tell).is_err() {
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
        select(pin!(change), pin!(timer::after(span))).await;
    }
}

fn tell(error: &worker::Error) {
    console_error!("event=storage_failed error={error}");
}
