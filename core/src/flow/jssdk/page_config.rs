//! weixin-token's `GET /js-config/{app}?url=`: what `wx.config` needs, as JSON, for pages of the app's hosts.

use alloc::format;

use super::{check, elsewhere, script, sign};
use crate::account::Kind;
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::{self, api};
use crate::host::{Head, Host, Method, Response};
use crate::json::Value;

/// The answer, which the page may read whatever it says.
pub async fn answer<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Response {
    if head.method == Method::Options {
        return elsewhere::preflight(gateway, head, app);
    }
    let response = match signed(gateway, host, head, app).await {
        Ok(it) => it,
        Err(error) => crate::failed(gateway, host, head, error),
    };
    elsewhere::allow(gateway, head, app, response)
}

async fn signed<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    let account = flow::app::for_anybody(gateway, host, app, "/js/config").await?;
    let url = script::page(head.query())?.ok_or_else(|| Reject::Missing { name: "url".into() })?;
    check(gateway, app, &url)?;
    let signed = sign(gateway, host, &account, Kind::Jsapi, &url).await?;
    let body = api::object([
        ("timestamp", Value::Number(format!("{}", signed.timestamp).into())),
        ("url", Value::text(url)),
        ("signature", Value::text(signed.signature)),
        ("appId", Value::text(signed.appid)),
        ("nonceStr", Value::text(signed.nonce)),
    ]);
    Ok(Response::json(200, body.into_bytes()).with("x-content-type-options", "nosniff"))
}
