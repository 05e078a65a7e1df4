//! `POST /cgi-bin/shorten/fetch`: the long text of a short key.

use serde_json::{Value, json};

use super::{Desk, Endpoint, json_body};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "shorten_fetch", path: "/cgi-bin/shorten/fetch", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "POST" {
        return Err(Refusal::POST_ONLY);
    }
    let owner = desk.wechat.use_token(ENDPOINT.name, call.param("access_token"), desk.now)?;
    let body = json_body(call)?;
    let key = body.get("short_key").and_then(Value::as_str).filter(|it| !it.is_empty());
    let (text, created, left) = desk.wechat.lengthen(&owner, key.ok_or(Refusal::INVALID_ARGUMENT)?, desk.now)?;
    Ok(Reply::json(&json!({
        "errcode": 0, "errmsg": "ok", "long_data": text, "create_time": created, "expire_seconds": left
    })))
}
