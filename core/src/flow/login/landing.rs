//! go-wx-gateway's landing: WeChat sends the browser back to a path of the configuration, and a back-end answers it.
//!
//! The login began elsewhere, on a page of the back-end's own, so `state` is the back-end's, to be checked by it.

use alloc::string::String;

use super::{COOKIE, hand_over, profile};
use crate::account::Family;
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow;
use crate::flow::api;
use crate::host::{Head, Host, Response};
use crate::json::{Value, exact};
use crate::keeper::client;
use crate::keeper::exchange::Code;
use crate::query::required;
use crate::secret::Secret;

/// An app's `oauth.path`.
///
/// # Errors
/// [`Reject`] for what is wrong with the request; WeChat's word; [`crate::error::Unavailable`].
pub async fn landing<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    hand_over::navigated(head)?;
    let account = flow::app::account(gateway, host, app, "/auth").await?;
    let oauth = gateway.oauths.get(app).ok_or(Reject::NotFound)?;
    let to = oauth.redirect_to.as_ref().ok_or(Reject::NotFound)?;
    let (code, state) = (required(head.query(), "code")?, required(head.query(), "state")?);
    gateway.codes.take(host.now())?;
    let said = client::exchange(host, &account, Code::Oauth, Secret::new(code), &state).await?;
    let flagged = !oauth.userinfo_flag.is_empty() && head.target.contains(&oauth.userinfo_flag);
    let scope = match (flagged, account.family) {
        (false, _) => "snsapi_base",
        (true, Family::Wecom) => "snsapi_privateinfo",
        (true, _) => "snsapi_userinfo",
    };
    let openid = profile::openid(&said);
    let user = profile::told(gateway, host, &account, &said, scope, "").await;
    let (user, why) = match &user {
        Ok(it) => (exact::parse(it).unwrap_or_default(), String::new()),
        Err(it) => (Value::Null, alloc::format!("{it}")),
    };
    let body = api::object([
        ("appId", Value::text(account.appid())),
        ("openId", Value::text(openid)),
        ("requestURI", Value::text(&*head.target)),
        ("state", Value::text(state)),
        ("userInfo", user),
        ("userInfoError", Value::text(why)),
    ]);
    let mut request = hand_over::message(host, head, app, body)?.to(to, host.now());
    request.headers.extend(BROWSERS.into_iter().filter_map(|name| Some((name, head.header(name)?))));
    request.headers.extend(cookies(head).map(|it| ("cookie", it)));
    hand_over::send(host, to, request).await
}

/// The browser's cookies without ours.
fn cookies(head: &Head) -> Option<String> {
    let all = head.header("cookie")?;
    let theirs: alloc::vec::Vec<&str> = all.split("; ").filter(|it| !it.trim_start().starts_with(COOKIE)).collect();
    (!theirs.is_empty()).then(|| theirs.join("; "))
}

/// What a browser sends when it follows a redirect, and what our own host says of it.
const BROWSERS: [&str; 13] = [
    "accept",
    "accept-language",
    "dnt",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-proto",
];
