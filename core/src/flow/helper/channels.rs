//! `channels-ec-order-detail` and `channels-ec-refund-detail`: orders of a channels shop. Their ids are texts here and numbers there.

use super::{account, done, field};
use crate::account::Family;
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::api::{self, Ask, call};
use crate::host::{Head, Host, Response};
use crate::json::Value;
use crate::limits;
use crate::query::required;

/// `s` and `o`, the order's id.
pub(super) async fn order<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    detail(gateway, host, head, "/channels/ec/order/get", "order_id", ("order", "order")).await
}

/// `s` and `o`, the after-sale's id.
pub(super) async fn refund<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let path = "/channels/ec/aftersale/getaftersaleorder";
    detail(gateway, host, head, path, "after_sale_order_id", ("after_sale_order", "aftersaleOrder")).await
}

async fn detail<H: Host>(
    gateway: &Gateway,
    host: &H,
    head: &Head,
    path: &str,
    id: &'static str,
    (theirs, ours): (&str, &'static str),
) -> Result<Response, Error> {
    let (app, account) = account(gateway, host, head, head.query()).await?;
    if account.family != Family::Channels {
        let why = alloc::format!("names {app}, which is no channels shop");
        return Err(Reject::Invalid { name: "s".into(), why }.into());
    }
    let body = api::object([(id, Value::text(required(head.query(), "o")?))]);
    let answer = call(gateway, host, &account, &Ask { path, query: "", body: &body }, limits::API).await?;
    Ok(done(ours, field(&answer, theirs)?))
}
