//! `POST /open/js/chooseCard`: what the WeChat client does with `wx.chooseCard`. The stand-in script asks it.

use super::{Desk, Endpoint, js_reply, js_text, json_body};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Denial, Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "choose_card", path: "/open/js/chooseCard", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let body = json_body(call)?;
    let [appid, shop, kind, card, timestamp, nonce, sign_type, signature] =
        ["appId", "shopId", "cardType", "cardId", "timestamp", "nonceStr", "signType", "cardSign"]
            .map(|name| js_text(body.get(name)));
    if !matches!(sign_type.as_str(), "" | "SHA1") {
        return Ok(js_reply(desk.counter, Err(Denial::new("invalid signType", "signType must be SHA1"))));
    }
    let values = [
        ("appId", appid.as_str()),
        ("shopId", shop.as_str()),
        ("cardType", kind.as_str()),
        ("cardId", card.as_str()),
        ("timestamp", timestamp.as_str()),
        ("nonceStr", nonce.as_str()),
    ];
    let judged = desk.wechat.judge_card(&appid, &values, &signature, desk.now);
    Ok(js_reply(desk.counter, judged))
}
