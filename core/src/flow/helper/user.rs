//! `wx-user` and `sns-auth2`: who a user is.

use super::{account, done};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::api::{self, Ask, call};
use crate::flow::login::{openid, told};
use crate::host::{Head, Host, Response};
use crate::json::{Value, exact};
use crate::keeper::client;
use crate::keeper::exchange::Code;
use crate::limits;
use crate::query::{escape, parameter, required};
use crate::secret::Secret;
use crate::wechat::message::user_info;

/// `s` and `o`, the openid.
pub(super) async fn info<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let (_, account) = account(gateway, host, head, head.query()).await?;
    let query = alloc::format!("&openid={}&lang=zh_CN", escape(&required(head.query(), "o")?));
    let ask = Ask { path: "/cgi-bin/user/info", query: &query, body: "" };
    let answer = call(gateway, host, &account, &ask, limits::API).await?;
    let user = user_info(answer.as_bytes()).unwrap_or(answer);
    Ok(done("userInfo", exact::parse(&user).unwrap_or_default()))
}

/// `s`, `code` and `scope`.
pub(super) async fn of_code<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let (_, account) = account(gateway, host, head, head.query()).await?;
    let code = Secret::new(required(head.query(), "code")?);
    let scope = match parameter(head.query(), "scope")?.as_deref() {
        None | Some("" | "base" | "snsapi_base") => "snsapi_base",
        Some("userinfo" | "snsapi_userinfo") => "snsapi_userinfo",
        Some(_) => {
            let why = "must be base, snsapi_base, userinfo or snsapi_userinfo".into();
            return Err(Reject::Invalid { name: "scope".into(), why }.into());
        }
    };
    let said = client::exchange(host, &account, Code::Oauth, code, "").await?;
    let openid = openid(&said);
    let user = told(gateway, host, &account, &said, scope, "").await;
    let (user, why) = match &user {
        Ok(it) => (exact::parse(it).unwrap_or_default(), alloc::string::String::new()),
        Err(it) => (Value::Null, alloc::format!("{it}")),
    };
    let body = api::object([
        ("code", Value::Number("200".into())),
        ("msg", Value::text("OK")),
        ("error", Value::text(why)),
        ("openId", Value::text(openid)),
        ("userInfo", user),
    ]);
    Ok(Response::json(200, body.into_bytes()))
}
