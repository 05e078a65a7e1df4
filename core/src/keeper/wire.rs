//! What is asked of a keeper and answered: one JSON form, inside a process, to a Durable Object, to a hub.
//!
//! `{"v":1,"ask":{"credential":{"kind":"access"}}}` -> `{"v":1,"ok":{..}}` or `{"v":1,"error":{..}}`. Two versions of the gateway may talk to each
//! other during a roll-out: a word that is not known is an error, never a panic.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::account::{AccountId, Kind};
use crate::error::{Error, Unavailable};
use crate::event::Why;
use crate::host::Time;
use crate::json;
use crate::keeper::exchange::{Code, Note};
use crate::keeper::health::Health;
use crate::keeper::once::Claimed;
use crate::keeper::record::{Credential, Record};
use crate::keeper::registry;
use crate::keeper::table::Digest;
use crate::secret::Secret;

/// Something asked of a keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ask {
    /// Of an account: a credential that works.
    Credential {
        /// Which kind.
        kind: Kind,
        /// The one that does not work any more.
        #[serde(default)]
        stale: Stale,
    },
    /// Of an account: its access token, for one who brings the AppSecret in force. A word of its own: a version that did not know
    /// a mere field of the one above would give the token to anybody.
    BySecret {
        /// The AppSecret.
        secret: Secret,
        /// The token that does not work any more.
        stale: Stale,
    },
    /// Of an account: how every credential is. Nothing is fetched.
    Health,
    /// Of an account: that this AppSecret is right from now on.
    Learn {
        /// The AppSecret, and what WeChat gave for it.
        proved: Proved,
    },
    /// Of an account that is not configured: to forget it.
    Unlearn,
    /// Of an account: whether this is its access token. Nothing is fetched.
    Owns {
        /// The token.
        token: Secret,
    },
    /// Of an account: the right to handle a push.
    Claim {
        /// Its digest.
        push: Digest,
        /// How long the others are kept away, if it is not settled before.
        lease: Duration,
        /// Until when to wait for whoever has it.
        patience: Time,
    },
    /// Of an account: to remember what a push was answered with.
    Settle {
        /// Its digest.
        push: Digest,
        /// The reply, in plain text.
        reply: String,
    },
    /// Of an account: what WeChat says to a login's code.
    Exchange {
        /// Which login it is: another one that brings the same code is none of its own.
        #[serde(default)]
        login: String,
        /// What kind of code it is.
        kind: Code,
        /// The code.
        code: Secret,
    },
    /// Of an account: to keep something of a user for a while.
    Keep {
        /// What it is.
        note: Note,
        /// Its digest.
        id: Digest,
        /// The value.
        value: Secret,
    },
    /// Of an account: what it keeps of a user. A ticket is gone with that.
    Read {
        /// What it is.
        note: Note,
        /// Its digest.
        id: Digest,
    },
    /// Of the registry: whether WeChat takes this AppSecret.
    Prove {
        /// Whose it is said to be.
        account: AccountId,
        /// The AppSecret.
        secret: Secret,
        /// Whether it is an administrator who asks.
        #[serde(default)]
        by_admin: bool,
    },
    /// Of the registry: what is registered.
    Registry(registry::Ask),
}

/// An AppSecret that WeChat took, and what it gave for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    /// The AppSecret.
    pub secret: Secret,
    /// The access token.
    pub token: Secret,
    /// When it was asked for.
    pub asked: Time,
    /// How long it lives from then on, in seconds.
    pub expires_in: u64,
}

/// Which credential does not do any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stale {
    /// None: the current one is wanted.
    #[default]
    No,
    /// The current one, whichever it is: another one is wanted.
    Current,
    /// This one: the caller saw it fail.
    Seen(Secret),
    /// This one, which was the current one when the keeper first looked.
    Unwanted(Secret),
}

impl Stale {
    /// `Current` becomes the value it means now, once, so that waiting for a refresh does not ask for another.
    pub(super) fn fixed(self, record: &Record) -> Self {
        match (self, &record.value) {
            (Self::Current, Some(token)) => Self::Unwanted(token.value.clone()),
            (Self::Current, None) => Self::No,
            (other, _) => other,
        }
    }

    pub(super) fn value(&self) -> Option<&str> {
        match self {
            Self::Seen(it) | Self::Unwanted(it) => Some(it.expose()),
            Self::No | Self::Current => None,
        }
    }

    /// A wish for another credential says nothing about the health of the current one; a report does.
    pub(super) const fn named(&self, why: Why) -> Why {
        match (self, why) {
            (Self::Unwanted(_), Why::Stale) => Why::Rotate,
            _ => why,
        }
    }
}

/// What a keeper answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// A credential.
    Credential(Credential),
    /// To [`Ask::Health`].
    Health(Vec<Health>),
    /// To [`Ask::Owns`].
    Owns(bool),
    /// To [`Ask::Claim`].
    Claimed(Claimed),
    /// To [`Ask::Exchange`] and [`Ask::Read`].
    Said(Option<Secret>),
    /// To [`Ask::Prove`].
    Proved(Proved),
    /// To [`Ask::Registry`].
    Registry(registry::Answer),
    /// It is done.
    Done,
}

#[derive(Serialize, Deserialize)]
struct Question {
    v: u32,
    ask: Ask,
}

#[derive(Serialize, Deserialize)]
struct Reply {
    v: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error>,
}

const VERSION: u32 = 1;

/// An ask, as it travels.
#[must_use]
pub fn write_ask(ask: Ask) -> Vec<u8> {
    json::write(&Question { v: VERSION, ask })
}

/// Reads an ask.
///
/// # Errors
/// [`Unavailable::Garbled`] for anything that this version does not know.
pub fn read_ask(bytes: &[u8]) -> Result<Ask, Error> {
    let question: Question = json::read(bytes).ok_or_else(|| garbled("asker"))?;
    Ok(question.ask)
}

/// An answer, as it travels.
#[must_use]
pub fn write_answer(answer: Result<Answer, Error>) -> Vec<u8> {
    let (ok, error) = match answer {
        Ok(it) => (Some(it), None),
        Err(it) => (None, Some(it)),
    };
    json::write(&Reply { v: VERSION, ok, error })
}

/// Reads an answer.
///
/// # Errors
/// The keeper's own error, or [`Unavailable::Garbled`].
pub fn read_answer(bytes: &[u8]) -> Result<Answer, Error> {
    let reply: Reply = json::read(bytes).ok_or_else(|| garbled("keeper"))?;
    match (reply.ok, reply.error) {
        (Some(it), _) => Ok(it),
        (None, Some(it)) => Err(it),
        (None, None) => Err(garbled("keeper")),
    }
}

pub(super) fn garbled(who: &str) -> Error {
    let who = alloc::format!("the {who}");
    let why = String::from("it speaks another version of the protocol");
    Unavailable::Garbled { who, why }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::Reject, host::Time};

    #[test]
    fn an_ask_reads_back_as_it_was_written() {
        for stale in [Stale::No, Stale::Current, Stale::Seen(Secret::new("T".into()))] {
            let ask = Ask::Credential { kind: Kind::Access, stale };
            assert_eq!(read_ask(&write_ask(ask.clone())), Ok(ask));
        }
        assert_eq!(read_ask(&write_ask(Ask::Health)), Ok(Ask::Health));
    }

    #[test]
    fn an_answer_reads_back_as_it_was_written() {
        let credential = Credential {
            kind: Kind::Access,
            value: Secret::new("T".into()),
            soft: Time::from_ms(1),
            hard: Time::from_ms(2),
            generation: 3,
        };
        let life = Some((Time::from_ms(1), Time::from_ms(2)));
        let health = Health { kind: Kind::Jsapi, life, busy: true, failure: None, foreign: 1 };
        let answers = [
            Ok(Answer::Credential(credential)),
            Ok(Answer::Health([health].into())),
            Err(Reject::TooSoon { retry_after: 3 }.into()),
        ];
        for answer in answers {
            assert_eq!(read_answer(&write_answer(answer.clone())), answer);
        }
    }

    #[test]
    fn what_another_version_says_is_an_error_and_no_panic() {
        let known = br#"{"v":9,"ask":{"credential":{"kind":"access","colour":1}},"more":2}"#;
        assert!(read_ask(known).is_ok());
        let unknown: [&[u8]; 5] =
            [b"", b"{}", b"\xff", br#"{"v":9,"ask":{"dance":{}}}"#, br#"{"v":1,"ask":{"credential":{}}}"#];
        for bytes in unknown {
            assert!(matches!(read_ask(bytes), Err(Error::Unavailable(Unavailable::Garbled { .. }))));
            assert!(read_answer(bytes).is_err());
        }
    }
}
