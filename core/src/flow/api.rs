//! Calls to WeChat's API with the account's own token: one that WeChat takes for stale is rotated by comparison, once.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use crate::account::{AccountId, Kind};
use crate::config::Gateway;
use crate::error::{Error, Unavailable};
use crate::host::{Host, Method, Request};
use crate::json::Value;
use crate::keeper::{Stale, client};
use crate::query::escape;
use crate::secret::Secret;
use crate::wechat::{answer, errcode};

/// What is asked of the API.
#[derive(Debug)]
pub struct Ask<'a> {
    /// The path.
    pub path: &'a str,
    /// Parameters besides the token, escaped, each with a `&` before it.
    pub query: &'a str,
    /// The JSON that is posted; empty: a GET.
    pub body: &'a str,
}

/// What WeChat answers: a JSON object, and no error.
///
/// # Errors
/// WeChat's word, without the token; [`Unavailable`].
pub async fn call<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    ask: &Ask<'_>,
    timeout: Duration,
) -> Result<String, Error> {
    let mut stale = Stale::No;
    loop {
        let first = stale == Stale::No;
        let token = client::credential(gateway, host, account, Kind::Access, stale).await?.value;
        let response = host.fetch(gateway.upstream(account.family), request(ask, &token), timeout).await;
        let response = response.map_err(|_| Unavailable::Unreachable { who: "WeChat".into() })?;
        match answer::object(response, &token) {
            Err(Error::Refused { code, .. }) if first && errcode::stale(code) => stale = Stale::Seen(token),
            other => return other,
        }
    }
}

fn request(ask: &Ask<'_>, token: &Secret) -> Request {
    let method = if ask.body.is_empty() { Method::Get } else { Method::Post };
    let target = format!("{}?access_token={}{}", ask.path, escape(token.expose()), ask.query);
    let json = ("content-type", "application/json".into());
    let headers = if ask.body.is_empty() { [].into() } else { [json].into() };
    Request { method, target, headers, body: ask.body.into() }
}

/// The object of these fields, as JSON.
pub(crate) fn object<const N: usize>(fields: [(&'static str, Value<'_>); N]) -> String {
    let mut out = String::new();
    Value::object(fields).write(&mut out);
    out
}
