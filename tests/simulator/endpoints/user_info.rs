//! `GET /cgi-bin/user/info`: what WeChat tells about a follower.

use serde_json::json;

use super::{Desk, Endpoint};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "user_info", path: "/cgi-bin/user/info", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    desk.wechat.use_token(ENDPOINT.name, call.param("access_token"), desk.now)?;
    let openid = call.param("openid").filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_OPENID)?;
    Ok(Reply::json(&json!({
        "subscribe": 1,
        "openid": openid,
        "nickname": "\u{5f20}\u{4e09}",
        "sex": 0,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": desk.now.0 / 1000,
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE",
        "qr_scene": 0,
        "qr_scene_str": "",
    })))
}
