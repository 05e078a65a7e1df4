//! weixin-token's routes: the bare value as text, and `PUT` to have it renewed.

use crate::account::Kind;
use crate::caller::{Asker, Permission};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::ticket::possible;
use crate::host::{Head, Host, Response};
use crate::keeper::Stale;
use crate::keeper::client::credential;

/// `GET` and, to `renew`, `PUT` of `/token/{app}` and `/ticket/{app}`.
///
/// # Errors
/// [`Reject`] for who may not, or whatever the keeper says.
pub async fn plain<H: Host>(
    gateway: &Gateway,
    host: &H,
    head: &Head,
    app: &str,
    kind: Kind,
    renew: bool,
) -> Result<Response, Error> {
    let asker = Asker::find(gateway, host, head)?;
    asker.check(if kind == Kind::Access { Permission::Token } else { Permission::Ticket }, app)?;
    if renew {
        asker.check(Permission::Rotate, app)?;
    }
    let account = gateway.app(app).ok_or_else(|| Reject::NoApp { app: app.into() })?;
    let stale = if renew { Stale::Current } else { Stale::No };
    let credential = credential(gateway, host, &account.id, possible(account, kind)?, stale).await?;
    if renew {
        return Ok(Response::json(200, br#"{"message":"ok"}"#.to_vec()));
    }
    Ok(Response::text(200, credential.value.expose()))
}
