//! Apps that are registered at runtime, by the administrator: `/register`, and what becomes of them.
//!
//! As in aiportal's proxy, but closed: only the administrator registers, a key cannot be taken over by another account, and the
//! AppSecret is proved with WeChat before anything is remembered. It is kept with the account's credentials, not here.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use crate::caller::Asker;
use crate::caller::admin::admin;
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::{self, secret};
use crate::host::{Head, Host, Response, Time};
use crate::json;
use crate::keeper::client::{register as ask, unlearn};
use crate::keeper::registration::{Given, Registration};
use crate::keeper::registry::{Answer, Ask};
use crate::limits;
use crate::query::{all, parameter, required};
use crate::secret::Secret;

/// `GET` or `POST /register?key=&appid=&secret=..`: the app `key` is there from now on, or changed.
///
/// # Errors
/// [`Reject`] for who may not and for what cannot be used, WeChat's word on the AppSecret, or whatever the registry says.
pub async fn register<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    admin(gateway, head)?;
    let form = flow::body::form(host, head).await?;
    let name = name(&form)?;
    if gateway.app(&name).is_some() {
        return Err(configured(&name).into());
    }
    let (appid, secret) = (required(&form, "appid")?, Secret::new(required(&form, "secret")?));
    let account = if is_wecom(&form)? { secret::wecom(&appid, &secret) } else { secret::official(gateway, &appid) };
    secret::check(&account, &secret).map_err(|it| match it {
        Reject::AppId => invalid("appid", "is no AppID or corpid"),
        _ => invalid("secret", "is no AppSecret"),
    })?;
    let given = Given {
        account: account.clone(),
        token: token(&form)?,
        aes: aes_key(&form)?,
        mch_id: text(&form, "mch_id")?,
        mch_key: text(&form, "mch_key")?.map(Secret::new),
        server_ip: address(&form)?,
        call: calls(&form)?,
        expires: expires(&form, host.now())?,
    };
    if let Answer::App(Some(there)) = ask(gateway, host, &name, Ask::Find(name.clone())).await? {
        there.check(&given)?;
    }
    // The administrator's word admits an account; that the AppSecret is right, only WeChat can say.
    secret::proved(gateway, host, &account, &secret, true).await?;
    ask(gateway, host, &name, Ask::Register { app: name.clone(), given }).await?;
    Ok(done())
}

/// `DELETE /app/{app}`: forgets a registration, and its account, if no other app has it and no configuration names it.
///
/// # Errors
/// [`Reject`] for who may not, and where there is none.
pub async fn forget<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    admin(gateway, head)?;
    let forgotten = match ask(gateway, host, app, Ask::Forget(app.into())).await? {
        Answer::Forgotten(it) => it,
        _ => None,
    };
    match forgotten {
        Some((account, true)) => unlearn(host, &account).await?,
        Some(_) => {}
        None if gateway.app(app).is_some() => return Err(configured(app).into()),
        None => return Err(Reject::NoApp { app: app.into() }.into()),
    }
    Ok(done())
}

/// `GET /app/{app}`: what is known of an app, with every secret masked.
///
/// # Errors
/// [`Reject`] for who may not.
pub async fn show<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    if !Asker::find(gateway, host, head)?.sees(app) {
        return Err(Reject::Forbidden { may: "for anything".into(), app: app.into() }.into());
    }
    let record = match gateway.app(app) {
        Some(account) => Rc::new(Registration::of(account.id.clone())),
        None => flow::app::registration(gateway, host, app).await?,
    };
    Ok(Response::json(200, masked(app, &record)))
}

fn done() -> Response {
    Response::json(200, br#"{"success":true}"#.to_vec())
}

fn configured(app: &str) -> Reject {
    Reject::Conflict { why: format!("app {app} stands in the configuration: change it there") }
}

/// aiportal's record, in its words and its order.
fn masked(app: &str, it: &Registration) -> Vec<u8> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Masked<'a> {
        key: &'a str,
        app_id: &'a str,
        secret: &'a str,
        token: &'a str,
        aes_key: &'a str,
        mch_id: &'a str,
        mch_key: &'a str,
        ip_address: &'a str,
        calls: String,
        expires: Option<String>,
    }
    let mask = |there: bool| if there { "********" } else { "" };
    let masked = Masked {
        key: app,
        app_id: it.account.appid(),
        secret: mask(true),
        token: mask(it.token.is_some()),
        aes_key: mask(it.aes.is_some()),
        mch_id: mask(it.mch_id.is_some()),
        mch_key: mask(it.mch_key.is_some()),
        ip_address: it.server_ip.as_deref().unwrap_or_default(),
        calls: it.call.join("|"),
        expires: it.expires.map(crate::date::rfc3339),
    };
    json::write(&masked)
}

fn invalid(name: &str, why: &str) -> Reject {
    Reject::Invalid { name: name.into(), why: why.into() }
}

fn name(form: &str) -> Result<String, Reject> {
    let name = required(form, "key")?;
    if name.len() > limits::APP_NAME || name.chars().any(char::is_control) {
        return Err(invalid("key", &format!("must be at most {} bytes, without control characters", limits::APP_NAME)));
    }
    Ok(name)
}

/// A mini program's credentials are an official account's.
fn is_wecom(form: &str) -> Result<bool, Reject> {
    match parameter(form, "kind")?.as_deref() {
        None | Some("" | "official" | "miniprogram") => Ok(false),
        Some("wecom") => Ok(true),
        Some(_) => Err(invalid("kind", "must be official, miniprogram or wecom")),
    }
}

/// A field that is kept as it is.
fn text(form: &str, name: &str) -> Result<Option<String>, Reject> {
    let text = parameter(form, name)?;
    let fine = |it: &String| it.len() <= limits::FIELD && it.bytes().all(|it| it.is_ascii_graphic());
    if text.as_ref().is_some_and(|it| !fine(it)) {
        let why = format!("must be at most {} bytes of printable ASCII without blanks", limits::FIELD);
        return Err(invalid(name, &why));
    }
    Ok(text)
}

fn token(form: &str) -> Result<Option<Secret>, Reject> {
    Ok(text(form, "token")?.map(Secret::new))
}

/// WeChat's EncodingAESKey: 43 characters, base64 of 32 bytes without the `=`; the two bits that are too many need not be zero.
fn aes_key(form: &str) -> Result<Option<Secret>, Reject> {
    let key = text(form, "aes")?;
    let base64 = |it: u8| it.is_ascii_alphanumeric() || b"+/".contains(&it);
    let fine = |it: &String| it.is_empty() || (it.len() == 43 && it.bytes().all(base64));
    if key.as_ref().is_some_and(|it| !fine(it)) {
        return Err(invalid("aes", "must be the 43 characters of the EncodingAESKey"));
    }
    Ok(key.map(Secret::new))
}

fn address(form: &str) -> Result<Option<String>, Reject> {
    let address = parameter(form, "server_ip")?;
    if address.as_ref().is_some_and(|it| !it.is_empty() && it.parse::<IpAddr>().is_err()) {
        return Err(invalid("server_ip", "must be an IP address"));
    }
    Ok(address)
}

/// `call` may be there several times: that is its list.
fn calls(form: &str) -> Result<Option<Vec<String>>, Reject> {
    let calls = all(form, "call")?;
    if calls.is_empty() {
        return Ok(None);
    }
    let calls: Vec<String> = calls.into_iter().filter(|it| !it.is_empty()).collect();
    let fine = |it: &String| {
        let plain = |it: u8| it.is_ascii_alphanumeric() || b"-_/".contains(&it);
        it.starts_with('/') && it.len() > 1 && it.len() <= limits::FIELD && !it.ends_with('/') && it.bytes().all(plain)
    };
    if calls.len() > limits::CALLS || !calls.iter().all(fine) {
        let why = format!("must be paths below /app/{{app}} such as /api or /js/config, {} at most", limits::CALLS);
        return Err(invalid("call", &why));
    }
    Ok(Some(calls))
}

/// Seconds from now; given empty, never.
#[allow(clippy::option_option)] // not given, or given as never
fn expires(form: &str, now: Time) -> Result<Option<Option<Time>>, Reject> {
    let Some(text) = parameter(form, "expires")? else { return Ok(None) };
    if text.is_empty() {
        return Ok(Some(None));
    }
    let digits = text.bytes().all(|it| it.is_ascii_digit());
    match text.parse().ok().filter(|it| digits && (1..=limits::EXPIRES).contains(it)) {
        Some(seconds) => Ok(Some(Some(now.plus(Duration::from_secs(seconds))))),
        None => Err(invalid("expires", &format!("must be a number of seconds, 1 to {}", limits::EXPIRES))),
    }
}
