//! `POST /cgi-bin/message/template/send`: a template message to a follower.

use serde_json::{Value, json};

use super::{Desk, Endpoint, json_body};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "template_send", path: "/cgi-bin/message/template/send", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "POST" {
        return Err(Refusal::POST_ONLY);
    }
    desk.wechat.use_token(ENDPOINT.name, call.param("access_token"), desk.now)?;
    let message = json_body(call)?;
    let text = |name: &str| message.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
    let openid = text("touser").ok_or(Refusal::INVALID_OPENID)?;
    text("template_id").ok_or(Refusal::INVALID_TEMPLATE)?;
    let data = message.get("data").and_then(Value::as_object).ok_or(Refusal::INVALID_ARGUMENT)?;
    // Each is an object with a value: a bare text is what is got wrong.
    if !data.values().all(|it| it.get("value").is_some_and(|it| it.is_string() || it.is_number())) {
        return Err(Refusal::INVALID_ARGUMENT);
    }
    if !desk.wechat.users.get(openid).subscribe {
        return Err(Refusal::NOT_A_FOLLOWER);
    }
    let msgid = desk.wechat.mint().number();
    Ok(Reply::json(&json!({ "errcode": 0, "errmsg": "ok", "msgid": msgid })))
}
