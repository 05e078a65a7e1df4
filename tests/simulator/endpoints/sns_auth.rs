//! `GET /sns/auth`: whether a user's token works yet.

use serde_json::json;

use super::{Desk, Endpoint, text_json};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint = Endpoint { name: "sns_auth", path: "/sns/auth", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    desk.wechat.logged_in(call.param("access_token"), call.param("openid"), desk.now)?;
    Ok(text_json(&json!({ "errcode": 0, "errmsg": "ok" })))
}
