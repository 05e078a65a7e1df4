//! WeChat's side of the credential rules: accounts, two kinds of access token, quotas. No I/O, the time is passed in.
//!
//! * Classic token (`/cgi-bin/token`): each fetch issues a new one; the one before lives on for a grace time, the one
//!   before that dies at once.
//! * Stable token (`/cgi-bin/stable_token`): the same one while it is valid, with the seconds it has left; renewed near
//!   its end; `force_refresh` kills it, within a budget.
//! * The two kinds never touch each other.

mod account;
mod mint;
mod refusal;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeMap;
use std::net::IpAddr;

pub use account::{Account, AccountChange};
pub use mint::Mint;
pub use refusal::Refusal;
pub use token::Which;

use super::clock::Millis;
use super::report::AccountReport;
use token::Ledger;

/// All accounts and every token they were given.
#[derive(Debug)]
pub struct WeChat {
    accounts: BTreeMap<String, Account>,
    ledger: Ledger,
    mint: Mint,
}

/// What a caller of a token endpoint shows.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// Must be `client_credential`.
    pub grant_type: Option<&'a str>,
    /// Names the account.
    pub appid: Option<&'a str>,
    /// Proves it.
    pub secret: Option<&'a str>,
}

/// A token handed to a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The access token.
    pub token: String,
    /// Seconds it has left.
    pub expires_in: u64,
    /// Whether it was made for this call.
    pub issued: bool,
}

impl WeChat {
    /// A WeChat without accounts. Equal seeds give equal tokens.
    pub fn new(seed: u64) -> Self {
        Self { accounts: BTreeMap::new(), ledger: Ledger::default(), mint: Mint::new(seed) }
    }

    /// Where random texts come from.
    pub fn mint(&mut self) -> &mut Mint {
        &mut self.mint
    }

    /// Creates an account or changes the settings that are named; tokens and quotas used stay.
    /// The error is a sentence that begins with the field.
    pub fn put_account(&mut self, change: AccountChange) -> Result<(), String> {
        change.check()?;
        if let Some(account) = self.accounts.get_mut(&change.appid) {
            account.apply(change);
            return Ok(());
        }
        let appid = change.appid.clone();
        self.accounts.insert(appid, Account::new(change)?);
        Ok(())
    }

    /// Checks who calls a token endpoint and counts the call against the quota of the day. Returns the appid.
    pub fn admit(
        &mut self,
        endpoint: &'static str,
        shown: Credentials<'_>,
        peer: IpAddr,
        now: Millis,
    ) -> Result<String, Refusal> {
        let appid = shown.appid.filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_APPID)?;
        let secret = shown.secret.filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_SECRET)?;
        if shown.grant_type != Some("client_credential") {
            return Err(Refusal::INVALID_GRANT_TYPE);
        }
        let account = self.accounts.get_mut(appid).ok_or(Refusal::INVALID_APPID)?;
        account.recognise(secret, peer)?;
        account.spend(endpoint, now)?;
        Ok(appid.to_owned())
    }

    /// Issues a classic token.
    pub fn classic_token(&mut self, appid: &str, now: Millis) -> Result<Grant, Refusal> {
        let account = self.accounts.get_mut(appid).ok_or(Refusal::INVALID_APPID)?;
        if let Some(before_last) = account.previous.take() {
            self.ledger.revoke(&before_last, now);
        }
        if let Some(last) = account.classic.take() {
            self.ledger.revoke(&last, now.plus_secs(account.settings.grace_s));
            account.previous = Some(last);
        }
        let life = account.settings.token_life_s;
        let token = self.ledger.issue(&mut self.mint, appid, now.plus_secs(life));
        account.classic = Some(token.clone());
        Ok(Grant { token, expires_in: u64::from(life), issued: true })
    }

    /// Gives the stable token: the current one while it lasts, or by `force` a new one.
    pub fn stable_token(&mut self, appid: &str, force: bool, now: Millis) -> Result<Grant, Refusal> {
        let account = self.accounts.get_mut(appid).ok_or(Refusal::INVALID_APPID)?;
        if force {
            account.spend_force(now)?;
            if let Some(last) = account.stable.take() {
                self.ledger.revoke(&last, now);
            }
        }
        let life = account.settings.token_life_s;
        // A quarter for short lives: with the plain 300 s a token of five minutes would be renewed at every call.
        let margin = u64::from(life / 4).min(token::RENEWED_BEFORE_END_S);
        if let Some(current) = account.stable.as_ref() {
            let expires_in = self.ledger.expires(current).map_or(0, |end| now.secs_until(end));
            if expires_in > margin {
                return Ok(Grant { token: current.clone(), expires_in, issued: false });
            }
            // The old one is not revoked: it lives to its own end.
            self.ledger.forget_later(current);
        }
        let token = self.ledger.issue(&mut self.mint, appid, now.plus_secs(life));
        account.stable = Some(token.clone());
        Ok(Grant { token, expires_in: u64::from(life), issued: true })
    }

    /// Checks a token that is used on a business endpoint and counts the call against the quota of the day.
    /// Returns the appid that the token belongs to.
    pub fn use_token(&mut self, endpoint: &'static str, token: Option<&str>, now: Millis) -> Result<String, Refusal> {
        let token = token.filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_TOKEN)?;
        let appid = self.ledger.judge(token, now)?.to_owned();
        let account = self.accounts.get_mut(&appid).ok_or(Refusal::INVALID_APPID)?;
        account.spend(endpoint, now)?;
        Ok(appid)
    }

    /// Kills current tokens before their time. With `sticky` the stable token endpoint goes on handing out the dead one
    /// until it is forced or the token would have been renewed. `false` if there is no such account.
    pub fn invalidate(&mut self, appid: &str, which: Which, sticky: bool, now: Millis) -> bool {
        let Some(account) = self.accounts.get_mut(appid) else {
            return false;
        };
        if which != Which::Stable
            && let Some(token) = account.classic.take()
        {
            self.ledger.revoke(&token, now);
        }
        if which == Which::Classic {
            return true;
        }
        if let Some(token) = account.stable.take() {
            self.ledger.revoke(&token, now);
            account.stable = sticky.then_some(token);
        }
        true
    }

    /// Each account as the control API shows it.
    pub fn report(&self, now: Millis) -> BTreeMap<String, AccountReport> {
        let show = |token: &String| self.ledger.report(token, now);
        let one = |account: &Account| AccountReport {
            classic: account.classic.as_ref().and_then(show),
            previous: account.previous.as_ref().and_then(show),
            stable: account.stable.as_ref().and_then(show),
            forced_today: account.forced_on(now),
            used_today: account.used_on(now),
        };
        self.accounts.iter().map(|(appid, account)| (appid.clone(), one(account))).collect()
    }
}
