//! What WeChat's API answers: JSON, with status 200 whatever it says.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use crate::error::{Error, Unavailable};
use crate::host::Response;
use crate::json::{Value, exact};
use crate::secret::Secret;
use crate::wechat::token::clean;

/// The text of an answer that is a JSON object and no error. `hush` is what it was asked with.
///
/// # Errors
/// [`Error::Refused`] with WeChat's code, `hush` struck from its text; [`Unavailable::Garbled`].
pub fn object(mut response: Response, hush: &Secret) -> Result<String, Error> {
    if response.status != 200 {
        return Err(garbled(&format!("its status is {}", response.status)));
    }
    // WeChat writes what users call themselves as it is, control characters and all, which no JSON may hold.
    response.body.retain(|it| *it >= b' ');
    let text = String::from_utf8(response.body).map_err(|_| garbled("it is not UTF-8"))?;
    check(&text, hush).map(|()| text)
}

/// The same of the text of an answer.
///
/// # Errors
/// As above.
pub fn check(text: &str, hush: &Secret) -> Result<(), Error> {
    let root = exact::parse(text).ok().filter(|it| matches!(it, Value::Object(_)));
    let root = root.ok_or_else(|| garbled("it is not the JSON object that was expected"))?;
    let code = root.get("errcode").and_then(Value::as_str).unwrap_or("0");
    if code == "0" {
        return Ok(());
    }
    let code = code.parse().map_err(|_| garbled("its errcode is no number"))?;
    let message = root.get("errmsg").and_then(Value::as_str).unwrap_or_default();
    Err(Error::Refused { code, message: clean(message, hush) })
}

fn garbled(why: &str) -> Error {
    Unavailable::Garbled { who: "WeChat".into(), why: why.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> Result<String, Error> {
        object(Response { status, body: body.into(), ..Response::default() }, &Secret::new("s3cret".into()))
    }

    #[test]
    fn an_object_without_an_error_is_passed_on() {
        for fine in [r#"{"a":1}"#, "{}", r#"{"errcode":0,"errmsg":"ok","msgid":200228332}"#] {
            assert_eq!(said(200, fine).as_deref(), Ok(fine));
        }
    }

    #[test]
    fn what_users_call_themselves_makes_no_answer_unreadable() {
        let name = "{\"nickname\":\"a\u{1}b\u{b}\tc\u{7f}店😀\"}\n";
        assert_eq!(said(200, name).as_deref(), Ok("{\"nickname\":\"abc\u{7f}店😀\"}"));
    }

    #[test]
    fn wechats_error_is_one_and_tells_no_secret() {
        let refused = Error::Refused { code: 40029, message: "invalid *** code".into() };
        assert_eq!(said(200, r#"{"errcode":40029,"errmsg":"invalid s3cret code"}"#), Err(refused));
        assert!(matches!(said(200, r#"{"errcode":-1}"#), Err(Error::Refused { code: -1, .. })));
    }

    #[test]
    fn nothing_else_is_believed() {
        for (status, body) in
            [(503, r#"{"a":1}"#), (200, "[]"), (200, "<html>"), (200, ""), (200, r#"{"errcode":"x"}"#)]
        {
            assert!(matches!(said(status, body), Err(Error::Unavailable(Unavailable::Garbled { .. }))), "{body}");
        }
    }
}
