//! Who is asking, and what it may do.

pub mod admin;
pub mod certificate;
pub mod cidr;
pub mod jwt;
pub mod link;
pub mod rate;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::caller::certificate::Identity;
use crate::caller::cidr::Cidr;
use crate::caller::jwt::Token;
use crate::caller::rate::Rate;
use crate::config::Gateway;
use crate::error::Reject;
use crate::host::{Head, Host, Time};
use crate::secret::{Secret, digest};

/// What a caller may do with an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Read the access token.
    Token,
    /// Read tickets.
    Ticket,
    /// Have a credential renewed.
    Rotate,
    /// Learn who has logged in.
    Login,
    /// Call WeChat's API.
    Proxy,
    /// Sign links.
    Link,
}

impl Permission {
    /// The word used in configurations and errors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Ticket => "ticket",
            Self::Rotate => "rotate",
            Self::Login => "login",
            Self::Proxy => "proxy",
            Self::Link => "link",
        }
    }
}

/// A program that may ask the gateway, and how it proves to be itself.
#[derive(Debug)]
pub struct Caller {
    /// Its name, for logs.
    pub name: String,
    /// SHA-256 of its API key: the key itself is not kept.
    pub key: Option<[u8; 32]>,
    /// The key it signs JWTs with.
    pub jwt: Option<JwtKey>,
    /// The names of its client certificates.
    pub mtls: Vec<Identity>,
    /// Where it may ask from with no proof at all.
    pub ips: Vec<Cidr>,
    /// The app it means where a route names none.
    pub app: Option<String>,
    /// The apps it may use; `None`: all of them, registered ones too.
    pub apps: Option<BTreeSet<String>>,
    /// What it may do with them.
    pub may: Vec<Permission>,
    /// How often it may ask.
    pub rate: Option<Rate>,
    /// How often the links that it has signed may be followed: as often, counted by itself.
    pub links: Option<Rate>,
}

/// A key shared with a caller, and the `kid` that selects it.
#[derive(Debug)]
pub struct JwtKey {
    /// Its id.
    pub kid: String,
    /// The key.
    pub key: Secret,
}

/// Who is asking in one request.
#[derive(Clone, Debug)]
pub struct Asker<'a> {
    /// The caller.
    pub caller: &'a Caller,
    /// The app that its JWT names.
    app: Option<String>,
}

impl<'a> Asker<'a> {
    /// The app that is meant where the route names none: the JWT's, the caller's, or the only one there is.
    #[must_use]
    pub fn app(&self, gateway: &'a Gateway) -> Option<&str> {
        self.app.as_deref().or(self.caller.app.as_deref()).or_else(|| gateway.only_app())
    }

    /// Who is asking. A request that carries a proof is judged by it alone; one that carries none, by its connection: by the
    /// certificate that the host has verified, then by the address.
    ///
    /// # Errors
    /// [`Reject::Unknown`], whatever is wrong with the proof; [`Reject::TooMany`].
    pub fn find<H: Host>(gateway: &'a Gateway, host: &H, head: &Head) -> Result<Self, Reject> {
        let callers = &gateway.callers;
        let named = |caller| Self { caller, app: None };
        let found = match proof(head, "x-api-key")? {
            Some(proof) => by_key(callers, &proof).map(named).or_else(|| by_jwt(callers, &proof, host.now())),
            None => {
                let known = certificate::find(callers, host);
                known.or_else(|| by_address(callers, address(gateway, host, head))).map(named)
            }
        };
        let asker = found.ok_or(Reject::Unknown)?;
        asker.counted(host.now())
    }

    /// The same; or whoever has signed the link that is followed, which is judged as if it asked by itself.
    ///
    /// # Errors
    /// Those of [`Self::find`]; [`Reject::Link`].
    pub fn by_link_or_proof<H: Host>(gateway: &'a Gateway, host: &H, head: &Head) -> Result<Self, Reject> {
        if !link::is_link(head.query()) {
            return Self::find(gateway, host, head);
        }
        let caller = link::signer(gateway, &head.target, host.now())?;
        // Whoever has a link could use up what the caller itself may ask.
        if let Some(rate) = &caller.links {
            rate.take(host.now())?;
        }
        Ok(Self { caller, app: None })
    }

    /// Itself, once more.
    fn counted(self, now: Time) -> Result<Self, Reject> {
        if let Some(rate) = &self.caller.rate {
            rate.take(now)?;
        }
        Ok(self)
    }

    /// Checks that the caller may do `what` with `app`. A JWT that names an app is for that one only.
    ///
    /// # Errors
    /// [`Reject::Forbidden`].
    pub fn check(&self, what: Permission, app: &str) -> Result<(), Reject> {
        if self.knows(app) && self.caller.may.contains(&what) {
            return Ok(());
        }
        Err(Reject::Forbidden { may: what.as_str().to_owned(), app: app.to_owned() })
    }

    /// Whether the caller may do anything at all with `app`.
    #[must_use]
    pub fn sees(&self, app: &str) -> bool {
        self.knows(app) && !self.caller.may.is_empty()
    }

    /// Whether the caller was given `app`. A JWT that names an app is for that one only.
    fn knows(&self, app: &str) -> bool {
        let given = self.caller.apps.as_ref().is_none_or(|it| it.contains(app));
        given && self.app.as_ref().is_none_or(|it| it == app)
    }
}

fn by_key<'a>(callers: &'a [Caller], key: &str) -> Option<&'a Caller> {
    let digest = digest(key.as_bytes());
    // All of them are compared, each in constant time: how long it takes tells nothing.
    callers.iter().fold(None, |found, it| {
        let same = it.key.is_some_and(|it| it.ct_eq(&digest).into());
        if same { Some(it) } else { found }
    })
}

fn by_jwt<'a>(callers: &'a [Caller], text: &str, now: Time) -> Option<Asker<'a>> {
    let token = Token::parse(text)?;
    let named = |it: &&Caller| it.jwt.as_ref().is_some_and(|it| it.kid == token.kid);
    let caller = callers.iter().find(named)?;
    let good = token.check(&caller.jwt.as_ref()?.key, now);
    good.then(|| Asker { caller, app: token.app().map(ToOwned::to_owned) })
}

fn by_address(callers: &[Caller], address: Option<IpAddr>) -> Option<&Caller> {
    let address = address?;
    callers.iter().find(|it| it.ips.iter().any(|it| it.contains(address)))
}

/// The client's address: the host's word, and where the host has none, the header that the configuration trusts.
fn address<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Option<IpAddr> {
    if gateway.callers.iter().all(|it| it.ips.is_empty()) {
        return None;
    }
    let peer = host.peer().address;
    if !peer.is_empty() {
        return peer.parse().ok();
    }
    head.header(gateway.client_ip_header.as_deref()?)?.parse().ok()
}

/// The key or token that a request carries, in `Authorization` or in the header `other`. One that carries two different ones is
/// nobody's.
fn proof(head: &Head, other: &str) -> Result<Option<String>, Reject> {
    let bearer = match head.header("authorization") {
        Some(it) => {
            let fits = it.split_once(' ').filter(|it| it.0.eq_ignore_ascii_case("bearer"));
            Some(fits.ok_or(Reject::Unknown)?.1.trim().to_owned())
        }
        // It is there and unreadable: that is not the same as absent.
        None if head.headers.value("authorization").is_some() => return Err(Reject::Unknown),
        None => None,
    };
    match (bearer, head.header(other)) {
        (Some(one), Some(other)) if one != other => Err(Reject::Unknown),
        (one, other) => Ok(one.or(other)),
    }
}

#[cfg(test)]
mod tests;
