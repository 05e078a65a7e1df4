//! Small values that have an end, by digest, in a bounded number of cells.
//!
//! A table has a fixed number of cells and each cell room for a fixed number of rows, so whatever strangers ask, no more is
//! remembered than fits. What is over is dropped when its cell is written next.
//!
//! A cell is `[version u8]` and rows of `[digest 16][end u64, ms][length u32][value]`; a length of `u32::MAX` says that somebody is
//! at it and there is no value yet. Numbers are little-endian. A cell of another version is left alone.

use alloc::format;
use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Unavailable};
use crate::host::{Key, Store, Time, Version};
use crate::limits;

/// What a row is found by.
pub type Digest = [u8; 16];

/// The digest of `parts`: no two different lists of parts share one.
#[must_use]
pub fn digest(parts: &[&str]) -> Digest {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().copied().unwrap_or_default()
}

/// How large a table is, and what becomes of a new row where there is no room.
#[derive(Debug)]
pub struct Shape {
    /// Its name: a part of the cells' names.
    pub name: &'static str,
    /// How many cells.
    pub slots: u16,
    /// How many rows in each.
    pub ways: usize,
    /// Whether the row that is nearest its end makes room. Else there is no room.
    pub evicts: bool,
}

/// What a claim found.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody is at it: now it is the claimant, who will [`Table::put`] the value.
    Mine,
    /// Somebody is at it: look again when the cell has changed from this version, or then.
    Running(Version, Time),
    /// The value.
    Done(Vec<u8>),
}

/// See above.
#[derive(Debug)]
pub struct Table<'a, S> {
    store: &'a S,
    shape: &'static Shape,
}

struct Row {
    id: Digest,
    end: Time,
    /// `None`: somebody is at it.
    value: Option<Vec<u8>>,
}

const VERSION: u8 = 1;
const RUNNING: u32 = u32::MAX;

impl<'a, S: Store> Table<'a, S> {
    /// The table of that shape in `store`.
    pub const fn new(store: &'a S, shape: &'static Shape) -> Self {
        Self { store, shape }
    }

    /// The cell in which `id` is.
    pub fn key(&self, id: &Digest) -> Key {
        let number = u16::from_le_bytes([id[0], id[1]]).checked_rem(self.shape.slots);
        self.slot(number.unwrap_or_default())
    }

    fn slot(&self, number: u16) -> Key {
        Key::new(&format!("{}/{number}", self.shape.name))
    }

    /// The value of `id`, if there is one and its end has not come.
    pub fn get(&self, id: &Digest, now: Time) -> Option<Vec<u8>> {
        let (cell, _) = self.store.load(&self.key(id));
        read(&cell, now)?.into_iter().find(|it| it.id == *id)?.value
    }

    /// Whether there is a value like that. Every cell is read.
    pub fn any(&self, now: Time, like: impl Fn(&[u8]) -> bool) -> bool {
        let cells = (0..self.shape.slots).map(|it| self.store.load(&self.slot(it)).0);
        let mut rows = cells.filter_map(|it| read(&it, now)).flatten();
        rows.any(|it| it.value.is_some_and(|it| like(&it)))
    }

    /// Gives `id` the value and the end that `change` makes of those it has; `None` forgets it.
    ///
    /// # Errors
    /// Those of `change`; [`Unavailable::Busy`] where there is no room.
    pub fn update(
        &self,
        id: &Digest,
        now: Time,
        mut change: impl FnMut(Option<(&[u8], Time)>) -> Result<Option<(Vec<u8>, Time)>, Error>,
    ) -> Result<(), Error> {
        self.swap(id, now, |row| {
            let was = row.and_then(|it| Some((it.value.as_deref()?, it.end)));
            let value = change(was)?;
            Ok(value.map(|(value, end)| Row { id: *id, end, value: Some(value) }))
        })
    }

    /// Gives `id` the value.
    ///
    /// # Errors
    /// [`Unavailable::Busy`] where there is no room.
    pub fn put(&self, id: &Digest, now: Time, value: &[u8], end: Time) -> Result<(), Error> {
        self.update(id, now, |_| Ok(Some((value.to_vec(), end))))
    }

    /// The value of `id`, or the right to make one until `end`, after which another claimant may. A value so made is remembered
    /// for [`limits::REMEMBERED`] at the most. Nobody claims what `permit` refuses.
    ///
    /// # Errors
    /// Those of `permit`; [`Unavailable::Busy`] where there is no room.
    pub fn claim(
        &self,
        id: &Digest,
        now: Time,
        end: Time,
        permit: impl Fn() -> Result<(), Error>,
    ) -> Result<Claim, Error> {
        let (latest, longest) = (end.plus(limits::SKEW), now.plus(limits::REMEMBERED));
        let mut permitted = false;
        for _ in 0..limits::CONFLICTS {
            let key = self.key(id);
            let (cell, seen) = self.store.load(&key);
            let mut rows = read(&cell, now).ok_or_else(full)?;
            match rows.iter().position(|it| it.id == *id) {
                // What ends later than it may is the mark of a clock that ran backwards.
                Some(at)
                    if rows.get(at).is_some_and(|it| it.end > if it.value.is_none() { latest } else { longest }) =>
                {
                    rows.swap_remove(at);
                }
                Some(at) => {
                    let row = rows.swap_remove(at);
                    return Ok(row.value.map_or(Claim::Running(seen, row.end), Claim::Done));
                }
                None => {}
            }
            self.make_room(&mut rows)?;
            if !permitted {
                permit()?;
                permitted = true;
            }
            rows.push(Row { id: *id, end, value: None });
            if self.store.swap(&key, seen, &write(&rows)) {
                return Ok(Claim::Mine);
            }
        }
        Err(full())
    }

    fn swap(
        &self,
        id: &Digest,
        now: Time,
        mut change: impl FnMut(Option<&Row>) -> Result<Option<Row>, Error>,
    ) -> Result<(), Error> {
        let key = self.key(id);
        for _ in 0..limits::CONFLICTS {
            let (cell, seen) = self.store.load(&key);
            let mut rows = read(&cell, now).ok_or_else(full)?;
            let old = rows.iter().position(|it| it.id == *id).map(|at| rows.swap_remove(at));
            match change(old.as_ref())? {
                None if old.is_none() => return Ok(()),
                None => {}
                Some(new) => {
                    self.make_room(&mut rows)?;
                    rows.push(new);
                }
            }
            if self.store.swap(&key, seen, &write(&rows)) {
                return Ok(());
            }
        }
        Err(full())
    }

    fn make_room(&self, rows: &mut Vec<Row>) -> Result<(), Error> {
        if rows.len() < self.shape.ways {
            return Ok(());
        }
        // Whoever is at it would lose its claim.
        let settled = rows.iter().enumerate().filter(|it| it.1.value.is_some() && self.shape.evicts);
        let (first, _) = settled.min_by_key(|it| it.1.end).ok_or_else(full)?;
        rows.swap_remove(first);
        Ok(())
    }
}

fn full() -> Error {
    Unavailable::Busy { what: "there is no room to remember more".into() }.into()
}

/// The rows of a cell whose end has not come; `None` for a cell that this version cannot read.
fn read(cell: &[u8], now: Time) -> Option<Vec<Row>> {
    let mut rows = Vec::new();
    let Some((version, mut rest)) = cell.split_first() else { return Some(rows) };
    if *version != VERSION {
        return None;
    }
    while !rest.is_empty() {
        let (id, after) = rest.split_first_chunk()?;
        let (end, after) = after.split_first_chunk()?;
        let (length, after) = after.split_first_chunk()?;
        let length = u32::from_le_bytes(*length);
        let (value, after) = if length == RUNNING {
            (None, after)
        } else {
            let (value, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
            (Some(value.to_vec()), after)
        };
        rest = after;
        rows.push(Row { id: *id, end: Time::from_ms(u64::from_le_bytes(*end)), value });
    }
    rows.retain(|it| now < it.end);
    Some(rows)
}

fn write(rows: &[Row]) -> Vec<u8> {
    let mut cell = alloc::vec![VERSION];
    for row in rows {
        let value = row.value.as_deref();
        let length = value.map_or(RUNNING, |it| u32::try_from(it.len()).unwrap_or(RUNNING));
        cell.extend(row.id);
        cell.extend(row.end.as_ms().to_le_bytes());
        cell.extend(length.to_le_bytes());
        cell.extend(value.unwrap_or_default());
    }
    cell
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
