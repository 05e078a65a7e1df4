//! The demo pages below `/example/`, if the configuration wants them: what the gateway does, to be tried on a phone.

use alloc::format;
use alloc::string::String;

use crate::config::Gateway;
use crate::error::{Error, Reject, escaped};
use crate::host::Response;
use crate::route::Example;
use crate::target::Url;

/// Where a login may lead as well: to the page that shows what it tells.
pub const LOGIN: &str = "/example/login";

/// One of their files.
///
/// # Errors
/// [`Reject::NotFound`] if they are not wanted.
pub fn show(gateway: &Gateway, what: Example) -> Result<Response, Error> {
    let jweixin = gateway.examples.as_deref().ok_or(Reject::NotFound)?;
    let (kind, text) = match what {
        Example::Index => ("html", include_str!("index.html").into()),
        Example::Jsapi => ("html", include_str!("jsapi.html").replace("{{jweixin}}", &escaped(jweixin))),
        Example::Login => ("html", login("")),
        Example::Style => ("css", include_str!("style.css").into()),
        Example::Script => ("javascript", include_str!("example.js").into()),
    };
    Ok(file(jweixin, kind, text))
}

/// The page that shows what a login tells.
///
/// # Errors
/// [`Reject::NotFound`] if there are no such pages.
pub fn logged_in(gateway: &Gateway, told: &str) -> Result<Response, Error> {
    let jweixin = gateway.examples.as_deref().ok_or(Reject::NotFound)?;
    Ok(file(jweixin, "html", login(told)))
}

fn login(told: &str) -> String {
    include_str!("login.html").replace("{{said}}", &escaped(told))
}

/// A file that can load nothing but its like and WeChat's script.
fn file(jweixin: &str, kind: &str, text: String) -> Response {
    let from = Url::parse(jweixin).map(|it| [it.scheme, "://", &it.authority].concat()).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self' {from}; connect-src 'self' {from}; style-src 'self'; img-src 'self' {from}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    Response { status: 200, body: text.into_bytes(), ..Response::default() }
        .with("content-type", &format!("text/{kind}; charset=utf-8"))
        .with("cache-control", "no-store")
        .with("content-security-policy", &policy)
        .with("x-content-type-options", "nosniff")
        .with("referrer-policy", "no-referrer")
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn gateway(text: &str) -> Gateway {
        Gateway::from_json(text, &|_| None).unwrap()
    }

    fn text(response: Response) -> String {
        String::from_utf8(response.body).unwrap()
    }

    #[test]
    fn there_are_none_unless_they_are_wanted() {
        let not = gateway(r#"{"apps":{}}"#);
        assert_eq!(show(&not, Example::Index).unwrap_err(), Reject::NotFound.into());
        assert_eq!(logged_in(&not, "{}").unwrap_err(), Reject::NotFound.into());
    }

    #[test]
    fn nothing_that_a_login_tells_becomes_more_than_text() {
        let gateway = gateway(r#"{"apps":{},"examples":true}"#);
        let page = text(logged_in(&gateway, r#"{"nickname":"</pre><script>alert(1)</script>"}"#).unwrap());
        assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;alert"), "{page}");
    }

    #[test]
    fn they_hold_no_script_of_their_own_and_are_small() {
        let gateway = gateway(r#"{"apps":{},"examples":true,"wechat":{"jweixin":"https://a.b/x.js?a=1&b=2"}}"#);
        let files = [Example::Index, Example::Jsapi, Example::Login, Example::Style, Example::Script];
        let pages: alloc::vec::Vec<String> = files.map(|it| text(show(&gateway, it).unwrap())).into();
        for page in pages.iter().take(3) {
            let inline = [" onclick=", " onload=", "javascript:", " style=", "<style", "{{"];
            assert!(inline.iter().all(|it| !page.contains(it)), "{page}");
            assert_eq!(page.matches("<script").count(), page.matches("<script src=").count());
        }
        assert!(pages.iter().any(|it| it.contains("src=\"https://a.b/x.js?a=1&amp;b=2\"")));
        assert!(pages.concat().len() < 30_000);
        let response = show(&gateway, Example::Jsapi).unwrap();
        let policy = response.headers.iter().find(|it| it.0 == "content-security-policy").unwrap().1.to_string();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' https://a.b; ") && !policy.contains("unsafe")
        );
    }
}
