//! `GET /sns/jscode2session`: a mini program's code for its user and the key of the session, once.

use serde_json::json;

use super::{Desk, Endpoint, text_json};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "jscode2session", path: "/sns/jscode2session", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let (appid, code) = super::code_of(&ENDPOINT, desk, call, "js_code")?;
    let (user, session_key) = desk.wechat.js_login(&appid, code, desk.now)?;
    desk.counter.issued += 1;
    let mut answer = json!({ "session_key": session_key, "openid": user.openid });
    if let Some(unionid) = user.unionid {
        answer["unionid"] = json!(unionid);
    }
    Ok(text_json(&answer))
}
