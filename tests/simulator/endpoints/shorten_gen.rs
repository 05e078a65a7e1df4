//! `POST /cgi-bin/shorten/gen`: a short key for a long text.

use serde_json::{Value, json};

use super::{Desk, Endpoint, json_body};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "shorten_gen", path: "/cgi-bin/shorten/gen", platform: Platform::Official, answer };

/// Bytes of a text.
const TEXT_LIMIT: usize = 4096;
/// Thirty days, which is also what is meant if nothing is said.
const LIFE_LIMIT_S: u32 = 2_592_000;

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "POST" {
        return Err(Refusal::POST_ONLY);
    }
    let owner = desk.wechat.use_token(ENDPOINT.name, call.param("access_token"), desk.now)?;
    let body = json_body(call)?;
    let text = body.get("long_data").and_then(Value::as_str).filter(|it| !it.is_empty());
    let text = text.ok_or(Refusal::INVALID_ARGUMENT)?;
    if text.len() > TEXT_LIMIT {
        return Err(Refusal::LONG_DATA);
    }
    let life = match body.get("expire_seconds") {
        None => LIFE_LIMIT_S,
        Some(it) => it.as_u64().and_then(|it| u32::try_from(it).ok()).ok_or(Refusal::INVALID_ARGUMENT)?,
    };
    if life > LIFE_LIMIT_S {
        return Err(Refusal::LONG_LIFE);
    }
    let key = desk.wechat.shorten(owner, text, life, desk.now);
    desk.counter.issued += 1;
    Ok(Reply::json(&json!({ "errcode": 0, "errmsg": "ok", "short_key": key })))
}
