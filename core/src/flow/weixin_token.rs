//! weixin-token's routes: the bare value as text, and `PUT` to have it renewed.

use crate::account::Kind;
use crate::caller::{Asker, Permission};
use crate::config::Gateway;
use crate::error::Error;
use crate::flow;
use crate::flow::ticket::possible;
use crate::host::{Head, Host, Response};
use crate::keeper::Stale;
use crate::keeper::client::credential;

/// `GET` and, to `renew`, `PUT` of `/token/{app}` and `/ticket/{app}`.
///
/// # Errors
/// [`crate::error::Reject`] for who may not, or whatever the keeper says.
pub async fn plain<H: Host>(
    gateway: &Gateway,
    host: &H,
    head: &Head,
    app: &str,
    kind: Kind,
    renew: bool,
) -> Result<Response, Error> {
    let asker = Asker::find(gateway, host, head)?;
    let (may, what) = match (kind, renew) {
        (Kind::Access, false) => (Permission::Token, "/api"),
        (Kind::Access, true) => (Permission::Token, "/api/new"),
        _ => (Permission::Ticket, "/jsapi"),
    };
    asker.check(may, app)?;
    if renew {
        asker.check(Permission::Rotate, app)?;
    }
    let account = flow::app::account(gateway, host, app, what).await?;
    let stale = if renew { Stale::Current } else { Stale::No };
    let credential = credential(gateway, host, &account, possible(&account, kind)?, stale).await?;
    if renew {
        return Ok(Response::json(200, br#"{"message":"ok"}"#.to_vec()));
    }
    Ok(Response::text(200, credential.value.expose()))
}
