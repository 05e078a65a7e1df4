//! `POST /cgi-bin/message/custom/send`: a customer-service message to a follower.

use serde_json::{Value, json};

use super::{Desk, Endpoint, json_body};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "custom_send", path: "/cgi-bin/message/custom/send", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "POST" {
        return Err(Refusal::POST_ONLY);
    }
    desk.wechat.use_token(ENDPOINT.name, call.param("access_token"), desk.now)?;
    let message = json_body(call)?;
    match message.get("touser").and_then(Value::as_str) {
        Some(openid) if !openid.is_empty() => Ok(Reply::json(&json!({ "errcode": 0, "errmsg": "ok" }))),
        _ => Err(Refusal::INVALID_OPENID),
    }
}
