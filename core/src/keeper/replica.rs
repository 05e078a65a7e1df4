//! A copy of each credential in a store that is near its readers, quick to read and slow to learn of a change: Workers KV.
//!
//! It is a hint, never the truth. The keeper writes a copy once its own record is durable, once for each refresh; it overwrites
//! and never deletes, since a miss is remembered by such a store as well. A reader believes a copy only before its soft expiry,
//! less the lag, and only if it is not older than what this reader was told before; whoever reports a stale credential, and
//! whoever finds nothing to believe, asks the keeper.
//!
//! A copy is sealed (AES-256-GCM) with a key that is derived from the account's AppSecret, and its name is sealed with it. So who
//! can read the store learns no credential, who can write it can plant none, and what was written with another AppSecret, for
//! another account or of another kind does not open.

use alloc::{format, string::String, vec::Vec};
use core::time::Duration;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::account::{AccountId, Kind};
use crate::config::Account;
use crate::host::Time;
use crate::json;
use crate::keeper::record::Credential;
use crate::limits;
use crate::secret::Secret;

/// The version that this code writes. A later one only adds fields; one that does more has another name.
const VERSION: u32 = 1;

/// What the key is derived for.
const PURPOSE: &[u8] = b"wxedge v1 replica";

/// The length of a nonce, which stands before what it sealed.
const NONCE: usize = 12;

/// A copy, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Under which name.
    pub name: String,
    /// What.
    pub value: Vec<u8>,
    /// For how long: to the credential's end, but no shorter than the store takes.
    pub ttl: Duration,
}

#[derive(Serialize, Deserialize)]
struct Copy {
    v: u32,
    generation: u64,
    value: Secret,
    soft: Time,
    hard: Time,
}

/// The name of a copy.
#[must_use]
pub fn name(account: &AccountId, kind: Kind) -> String {
    format!("v1/{account}/{}", kind.as_str())
}

/// The copy of `credential`. No two may have the same nonce: 12 random bytes.
#[must_use]
pub fn seal(account: &Account, credential: &Credential, now: Time, nonce: [u8; NONCE]) -> Option<Write> {
    let Credential { kind, value, soft, hard, generation } = credential.clone();
    let name = name(&account.id, kind);
    let copy = json::write(&Copy { v: VERSION, generation, value, soft, hard });
    let sealed = cipher(account)?.encrypt(&Nonce::from(nonce), Payload { msg: &copy, aad: name.as_bytes() }).ok()?;
    let ttl = now.until(hard).max(limits::REPLICA_TTL);
    Some(Write { name, value: [&nonce, &*sealed].concat(), ttl })
}

/// The credential in a copy, if it is one of `account` and `kind`.
#[must_use]
pub fn open(account: &Account, kind: Kind, value: &[u8]) -> Option<Credential> {
    let (nonce, sealed) = value.split_first_chunk::<NONCE>()?;
    let name = name(&account.id, kind);
    let payload = Payload { msg: sealed, aad: name.as_bytes() };
    let copy = cipher(account)?.decrypt(&Nonce::from(*nonce), payload).ok()?;
    let Copy { value, soft, hard, generation, .. } = json::read(&copy)?;
    Some(Credential { kind, value, soft, hard, generation })
}

fn cipher(account: &Account) -> Option<Aes256Gcm> {
    let mut mac = Hmac::<Sha256>::new_from_slice(account.secret.expose().as_bytes()).ok()?;
    mac.update(PURPOSE);
    Some(Aes256Gcm::new(&mac.finalize().into_bytes()))
}

/// Whether a reader who was last told `seen` believes the copy `found`.
///
/// The lag is taken off the soft expiry, so that no reader holds on to a copy that is being replaced. Of a short life, where that
/// much is not left between soft and hard expiry, only as much as is.
#[must_use]
pub fn believed(found: &Credential, now: Time, seen: Option<&Credential>) -> bool {
    let lag = limits::REPLICA_LAG.min(found.soft.until(found.hard));
    let young = now.plus(lag) < found.soft;
    let sane = found.hard <= now.plus(Duration::from_secs(limits::LIFE));
    // The same generation with another value: the keeper lost its memory and counts anew.
    let newer = |it: &Credential| it.generation < found.generation;
    let same = |it: &Credential| it.generation == found.generation && it.value == found.value;
    young && sane && seen.is_none_or(|it| newer(it) || same(it))
}

/// What the keeper notes of its last write, in a cell of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Mark {
    /// Which AppSecret sealed it.
    tag: String,
    generation: u64,
    soft: Time,
    /// Failures in a row.
    pub(super) failures: u32,
    /// Until when nobody writes: somebody is at it, or it has failed. `None` once it has arrived.
    pub(super) until: Option<Time>,
}

impl Mark {
    /// The mark of the write of `credential`.
    pub(super) fn of(account: &Account, credential: &Credential) -> Self {
        let Credential { soft, generation, .. } = *credential;
        Self { tag: account.tag.clone(), generation, soft, ..Self::default() }
    }

    /// From when on what `wanted` stands for may be written; `None` if it has been.
    ///
    /// A write that is under way keeps back every other one, of something newer too: the store has no order but that of arrival.
    pub(super) fn next(&self, wanted: &Self, now: Time) -> Option<Time> {
        let same = (&self.tag, self.generation, self.soft) == (&wanted.tag, wanted.generation, wanted.soft);
        if same && self.until.is_none() {
            return None;
        }
        // Further away than any pause: the mark of a clock that ran backwards.
        let pause = self.until.filter(|it| *it <= now.plus(PAUSE));
        Some(pause.unwrap_or(now))
    }
}

/// The longest pause after a write that failed.
const PAUSE: Duration = Duration::from_secs(60);

#[cfg(test)]
#[path = "replica_tests.rs"]
mod tests;
