//! `sign-jsapi`: the signature of any page, for who may have the ticket that it is made with.

use alloc::format;

use super::done;
use crate::account::Kind;
use crate::caller::{Asker, Permission};
use crate::config::Gateway;
use crate::error::Error;
use crate::flow::{self, jssdk};
use crate::host::{Head, Host, Response};
use crate::json::Value;
use crate::query::required;

/// `s` and `u`, in the query or a form: the signature of a page for `wx.config`.
pub(super) async fn sign<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let form = flow::body::form(host, head).await?;
    let asker = Asker::find(gateway, host, head)?;
    let app = required(&form, "s")?;
    // Whoever may have the ticket may sign any page with it.
    asker.check(Permission::Ticket, &app)?;
    let account = flow::app::account(gateway, host, &app, "/js").await?;
    let page = jssdk::sign(gateway, host, &account, Kind::Jsapi, &required(&form, "u")?).await?;
    let params = Value::object([
        ("nonce", Value::text(&*page.nonce)),
        ("noncestr", Value::text(&*page.nonce)),
        ("timestamp", Value::Number(format!("{}", page.timestamp).into())),
        ("signature", Value::text(&*page.signature)),
        ("appId", Value::text(&*page.appid)),
    ]);
    Ok(done("params", params))
}
