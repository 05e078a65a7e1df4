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
    cells: RefCell<BTreeMap<Key, Cell>>,
    watchers: RefCell<BTreeMap<Key, Vec<Waker>>>,
}

#[derive(Clone, Default)]
struct Cell {
    version: Version,
    value: Vec<u8>,
}

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS cell (name TEXT PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL)";
const READ: &str = "SELECT version, value FROM cell WHERE name = ?";
const WRITE: &str = "INSERT INTO cell (name, version, value) VALUES (?, ?, ?) \
    ON CONFLICT (name) DO UPDATE SET version = excluded.version, value = excluded.value";

impl Cells {
    /// The cells of one object.
    pub(crate) fn new(sql: SqlStorage) -> Self {
        // An error would come back at the first write, where it is told.
        let _ = sql.exec(TABLE, None);
        Self(Rc::new(Inner { sql, cells: RefCell::default(), watchers: RefCell::default() }))
    }

    fn cell(&self, key: &Key) -> Cell {
        if let Some(known) = self.0.cells.borrow().get(key) {
            return known.clone();
        }
        let cell = self.read(key).unwrap_or_default();
        self.0.cells.borrow_mut().insert(key.clone(), cell.clone());
        cell
    }

    fn read(&self, key: &Key) -> Option<Cell> {
        let cursor = self.0.sql.exec(READ, vec![key.as_str().into()]).ok()?;
        let row = cursor.raw().next()?.ok()?;
        let mut row = row.into_iter();
        let version = match row.next()? {
            SqlStorageValue::Integer(it) => u64::try_from(it).ok()?,
            // JavaScript has one kind of number; versions count writes, so this one is whole and small.
            SqlStorageValue::Float(it) => it as u64,
            _ => return None,
        };
        let SqlStorageValue::Blob(value) = row.next()? else {
            return None;
        };
        Some(Cell { version: Version(version), value })
    }
}

impl Store for Cells {
    fn load(&self, key: &Key) -> (Vec<u8>, Version) {
        let cell = self.cell(key);
        (cell.value, cell.version)
    }

    fn swap(&self, key: &Key, seen: Version, value: &[u8]) -> bool {
        if self.cell(key).version != seen {
            return false;
        }
        let version = seen.0.saturating_add(1);
        let number = SqlStorageValue::Integer(i64::try_from(version).unwrap_or(i64::MAX));
        let row = vec![key.as_str().into(), number, value.to_vec().into()];
        if self.0.sql.exec(WRITE, row).is_err() {
            return false;
        }
        let cell = Cell { version: Version(version), value: value.to_vec() };
        self.0.cells.borrow_mut().insert(key.clone(), cell);
        let waiting = self.0.watchers.borrow_mut().remove(key);
        waiting.into_iter().flatten().for_each(Waker::wake);
        true
    }

    async fn changed(&self, key: &Key, seen: Version, until: Time) {
        let change = poll_fn(|waking| {
            if self.cell(key).version != seen {
                return Poll::Ready(());
            }
            let mut watchers = self.0.watchers.borrow_mut();
            let watchers = watchers.entry(key.clone()).or_default();
            watchers.push(waking.waker().clone());
            Poll::Pending
        });
        let span = now().until(until).max(Duration::from_millis(1));
        select(pin!(change), pin!(Timer::after(span))).await;
    }
}
