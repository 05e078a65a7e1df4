//! What is worth a line in the log and a count in the metrics.

use core::fmt;

use crate::account::{AccountId, Kind};
use crate::error::Error;
use crate::host::Time;
use crate::query::escape;
use crate::wechat::callback::Refusal;

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the usual ones
pub enum Level {
    Info,
    Warn,
    Error,
}

/// Why a credential is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There was none.
    Cold,
    /// Its soft expiry has come.
    Soft,
    /// It had expired.
    Expired,
    /// A caller reports that it does not work any more.
    Stale,
    /// A caller wants another one.
    Rotate,
}

impl Why {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Soft => "soft",
            Self::Expired => "expired",
            Self::Stale => "stale",
            Self::Rotate => "rotate",
        }
    }
}

/// Something that happened. It never holds a secret or a token.
#[derive(Debug)]
pub enum Event<'a> {
    /// A credential was fetched and stored.
    Refreshed {
        /// Whose.
        account: &'a AccountId,
        /// Which.
        kind: Kind,
        /// Why.
        why: Why,
        /// What WeChat gave it to live, in seconds.
        expires_in: u64,
        /// Whether `force_refresh` was spent.
        forced: bool,
    },
    /// A fetch failed.
    RefreshFailed {
        /// Whose.
        account: &'a AccountId,
        /// Which.
        kind: Kind,
        /// Why it was fetched.
        why: Why,
        /// What was said.
        error: &'a Error,
        /// When it may be tried again.
        next: Time,
    },
    /// A credential died early or changed without us: somebody else fetches it too.
    ForeignRefresher {
        /// Whose.
        account: &'a AccountId,
        /// Which.
        kind: Kind,
    },
    /// A fetched credential came too late: another refresher had taken over.
    Late {
        /// Whose.
        account: &'a AccountId,
        /// Which.
        kind: Kind,
    },
    /// Another writer was faster.
    Conflict {
        /// Whose.
        account: &'a AccountId,
        /// Which.
        kind: Kind,
    },
    /// A caller brought an AppSecret that WeChat takes: it is the account's from now on. If the account is configured, the
    /// configuration wants mending.
    Learned {
        /// Whose.
        account: &'a AccountId,
    },
    /// A caller brought an AppSecret that WeChat does not take, or WeChat could not be asked.
    ProofFailed {
        /// Whose it was said to be.
        account: &'a AccountId,
        /// What was said.
        error: &'a Error,
    },
    /// The replica could not be read or written, or what it held is not ours. No caller is harmed.
    ReplicaFailed {
        /// Whose credential.
        account: &'a AccountId,
        /// Which.
        kind: Kind,
        /// What was tried.
        doing: &'static str,
    },
    /// A back-end has not taken what a hook had to tell; it will not be told again.
    HookFailed {
        /// Whose credential.
        account: &'a AccountId,
        /// Which.
        kind: Kind,
        /// The app that the back-end was to be told about.
        app: &'a str,
        /// What the last attempt met with.
        why: &'a str,
    },
    /// A message was not taken. Whoever sent it is told less than this.
    PushRefused {
        /// Whose it was said to be; of several apps, the first.
        app: &'a str,
        /// Why.
        why: &'a Refusal,
    },
    /// A back-end has not answered a message, or in a way that cannot be used. The others may have.
    BackendFailed {
        /// Whose message.
        app: &'a str,
        /// Host and port of the back-end.
        backend: &'a str,
        /// Why.
        why: &'a str,
    },
    /// A back-end is down: it is skipped for a while.
    BackendDown {
        /// Host and port of the back-end.
        backend: &'a str,
    },
    /// A back-end has answered a message after WeChat was.
    BackendLate {
        /// Whose message.
        app: &'a str,
        /// Host and port of the back-end.
        backend: &'a str,
    },
    /// It could not be looked up whether a message was handled before: it is handled now.
    PushForgotten {
        /// Whose.
        app: &'a str,
    },
    /// A request was answered with an error.
    Failed {
        /// The request's id.
        request_id: &'a str,
        /// The error.
        error: &'a Error,
    },
}

impl Event<'_> {
    /// The event's name, for metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Refreshed { .. } => "refreshed",
            Self::RefreshFailed { .. } => "refresh_failed",
            Self::ForeignRefresher { .. } => "foreign_refresher",
            Self::Late { .. } => "late",
            Self::Conflict { .. } => "conflict",
            Self::Learned { .. } => "learned",
            Self::ProofFailed { .. } => "proof_failed",
            Self::ReplicaFailed { .. } => "replica_failed",
            Self::HookFailed { .. } => "hook_failed",
            Self::PushRefused { .. } => "push_refused",
            Self::BackendFailed { .. } => "backend_failed",
            Self::BackendDown { .. } => "backend_down",
            Self::BackendLate { .. } => "backend_late",
            Self::PushForgotten { .. } => "push_forgotten",
            Self::Failed { .. } => "failed",
        }
    }

    /// All names, so that a host can define its counters beforehand.
    pub const NAMES: [&'static str; 15] = [
        "refreshed",
        "refresh_failed",
        "foreign_refresher",
        "late",
        "conflict",
        "learned",
        "proof_failed",
        "replica_failed",
        "hook_failed",
        "push_refused",
        "backend_failed",
        "backend_down",
        "backend_late",
        "push_forgotten",
        "failed",
    ];

    /// How loud the line is; `None` for what is only counted.
    #[must_use]
    pub const fn level(&self) -> Option<Level> {
        match self {
            Self::Refreshed { .. } | Self::PushRefused { .. } | Self::BackendLate { .. } => Some(Level::Info),
            Self::BackendFailed { .. }
            | Self::BackendDown { .. }
            | Self::PushForgotten { .. }
            | Self::ForeignRefresher { .. }
            | Self::Late { .. }
            | Self::Learned { .. }
            | Self::ProofFailed { .. }
            | Self::ReplicaFailed { .. }
            | Self::HookFailed { .. } => Some(Level::Warn),
            Self::RefreshFailed { error: Error::Refused { .. }, .. } => Some(Level::Error),
            Self::RefreshFailed { .. } => Some(Level::Warn),
            Self::Conflict { .. } => None,
            Self::Failed { error: Error::Rejected(_), .. } => None,
            Self::Failed { .. } => Some(Level::Warn),
        }
    }
}

impl fmt::Display for Event<'_> {
    /// One line of `key=value`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event={}", self.name())?;
        match self {
            Self::Refreshed { account, kind, why, expires_in, forced } => write!(
                f,
                " account={account} kind={} why={} expires_in={expires_in} forced={forced}",
                kind.as_str(),
                why.as_str()
            ),
            Self::RefreshFailed { account, kind, why, error, next } => write!(
                f,
                " account={account} kind={} why={} next={} error={:?}",
                kind.as_str(),
                why.as_str(),
                next.as_ms(),
                alloc::format!("{error}")
            ),
            Self::ForeignRefresher { account, kind }
            | Self::Late { account, kind }
            | Self::Conflict { account, kind } => {
                write!(f, " account={account} kind={}", kind.as_str())
            }
            Self::Learned { account } => write!(f, " account={account}"),
            Self::ProofFailed { account, error } => {
                write!(f, " account={account} error={:?}", alloc::format!("{error}"))
            }
            Self::ReplicaFailed { account, kind, doing } => {
                write!(f, " account={account} kind={} doing={doing}", kind.as_str())
            }
            Self::HookFailed { account, kind, app, why } => {
                write!(f, " account={account} kind={} app={} why={why:?}", kind.as_str(), escape(app))
            }
            Self::PushRefused { app, why } => write!(f, " app={} why={:?}", escape(app), alloc::format!("{why}")),
            Self::BackendFailed { app, backend, why } => {
                write!(f, " app={} backend={backend} why={why:?}", escape(app))
            }
            Self::BackendDown { backend } => write!(f, " backend={backend}"),
            Self::BackendLate { app, backend } => write!(f, " app={} backend={backend}", escape(app)),
            Self::PushForgotten { app } => write!(f, " app={}", escape(app)),
            Self::Failed { request_id, error } => {
                write!(f, " request_id={request_id} error={:?}", alloc::format!("{error}"))
            }
        }
    }
}
