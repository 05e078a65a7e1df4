//! `short-url`: WeChat keeps a long URL under a short key, and the gateway leads there. And `sign-jsapi`, which takes a URL as well.

use alloc::format;

use super::{account, done, field};
use crate::account::Kind;
use crate::caller::{Asker, Permission};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::api::{self, Ask, call};
use crate::flow::{self, jssdk};
use crate::host::{Head, Host, Response};
use crate::json::Value;
use crate::limits;
use crate::query::{escape, required};
use crate::target::Url;

/// What the marks of links are made for.
const PURPOSE: &str = "short";

/// What is marked: an app's key.
fn named(app: &str, key: &str) -> alloc::string::String {
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
    Url::parse(&url).map_err(|why| Reject::Invalid { name: "u".into(), why: why.into() })?;
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
    let body = api::object([("short_key", Value::text(key))]);
    let ask = Ask { path: "/cgi-bin/shorten/fetch", query: "", body: &body };
    let answer = match call(gateway, host, &account, &ask, limits::API).await {
        Err(Error::Refused { .. }) => return Err(Reject::NotFound.into()),
        other => other?,
    };
    let long = field(&answer, "long_data")?;
    let url = Url::parse(long.as_str().unwrap_or_default()).map_err(|_| Reject::NotFound)?;
    let response = Response { status: 302, ..Response::default() };
    let to = format!("{}://{}{}", url.scheme, url.authority, url.target);
    Ok(response.with("location", &to).with("cache-control", "no-store"))
}

/// `s` and `u`, in the query or a form: the signature of a page for `wx.config`.
pub(super) async fn sign<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let form = flow::body::form(host, head).await?;
    let asker = Asker::find(gateway, host, head)?;
    let app = required(&form, "s")?;
    // Whoever may have the ticket may sign any page with it.
    asker.check(Permission::Ticket, &app)?;
    let account = flow::app::account(gateway, host, &app, "/js").await?;
    let page = jssdk::sign(gateway, host, &account, Kind::Jsapi, &required(&form, "u")?).await?;
    let params = Value::object([
        ("nonce", Value::text(&*page.nonce)),
        ("noncestr", Value::text(&*page.nonce)),
        ("timestamp", Value::Number(format!("{}", page.timestamp).into())),
        ("signature", Value::text(&*page.signature)),
        ("appId", Value::text(&*page.appid)),
    ]);
    Ok(done("params", params))
}
