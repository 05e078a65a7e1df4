//! Who has logged in: all that WeChat tells of them.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::account::{AccountId, Family};
use crate::config::Gateway;
use crate::error::{Error, Unavailable};
use crate::flow::api::{self, Ask, call};
use crate::flow::user;
use crate::host::Host;
use crate::json::{Value, exact};
use crate::limits;
use crate::secret::Secret;
use crate::wechat::message::user_info;
use crate::wechat::{answer, oauth};

/// The user's openid in `said`, WeChat's answer to a code; of a member of a corporation the userid.
pub(crate) fn openid(said: &Secret) -> String {
    let said = exact::parse(said.expose()).unwrap_or_default();
    let text = |name| said.get(name).and_then(Value::as_str);
    text("openid").or_else(|| text("userid")).unwrap_or_default().into()
}

/// What is told of the user that `said`, WeChat's answer to the code, is about: a JSON object.
///
/// # Errors
/// WeChat's word; [`Unavailable`].
pub(crate) async fn told<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    said: &Secret,
    scope: &str,
    lang: &str,
) -> Result<String, Error> {
    let said = exact::parse(said.expose()).map_err(|_| garbled())?;
    if account.family == Family::Wecom {
        return member(gateway, host, account, said, scope).await;
    }
    let text = |name| said.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
    let openid = text("openid").ok_or_else(garbled)?;
    // Both the login and WeChat must say so: what was not asked for is not to be had.
    let known = if scope == "snsapi_userinfo" && text("scope").is_some_and(|it| it.contains(scope)) {
        asked(gateway, host, account, text("access_token").ok_or_else(garbled)?, openid, lang).await?
    } else {
        // Who follows the account is known better than by the code alone; who does not, is not.
        match user::info(gateway, host, account, openid, limits::USER).await {
            Ok(it) => String::from(&*it),
            Err(_) => api::object([("openid", Value::text(openid))]),
        }
    };
    let mut user = fields(&known)?;
    for name in ["unionid", "is_snapshotuser"] {
        let better = said.get(name).filter(|it| it.as_str().is_some_and(|it| !it.is_empty()));
        match (user.iter_mut().find(|it| it.0 == name), better) {
            (Some((_, old)), Some(new)) if old.as_str().unwrap_or_default().is_empty() => *old = new.clone(),
            (None, Some(new)) => user.push((name.into(), new.clone())),
            _ => {}
        }
    }
    let mut out = String::new();
    Value::Object(user).write(&mut out);
    user_info(out.as_bytes()).ok_or_else(garbled)
}

/// What the user has allowed to be told.
async fn asked<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    token: &str,
    openid: &str,
    lang: &str,
) -> Result<String, Error> {
    let token = Secret::new(token.into());
    let lang = if lang.is_empty() { "zh_CN" } else { lang };
    let response = host.fetch(gateway.upstream(account.family), oauth::user(&token, openid, lang), limits::API).await;
    let response = response.map_err(|_| Unavailable::Unreachable { who: "WeChat".into() })?;
    answer::object(response, &token)
}

/// A member of a corporation, or a stranger; with `snsapi_privateinfo`, what the member has allowed to be told.
async fn member<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    said: Value<'_>,
    scope: &str,
) -> Result<String, Error> {
    let private = ["errcode", "errmsg", "user_ticket", "expires_in"];
    let open = |it: &&(Cow<'_, str>, Value<'_>)| !private.contains(&&*it.0);
    let mut user: Vec<_> = said.fields().iter().filter(open).cloned().collect();
    let ticket = said.get("user_ticket").and_then(Value::as_str).filter(|_| scope == "snsapi_privateinfo");
    let details = match ticket {
        Some(ticket) => {
            let body = api::object([("user_ticket", Value::text(ticket))]);
            let ask = Ask { path: "/cgi-bin/auth/getuserdetail", query: "", body: &body };
            call(gateway, host, account, &ask, limits::API).await?
        }
        None => "{}".into(),
    };
    let known: Vec<_> = user.iter().map(|it| it.0.clone()).collect();
    user.extend(fields(&details)?.into_iter().filter(|it| open(&it) && !known.contains(&it.0)));
    let mut out = String::new();
    Value::Object(user).write(&mut out);
    Ok(out)
}

fn fields(text: &str) -> Result<Vec<(Cow<'_, str>, Value<'_>)>, Error> {
    match exact::parse(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(garbled()),
    }
}

fn garbled() -> Error {
    Unavailable::Garbled { who: "WeChat".into(), why: "it tells of no user".into() }.into()
}
