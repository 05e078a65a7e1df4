//! token-hub's routes: the bare value as text, `rotate_token=` and `rotate_ticket=` with the value that was seen to fail.

use crate::account::Kind;
use crate::caller::{Asker, Permission};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow;
use crate::flow::ticket::{named, possible};
use crate::host::{Head, Host, Response};
use crate::keeper::Stale;
use crate::keeper::client::credential;
use crate::query::parameter;
use crate::secret::Secret;

/// `GET /access-token[?rotate_token=]` and `GET /ticket?type=[&rotate_ticket=]`, for the app that the caller means.
///
/// # Errors
/// [`Reject`] for who may not, or whatever the keeper says.
pub async fn value<H: Host>(gateway: &Gateway, host: &H, head: &Head, kind: Option<Kind>) -> Result<Response, Error> {
    let asker = Asker::find(gateway, host, head)?;
    let app = asker.app(gateway).ok_or_else(|| Reject::Missing { name: "app (of the caller or in its JWT)".into() })?;
    let (may, rotate, what) = match kind {
        Some(_) => (Permission::Token, "rotate_token", "/api"),
        None => (Permission::Ticket, "rotate_ticket", "/ticket"),
    };
    asker.check(may, app)?;
    let kind = match kind {
        Some(it) => it,
        None => named(head)?,
    };
    let stale = match parameter(head.query(), rotate)?.filter(|it| !it.is_empty()) {
        Some(old) => {
            asker.check(Permission::Rotate, app)?;
            Stale::Seen(Secret::new(old))
        }
        None => Stale::No,
    };
    let account = flow::app::account(gateway, host, app, what).await?;
    let credential = credential(gateway, host, &account, possible(&account, kind)?, stale).await?;
    Ok(Response::text(200, credential.value.expose()))
}
