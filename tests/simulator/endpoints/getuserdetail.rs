//! `POST /cgi-bin/auth/getuserdetail`: what is private of a member who allowed it.

use serde_json::{Value, json};

use super::{Desk, Endpoint, json_body};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "getuserdetail", path: "/cgi-bin/auth/getuserdetail", platform: Platform::WeCom, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "POST" {
        return Err(Refusal::POST_ONLY);
    }
    let token = call.param("access_token");
    let owner = desk.wechat.use_token_at(ENDPOINT.platform, ENDPOINT.name, token, desk.now)?;
    let body = json_body(call)?;
    let ticket = body.get("user_ticket").and_then(Value::as_str).ok_or(Refusal::INVALID_USER_TICKET)?;
    let user = desk.wechat.member(&owner, ticket, desk.now)?;
    let mut answer = json!({
        "errcode": 0,
        "errmsg": "ok",
        "userid": user.userid,
        "gender": user.sex.to_string(),
        "avatar": user.headimgurl,
    });
    if let Some(fields) = answer.as_object_mut() {
        fields.extend(user.detail);
    }
    Ok(Reply::json_of(ENDPOINT.platform, &answer))
}
