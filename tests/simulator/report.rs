//! What `/_sim/state` says: the same types on both ends of the control API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::counters::{Connections, Counter};
use super::wechat::Platform;

/// The whole state at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The simulated now, in milliseconds since 1970.
    pub now_ms: u64,
    /// How far that is from the real time.
    pub offset_ms: i64,
    /// By endpoint; every endpoint is there from the start.
    pub counters: BTreeMap<String, Counter>,
    /// Connections to this port.
    pub connections: Connections,
    /// By appid, for WeCom by `corpid:secret`.
    pub accounts: BTreeMap<String, AccountReport>,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountReport {
    /// Where it lives.
    pub kind: Platform,
    /// The current classic token.
    pub classic: Option<TokenReport>,
    /// The classic token before it.
    pub previous: Option<TokenReport>,
    /// The current stable token.
    pub stable: Option<TokenReport>,
    /// The current token of a WeCom account.
    pub wecom: Option<TokenReport>,
    /// The current tickets by type: `jsapi`, `wx_card`, `agent_config`.
    pub tickets: BTreeMap<String, TicketReport>,
    /// Forced refreshes of the stable token on this simulated day.
    pub forced_today: u32,
    /// Calls counted against quotas on this simulated day.
    pub used_today: BTreeMap<String, u64>,
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenReport {
    /// Its text.
    pub token: String,
    /// Seconds until it stops working.
    pub expires_in: u64,
    /// Whether it works now.
    pub valid: bool,
}

/// One ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketReport {
    /// Its text.
    pub ticket: String,
    /// Seconds until it stops working.
    pub expires_in: u64,
    /// Whether it works now.
    pub valid: bool,
}

/// What `wx.login()` gives to a mini program, and what the code will be exchanged for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsCode {
    /// The code.
    pub code: String,
    /// The key that encrypts what the mini program reads of the user.
    pub session_key: String,
}
