//! `POST /cgi-bin/stable_token`: the stable access token. The same one while it is valid.

use serde_json::{Map, Value};

use super::{Desk, Endpoint, json_body, token_reply};
use crate::simulator::call::{Call, Reply};
use crate::simulator::wechat::{Credentials, Platform, Refusal};

pub const ENDPOINT: Endpoint =
    Endpoint { name: "stable_token", path: "/cgi-bin/stable_token", platform: Platform::Official, answer };

fn answer(desk: &mut Desk<'_>, call: &Call) -> Result<Reply, Refusal> {
    let body = json_body(call)?;
    let shown = Credentials {
        grant_type: text(&body, "grant_type")?,
        appid: text(&body, "appid")?,
        secret: text(&body, "secret")?,
    };
    let force = match body.get("force_refresh") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(force)) => *force,
        Some(_) => return Err(Refusal::NOT_JSON),
    };
    let appid = desk.wechat.admit(ENDPOINT.name, shown, call.peer, desk.now)?;
    let grant = desk.wechat.stable_token(&appid, force, desk.now)?;
    if force {
        desk.counter.forced += 1;
    }
    Ok(token_reply(desk.counter, &grant))
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::NOT_JSON),
    }
}
