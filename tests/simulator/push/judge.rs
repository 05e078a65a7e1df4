//! WeChat's judgement on an answer: nothing to show, a reply, or something that it cannot use.

use super::account::{Account, Format, Kind, Mode};
use super::crypto::sign;
use super::http::Response;
use super::message::Push;
use super::outcome::Reply;
use super::read::read;
use super::reply;
use super::tree::Value;

/// What WeChat makes of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is shown, and that is fine. Why.
    Nothing(&'static str),
    /// The user sees this.
    Reply(Reply),
    /// Not taken: the push is repeated. Why.
    NotTaken(String),
    /// Taken, but nothing that WeChat can show. Why.
    Malformed(String),
}

/// Judges an answer to a push. Only the account that pushed knows what must be in it.
pub fn judge(push: &Push, answer: &Response) -> Verdict {
    if answer.status != 200 {
        return Verdict::NotTaken(format!("the status is {}", answer.status));
    }
    let account = &push.account;
    match (&*answer.body, account.kind) {
        (b"", _) => return Verdict::Nothing("the body is empty"),
        (b"success", _) => return Verdict::Nothing("it says success"),
        (_, Kind::Channels) => return Verdict::Nothing("a channels shop shows no replies"),
        _ => {}
    }
    match reply(push, account, &answer.body) {
        Ok(reply) if push.fields().is_some_and(|it| it.text_at("Event") == "unsubscribe") => {
            drop(reply);
            Verdict::Nothing("who has unsubscribed gets no reply")
        }
        Ok(reply) if account.kind == Kind::MiniProgram && reply.kind != "transfer_customer_service" => {
            Verdict::Nothing("a mini program shows no replies")
        }
        Ok(reply) => Verdict::Reply(reply),
        Err(why) => Verdict::Malformed(why),
    }
}

fn reply(push: &Push, account: &Account, body: &[u8]) -> Result<Reply, String> {
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8")?;
    let outer = read(text, account.format)?;
    let sealed = ["Encrypt", "encrypt"].iter().any(|it| outer.get(it).is_some());
    let body = match (account.mode, sealed) {
        (Mode::Plain, true) => return Err("it is encrypted, and the push was plain".to_owned()),
        (Mode::Safe, false) => return Err("it is plain, and the push was encrypted".to_owned()),
        (_, true) => {
            let plain = open(account, &outer)?;
            read(&plain, account.format).map_err(|why| format!("in the envelope: {why}"))?
        }
        (_, false) => outer,
    };
    addressed(push, &body)?;
    reply::check(&body, account, push.fields().as_ref())?;
    Ok(Reply { kind: body.text_at("MsgType").to_owned(), body })
}

/// The text in an envelope that this account can open.
fn open(account: &Account, outer: &Value) -> Result<String, String> {
    let lower = account.kind == Kind::Wecom && account.format == Format::Json;
    let names = if lower {
        ["encrypt", "msgsignature", "timestamp", "nonce"]
    } else {
        ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
    };
    let Value::Fields(fields) = outer else { return Err("its envelope has no fields".to_owned()) };
    if let Some((name, _)) = fields.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        return Err(format!("{name} is no field of an envelope"));
    }
    let mut parts = [account.token.as_str(), "", "", ""];
    for (part, name) in parts[1..].iter_mut().zip([names[0], names[2], names[3]]) {
        *part = some(outer, name)?;
    }
    number(outer, names[2], account.format)?;
    if sign(&parts) != some(outer, names[1])? {
        return Err(format!("{} is wrong", names[1]));
    }
    let key = account.key.as_ref().ok_or("the account has no key to open it")?;
    let (plain, receive_id) = key.open(parts[1])?;
    if receive_id != account.id {
        return Err(format!("its envelope is for {receive_id:?}"));
    }
    Ok(plain)
}

/// From whom and to whom, and when.
fn addressed(push: &Push, body: &Value) -> Result<(), String> {
    if let Some(said) = push.fields() {
        for (name, other) in [("ToUserName", "FromUserName"), ("FromUserName", "ToUserName")] {
            let (found, expected) = (body.text_at(name), said.text_at(other));
            if found != expected {
                return Err(format!("{name} is {found:?} and should be {expected:?}"));
            }
        }
    }
    number(body, "CreateTime", push.account.format)
}

/// What a field says that must say something.
pub(super) fn some<'a>(body: &'a Value, path: &str) -> Result<&'a str, String> {
    match body.at(path) {
        None => Err(format!("{path} is missing")),
        Some(it) => {
            it.as_text().filter(|it| !it.is_empty()).ok_or_else(|| format!("{path} says nothing, or is there twice"))
        }
    }
}

/// A field that must be a number; in JSON its type says so.
pub(super) fn number(body: &Value, path: &str, format: Format) -> Result<(), String> {
    let text = some(body, path)?;
    let typed = format == Format::Xml || matches!(body.at(path), Some(Value::Number(_)));
    let digits = text.bytes().all(|it| it.is_ascii_digit());
    if typed && digits { Ok(()) } else { Err(format!("{path} is no number: {text:?}")) }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
