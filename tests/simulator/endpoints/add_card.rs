//! `POST /open/js/batchAddCard`: what the WeChat client does with `wx.addCard`. The stand-in script asks it.

use serde_json::Value;

use super::{Desk, Endpoint, js_reply, js_text, json_body};
use crate::simulator::call::{Call, Reply};
use crate::simulator::clock::Millis;
use crate::simulator::wechat::{Denial, Platform, Refusal, WeChat};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "add_card", path: "/open/js/batchAddCard", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let body = json_body(call)?;
    let appid = js_text(body.get("appId"));
    let cards = body.get("cardList").and_then(Value::as_array).filter(|it| !it.is_empty());
    let cards = cards.ok_or(Refusal::INVALID_ARGUMENT)?;
    let judged = cards.iter().try_for_each(|card| judge(desk.wechat, &appid, card, desk.now));
    Ok(js_reply(desk.counter, judged))
}

fn judge(wechat: &WeChat, appid: &str, card: &Value, now: Millis) -> Result<(), Denial> {
    let ext = card.get("cardExt").and_then(Value::as_str).and_then(|it| serde_json::from_str::<Value>(it).ok());
    let ext = ext.ok_or_else(|| Denial::new("invalid cardExt", "cardExt must be a text that holds JSON"))?;
    let id = js_text(card.get("cardId"));
    let [code, openid, timestamp, nonce, signature] =
        ["code", "openid", "timestamp", "nonce_str", "signature"].map(|name| js_text(ext.get(name)));
    let values = [
        ("cardId", id.as_str()),
        ("code", code.as_str()),
        ("openid", openid.as_str()),
        ("timestamp", timestamp.as_str()),
        ("nonce_str", nonce.as_str()),
    ];
    wechat.judge_card(appid, &values, &signature, now)
}
