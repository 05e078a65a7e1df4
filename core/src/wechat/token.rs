//! Fetching an access token: the requests, and what is believed of the answers.
//!
//! Sources: getAccessToken, getStableAccessToken of the official accounts' documentation.

use alloc::{format, string::String, vec, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Unavailable};
use crate::host::{Method, Request, Response};
use crate::json;
use crate::limits;
use crate::query::escape;
use crate::secret::Secret;

/// A credential as WeChat gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The token.
    pub value: Secret,
    /// What is left of its life, in seconds.
    pub expires_in: u64,
}

/// `GET /cgi-bin/token`: each call issues a new token and retires the last one.
#[must_use]
pub fn classic(appid: &str, secret: &Secret) -> Request {
    let (appid, secret) = (escape(appid), escape(secret.expose()));
    let query = format!("grant_type=client_credential&appid={appid}&secret={secret}");
    Request { method: Method::Get, target: format!("/cgi-bin/token?{query}"), headers: Vec::new(), body: Vec::new() }
}

/// `POST /cgi-bin/stable_token`: the same token as long as it lives, another one only if `force`d.
#[must_use]
pub fn stable(appid: &str, secret: &Secret, force: bool) -> Request {
    #[derive(Serialize)]
    struct Body<'a> {
        grant_type: &'a str,
        appid: &'a str,
        secret: &'a str,
        force_refresh: bool,
    }
    let body = Body { grant_type: "client_credential", appid, secret: secret.expose(), force_refresh: force };
    Request {
        method: Method::Post,
        target: "/cgi-bin/stable_token".into(),
        headers: vec![("content-type", "application/json".into())],
        body: json::write(&body),
    }
}

/// `GET /cgi-bin/gettoken` of WeCom: one token per corpid and secret.
#[must_use]
pub fn wecom(corpid: &str, secret: &Secret) -> Request {
    let query = format!("corpid={}&corpsecret={}", escape(corpid), escape(secret.expose()));
    Request { method: Method::Get, target: format!("/cgi-bin/gettoken?{query}"), headers: Vec::new(), body: Vec::new() }
}

/// What an answer to one of these requests says.
///
/// # Errors
/// [`Error::Refused`] with WeChat's code, or [`Unavailable::Garbled`].
pub fn grant(response: &Response, hush: &Secret) -> Result<Grant, Error> {
    read(response, hush, "access_token")
}

/// The credential that an answer holds in its field `access_token` or `ticket`.
///
/// Believed is only 200 with a JSON object that holds a token and a sane life: Envoy reports a refused connection as an
/// ordinary 503 with a text body, and a captive proxy answers 200 with a page.
///
/// # Errors
/// [`Error::Refused`] with WeChat's code (`hush` is struck from its text), or [`Unavailable::Garbled`].
pub(super) fn read(response: &Response, hush: &Secret, field: &str) -> Result<Grant, Error> {
    #[derive(Deserialize)]
    struct Answer {
        errcode: Option<i64>,
        errmsg: Option<String>,
        access_token: Option<String>,
        ticket: Option<String>,
        expires_in: Option<u64>,
    }
    if response.status != 200 {
        return Err(garbled(format!("its status is {}", response.status)));
    }
    let answer: Answer =
        json::read(&response.body).ok_or_else(|| garbled("it is not the JSON object that was expected".into()))?;
    if let Some(code) = answer.errcode.filter(|it| *it != 0) {
        let message = clean(&answer.errmsg.unwrap_or_default(), hush);
        return Err(Error::Refused { code, message });
    }
    let value = if field == "ticket" { answer.ticket } else { answer.access_token };
    let value = value.unwrap_or_default();
    if value.is_empty() || value.len() > limits::TOKEN || !value.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(garbled(format!("it holds no {field}")));
    }
    match answer.expires_in {
        Some(expires_in @ 1..=limits::LIFE) => Ok(Grant { value: Secret::new(value), expires_in }),
        _ => Err(garbled("its expires_in makes no sense".into())),
    }
}

fn garbled(why: String) -> Error {
    Unavailable::Garbled { who: "WeChat".into(), why }.into()
}

/// WeChat's text, short, printable and without the secret, in case the other end repeats what it was asked: as it is, and as
/// it stands in a query or in JSON. It is struck before the text is cut: a part of it would be too much.
pub(super) fn clean(errmsg: &str, hush: &Secret) -> String {
    let mut text: String = errmsg.chars().filter(|it| !it.is_control()).collect();
    let plain = hush.expose();
    let json = String::from_utf8(json::write(&plain)).unwrap_or_default();
    for form in [plain, &escape(plain), json.trim_matches('"')] {
        if !form.is_empty() {
            text = text.replace(form, "***");
        }
    }
    text.chars().take(limits::ERRMSG).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hush() -> Secret {
        Secret::new("s3cret".into())
    }

    fn answer(status: u16, body: &str) -> Result<Grant, Error> {
        let response = Response { status, body: body.into(), ..Response::default() };
        grant(&response, &hush())
    }

    #[test]
    fn a_token_with_a_sane_life_is_believed() {
        let grant = answer(200, r#"{"access_token":"T1","expires_in":7200}"#).unwrap();
        assert_eq!((grant.value.expose(), grant.expires_in), ("T1", 7200));
        let with_zero = r#"{"errcode":0,"errmsg":"ok","access_token":"T1","expires_in":1}"#;
        assert!(answer(200, with_zero).is_ok());
    }

    #[test]
    fn nothing_else_is_believed() {
        let lies = [
            (503, "upstream connect error or disconnect/reset before headers"),
            (504, r#"{"access_token":"T1","expires_in":7200}"#),
            (200, "<html>welcome to our Wi-Fi</html>"),
            (200, ""),
            (200, "[]"),
            (200, r#"[0,"ok","T1",7200]"#),
            (200, "null"),
            (200, "{}"),
            (200, r#"{"access_token":"","expires_in":7200}"#),
            (200, r#"{"access_token":17,"expires_in":7200}"#),
            (200, r#"{"access_token":"T 1","expires_in":7200}"#),
            (200, "{\"access_token\":\"T\\r\\n1\",\"expires_in\":7200}"),
            (200, r#"{"access_token":"T1"}"#),
            (200, r#"{"access_token":"T1","expires_in":0}"#),
            (200, r#"{"access_token":"T1","expires_in":-5}"#),
            (200, r#"{"access_token":"T1","expires_in":86401}"#),
            (200, r#"{"access_token":"T1","expires_in":"7200"}"#),
            (200, r#"{"access_token":"T1","expires_in":7200"#),
        ];
        for (status, body) in lies {
            assert!(
                matches!(answer(status, body), Err(Error::Unavailable(Unavailable::Garbled { .. }))),
                "{status} {body}"
            );
        }
        let long = format!(r#"{{"access_token":"{}","expires_in":7200}}"#, "T".repeat(4097));
        assert!(answer(200, &long).is_err());
    }

    #[test]
    fn wechats_error_is_passed_on_without_the_secret_and_without_control_characters() {
        let body = r#"{"errcode":40125,"errmsg":"bad s3cret\r\n here"}"#;
        let error = Error::Refused { code: 40125, message: "bad *** here".into() };
        assert_eq!(answer(200, body), Err(error));
    }

    #[test]
    fn the_requests_are_the_documented_ones() {
        let classic = classic("wx1", &Secret::new("a&b=c d".into()));
        assert_eq!(classic.target, "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=a%26b%3Dc%20d");
        let stable = stable("wx1", &hush(), true);
        assert_eq!(stable.target, "/cgi-bin/stable_token");
        assert_eq!(
            String::from_utf8(stable.body).unwrap(),
            r#"{"grant_type":"client_credential","appid":"wx1","secret":"s3cret","force_refresh":true}"#
        );
    }
}
