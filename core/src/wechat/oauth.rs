//! Login with WeChat: the page that asks the user, and what a code is exchanged for.
//!
//! Sources: the pages on web authorization of the official accounts' documentation, on `code2Session` of the mini programs', and on
//! web login of WeCom's.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::host::{Method, Request};
use crate::query::escape;
use crate::secret::Secret;

/// The URL of the page that asks the user. The order of the parameters is WeChat's: some clients insist on it.
#[must_use]
pub fn authorize(
    open: &str,
    appid: &str,
    agentid: Option<&str>,
    redirect_uri: &str,
    scope: &str,
    state: &str,
) -> String {
    let (appid, redirect_uri) = (escape(appid), escape(redirect_uri));
    let agent = agentid.map(|it| format!("&agentid={}", escape(it))).unwrap_or_default();
    format!(
        "{open}/connect/oauth2/authorize?appid={appid}&redirect_uri={redirect_uri}&response_type=code&scope={scope}\
         &state={state}{agent}#wechat_redirect"
    )
}

/// `GET /sns/oauth2/access_token`: who a code is.
#[must_use]
pub fn exchange(appid: &str, secret: &Secret, code: &Secret) -> Request {
    sns("oauth2/access_token", appid, secret, "code", code)
}

/// `GET /sns/jscode2session`: the same of a mini program's `wx.login`.
#[must_use]
pub fn session(appid: &str, secret: &Secret, code: &Secret) -> Request {
    sns("jscode2session", appid, secret, "js_code", code)
}

fn sns(path: &str, appid: &str, secret: &Secret, name: &str, code: &Secret) -> Request {
    let (appid, secret, code) = (escape(appid), escape(secret.expose()), escape(code.expose()));
    get(format!("/sns/{path}?appid={appid}&secret={secret}&{name}={code}&grant_type=authorization_code"))
}

/// `GET /sns/userinfo`: all that the user allowed to be told.
#[must_use]
pub fn user(token: &Secret, openid: &str, lang: &str) -> Request {
    let (token, openid, lang) = (escape(token.expose()), escape(openid), escape(lang));
    get(format!("/sns/userinfo?access_token={token}&openid={openid}&lang={lang}"))
}

/// `GET /cgi-bin/auth/getuserinfo` of WeCom: who a code is.
#[must_use]
pub fn member(token: &Secret, code: &Secret) -> Request {
    let (token, code) = (escape(token.expose()), escape(code.expose()));
    get(format!("/cgi-bin/auth/getuserinfo?access_token={token}&code={code}"))
}

const fn get(target: String) -> Request {
    Request { method: Method::Get, target, headers: Vec::new(), body: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    #[test]
    fn the_page_has_its_parameters_in_wechats_order() {
        let url = authorize("https://o", "wx1", None, "https://a.b/c?d=e&f", "snsapi_base", "s1");
        assert_eq!(
            url,
            "https://o/connect/oauth2/authorize?appid=wx1&redirect_uri=https%3A%2F%2Fa.b%2Fc%3Fd%3De%26f\
             &response_type=code&scope=snsapi_base&state=s1#wechat_redirect"
        );
        let wecom = authorize("https://o", "ww1", Some("1000002"), "https://a.b", "snsapi_privateinfo", "s1");
        assert!(wecom.ends_with("&state=s1&agentid=1000002#wechat_redirect"), "{wecom}");
    }

    #[test]
    fn what_a_stranger_brings_adds_no_parameter() {
        let code = secret("c&secret=x#");
        let target = exchange("wx1", &secret("s"), &code).target;
        let expected =
            "/sns/oauth2/access_token?appid=wx1&secret=s&code=c%26secret%3Dx%23&grant_type=authorization_code";
        assert_eq!(target, expected);
        let target = session("wx1", &secret("s"), &code).target;
        assert_eq!(
            target,
            "/sns/jscode2session?appid=wx1&secret=s&js_code=c%26secret%3Dx%23&grant_type=authorization_code"
        );
        assert_eq!(user(&secret("t"), "o&x", "zh_CN").target, "/sns/userinfo?access_token=t&openid=o%26x&lang=zh_CN");
        assert_eq!(
            member(&secret("t"), &code).target,
            "/cgi-bin/auth/getuserinfo?access_token=t&code=c%26secret%3Dx%23"
        );
    }
}
