//! What is remembered of one credential, in one cell.
//!
//! Records are versioned and additive: two versions of the gateway may share a cell while one replaces the other. A reader takes
//! any version and any field it does not know; fields it does not know are written back; and a record of a newer version is
//! never overwritten by an older writer.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::account::Kind;
use crate::error::Error;
use crate::host::Time;
use crate::json::{self, Json};
use crate::secret::Secret;

/// The version that this code writes.
pub const VERSION: u32 = 1;

/// One credential's cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The version of the writer.
    pub v: u32,
    /// Grows with each new value.
    pub generation: u64,
    /// The newest configuration that wrote here.
    pub epoch: u64,
    /// Tells which AppSecret that configuration has.
    pub tag: String,
    /// The credential; `None` before the first.
    pub value: Option<Token>,
    /// Who refreshes now.
    pub lease: Option<Lease>,
    /// The last failure, until a fetch succeeds.
    pub failure: Option<Failure>,
    /// The last failure with another AppSecret than that one's. While two configurations overlap each must keep its own
    /// pause, or they would wake each other for ever.
    pub other: Option<Failure>,
    /// When `force_refresh` was spent in the last 24 hours.
    pub forced: Vec<Time>,
    /// Until when this value cannot be renewed, because the budget for that is spent.
    pub held: Option<Time>,
    /// How often the credential died early or changed without us.
    pub foreign: u64,
    /// The AppSecret that a caller has proved, where it is not the configured one. In the record of the access token only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned: Option<Learned>,
}

/// An AppSecret that WeChat has said yes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// The AppSecret.
    pub secret: Secret,
    /// Which configured AppSecret it replaces: once another one is configured, that one counts. Empty for none.
    pub base: String,
    /// When WeChat was asked: what was proved before that counts less.
    #[serde(default)]
    pub asked: Time,
}

/// A stored credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The token.
    pub value: Secret,
    /// When it was asked for.
    pub issued: Time,
    /// From here on it is renewed.
    pub soft: Time,
    /// From here on it is dead.
    pub hard: Time,
}

/// A claim to refresh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// A random number: whose it is.
    pub id: u64,
    /// When it ends by itself.
    pub until: Time,
}

/// A failed fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What was said.
    #[serde(with = "super::said")]
    pub error: Error,
    /// Until when nobody asks again.
    pub until: Time,
    /// When the first of them was; zero where its writer did not know.
    #[serde(default)]
    pub since: Time,
    /// Failures in a row.
    pub count: u32,
    /// The AppSecret it was with: another one may try at once.
    pub tag: String,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            v: VERSION,
            generation: 0,
            epoch: 0,
            tag: String::new(),
            value: None,
            lease: None,
            failure: None,
            other: None,
            forced: Vec::new(),
            held: None,
            foreign: 0,
            learned: None,
        }
    }
}

impl Record {
    /// Reads a cell. An empty or unreadable one is a record of nothing: what it held can be fetched again. But of a newer
    /// version's, whatever its shape, the version is read, so that it is left alone.
    #[must_use]
    pub fn read(cell: &[u8]) -> Self {
        let mut fields = fields(cell);
        // A failure that only a newer program can name is as good as none: it must not make the credential unreadable.
        fields.retain(|(name, it)| !FAILURES.contains(&&**name) || Failure::deserialize(it.clone()).is_ok());
        Self::deserialize(Json::Object(fields)).unwrap_or_else(|_| {
            let v = json::read(cell).map_or(VERSION, |it: Version| it.v);
            Self { v: v.max(VERSION), ..Self::default() }
        })
    }

    /// The cell's new content. Fields in its old content, `cell`, that this version does not know stay there.
    #[must_use]
    pub fn write(&self, cell: &[u8]) -> Vec<u8> {
        let mut known = fields(&json::write(self));
        let mut old = fields(cell);
        old.retain(|(name, _)| known.iter().all(|it| it.0 != *name));
        known.append(&mut old);
        json::write(&Json::Object(known))
    }
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// The fields that hold a [`Failure`].
const FAILURES: [&str; 2] = ["failure", "other"];

/// The fields of an object; none of anything else.
fn fields(cell: &[u8]) -> Vec<(String, Json)> {
    match json::parse(cell) {
        Ok(Json::Object(fields)) => fields,
        _ => Vec::new(),
    }
}

/// A credential as callers get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Which kind.
    pub kind: Kind,
    /// The token or ticket.
    pub value: Secret,
    /// From here on it is being renewed.
    pub soft: Time,
    /// From here on it is dead.
    pub hard: Time,
    /// Grows with each new value.
    pub generation: u64,
}

impl Credential {
    pub(super) fn of(kind: Kind, token: &Token, generation: u64) -> Self {
        Self { kind, value: token.value.clone(), soft: token.soft, hard: token.hard, generation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_newer_version_survive() {
        let cell = br#"{"v":2,"generation":7,"colour":"red","value":null}"#;
        let record = Record::read(cell);
        assert_eq!((record.v, record.generation), (2, 7));
        let again: serde_json::Value = serde_json::from_slice(&record.write(cell)).unwrap();
        assert_eq!((&again["colour"], &again["v"]), (&"red".into(), &2.into()));
    }

    #[test]
    fn a_cell_of_an_older_version_or_of_nonsense_is_read() {
        assert_eq!(Record::read(b"{}"), Record::default());
        assert_eq!(Record::read(b""), Record::default());
        assert_eq!(Record::read(b"\xff{"), Record::default());
    }
}
