//! The control API under `/_sim/`: how a scenario steers the simulator and reads what happened.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::call::{Call, Reply};
use super::faults::Fault;
use super::report::JsCode;
use super::state::State;
use super::wechat::{AccountChange, Which};

const PREFIX: &str = "/_sim/";

/// Whether a path belongs to the control API.
pub fn is_control(path: &str) -> bool {
    path.starts_with(PREFIX)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invalidate {
    appid: String,
    which: Which,
    #[serde(default)]
    sticky: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsLogin {
    appid: String,
    #[serde(default)]
    openid: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    #[serde(default)]
    advance_ms: Option<u64>,
    #[serde(default)]
    offset_ms: Option<i64>,
}

/// Answers a control request.
pub fn answer(state: &mut State, call: &Call) -> Reply {
    let name = call.path.strip_prefix(PREFIX).unwrap_or_default();
    let done = match (call.method.as_str(), name) {
        ("GET", "state") => return Reply::json(&state.report()),
        ("GET", "requests") => return Reply::json(&json!({ "requests": state.log.requests() })),
        ("POST", "reset") => reset(state),
        ("POST", "accounts") => parse::<AccountChange>(call).and_then(|change| state.wechat.put_account(change)),
        ("POST", "invalidate") => parse(call).and_then(|order| invalidate(state, &order)),
        ("POST", "users") => parse(call).and_then(|change| state.wechat.users.put(change)),
        ("POST", "js_codes") => match parse(call).and_then(|order| js_code(state, order)) {
            Ok(code) => return Reply::json(&code),
            Err(sentence) => Err(sentence),
        },
        ("POST", "clock") => parse(call).and_then(|change| move_clock(state, &change)),
        ("POST", "faults") => parse(call).and_then(|fault| add_fault(state, fault)),
        ("DELETE", "faults") => clear_faults(state),
        (_, "state" | "requests" | "reset" | "accounts" | "invalidate" | "users" | "js_codes" | "clock" | "faults") => {
            return Reply::text(405, format!("{} does not take {}.\n", call.path, call.method));
        }
        _ => {
            return Reply::text(404, format!("There is no {} in the control API.\n", call.path));
        }
    };
    match done {
        Ok(()) => Reply::json(&json!({ "ok": true, "now_ms": state.clock.now().0 })),
        Err(sentence) => Reply::text(400, format!("{sentence}.\n")),
    }
}

/// Reads the body; the error begins with the path of the field.
fn parse<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_slice(&call.body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| match error.path().to_string().as_str() {
        "." | "?" => format!("the body: {}", error.inner()),
        path => format!("{path}: {}", error.inner()),
    })
}

fn reset(state: &mut State) -> Result<(), String> {
    state.counters.reset();
    state.log.clear();
    Ok(())
}

fn invalidate(state: &mut State, order: &Invalidate) -> Result<(), String> {
    let now = state.clock.now();
    if state.wechat.invalidate(&order.appid, order.which, order.sticky, now) {
        return Ok(());
    }
    if state.wechat.knows(&order.appid) {
        return Err(format!("which: the account {} has no such token", order.appid));
    }
    Err(format!("appid: there is no account {}", order.appid))
}

fn js_code(state: &mut State, order: JsLogin) -> Result<JsCode, String> {
    let now = state.clock.now();
    let (code, session_key) = state.wechat.js_code(&order.appid, order.openid, now)?;
    Ok(JsCode { code, session_key })
}

fn move_clock(state: &mut State, change: &ClockChange) -> Result<(), String> {
    match (change.advance_ms, change.offset_ms) {
        (Some(ms), None) => state.clock.advance(ms),
        (None, Some(ms)) => state.clock.set_offset(ms),
        _ => {
            return Err("advance_ms: exactly one of advance_ms and offset_ms is needed".to_owned());
        }
    }
    Ok(())
}

fn add_fault(state: &mut State, fault: Fault) -> Result<(), String> {
    fault.check()?;
    state.faults.add(fault);
    Ok(())
}

fn clear_faults(state: &mut State) -> Result<(), String> {
    state.faults.clear();
    Ok(())
}
