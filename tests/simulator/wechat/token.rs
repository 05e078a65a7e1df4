//! Every token that was ever given out, and what using it means now.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Mint, Owner, Platform, Refusal};
use crate::simulator::clock::Millis;
use crate::simulator::report::TokenReport;

/// WeChat renews a stable token itself five minutes before its end.
pub(super) const RENEWED_BEFORE_END_S: u64 = 300;

/// Tokens out of use that are remembered, so that they are refused as old ones (40001, 42001) and not as garbage (40014).
const REMEMBERED: usize = 100_000;

/// What of an account to kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The current classic token.
    Classic,
    /// The current stable token.
    Stable,
    /// The current token of a WeCom account.
    #[serde(rename = "wecom")]
    WeCom,
    /// All these tokens.
    All,
    /// The tickets of all types, and no token.
    Ticket,
}

impl Which {
    /// Whether accounts of that platform can have one.
    pub(super) fn is_of(self, platform: Platform) -> bool {
        match self {
            Self::Classic | Self::Stable => platform == Platform::Official,
            Self::WeCom => platform == Platform::WeCom,
            Self::All | Self::Ticket => true,
        }
    }
}

#[derive(Debug)]
struct Token {
    owner: Owner,
    expires: Millis,
    revoked: Option<Millis>,
}

/// The book of tokens.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    tokens: HashMap<String, Token>,
    out_of_use: VecDeque<String>,
}

impl Ledger {
    pub(super) fn issue(&mut self, mint: &mut Mint, owner: &Owner, expires: Millis) -> String {
        let text = mint.token();
        let token = Token { owner: owner.clone(), expires, revoked: None };
        self.tokens.insert(text.clone(), token);
        text
    }

    /// Ends a token at `at`, or earlier if it was to end earlier.
    pub(super) fn revoke(&mut self, text: &str, at: Millis) {
        let Some(token) = self.tokens.get_mut(text) else {
            return;
        };
        let first_time = token.revoked.is_none();
        token.revoked = Some(token.revoked.map_or(at, |before| before.min(at)));
        if first_time {
            self.forget_later(text);
        }
    }

    /// The token is no longer anybody's current one: it may be forgotten when there are too many.
    pub(super) fn forget_later(&mut self, text: &str) {
        self.out_of_use.push_back(text.to_owned());
        if self.out_of_use.len() > REMEMBERED
            && let Some(oldest) = self.out_of_use.pop_front()
        {
            self.tokens.remove(&oldest);
        }
    }

    pub(super) fn expires(&self, text: &str) -> Option<Millis> {
        self.tokens.get(text).map(|token| token.expires)
    }

    /// The account that may be served with this token, or why not. No platform knows the tokens of the other.
    pub(super) fn judge(&self, platform: Platform, text: &str, now: Millis) -> Result<&Owner, Refusal> {
        let token = self.tokens.get(text).filter(|token| token.owner.platform() == platform);
        let token = token.ok_or(Refusal::INVALID_TOKEN)?;
        // What ended it first decides the code: a token that ran out before it was replaced has expired.
        match token.revoked {
            Some(revoked) if revoked <= now && revoked < token.expires => Err(Refusal::NOT_LATEST),
            _ if token.expires <= now => Err(Refusal::EXPIRED_TOKEN),
            _ => Ok(&token.owner),
        }
    }

    pub(super) fn report(&self, text: &String, now: Millis) -> Option<TokenReport> {
        let token = self.tokens.get(text)?;
        let end = token.revoked.map_or(token.expires, |revoked| revoked.min(token.expires));
        Some(TokenReport { token: text.clone(), expires_in: now.secs_until(end), valid: now < end })
    }
}
