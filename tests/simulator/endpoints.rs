//! WeChat's endpoints, one file each. To add one: write its file with a `pub const ENDPOINT`, name it below.

mod add_card;
mod agent_ticket;
mod authorize;
mod authorize_reply;
mod channels_aftersale;
mod channels_order;
mod choose_card;
mod consent;
mod custom_send;
mod get_jsapi_ticket;
mod getticket;
mod gettoken;
mod getuserdetail;
mod getuserinfo;
mod jscode2session;
mod jweixin;
mod pre_verify;
mod qrcode_create;
mod shorten_fetch;
mod shorten_gen;
mod showqrcode;
mod sns_access_token;
mod sns_auth;
mod sns_refresh_token;
mod sns_userinfo;
mod stable_token;
mod template_send;
mod token;
mod user_info;

use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::clock::Millis;
use super::counters::Counter;
use super::wechat::{Denial, Grant, Login, Platform, Refusal, Scope, TicketType, WeChat};

/// All endpoints.
pub const ENDPOINTS: &[Endpoint] = &[
    token::ENDPOINT,
    stable_token::ENDPOINT,
    getticket::ENDPOINT,
    user_info::ENDPOINT,
    custom_send::ENDPOINT,
    gettoken::ENDPOINT,
    get_jsapi_ticket::ENDPOINT,
    agent_ticket::ENDPOINT,
    authorize::ENDPOINT,
    authorize_reply::ENDPOINT,
    sns_access_token::ENDPOINT,
    sns_refresh_token::ENDPOINT,
    sns_userinfo::ENDPOINT,
    sns_auth::ENDPOINT,
    jscode2session::ENDPOINT,
    getuserinfo::ENDPOINT,
    getuserdetail::ENDPOINT,
    qrcode_create::ENDPOINT,
    showqrcode::ENDPOINT,
    template_send::ENDPOINT,
    shorten_gen::ENDPOINT,
    shorten_fetch::ENDPOINT,
    channels_order::ENDPOINT,
    channels_aftersale::ENDPOINT,
    jweixin::ENDPOINT,
    pre_verify::ENDPOINT,
    add_card::ENDPOINT,
    choose_card::ENDPOINT,
];

/// Where calls to any other path are counted.
pub const UNKNOWN: &str = "unknown";

/// One endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// The short name, used by counters, quotas and faults.
    pub name: &'static str,
    /// The path; a segment `{}` stands for any one segment.
    pub path: &'static str,
    /// Whose endpoint it is: it takes only tokens of that platform and refuses in its words.
    pub platform: Platform,
    /// What WeChat does. Refusals of WeChat's kind are `Err`; the server writes them.
    pub answer: fn(&mut Desk<'_>, &Call) -> Result<Reply, Refusal>,
}

/// What an endpoint works with.
#[derive(Debug)]
pub struct Desk<'a> {
    /// Accounts and tokens.
    pub wechat: &'a mut WeChat,
    /// The endpoint's own numbers; calls and errors are counted for it.
    pub counter: &'a mut Counter,
    /// The simulated now.
    pub now: Millis,
}

/// The endpoint at that path.
pub fn find(path: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| matches(endpoint.path, path))
}

/// The short names, with [`UNKNOWN`] as the last.
pub fn names() -> impl Iterator<Item = &'static str> {
    ENDPOINTS.iter().map(|endpoint| endpoint.name).chain([UNKNOWN])
}

/// Whether that is a short name.
pub fn is_known(name: &str) -> bool {
    names().any(|known| known == name)
}

/// A half sentence for error texts.
pub fn list() -> String {
    format!("the endpoints are {}", names().collect::<Vec<_>>().join(", "))
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut want, mut have) = (pattern.split('/'), path.split('/'));
    loop {
        match (want.next(), have.next()) {
            (None, None) => return true,
            (Some("{}"), Some(segment)) if !segment.is_empty() => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// The body of a POST as a JSON object.
fn json_body(call: &Call) -> Result<Map<String, Value>, Refusal> {
    if call.method != "POST" {
        return Err(Refusal::POST_ONLY);
    }
    if call.body.is_empty() {
        return Err(Refusal::EMPTY_BODY);
    }
    serde_json::from_slice(&call.body).map_err(|_| Refusal::NOT_JSON)
}

/// What all ticket endpoints do; they differ in the types they know.
fn ticket_answer(
    endpoint: &Endpoint,
    desk: &mut Desk<'_>,
    call: &Call,
    kind: impl FnOnce(Option<&str>) -> Option<TicketType>,
) -> Result<Reply, Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    let token = call.param("access_token");
    let owner = desk.wechat.use_token_at(endpoint.platform, endpoint.name, token, desk.now)?;
    let kind = kind(call.param("type")).ok_or(Refusal::INVALID_ARGS)?;
    let Grant { token: ticket, expires_in, issued } = desk.wechat.ticket(&owner, kind, desk.now)?;
    if issued {
        desk.counter.issued += 1;
    }
    let answer = json!({ "errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": expires_in });
    Ok(Reply::json_of(endpoint.platform, &answer))
}

/// The answer of both token endpoints of official accounts.
fn token_reply(counter: &mut Counter, grant: &Grant) -> Reply {
    if grant.issued {
        counter.issued += 1;
    }
    Reply::json(&json!({ "access_token": grant.token, "expires_in": grant.expires_in }))
}

/// JSON as the endpoints under `/sns/` send it: they call it a text.
fn text_json(value: &Value) -> Reply {
    Reply::with(200, "text/plain", value.to_string())
}

/// The appid of who exchanges a code, with the code.
fn code_of<'a>(
    endpoint: &Endpoint,
    desk: &mut Desk<'_>,
    call: &'a Call,
    parameter: &str,
) -> Result<(String, &'a str), Refusal> {
    if call.method != "GET" {
        return Err(Refusal::GET_ONLY);
    }
    let appid = desk.wechat.admit_sns(endpoint.name, call.param("appid"), call.param("secret"), desk.now)?;
    if call.param("grant_type") != Some("authorization_code") {
        return Err(Refusal::INVALID_GRANT_TYPE);
    }
    let code = call.param(parameter).filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_CODE)?;
    Ok((appid, code))
}

/// The tokens of a user. Only the first ones come with what is known of the user.
fn login_reply(counter: &mut Counter, login: &Login, first: bool) -> Reply {
    counter.issued += 1;
    let mut answer = json!({
        "access_token": login.access_token,
        "expires_in": login.expires_in,
        "refresh_token": login.refresh_token,
        "openid": login.user.openid,
        "scope": login.scope.name(),
    });
    if first && login.user.snapshot {
        answer["is_snapshotuser"] = json!(1);
    }
    if let Some(unionid) = login.user.unionid.as_ref().filter(|_| first && login.scope == Scope::UserInfo) {
        answer["unionid"] = json!(unionid);
    }
    text_json(&answer)
}

/// The id that a shop is asked about. It must be a text: as a number it would not survive every reader.
fn shop_id(endpoint: &Endpoint, desk: &mut Desk<'_>, call: &Call, field: &str) -> Result<String, Refusal> {
    if call.method != "POST" {
        return Err(Refusal::POST_ONLY);
    }
    desk.wechat.use_token(endpoint.name, call.param("access_token"), desk.now)?;
    let body = json_body(call)?;
    let id = body.get(field).and_then(Value::as_str);
    let id = id.filter(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()));
    id.map(str::to_owned).ok_or(Refusal::INVALID_ARGUMENT)
}

/// A value that a page may have written as a text or as a number.
fn js_text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// What the stand-in script is answered, on a page of any origin.
fn js_reply(counter: &mut Counter, judged: Result<(), Denial>) -> Reply {
    let answer = match judged {
        Ok(()) => json!({ "errMsg": "ok" }),
        Err(Denial { message, why }) => {
            *counter.errors.entry(-1).or_default() += 1;
            json!({ "errMsg": message, "why": why })
        }
    };
    let mut reply = Reply::json(&answer);
    reply.headers.push(("access-control-allow-origin", "*".to_owned()));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_whole_and_a_placeholder_takes_one_segment() {
        for (pattern, path, found) in [
            ("/cgi-bin/token", "/cgi-bin/token", true),
            ("/cgi-bin/token", "/cgi-bin/token/", false),
            ("/cgi-bin/token", "/cgi-bin", false),
            ("/v3/id/{}", "/v3/id/42", true),
            ("/v3/id/{}", "/v3/id/", false),
            ("/v3/id/{}", "/v3/id/42/close", false),
            ("/v3/id/{}/close", "/v3/id/42/close", true),
        ] {
            assert_eq!(matches(pattern, path), found, "{pattern} {path}");
        }
    }

    #[test]
    fn short_names_and_paths_are_unique() {
        for (index, one) in ENDPOINTS.iter().enumerate() {
            for other in &ENDPOINTS[index + 1..] {
                assert!(one.name != other.name && one.path != other.path);
            }
        }
    }
}
