//! What a person sees when something went wrong: a small page in Chinese and English, without a script, for any screen.

use alloc::format;
use alloc::string::String;

use super::{Error, Reject, Unavailable};
use crate::host::Response;

/// The page for `error`.
pub(super) fn page(error: &Error, message: &str, request_id: &str) -> Response {
    let (chinese, english) = words(error);
    // The path's words must not pass for ours.
    let message = if let Error::Rejected(Reject::NoApp { .. }) = error { "there is no such app" } else { message };
    let (message, request_id) = (escaped(message), escaped(request_id));
    let body = format!(
        "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{chinese} · {english}</title><style>{STYLE}</style><main><h1>{chinese}</h1><h2>{english}</h2>\
         <p>{message}</p><small>编号 ID {request_id}</small></main></html>"
    );
    Response { status: error.status(), body: body.into_bytes(), ..Response::default() }
        .with("content-type", "text/html; charset=utf-8")
        .with("cache-control", "no-store")
        .with("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
        .with("x-content-type-options", "nosniff")
        .with("referrer-policy", "no-referrer")
}

const STYLE: &str = "body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f7f7f7;color:#1a1a1a;\
    font:16px/1.6 system-ui,'PingFang SC','Noto Sans CJK SC',sans-serif}main{box-sizing:border-box;width:min(92vw,26rem);\
    padding:2rem 1.5rem;background:#fff;border-radius:12px;box-shadow:0 1px 12px #0001}h1{margin:0;font-size:1.35rem}\
    h2{margin:0 0 1rem;font-size:1rem;font-weight:400}p{margin:0 0 1rem;color:#666;font-size:.9rem;overflow-wrap:anywhere}\
    small{color:#888;font-size:.75rem;overflow-wrap:anywhere}";

const fn words(error: &Error) -> (&'static str, &'static str) {
    match error {
        Error::Rejected(_) => ("登录没有完成", "The login was not completed"),
        Error::Refused { .. } => ("微信没有接受这次登录", "WeChat did not accept this login"),
        Error::Unavailable(Unavailable::Timeout { .. }) => {
            ("没有及时得到答复，请稍后再试", "No answer in time. Please try again")
        }
        Error::Unavailable(_) => ("暂时无法登录，请稍后再试", "Login is not possible right now. Please try again"),
    }
}

/// A text that is nothing but text on a page.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(it),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reject;

    #[test]
    fn nothing_that_was_sent_becomes_more_than_text() {
        let evil = "\"'><script>alert(1)</script>&";
        let error: Error = Reject::NoApp { app: evil.into() }.into();
        let response = page(&error, &error.message(), evil);
        let text = String::from_utf8(response.body).unwrap();
        assert!(!text.contains("<script") && !text.contains("'><"), "{text}");
        assert!(text.contains("&lt;script&gt;") && text.contains("登录"), "{text}");
        assert_eq!(response.status, 404);
    }
}
