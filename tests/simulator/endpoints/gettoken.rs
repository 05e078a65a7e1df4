//! `GET /cgi-bin/gettoken`: WeCom's access token, one per corp and secret. The same one while it is valid.

use serde_json::json;

use super::{Desk, Endpoint};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Grant, Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "gettoken", path: "/cgi-bin/gettoken", platform: Platform::WeCom, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    let (corpid, secret) = (call.param("corpid"), call.param("corpsecret"));
    let owner = desk.wechat.admit_wecom(ENDPOINT.name, corpid, secret, call.peer, desk.now)?;
    let Grant { token, expires_in, issued } = desk.wechat.wecom_token(&owner, desk.now)?;
    if issued {
        desk.counter.issued += 1;
    }
    let answer = json!({ "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": expires_in });
    Ok(Reply::json_of(ENDPOINT.platform, &answer))
}
