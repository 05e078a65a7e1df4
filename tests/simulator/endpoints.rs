//! WeChat's endpoints, one file each. To add one: write its file with a `pub const ENDPOINT`, name it below.

mod agent_ticket;
mod custom_send;
mod get_jsapi_ticket;
mod getticket;
mod gettoken;
mod stable_token;
mod token;
mod user_info;

use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::clock::Millis;
use super::counters::Counter;
use super::wechat::{Grant, Platform, Refusal, TicketType, WeChat};

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
