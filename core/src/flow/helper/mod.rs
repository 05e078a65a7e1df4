//! go-wx-gateway's helpers: a call to WeChat's API in a form that a shell script can make. They are for callers, and say `code` and
//! `msg` whatever happens.

mod channels;
mod qr;
pub mod short;
mod sign;
mod template;
mod user;

use alloc::string::String;

use crate::account::AccountId;
use crate::caller::{Asker, Permission};
use crate::config::Gateway;
use crate::error::{Error, Unavailable};
use crate::flow;
use crate::host::{Head, Host, Response};
use crate::json::{Value, exact};
use crate::query::required;
use crate::route::Helper;

/// One of them.
///
/// # Errors
/// [`crate::error::Reject`] for who may not and for what is missing; WeChat's word; [`Unavailable`].
pub async fn answer<H: Host>(gateway: &Gateway, host: &H, head: &Head, what: Helper) -> Result<Response, Error> {
    match what {
        Helper::Qr => qr::create(gateway, host, head).await,
        Helper::User => user::info(gateway, host, head).await,
        Helper::SnsAuth2 => user::of_code(gateway, host, head).await,
        Helper::ShortUrl => short::create(gateway, host, head).await,
        Helper::TmplMsg => template::send(gateway, host, head).await,
        Helper::SignJsapi => sign::sign(gateway, host, head).await,
        Helper::Order => channels::order(gateway, host, head).await,
        Helper::Refund => channels::refund(gateway, host, head).await,
    }
}

/// The account of the app that `s` names in `form`, for who may call WeChat's API for it.
async fn account<H: Host>(gateway: &Gateway, host: &H, head: &Head, form: &str) -> Result<(String, AccountId), Error> {
    let asker = Asker::find(gateway, host, head)?;
    let app = required(form, "s")?;
    asker.check(Permission::Proxy, &app)?;
    let account = flow::app::account(gateway, host, &app, "/proxy").await?;
    Ok((app, account))
}

/// `code` and `msg`, and what else there is to say.
fn done(name: &'static str, value: Value<'_>) -> Response {
    let ok = [("code", Value::Number("200".into())), ("msg", Value::text("OK")), (name, value)];
    Response::json(200, flow::api::object(ok).into_bytes())
}

/// The field `name` of an answer of WeChat's.
fn field<'a>(answer: &'a str, name: &str) -> Result<Value<'a>, Error> {
    let found = exact::parse(answer).ok().and_then(|it| it.get(name).cloned());
    found.ok_or_else(|| Unavailable::Garbled { who: "WeChat".into(), why: alloc::format!("it holds no {name}") }.into())
}
