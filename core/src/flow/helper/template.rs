//! `tmpl-msg`: a template message.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::done;
use crate::caller::{Asker, Permission};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow;
use crate::flow::api::{Ask, call};
use crate::host::{Head, Host, Response};
use crate::json::{Value, exact};
use crate::limits;

/// JSON: `s`, `to` (the openid), `tid` (the template), `data` (a text for each name, or an object as WeChat wants it), and
/// perhaps `url` and `mp` (`appid` and `pagepath` of a mini program).
pub(super) async fn send<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    let asker = Asker::find(gateway, host, head)?;
    let body = flow::body::read(host, limits::BODY).await?;
    let body = core::str::from_utf8(&body).ok().and_then(|it| exact::parse(it).ok()).ok_or(Reject::Json)?;
    let app = text(&body, "s")?;
    asker.check(Permission::Proxy, app)?;
    let account = flow::app::account(gateway, host, app, "/proxy").await?;
    let message = message(&body)?;
    let ask = Ask { path: "/cgi-bin/message/template/send", query: "", body: &message };
    let answer = call(gateway, host, &account, &ask, limits::API).await?;
    Ok(done("result", exact::parse(&answer).unwrap_or_default()))
}

/// What WeChat wants.
fn message(body: &Value<'_>) -> Result<String, Reject> {
    let mut fields: Vec<(Cow<'_, str>, Value<'_>)> = Vec::from([
        ("touser".into(), Value::text(text(body, "to")?)),
        ("template_id".into(), Value::text(text(body, "tid")?)),
    ]);
    if let Some(url) = body.get("url").and_then(Value::as_str).filter(|it| !it.is_empty()) {
        fields.push(("url".into(), Value::text(url)));
    }
    if let Some(program) = body.get("mp").filter(|it| it.get("appid").is_some() && it.get("pagepath").is_some()) {
        fields.push(("miniprogram".into(), program.clone()));
    }
    let Some(Value::Object(data)) = body.get("data") else { return Err(missing("data")) };
    let data = data.iter().map(|(name, it)| (name.clone(), datum(it))).collect();
    fields.push(("data".into(), Value::Object(data)));
    let mut out = String::new();
    Value::Object(fields).write(&mut out);
    Ok(out)
}

/// A text becomes what WeChat has instead of one.
fn datum<'a>(it: &Value<'a>) -> Value<'a> {
    let text = match it {
        Value::Object(_) => return it.clone(),
        Value::Bool(it) => Cow::Borrowed(if *it { "true" } else { "false" }),
        it => it.as_text().unwrap_or_default(),
    };
    Value::object([("value", Value::Text(text))])
}

fn text<'a>(body: &'a Value<'_>, name: &str) -> Result<&'a str, Reject> {
    body.get(name).and_then(Value::as_str).filter(|it| !it.is_empty()).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Reject {
    Reject::Missing { name: name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &str) -> Result<String, Reject> {
        message(&exact::parse(body).unwrap())
    }

    #[test]
    fn each_datum_becomes_an_object_and_keeps_its_digits() {
        let body = r#"{"to":"o1","tid":"t1","data":{"a":"x","b":12345678901234567890,"c":1.50,"d":null,"e":{"value":"y","color":"red"}}}"#;
        let data = r#"{"a":{"value":"x"},"b":{"value":"12345678901234567890"},"c":{"value":"1.50"},"d":{"value":""},"e":{"value":"y","color":"red"}}"#;
        assert_eq!(written(body).unwrap(), alloc::format!(r#"{{"touser":"o1","template_id":"t1","data":{data}}}"#));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (body, name) in [
            (r#"{"tid":"t1","data":{}}"#, "to"),
            (r#"{"to":"o1","data":{}}"#, "tid"),
            (r#"{"to":"o1","tid":"t1"}"#, "data"),
            (r#"{"to":"o1","tid":"t1","data":"x"}"#, "data"),
            (r#"{"to":["o1"],"tid":"t1","data":{}}"#, "to"),
        ] {
            assert_eq!(written(body), Err(missing(name)), "{body}");
        }
    }

    #[test]
    fn a_program_is_there_whole_or_not_at_all() {
        let with = |mp: &str| written(&alloc::format!(r#"{{"to":"o","tid":"t","mp":{mp},"data":{{}}}}"#)).unwrap();
        assert!(with(r#"{"appid":"wx1","pagepath":"p"}"#).contains(r#""miniprogram":{"appid":"wx1","pagepath":"p"}"#));
        assert!(!with(r#"{"appid":"wx1"}"#).contains("miniprogram"));
    }
}
