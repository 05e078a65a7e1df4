//! `GET /sns/oauth2/access_token`: a code for the tokens of its user, once.

use super::{Desk, Endpoint, login_reply};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "sns_access_token", path: "/sns/oauth2/access_token", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let (appid, code) = super::code_of(&ENDPOINT, desk, call, "code")?;
    let login = desk.wechat.login(&appid, code, desk.now)?;
    Ok(login_reply(desk.counter, &login, true))
}
