//! Who wrote a message: `user/info` of WeChat's, asked for with the account's own token.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use core::time::Duration;

use crate::account::AccountId;
use crate::config::Gateway;
use crate::error::{Error, Unavailable};
use crate::flow::api::{Ask, call};
use crate::host::Host;
use crate::keeper::table::digest;
use crate::limits;
use crate::query::escape;
use crate::race::within;
use crate::wechat::message::user_info;

/// `userInfo` of the user `openid` of `account`, as JSON, within `span`.
///
/// # Errors
/// Why it is not known, without a token.
pub async fn info<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    openid: &str,
    span: Duration,
) -> Result<Rc<str>, String> {
    let id = digest(&["user", &account.id, openid]);
    if let Some(known) = gateway.recent.get(&id, host.now()) {
        return Ok(known);
    }
    let asked = within(host, span, ask(gateway, host, account, openid)).await;
    let late = || Unavailable::Timeout { who: "WeChat".into() }.into();
    let user: Rc<str> = asked.unwrap_or_else(|| Err(late())).map_err(|it| format!("{it}"))?.into();
    gateway.recent.keep(id, user.clone(), host.now());
    Ok(user)
}

async fn ask<H: Host>(gateway: &Gateway, host: &H, account: &AccountId, openid: &str) -> Result<String, Error> {
    let query = format!("&openid={}&lang=zh_CN", escape(openid));
    let ask = Ask { path: "/cgi-bin/user/info", query: &query, body: "" };
    let answer = call(gateway, host, account, &ask, limits::USER).await?;
    let unexpected = || Unavailable::Garbled { who: "WeChat".into(), why: "it tells of no user".into() }.into();
    user_info(answer.as_bytes()).ok_or_else(unexpected)
}
