//! One account: its settings, its current tokens and tickets, what it has used up today.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer};

use super::ticket::{Ticket, TicketType};
use super::{Owner, Platform, Refusal, Which};
use crate::simulator::clock::Millis;
use crate::simulator::endpoints;

/// WeChat gives a token for at most two hours.
const TOKEN_LIFE_S: u32 = 7200;
/// And a ticket for as long.
const TICKET_LIFE_S: u32 = 7200;
/// WeChat keeps the replaced classic token alive for about five minutes.
const GRACE_S: u32 = 300;
/// WeChat allows 20 forced refreshes a day,
const FORCE_PER_DAY: u32 = 20;
/// at least 30 seconds apart.
const FORCE_GAP_S: u32 = 30;

/// The body of `POST /_sim/accounts`: what is absent stays as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountChange {
    /// Names the account. For WeCom it is the corpid, and the secret is part of the name.
    pub appid: String,
    /// Where the account lives.
    pub kind: Platform,
    /// Its secret; a new account needs one, one of WeCom always.
    pub secret: Option<String>,
    /// Life of new tokens, in seconds.
    pub token_life_s: Option<u32>,
    /// Life of new tickets, in seconds.
    pub ticket_life_s: Option<u32>,
    /// How long a replaced classic token lives on, in seconds.
    pub grace_s: Option<u32>,
    /// Addresses that may fetch tokens; `null` switches the list off, `[]` lets nobody in.
    #[serde(deserialize_with = "present")]
    pub ip_allow: Option<Option<Vec<IpAddr>>>,
    /// The address WeChat sees, whatever the connection says; `null` for the connection's own.
    #[serde(deserialize_with = "present")]
    pub seen_ip: Option<Option<IpAddr>>,
    /// Calls a day by endpoint; an endpoint that is not named has no limit.
    pub quotas: Option<BTreeMap<String, u64>>,
    /// Forced refreshes a day.
    pub force_per_day: Option<u32>,
    /// Seconds between two forced refreshes.
    pub force_gap_s: Option<u32>,
    /// Whether the secret is frozen; WeCom then calls it a wrong one.
    pub frozen: Option<bool>,
    /// Hosts that a login may lead back to; `null` switches the list off.
    #[serde(deserialize_with = "present")]
    pub oauth_domains: Option<Option<Vec<String>>>,
    /// Hosts whose pages may use the JSSDK; `null` switches the list off.
    #[serde(deserialize_with = "present")]
    pub js_domains: Option<Option<Vec<String>>>,
    /// WeCom: the number of the application; any if it is not set.
    pub agentid: Option<String>,
}

/// `null` is a value of its own, other than an absent field.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl AccountChange {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.appid.is_empty() {
            return Err("appid: it is required".to_owned());
        }
        if self.secret.as_deref() == Some("") {
            return Err("secret: it must not be empty".to_owned());
        }
        if self.token_life_s == Some(0) {
            return Err("token_life_s: it must be at least 1".to_owned());
        }
        if self.ticket_life_s == Some(0) {
            return Err("ticket_life_s: it must be at least 1".to_owned());
        }
        if self.kind == Platform::Official && self.agentid.is_some() {
            return Err("agentid: only an application of WeCom has one".to_owned());
        }
        if let (Platform::WeCom, Some(field)) = (self.kind, self.only_official()) {
            return Err(format!("{field}: a WeCom account has none"));
        }
        let stranger = self.quotas.iter().flatten().find(|(name, _)| !endpoints::is_known(name));
        match stranger {
            Some((name, _)) => Err(format!("quotas.{name}: there is no such endpoint, {}", endpoints::list())),
            None => Ok(()),
        }
    }

    /// Whom this is about.
    pub(super) fn owner(&self) -> Result<Owner, String> {
        let id = self.appid.clone();
        match (self.kind, &self.secret) {
            (Platform::Official, _) => Ok(Owner::Official(id)),
            (Platform::WeCom, Some(secret)) => Ok(Owner::WeCom { corpid: id, secret: secret.clone() }),
            (Platform::WeCom, None) => Err("secret: it tells which of the corp's accounts is meant".to_owned()),
        }
    }

    /// The first setting that only makes sense for official accounts.
    fn only_official(&self) -> Option<&'static str> {
        let fields =
            [("grace_s", self.grace_s), ("force_per_day", self.force_per_day), ("force_gap_s", self.force_gap_s)];
        fields.into_iter().find(|(_, value)| value.is_some()).map(|(name, _)| name)
    }
}

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) secret: String,
    pub(super) token_life_s: u32,
    pub(super) ticket_life_s: u32,
    pub(super) grace_s: u32,
    ip_allow: Option<Vec<IpAddr>>,
    seen_ip: Option<IpAddr>,
    quotas: BTreeMap<String, u64>,
    force_per_day: u32,
    force_gap_s: u32,
    frozen: bool,
    oauth_domains: Option<Vec<String>>,
    js_domains: Option<Vec<String>>,
    agentid: Option<String>,
}

/// What is counted per day and starts again at midnight.
#[derive(Debug, Default)]
struct Today {
    day: u64,
    used: BTreeMap<String, u64>,
    forced: u32,
}

/// An account and what WeChat knows about it.
#[derive(Debug)]
pub struct Account {
    platform: Platform,
    pub(super) settings: Settings,
    pub(super) classic: Option<String>,
    /// The classic token before the current one.
    pub(super) previous: Option<String>,
    pub(super) stable: Option<String>,
    /// The token of a WeCom account, which has no other.
    pub(super) wecom: Option<String>,
    pub(super) tickets: BTreeMap<TicketType, Ticket>,
    last_forced: Option<Millis>,
    today: Today,
}

impl Account {
    pub(super) fn new(change: AccountChange) -> Result<Self, String> {
        let secret = change.secret.clone().ok_or("secret: a new account needs one")?;
        let settings = Settings {
            secret,
            token_life_s: TOKEN_LIFE_S,
            ticket_life_s: TICKET_LIFE_S,
            grace_s: GRACE_S,
            ip_allow: None,
            seen_ip: None,
            quotas: BTreeMap::new(),
            force_per_day: FORCE_PER_DAY,
            force_gap_s: FORCE_GAP_S,
            frozen: false,
            oauth_domains: None,
            js_domains: None,
            agentid: None,
        };
        let mut account = Self {
            platform: change.kind,
            settings,
            classic: None,
            previous: None,
            stable: None,
            wecom: None,
            tickets: BTreeMap::new(),
            last_forced: None,
            today: Today::default(),
        };
        account.apply(change);
        Ok(account)
    }

    pub(super) fn apply(&mut self, change: AccountChange) {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        let settings = &mut self.settings;
        set(&mut settings.secret, change.secret);
        set(&mut settings.token_life_s, change.token_life_s);
        set(&mut settings.ticket_life_s, change.ticket_life_s);
        set(&mut settings.grace_s, change.grace_s);
        set(&mut settings.ip_allow, change.ip_allow);
        set(&mut settings.seen_ip, change.seen_ip);
        set(&mut settings.quotas, change.quotas);
        set(&mut settings.force_per_day, change.force_per_day);
        set(&mut settings.force_gap_s, change.force_gap_s);
        set(&mut settings.frozen, change.frozen);
        set(&mut settings.oauth_domains, change.oauth_domains);
        set(&mut settings.js_domains, change.js_domains);
        set(&mut settings.agentid, change.agentid.map(Some));
    }

    /// Is this the owner?
    pub(super) fn prove(&self, secret: &str) -> Result<(), Refusal> {
        if secret != self.settings.secret {
            return Err(self.platform.wrong_secret());
        }
        if self.settings.frozen {
            return Err(self.platform.frozen_secret());
        }
        Ok(())
    }

    /// Is this the owner, calling from where the owner may call?
    pub(super) fn recognise(&self, secret: &str, peer: IpAddr) -> Result<(), Refusal> {
        self.prove(secret)?;
        let seen = self.settings.seen_ip.unwrap_or(peer);
        match &self.settings.ip_allow {
            Some(allowed) if !allowed.contains(&seen) => Err(self.platform.foreign_ip(seen)),
            _ => Ok(()),
        }
    }

    /// Whether a login may lead back to that host.
    pub(super) fn oauth_domain(&self, host: &str) -> bool {
        on_list(self.settings.oauth_domains.as_deref(), host)
    }

    /// Whether a page on that host may use the JSSDK.
    pub(super) fn js_domain(&self, host: &str) -> bool {
        on_list(self.settings.js_domains.as_deref(), host)
    }

    /// Whether this is WeCom's application of that number.
    pub(super) fn has_agent(&self, agentid: &str) -> bool {
        self.platform == Platform::WeCom && self.settings.agentid.as_deref().is_none_or(|own| own == agentid)
    }

    /// Takes one call from the endpoint's quota of the day.
    pub(super) fn spend(&mut self, endpoint: &str, now: Millis) -> Result<(), Refusal> {
        let platform = self.platform;
        let quota = self.settings.quotas.get(endpoint).copied().unwrap_or(u64::MAX);
        let used = self.today(now).used.entry(endpoint.to_owned()).or_default();
        if *used >= quota {
            return Err(platform.over_quota());
        }
        *used += 1;
        Ok(())
    }

    /// Takes one forced refresh from the budget.
    pub(super) fn spend_force(&mut self, now: Millis) -> Result<(), Refusal> {
        let (per_day, gap) = (self.settings.force_per_day, self.settings.force_gap_s);
        if self.today(now).forced >= per_day {
            return Err(Refusal::DAILY_QUOTA);
        }
        if self.last_forced.is_some_and(|last| now < last.plus_secs(gap)) {
            return Err(Refusal::TOO_FREQUENT);
        }
        self.today(now).forced += 1;
        self.last_forced = Some(now);
        Ok(())
    }

    /// Ends what is current; what is sticky stays in its place, dead.
    pub(super) fn kill(&mut self, which: Which, sticky: bool, mut revoke: impl FnMut(&str)) {
        let mut end = |slot: &mut Option<String>, stays: bool| {
            if let Some(token) = slot.take() {
                revoke(&token);
                *slot = stays.then_some(token);
            }
        };
        if matches!(which, Which::Classic | Which::All) {
            end(&mut self.classic, false);
        }
        if matches!(which, Which::Stable | Which::All) {
            end(&mut self.stable, sticky);
        }
        if matches!(which, Which::WeCom | Which::All) {
            end(&mut self.wecom, sticky);
        }
        if which == Which::Ticket {
            self.tickets.retain(|_, _| sticky);
            self.tickets.values_mut().for_each(Ticket::kill);
        }
    }

    /// Forced refreshes on the day of `now`.
    pub(super) fn forced_on(&self, now: Millis) -> u32 {
        if self.today.day == now.day() { self.today.forced } else { 0 }
    }

    /// Calls by endpoint on the day of `now`.
    pub(super) fn used_on(&self, now: Millis) -> BTreeMap<String, u64> {
        if self.today.day == now.day() { self.today.used.clone() } else { BTreeMap::new() }
    }

    fn today(&mut self, now: Millis) -> &mut Today {
        if self.today.day != now.day() {
            self.today = Today { day: now.day(), ..Today::default() };
        }
        &mut self.today
    }
}

/// A list that is switched off names every host.
fn on_list(list: Option<&[String]>, host: &str) -> bool {
    list.is_none_or(|it| it.iter().any(|one| one.eq_ignore_ascii_case(host)))
}
