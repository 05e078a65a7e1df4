//! `GET /sns/oauth2/refresh_token`: another token for a user who logged in before. It proves nothing but that token.

use super::{Desk, Endpoint, login_reply};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "sns_refresh_token", path: "/sns/oauth2/refresh_token", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    let appid = call.param("appid").filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_APPID)?;
    if call.param("grant_type") != Some("refresh_token") {
        return Err(Refusal::INVALID_GRANT_TYPE);
    }
    let token = call.param("refresh_token").unwrap_or_default();
    let login = desk.wechat.renew_login(appid, token, desk.now)?;
    Ok(login_reply(desk.counter, &login, false))
}
