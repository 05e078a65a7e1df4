//! WeChat's side of the credential rules: accounts, access tokens, tickets, quotas. No I/O, the time is passed in.
//!
//! * Classic token (`/cgi-bin/token`): each fetch issues a new one; the one before lives on for a grace time, the one
//!   before that dies at once.
//! * Stable token (`/cgi-bin/stable_token`): the same one while it is valid, with the seconds it has left; renewed near
//!   its end; `force_refresh` kills it, within a budget.
//! * The two kinds never touch each other.
//! * WeCom has a token of its own (`/cgi-bin/gettoken`), and both platforms have tickets: see the files of that name.
//! * Users log in with codes that their browser carries, which are exchanged once: [`Login`], [`Visitor`] of WeCom.

mod account;
mod book;
mod jssdk;
mod login;
mod mini_login;
mod mint;
mod platform;
mod refusal;
mod scene;
#[cfg(test)]
mod tests;
mod ticket;
mod token;
mod user;
mod visitor;
mod wecom;

use std::collections::BTreeMap;
use std::net::IpAddr;

pub use account::{Account, AccountChange};
pub use jssdk::{Denial, Shown};
pub use login::{Login, Scope};
pub use mint::Mint;
pub use platform::{Owner, Platform};
pub use refusal::Refusal;
pub use ticket::TicketType;
pub use token::Which;
pub use user::{User, Users};
pub use visitor::Visitor;

use super::clock::Millis;
use super::report::AccountReport;
use login::Logins;
use mini_login::MiniLogins;
use scene::Scenes;
use token::Ledger;
use visitor::Visitors;

/// All accounts and every token they were given; all users, and how they come by.
#[derive(Debug)]
pub struct WeChat {
    accounts: BTreeMap<Owner, Account>,
    ledger: Ledger,
    mint: Mint,
    /// Everybody.
    pub users: Users,
    logins: Logins,
    mini_logins: MiniLogins,
    visitors: Visitors,
    scenes: Scenes,
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

/// A token or a ticket handed to a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its text.
    pub token: String,
    /// Seconds it has left.
    pub expires_in: u64,
    /// Whether it was made for this call.
    pub issued: bool,
}

impl WeChat {
    /// A WeChat without accounts. Equal seeds give equal tokens.
    pub fn new(seed: u64) -> Self {
        Self {
            accounts: BTreeMap::new(),
            ledger: Ledger::default(),
            mint: Mint::new(seed),
            users: Users::default(),
            logins: Logins::default(),
            mini_logins: MiniLogins::default(),
            visitors: Visitors::default(),
            scenes: Scenes::default(),
        }
    }

    /// Where random texts come from.
    pub fn mint(&mut self) -> &mut Mint {
        &mut self.mint
    }

    /// Creates an account or changes the settings that are named; tokens and quotas used stay.
    /// The error is a sentence that begins with the field.
    pub fn put_account(&mut self, change: AccountChange) -> Result<(), String> {
        change.check()?;
        let owner = change.owner()?;
        if let Some(account) = self.accounts.get_mut(&owner) {
            account.apply(change);
            return Ok(());
        }
        self.accounts.insert(owner, Account::new(change)?);
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
        let owner = Owner::Official(appid.to_owned());
        let account = self.accounts.get_mut(&owner).ok_or(Refusal::INVALID_APPID)?;
        account.recognise(secret, peer)?;
        account.spend(endpoint, now)?;
        Ok(appid.to_owned())
    }

    /// Issues a classic token.
    pub fn classic_token(&mut self, appid: &str, now: Millis) -> Result<Grant, Refusal> {
        let owner = Owner::Official(appid.to_owned());
        let account = self.accounts.get_mut(&owner).ok_or(Refusal::INVALID_APPID)?;
        if let Some(before_last) = account.previous.take() {
            self.ledger.revoke(&before_last, now);
        }
        if let Some(last) = account.classic.take() {
            self.ledger.revoke(&last, now.plus_secs(account.settings.grace_s));
            account.previous = Some(last);
        }
        let life = account.settings.token_life_s;
        let token = self.ledger.issue(&mut self.mint, &owner, now.plus_secs(life));
        account.classic = Some(token.clone());
        Ok(Grant { token, expires_in: u64::from(life), issued: true })
    }

    /// Gives the stable token: the current one while it lasts, or by `force` a new one.
    pub fn stable_token(&mut self, appid: &str, force: bool, now: Millis) -> Result<Grant, Refusal> {
        let owner = Owner::Official(appid.to_owned());
        let account = self.accounts.get_mut(&owner).ok_or(Refusal::INVALID_APPID)?;
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
        let token = self.ledger.issue(&mut self.mint, &owner, now.plus_secs(life));
        account.stable = Some(token.clone());
        Ok(Grant { token, expires_in: u64::from(life), issued: true })
    }

    /// Checks a token that is used on an endpoint of that platform and counts the call against the quota of the day.
    /// Returns the account that the token belongs to.
    pub fn use_token_at(
        &mut self,
        platform: Platform,
        endpoint: &'static str,
        token: Option<&str>,
        now: Millis,
    ) -> Result<Owner, Refusal> {
        let token = token.filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_TOKEN)?;
        let owner = self.ledger.judge(platform, token, now)?.clone();
        let account = self.accounts.get_mut(&owner).ok_or(Refusal::INVALID_TOKEN)?;
        account.spend(endpoint, now)?;
        Ok(owner)
    }

    /// The same for an endpoint of official accounts.
    pub fn use_token(&mut self, endpoint: &'static str, token: Option<&str>, now: Millis) -> Result<Owner, Refusal> {
        self.use_token_at(Platform::Official, endpoint, token, now)
    }

    /// Kills current tokens or tickets of the accounts of that name before their time. With `sticky` an endpoint that
    /// answers the same one again goes on handing out the dead one until it is forced or would have been renewed.
    /// `false` if no such account can have one.
    pub fn invalidate(&mut self, name: &str, which: Which, sticky: bool, now: Millis) -> bool {
        let meant = |owner: &Owner| owner.answers_to(name) && which.is_of(owner.platform());
        let mut found = false;
        for (_, account) in self.accounts.iter_mut().filter(|(owner, _)| meant(owner)) {
            account.kill(which, sticky, |token| self.ledger.revoke(token, now));
            found = true;
        }
        found
    }

    /// Where a login with that appid or corpid belongs, if there is an account of it.
    pub fn platform_of(&self, id: &str) -> Option<Platform> {
        self.accounts.keys().find(|owner| owner.id() == id).map(Owner::platform)
    }

    /// Whether a login with that appid or corpid may lead back to that host. WeCom's application may be named.
    pub fn leads_back_to(&self, id: &str, agent: Option<&str>, host: &str) -> bool {
        let mut accounts = self.accounts.iter().filter(|(owner, _)| owner.id() == id).map(|it| it.1);
        accounts.any(|it| it.oauth_domain(host) && agent.is_none_or(|agent| it.has_agent(agent)))
    }

    /// Whether the control API means any account by that name.
    pub fn knows(&self, name: &str) -> bool {
        self.accounts.keys().any(|owner| owner.answers_to(name))
    }

    /// Each account as the control API shows it.
    pub fn report(&self, now: Millis) -> BTreeMap<String, AccountReport> {
        let show = |token: &String| self.ledger.report(token, now);
        let one = |owner: &Owner, account: &Account| AccountReport {
            kind: owner.platform(),
            classic: account.classic.as_ref().and_then(show),
            previous: account.previous.as_ref().and_then(show),
            stable: account.stable.as_ref().and_then(show),
            wecom: account.wecom.as_ref().and_then(show),
            tickets: account
                .tickets
                .iter()
                .map(|(kind, ticket)| (kind.name().to_owned(), ticket.report(now)))
                .collect(),
            forced_today: account.forced_on(now),
            used_today: account.used_on(now),
        };
        self.accounts.iter().map(|(owner, account)| (owner.to_string(), one(owner, account))).collect()
    }
}
