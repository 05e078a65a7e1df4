//! Access tokens: for our callers by the app's name, and for programs that believe to speak with WeChat.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::account::Kind;
use crate::caller::{Asker, Permission};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow;
use crate::flow::secret;
use crate::host::{Head, Host, Response, Time};
use crate::json;
use crate::keeper::Stale;
use crate::keeper::client::credential;
use crate::keeper::record::Credential;
use crate::limits;
use crate::query::{parameter, required};
use crate::secret::Secret;

/// `GET /app/{app}/api` and, to `renew`, `/app/{app}/api/new[?old=<token>]`.
///
/// # Errors
/// [`Reject`] for who may not, or whatever the keeper says.
pub async fn of_app<H: Host>(
    gateway: &Gateway,
    host: &H,
    head: &Head,
    app: &str,
    renew: bool,
) -> Result<Response, Error> {
    let asker = Asker::find(gateway, host, head)?;
    asker.check(Permission::Token, app)?;
    if renew {
        asker.check(Permission::Rotate, app)?;
    }
    let account = flow::app::account(gateway, host, app, if renew { "/api/new" } else { "/api" }).await?;
    let stale = match parameter(head.query(), "old")? {
        _ if !renew => Stale::No,
        Some(old) if !old.is_empty() => Stale::Seen(Secret::new(old)),
        _ => Stale::Current,
    };
    let token = credential(gateway, host, &account, Kind::Access, stale).await?;
    Ok(answer(&token, host.now()))
}

/// `GET /cgi-bin/token?grant_type=client_credential&appid=&secret=`, as at WeChat: whoever has the AppSecret may.
///
/// # Errors
/// [`Reject`] for a wrong parameter, or whatever the keeper says.
pub async fn classic<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let query = head.query();
    check_grant(&required(query, "grant_type")?)?;
    let (appid, secret) = (required(query, "appid")?, Secret::new(required(query, "secret")?));
    let account = secret::official(gateway, &appid);
    let token = secret::token(gateway, host, &account, &secret, Stale::No).await?;
    Ok(answer(&token, host.now()))
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct StableBody {
    grant_type: String,
    appid: String,
    secret: String,
    force_refresh: bool,
}

/// Reads the body; nothing of it but this is kept while the flow waits.
async fn body<H: Host>(host: &H) -> Result<StableBody, Reject> {
    let body = flow::body::read(host, limits::CREDENTIALS).await?;
    if body.is_empty() {
        return Err(Reject::NoBody);
    }
    json::read(&body).ok_or(Reject::Json)
}

/// `POST /cgi-bin/stable_token`, as at WeChat. `force_refresh` spends the gateway's own budget; over it the current token is given.
///
/// # Errors
/// [`Reject`] for a wrong body, or whatever the keeper says.
pub async fn stable<H: Host>(gateway: &Gateway, host: &H) -> Result<Response, Error> {
    let body = body(host).await?;
    let fields = [("grant_type", &body.grant_type), ("appid", &body.appid), ("secret", &body.secret)];
    if let Some((name, _)) = fields.into_iter().find(|it| it.1.is_empty()) {
        return Err(Reject::Missing { name: name.into() }.into());
    }
    check_grant(&body.grant_type)?;
    let account = secret::official(gateway, &body.appid);
    let secret = Secret::new(body.secret);
    let ask = |stale| secret::token(gateway, host, &account, &secret, stale);
    let token = if body.force_refresh {
        match ask(Stale::Current).await {
            Err(Error::Rejected(Reject::TooSoon { .. })) => ask(Stale::No).await?,
            other => other?,
        }
    } else {
        ask(Stale::No).await?
    };
    Ok(answer(&token, host.now()))
}

fn check_grant(grant_type: &str) -> Result<(), Reject> {
    if grant_type == "client_credential" {
        return Ok(());
    }
    let (name, why) = ("grant_type".into(), "must be client_credential".into());
    Err(Reject::Invalid { name, why })
}

/// `GET /cgi-bin/gettoken?corpid=&corpsecret=`, as at WeCom: whoever has the application's secret may.
///
/// # Errors
/// [`Reject`] for a wrong parameter, or whatever the keeper says.
pub async fn wecom<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let (corpid, secret) = (required(head.query(), "corpid")?, Secret::new(required(head.query(), "corpsecret")?));
    let account = secret::wecom(&corpid, &secret);
    let token = secret::token(gateway, host, &account, &secret, Stale::No).await?;
    #[derive(Serialize)]
    struct Body<'a> {
        errcode: i64,
        errmsg: &'a str,
        access_token: &'a str,
        expires_in: u64,
    }
    let expires_in = host.now().until(token.hard).as_secs();
    let body = Body { errcode: 0, errmsg: "ok", access_token: token.value.expose(), expires_in };
    Ok(Response::json(200, json::write(&body)))
}

/// WeChat's form; `expires_in` is what is left, in seconds.
fn answer(token: &Credential, now: Time) -> Response {
    #[derive(Serialize)]
    struct Body<'a> {
        access_token: &'a str,
        expires_in: u64,
    }
    let body = Body { access_token: token.value.expose(), expires_in: now.until(token.hard).as_secs() };
    Response::json(200, json::write(&body))
}
