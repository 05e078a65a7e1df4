//! Who wrote a message: `user/info` of WeChat's, asked for with the account's own token.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;
use core::time::Duration;

use crate::account::AccountId;
use crate::config::Gateway;
use crate::error::{Error, Unavailable};
use crate::flow::api::{Ask, call};
use crate::host::{Host, Time};
use crate::keeper::table::{Digest, digest};
use crate::limits;
use crate::query::escape;
use crate::race::within;
use crate::wechat::message::user_info;

/// Who wrote a moment ago, as far as this thread or isolate knows.
#[derive(Debug, Default)]
pub struct Users(RefCell<BTreeMap<Digest, (Rc<str>, Time)>>);

impl Users {
    fn get(&self, id: &Digest, now: Time) -> Option<Rc<str>> {
        let all = self.0.borrow();
        let (known, told) = all.get(id)?;
        (*told <= now && now < told.plus(limits::USER_COPY)).then(|| known.clone())
    }

    fn keep(&self, id: Digest, it: Rc<str>, now: Time) {
        let mut all = self.0.borrow_mut();
        if all.len() >= limits::USERS {
            all.retain(|_, it| it.1 <= now && now < it.1.plus(limits::USER_COPY));
        }
        if all.len() >= limits::USERS {
            all.pop_first();
        }
        all.insert(id, (it, now));
    }
}

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
    if let Some(known) = gateway.users.get(&id, host.now()) {
        return Ok(known);
    }
    let asked = within(host, span, ask(gateway, host, account, openid)).await;
    let late = || Unavailable::Timeout { who: "WeChat".into() }.into();
    let user: Rc<str> = asked.unwrap_or_else(|| Err(late())).map_err(|it| format!("{it}"))?.into();
    gateway.users.keep(id, user.clone(), host.now());
    Ok(user)
}

async fn ask<H: Host>(gateway: &Gateway, host: &H, account: &AccountId, openid: &str) -> Result<String, Error> {
    let query = format!("&openid={}&lang=zh_CN", escape(openid));
    let ask = Ask { path: "/cgi-bin/user/info", query: &query, body: "" };
    let answer = call(gateway, host, account, &ask, limits::USER).await?;
    let unexpected = || Unavailable::Garbled { who: "WeChat".into(), why: "it tells of no user".into() }.into();
    user_info(answer.as_bytes()).ok_or_else(unexpected)
}
