//! What becomes of an account's messages and events.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use serde::Deserialize;

use super::{Account, ConfigError, json, raw};
use crate::account::{AccountId, Family};
use crate::keeper::registration::Registration;
use crate::limits;
use crate::route::Hosts;
use crate::secret::Secret;
use crate::target::{Call, Targets};
use crate::wechat::callback::{Guard, Mode};
use crate::wechat::envelope::AesKey;

/// What a back-end gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// What WeChat sent, byte for byte: for a back-end with an SDK of WeChat's.
    Verbatim,
    /// The message in plain text, as WeChat would send it to an account without encryption.
    Decrypted,
    /// The message as JSON, under WeChat's own names.
    Json,
    /// The same with go-wx-gateway's flat fields in front, at a path that names the message.
    Gateway,
}

/// What becomes of an account's messages and events.
#[derive(Debug)]
pub struct Callback {
    /// The app's name.
    pub app: String,
    /// Its account.
    pub account: AccountId,
    /// What a push is held against.
    pub guard: Guard,
    /// Who gets them where the request names nobody.
    pub to: Vec<Call>,
    /// What back-ends get; `None`: the door decides.
    pub form: Option<Form>,
    /// Whether WeChat is asked who wrote; `None`: the form decides.
    pub user_info: Option<bool>,
    /// How long after its arrival a push is answered at the latest.
    pub deadline: Duration,
}

impl Callback {
    /// That of an app that was registered; `None` if it was registered without a token, or with a key that is none.
    #[must_use]
    pub fn registered(app: &str, account: AccountId, it: &Registration) -> Option<Self> {
        let key = match &it.aes {
            Some(it) => Some(AesKey::parse(it.expose())?),
            None => None,
        };
        let encrypted = key.is_some() || account.family == Family::Wecom;
        let guard = Guard {
            family: account.family,
            mode: if encrypted { Mode::Encrypted } else { Mode::Plain },
            tokens: [it.token.clone()?].into(),
            keys: key.into_iter().collect(),
            receive_ids: [account.appid().to_owned()].into(),
            max_age: MAX_AGE,
        };
        let (app, to) = (app.to_owned(), Vec::new());
        Some(Self { app, account, guard, to, form: None, user_info: None, deadline: limits::DEADLINE })
    }
}

/// How far a timestamp may be from now, in seconds, where the configuration does not say.
const MAX_AGE: u64 = 300;

/// What is wrong, and with which field.
type Wrong = (&'static str, &'static str);

/// Reads the callback of the app called `name`.
pub(super) fn read(
    name: &str,
    account: &Account,
    raw: raw::Callback,
    targets: &Targets,
) -> Result<Callback, ConfigError> {
    let path = json::join(&json::join("apps", name), "callback");
    let wrong = |(field, why): Wrong| ConfigError::new(&json::join(&path, field), why);
    let family = account.id.family;
    let mut receive_ids = Vec::from([account.appid.clone()]);
    match raw.suite_id {
        Some(_) if family != Family::Wecom => return Err(wrong(("suite_id", "is WeCom's only"))),
        Some(it) if it.is_empty() => return Err(wrong(("suite_id", "is empty"))),
        suite => receive_ids.extend(suite),
    }
    if raw.userinfo == Some(true) && family != Family::Official {
        return Err(wrong(("userinfo", "can be had for official accounts only")));
    }
    if raw.userinfo == Some(true) && matches!(raw.form, Some(Form::Verbatim | Form::Decrypted)) {
        return Err(wrong(("userinfo", "has no place in this form: only json and gateway have one")));
    }
    let deadline = raw.deadline_ms.map_or(limits::DEADLINE, Duration::from_millis);
    if !(limits::DEADLINE_LEAST..=limits::DEADLINE_MOST).contains(&deadline) {
        return Err(wrong(("deadline_ms", "is not from 100 to 4900: WeChat waits for 5000")));
    }
    if raw.to.len() > limits::TARGETS {
        return Err(wrong(("to", "names more than 8 back-ends")));
    }
    let look = |(at, text): (usize, &String)| {
        targets.call(text).map_err(|why| ConfigError::new(&format!("{path}.to[{at}]"), why))
    };
    let to = raw.to.iter().enumerate().map(look).collect::<Result<_, _>>()?;
    let keys = keys(raw.aes_key).map_err(wrong)?;
    let guard = Guard {
        family,
        mode: mode(family, raw.mode, !keys.is_empty()).map_err(wrong)?,
        tokens: tokens(raw.token).map_err(wrong)?,
        keys,
        receive_ids,
        max_age: raw.max_age.unwrap_or(MAX_AGE),
    };
    let (app, account) = (name.to_owned(), account.id.clone());
    Ok(Callback { app, account, guard, to, form: raw.form, user_info: raw.userinfo, deadline })
}

/// How many of one sort are taken: each is tried with whatever a stranger sends.
const ROTATED: usize = 4;

fn tokens(raw: super::Rotated) -> Result<Vec<Secret>, Wrong> {
    let all = raw.all();
    let fine = |it: &String| (3..=32).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric());
    if all.is_empty() || all.len() > ROTATED || !all.iter().all(fine) {
        return Err((
            "token",
            "is no Token of WeChat's: 3 to 32 letters and digits; the current one, then those before",
        ));
    }
    Ok(all.into_iter().map(Secret::new).collect())
}

fn keys(raw: Option<super::Rotated>) -> Result<Vec<AesKey>, Wrong> {
    let all = raw.map(super::Rotated::all).unwrap_or_default();
    let keys: Option<Vec<AesKey>> = all.iter().map(|it| AesKey::parse(it)).collect();
    let why = "is no EncodingAESKey: 43 characters of base64; the current one, then those before";
    keys.filter(|it| it.len() <= ROTATED).ok_or(("aes_key", why))
}

fn mode(family: Family, raw: Option<raw::Mode>, has_key: bool) -> Result<Mode, Wrong> {
    match (raw, has_key) {
        (Some(raw::Mode::Plain), _) | (None, false) if family == Family::Wecom => {
            Err(("mode", "must be safe, with an aes_key: WeCom encrypts everything"))
        }
        (Some(raw::Mode::Plain), true) => {
            Err(("mode", "is plain, and there is an aes_key: leave the key out, or say safe"))
        }
        (Some(raw::Mode::Plain) | None, false) => Ok(Mode::Plain),
        (Some(_), false) => Err(("aes_key", "is missing: this mode encrypts")),
        (_, true) => Ok(Mode::Encrypted),
    }
}

/// Reads which apps' messages may come to which hosts.
pub(super) fn hosts(raw: BTreeMap<String, Vec<String>>, callbacks: &[Rc<Callback>]) -> Result<Hosts, ConfigError> {
    let mut hosts = Hosts::new();
    for (host, apps) in raw {
        let path = json::join("callback_hosts", &host);
        let fine = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-.:[]".contains(&it);
        if host.is_empty() || !host.bytes().all(fine) {
            return Err(ConfigError::new(&path, "is no host: write it in lower case, as svc.example.com"));
        }
        if apps.is_empty() || apps.len() > limits::HOSTED {
            return Err(ConfigError::new(&path, "names no app, or more than 16"));
        }
        if let Some(app) = apps.iter().find(|name| callbacks.iter().all(|it| it.app != **name)) {
            return Err(ConfigError::new(&path, &format!("names {app:?}, which is no app with a callback")));
        }
        let guards: Vec<&Guard> = callbacks.iter().filter(|it| apps.contains(&it.app)).map(|it| &it.guard).collect();
        if guards.iter().enumerate().any(|(at, one)| guards.iter().skip(at.saturating_add(1)).any(|it| alike(one, it)))
        {
            return Err(ConfigError::new(&path, ALIKE));
        }
        hosts.push((host, apps.into()));
    }
    Ok(hosts)
}

const ALIKE: &str =
    "names two apps with a token in common whose messages nothing else tells apart: give each a token of its own";

/// Whether a message of the one would be taken for one of the other. Of a plain one nothing proves whose it is but the token.
fn alike(one: &Guard, other: &Guard) -> bool {
    let token = one.tokens.iter().any(|it| other.tokens.contains(it));
    let account = || one.receive_ids.iter().any(|it| other.receive_ids.contains(it));
    token && one.mode == other.mode && (one.mode == Mode::Plain || account())
}

#[cfg(test)]
#[path = "callback_tests.rs"]
mod tests;
