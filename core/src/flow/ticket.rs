//! Tickets: for our callers by the app's name.

use serde::Serialize;

use crate::account::{AccountId, Kind};
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
use crate::query::required;
use crate::route::TokenTicket;
use crate::secret::Secret;

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
    let what = if kind.is_some() { "/jsapi" } else { "/ticket" };
    let account = flow::app::account(gateway, host, app, what).await?;
    let kind = match kind {
        Some(it) => it,
        None => named(head)?,
    };
    let ticket = credential(gateway, host, &account, possible(&account, kind)?, Stale::No).await?;
    Ok(answer(&ticket, host.now()))
}

/// WeChat's own `GET /cgi-bin/ticket/getticket?access_token=&type=`, and WeCom's two. Whoever has the access token may.
///
/// # Errors
/// [`Reject`] for a wrong parameter or token, or whatever the keeper says.
pub async fn by_token<H: Host>(
    gateway: &Gateway,
    host: &H,
    head: &Head,
    ticket: TokenTicket,
) -> Result<Response, Error> {
    let token = Secret::new(required(head.query(), "access_token")?);
    let kind = match ticket {
        TokenTicket::Corp => Kind::Jsapi,
        _ => named(head)?,
    };
    let wecom = ticket != TokenTicket::Official;
    if (ticket == TokenTicket::Agent) != (kind == Kind::AgentConfig) {
        return Err(Reject::Invalid { name: "type".into(), why: "is none of this path's".into() }.into());
    }
    let account = secret::owner(gateway, host, wecom, &token).await?;
    flow::app::check(gateway, &account, "/ticket")?;
    let ticket = credential(gateway, host, &account, possible(&account, kind)?, Stale::No).await?;
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
pub fn possible(account: &AccountId, kind: Kind) -> Result<Kind, Reject> {
    if Kind::of(account.family).contains(&kind) {
        return Ok(kind);
    }
    let why = alloc::format!("is not for an account of kind {}", account.family.as_str());
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
