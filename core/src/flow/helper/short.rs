//! `short-url`: WeChat keeps a long URL under a short key, and the gateway leads there.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;

use super::{account, done, field};
use crate::account::AccountId;
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow;
use crate::flow::api::{self, Ask, call};
use crate::host::{Head, Host, Response};
use crate::json::Value;
use crate::keeper::table::digest;
use crate::limits;
use crate::query::{escape, required};
use crate::target::Url;
use crate::wechat::errcode;

/// What the marks of links are made for.
const PURPOSE: &str = "short";

/// What is marked: an app's key.
fn named(app: &str, key: &str) -> String {
    format!("{app}~{key}")
}

/// How long WeChat keeps it, in seconds: as long as it does.
const LIFE: &str = "2592000";

/// `s` and `u`, in the query or a form.
pub(super) async fn create<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let form = flow::body::form(host, head).await?;
    let (app, account) = account(gateway, host, head, &form).await?;
    let url = required(&form, "u")?;
    // Where it leads is up to the caller, but it must be a place for browsers.
    place(&url).map_err(|why| Reject::Invalid { name: "u".into(), why: why.into() })?;
    let public_url = gateway.public_url.as_ref();
    let public_url = public_url.ok_or_else(|| Reject::Unset { what: "public_url".into() })?;
    let body = api::object([("long_data", Value::text(url)), ("expire_seconds", Value::Number(LIFE.into()))]);
    let ask = Ask { path: "/cgi-bin/shorten/gen", query: "", body: &body };
    let answer = call(gateway, host, &account, &ask, limits::API).await?;
    let key = field(&answer, "short_key")?;
    let key = key.as_str().unwrap_or_default();
    let mark = gateway.keys.brief(PURPOSE, &named(&app, key));
    let mark = mark.ok_or_else(|| Reject::Unset { what: "gateway_key".into() })?;
    let short = format!("{public_url}/s/{}~{}~{mark}", escape(&app), escape(key));
    Ok(done("short-url", Value::text(short)))
}

/// `GET /s/{app}~{key}~{mark}`: leads to the long URL.
///
/// # Errors
/// [`Reject::NotFound`] for a key that is none; [`crate::error::Unavailable`].
pub async fn follow<H: Host>(gateway: &Gateway, host: &H, app: &str, key: &str, mark: &str) -> Result<Response, Error> {
    // It is open to everybody: without the mark WeChat would be asked for whatever a stranger makes up.
    if !gateway.helpers_short() || !gateway.keys.verifies_brief(PURPOSE, &named(app, key), mark) {
        return Err(Reject::NotFound.into());
    }
    let account = flow::app::account(gateway, host, app, "/proxy").await?;
    // Each question is one of the account's daily ones, and a link may be followed by thousands.
    let id = digest(&["short", &account.id, key]);
    let to = match gateway.recent.get(&id, host.now()) {
        Some(it) => it,
        None => {
            let found: Rc<str> = long(gateway, host, &account, key).await?.into();
            gateway.recent.keep(id, found.clone(), host.now());
            found
        }
    };
    let response = Response { status: 302, ..Response::default() };
    Ok(response.with("location", &to).with("cache-control", "no-store"))
}

/// What WeChat keeps under `key`.
async fn long<H: Host>(gateway: &Gateway, host: &H, account: &AccountId, key: &str) -> Result<String, Error> {
    let body = api::object([("short_key", Value::text(key))]);
    let ask = Ask { path: "/cgi-bin/shorten/fetch", query: "", body: &body };
    let answer = match call(gateway, host, account, &ask, limits::API).await {
        Err(Error::Refused { code: errcode::NO_SHORT_KEY, .. }) => return Err(Reject::NotFound.into()),
        other => other?,
    };
    let long = field(&answer, "long_data")?;
    Ok(place(long.as_str().unwrap_or_default()).map_err(|_| Reject::NotFound)?)
}

/// A URL for browsers, which may have a fragment.
fn place(text: &str) -> Result<String, &'static str> {
    let (url, fragment) = text.split_once('#').map_or((text, None), |(url, it)| (url, Some(it)));
    let url = Url::parse(url)?;
    let plain = |it: u8| it.is_ascii_graphic() && !b"\\\"<>".contains(&it);
    if !fragment.unwrap_or_default().bytes().all(plain) {
        return Err("has characters that must be escaped");
    }
    let fragment = fragment.map(|it| format!("#{it}")).unwrap_or_default();
    Ok(format!("{}://{}{}{fragment}", url.scheme, url.authority, url.target))
}
