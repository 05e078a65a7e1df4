//! `POST /cgi-bin/qrcode/create`: a QR code with a scene, for a while or for ever.

use serde_json::{Map, Value, json};

use super::{Desk, Endpoint, json_body};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "qrcode_create", path: "/cgi-bin/qrcode/create", platform: Platform::Official, answer };

/// A code for a while lives thirty days at most,
const LIFE_LIMIT_S: u32 = 2_592_000;
/// and a minute if nothing is said.
const LIFE_S: u32 = 60;
/// The largest number of a code for ever.
const LAST_LASTING: u64 = 100_000;

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "POST" {
        return Err(Refusal::POST_ONLY);
    }
    desk.wechat.use_token(ENDPOINT.name, call.param("access_token"), desk.now)?;
    let body = json_body(call)?;
    let life = life(&body)?;
    let (ticket, url) = desk.wechat.qr_code(life, desk.now);
    desk.counter.issued += 1;
    let mut answer = json!({ "ticket": ticket, "url": url });
    if let Some(life) = life {
        answer["expire_seconds"] = json!(life);
    }
    Ok(Reply::json(&answer))
}

/// The seconds that are asked for; none is for ever.
fn life(body: &Map<String, Value>) -> Result<Option<u32>, Refusal> {
    let action = body.get("action_name").and_then(Value::as_str).ok_or(Refusal::INVALID_ACTION_NAME)?;
    let scene = body.get("action_info").and_then(|it| it.get("scene")).ok_or(Refusal::INVALID_ACTION_INFO)?;
    let number = scene.get("scene_id").and_then(Value::as_u64).unwrap_or_default();
    let text = scene.get("scene_str").and_then(Value::as_str).map_or(0, |it| it.chars().count());
    let (good, lasting) = match action {
        "QR_SCENE" => ((1..=u64::from(u32::MAX)).contains(&number), false),
        "QR_STR_SCENE" => ((1..=64).contains(&text), false),
        "QR_LIMIT_SCENE" => ((1..=LAST_LASTING).contains(&number), true),
        "QR_LIMIT_STR_SCENE" => ((1..=64).contains(&text), true),
        _ => return Err(Refusal::INVALID_ACTION_NAME),
    };
    if !good {
        return Err(Refusal::INVALID_ACTION_INFO);
    }
    if lasting {
        return Ok(None);
    }
    let life = match body.get("expire_seconds") {
        None => LIFE_S,
        Some(it) => it.as_u64().and_then(|it| u32::try_from(it).ok()).ok_or(Refusal::INVALID_ARGS)?,
    };
    if (1..=LIFE_LIMIT_S).contains(&life) { Ok(Some(life)) } else { Err(Refusal::INVALID_ARGS) }
}
