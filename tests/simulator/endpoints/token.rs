//! `GET /cgi-bin/token`: the classic access token. Every fetch issues a new one.

use super::{Desk, Endpoint, token_reply};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Credentials, Platform, Refusal};

pub const ENDPOINT: Endpoint = Endpoint { name: "token", path: "/cgi-bin/token", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    let shown =
        Credentials { grant_type: call.param("grant_type"), appid: call.param("appid"), secret: call.param("secret") };
    let appid = desk.wechat.admit(ENDPOINT.name, shown, call.peer, desk.now)?;
    let grant = desk.wechat.classic_token(&appid, desk.now)?;
    Ok(token_reply(desk.counter, &grant))
}
