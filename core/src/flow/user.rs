//! Who wrote a message: `user/info` of WeChat's, asked for with the account's own token.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;

use crate::account::{AccountId, Kind};
use crate::config::Gateway;
use crate::error::{Error, Unavailable};
use crate::host::{Host, Method, Request, Time};
use crate::keeper::table::{Digest, digest};
use crate::keeper::{Stale, client};
use crate::limits;
use crate::query::escape;
use crate::race::within;
use crate::secret::Secret;
use crate::wechat::errcode;
use crate::wechat::message::user_info;
use crate::wechat::token::refusal;

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

/// Asks WeChat; with another token if it takes the first for stale.
async fn ask<H: Host>(gateway: &Gateway, host: &H, account: &AccountId, openid: &str) -> Result<String, Error> {
    let mut stale = Stale::No;
    loop {
        let first = stale == Stale::No;
        let token = client::credential(gateway, host, account, Kind::Access, stale).await?.value;
        let answer = host.fetch(gateway.upstream(account.family), request(&token, openid), limits::USER).await;
        let answer = answer.map_err(|_| Unavailable::Unreachable { who: "WeChat".into() })?;
        if let Some(user) = Some(&answer.body).filter(|_| answer.status == 200).and_then(|it| user_info(it)) {
            return Ok(user);
        }
        match refusal(&answer, &token) {
            Error::Refused { code, .. } if first && errcode::stale(code) => stale = Stale::Seen(token),
            it => return Err(it),
        }
    }
}

fn request(token: &Secret, openid: &str) -> Request {
    let (token, openid) = (escape(token.expose()), escape(openid));
    let target = format!("/cgi-bin/user/info?access_token={token}&openid={openid}&lang=zh_CN");
    Request { method: Method::Get, target, headers: Vec::new(), body: Vec::new() }
}
