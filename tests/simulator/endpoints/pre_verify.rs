//! `POST /open/js/preVerifyJSAPI`: what the WeChat client does with `wx.config` and `wx.agentConfig`. The stand-in script asks it.

use super::{Desk, Endpoint, js_reply, js_text, json_body};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal, Shown, TicketType};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "pre_verify", path: "/open/js/preVerifyJSAPI", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let body = json_body(call)?;
    let agent = js_text(body.get("agentid"));
    let kind = if agent.is_empty() { TicketType::Jsapi } else { TicketType::AgentConfig };
    let (id, timestamp) = (js_text(body.get("appId")), js_text(body.get("timestamp")));
    let (nonce, signature) = (js_text(body.get("nonceStr")), js_text(body.get("signature")));
    let shown = Shown {
        id: &id,
        agent: Some(agent.as_str()).filter(|it| !it.is_empty()),
        timestamp: &timestamp,
        nonce: &nonce,
        signature: &signature,
    };
    let judged = desk.wechat.judge_page(kind, shown, &js_text(body.get("href")), desk.now);
    Ok(js_reply(desk.counter, judged))
}
