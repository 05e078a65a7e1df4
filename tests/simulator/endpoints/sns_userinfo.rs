//! `GET /sns/userinfo`: the profile of a user who allowed it.

use super::{Desk, Endpoint, text_json};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal, Scope};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "sns_userinfo", path: "/sns/userinfo", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    let (user, scope) = desk.wechat.logged_in(call.param("access_token"), call.param("openid"), desk.now)?;
    if scope != Scope::UserInfo {
        return Err(Refusal::NOT_ALLOWED);
    }
    Ok(text_json(&user.profile()))
}
