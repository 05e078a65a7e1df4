//! `GET /cgi-bin/user/info`: what WeChat tells about a follower. Names and pictures are no longer among it,
//! unless the user was made so; of somebody else it tells only who it is.

use serde_json::{Value, json};

use super::{Desk, Endpoint};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

/// When everybody began to follow, in seconds since 1970.
const SUBSCRIBED: u64 = 1_700_000_000;

pub const ENDPOINT: Endpoint =
    Endpoint { name: "user_info", path: "/cgi-bin/user/info", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    desk.wechat.use_token(ENDPOINT.name, call.param("access_token"), desk.now)?;
    let openid = call.param("openid").filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_OPENID)?;
    let user = desk.wechat.users.get(openid);
    let mut answer = json!({ "subscribe": u8::from(user.subscribe), "openid": user.openid });
    if let Some(unionid) = user.unionid {
        answer["unionid"] = json!(unionid);
    }
    let follows = json!({
        "language": user.language,
        "subscribe_time": SUBSCRIBED,
        "remark": "",
        "groupid": 0,
        "tagid_list": [128, 2],
        "subscribe_scene": "ADD_SCENE_QR_CODE",
        "qr_scene": 98765,
        "qr_scene_str": "",
    });
    if let (true, Some(fields), Value::Object(more)) = (user.subscribe, answer.as_object_mut(), follows) {
        fields.extend(more);
        fields.extend(user.info);
    }
    Ok(Reply::json(&answer))
}
