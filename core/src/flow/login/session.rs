//! Login in a mini program: its code becomes a user. The session key stays here, and opens what the client hands over.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use crate::account::{AccountId, Family};
use crate::caller::{Asker, Permission};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow;
use crate::flow::api;
use crate::host::{Head, Host, Response};
use crate::json::{self, Value, exact};
use crate::keeper::client;
use crate::keeper::exchange::{Code, Note, session};
use crate::limits;
use crate::query::{parameter, required};
use crate::secret::Secret;
use crate::wechat::wxa;

/// `GET /app/{app}/login?js_code=`: what `code2session` says, without the session key unless `session_key=true` asks for it.
///
/// # Errors
/// [`Reject`] for who may not, WeChat's word, or whatever the keeper says.
pub async fn login<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    Asker::find(gateway, host, head)?.check(Permission::Login, app)?;
    let account = program(gateway, host, app, "/login").await?;
    let code = Secret::new(required(head.query(), "js_code")?);
    let wants_key = match parameter(head.query(), "session_key")?.as_deref() {
        None | Some("" | "false") => false,
        Some("true") => true,
        Some(_) => return Err(invalid("session_key", "must be true or false").into()),
    };
    let said = client::exchange(host, &account, Code::Session, code, "").await?;
    let said = exact::parse(said.expose()).unwrap_or_default();
    let told = |name: &str| wants_key || name != "session_key";
    let fields: Vec<_> = said.fields().iter().filter(|it| told(&it.0)).cloned().collect();
    let mut out = String::new();
    Value::Object(fields).write(&mut out);
    Ok(Response::json(200, out.into_bytes()))
}

/// What the client hands over: something encrypted, or something signed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    openid: String,
    #[serde(rename = "encryptedData")]
    encrypted: String,
    iv: String,
    #[serde(rename = "rawData")]
    raw: String,
    signature: String,
}

/// `POST /app/{app}/login/decrypt`: of `{"openid","encryptedData","iv"}` what is encrypted there, of
/// `{"openid","rawData","signature"}` the raw data if the signature is right.
///
/// # Errors
/// [`Reject`] for who may not, for a user without a session, and for data of anybody else's.
pub async fn decrypt<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    Asker::find(gateway, host, head)?.check(Permission::Login, app)?;
    let account = program(gateway, host, app, "/login/decrypt").await?;
    let body = flow::body::read(host, limits::BODY).await?;
    let body: Body = json::read(&body).ok_or(Reject::Json)?;
    let key = client::read_note(host, &account, Note::Session, session(&account, &body.openid)).await?;
    let key =
        key.ok_or_else(|| invalid("openid", "has no session here: send the js_code of a new wx.login to /login"))?;
    let opened = if body.encrypted.is_empty() {
        // Only what is signed is given back.
        wxa::verifies(&body.raw, &key, &body.signature).then_some(body.raw).ok_or("signature")
    } else {
        wxa::open(&key, &body.iv, &body.encrypted, account.appid()).map_err(|_| "encryptedData")
    };
    let wrong = |name| invalid(name, "is none of this user's session, which may have been renewed: log in again");
    let opened = opened.map_err(wrong)?;
    match exact::parse(&opened) {
        Ok(Value::Object(_)) => Ok(Response::json(200, opened.into_bytes())),
        _ => Ok(Response::json(200, api::object([("data", Value::text(opened))]).into_bytes())),
    }
}

async fn program<H: Host>(gateway: &Gateway, host: &H, app: &str, what: &str) -> Result<AccountId, Error> {
    let account = flow::app::account(gateway, host, app, what).await?;
    // One that was registered is known as an official account, whatever it is: it has the same API.
    match account.family {
        Family::Miniprogram => Ok(account),
        Family::Official if gateway.app(app).is_none() => Ok(account),
        _ => Err(super::refuse("this app is no mini program").into()),
    }
}

fn invalid(name: &str, why: &str) -> Reject {
    Reject::Invalid { name: name.into(), why: why.into() }
}
