//! `GET /cgi-bin/auth/getuserinfo`: who came by with a code, once: a member of the corp or somebody else.

use serde_json::json;

use super::{Desk, Endpoint};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "getuserinfo", path: "/cgi-bin/auth/getuserinfo", platform: Platform::WeCom, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    let token = call.param("access_token");
    let owner = desk.wechat.use_token_at(ENDPOINT.platform, ENDPOINT.name, token, desk.now)?;
    let code = call.param("code").filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_CODE)?;
    let visitor = desk.wechat.visitor(&owner, code, desk.now)?;
    let mut answer = json!({ "errcode": 0, "errmsg": "ok" });
    match (visitor.user.userid, visitor.user.external_userid) {
        (Some(userid), _) => answer["userid"] = json!(userid),
        (None, external) => {
            answer["openid"] = json!(visitor.user.openid);
            if let Some(external) = external {
                answer["external_userid"] = json!(external);
            }
        }
    }
    if let Some((ticket, life)) = visitor.ticket {
        desk.counter.issued += 1;
        (answer["user_ticket"], answer["expires_in"]) = (json!(ticket), json!(life));
    }
    Ok(Reply::json_of(ENDPOINT.platform, &answer))
}
