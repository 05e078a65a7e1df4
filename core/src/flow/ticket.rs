//! Tickets: for our callers by the app's name.

use serde::Serialize;

use crate::account::Kind;
use crate::caller::{Asker, Permission};
use crate::config::{Account, Gateway};
use crate::error::{Error, Reject};
use crate::host::{Head, Host, Response, Time};
use crate::json;
use crate::keeper::Stale;
use crate::keeper::client::credential;
use crate::keeper::record::Credential;
use crate::query::required;

/// `GET /app/{app}/ticket?type=jsapi|wx_card|agent_config` and `/app/{app}/jsapi`.
///
/// # Errors
/// [`Reject`] for who may not, or whatever the keeper says.
pub async fn of_app<H: Host>(
    gateway: &Gateway,
    host: &H,
    head: &Head,
    app: &str,
    kind: Option<Kind>,
) -> Result<Response, Error> {
    Asker::find(gateway, host, head)?.check(Permission::Ticket, app)?;
    let account = gateway.app(app).ok_or_else(|| Reject::NoApp { app: app.into() })?;
    let kind = match kind {
        Some(it) => it,
        None => named(head)?,
    };
    let ticket = credential(gateway, host, &account.id, possible(account, kind)?, Stale::No).await?;
    Ok(answer(&ticket, host.now()))
}

/// The kind that `type=` names.
///
/// # Errors
/// [`Reject::Missing`], [`Reject::Invalid`].
pub fn named(head: &Head) -> Result<Kind, Reject> {
    let name = required(head.query(), "type")?;
    Kind::ticket(&name)
        .ok_or_else(|| Reject::Invalid { name: "type".into(), why: "must be jsapi, wx_card or agent_config".into() })
}

/// `kind`, if an account of this family has it.
///
/// # Errors
/// [`Reject::Invalid`].
pub fn possible(account: &Account, kind: Kind) -> Result<Kind, Reject> {
    if Kind::of(account.id.family).contains(&kind) {
        return Ok(kind);
    }
    let why = alloc::format!("is not for an account of kind {}", account.id.family.as_str());
    Err(Reject::Invalid { name: kind.as_str().into(), why })
}

/// WeChat's form; `expires_in` is what is left, in seconds.
fn answer(ticket: &Credential, now: Time) -> Response {
    #[derive(Serialize)]
    struct Body<'a> {
        errcode: i64,
        errmsg: &'a str,
        ticket: &'a str,
        expires_in: u64,
    }
    let expires_in = now.until(ticket.hard).as_secs();
    let body = Body { errcode: 0, errmsg: "ok", ticket: ticket.value.expose(), expires_in };
    Response::json(200, json::write(&body))
}
