//! WeChat's error codes: all numbers and texts in one place.

use std::borrow::Cow;
use std::net::IpAddr;

use super::{Mint, Platform};
use crate::simulator::clock::Millis;

/// WeChat says no: an `errcode` with its text, answered with HTTP 200. The trace is added when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The number callers look at.
    pub code: i64,
    /// The text, without the trace.
    pub text: Cow<'static, str>,
    /// The caller's address as WeChat sees it, if that is not the connection's.
    pub seen: Option<IpAddr>,
}

impl Refusal {
    /// Using: the token was killed or replaced.
    pub const NOT_LATEST: Self = Self::new(40001, "invalid credential, access_token is invalid or not latest");
    /// WeCom: the secret is wrong.
    pub const INVALID_CREDENTIAL: Self = Self::new(40001, "invalid credential");
    /// The grant type is not `client_credential`.
    pub const INVALID_GRANT_TYPE: Self = Self::new(40002, "invalid grant_type");
    /// The openid is malformed or not a string.
    pub const INVALID_OPENID: Self = Self::new(40003, "invalid openid");
    /// There is no such account.
    pub const INVALID_APPID: Self = Self::new(40013, "invalid appid");
    /// WeCom: there is no such corp.
    pub const INVALID_CORPID: Self = Self::new(40013, "invalid corpid");
    /// Using: this was never a token.
    pub const INVALID_TOKEN: Self = Self::new(40014, "invalid access_token");
    /// Exchanging: this was never a code of that account.
    pub const INVALID_CODE: Self = Self::new(40029, "invalid code");
    /// What renews a user's token is none.
    pub const INVALID_REFRESH_TOKEN: Self = Self::new(40030, "invalid refresh_token");
    /// There is no such template.
    pub const INVALID_TEMPLATE: Self = Self::new(40037, "invalid template_id");
    /// There is no such kind of QR code.
    pub const INVALID_ACTION_NAME: Self = Self::new(40052, "invalid action name");
    /// The scene of a QR code is missing, too long or too large.
    pub const INVALID_ACTION_INFO: Self = Self::new(40053, "invalid action info, please check document");
    /// A parameter has a value that it cannot have.
    pub const INVALID_ARGS: Self = Self::new(40097, "invalid args");
    /// The secret is wrong.
    pub const INVALID_SECRET: Self = Self::new(40125, "invalid appsecret,");
    /// Exchanging: the code was exchanged already.
    pub const USED_CODE: Self = Self::new(40163, "code been used");
    /// The owner has frozen the secret.
    pub const FROZEN_SECRET: Self = Self::new(40243, "AppSecret is frozen, please unfreeze it and try again");
    /// Using: no token.
    pub const MISSING_TOKEN: Self = Self::new(41001, "access_token missing");
    /// Fetching: no appid.
    pub const MISSING_APPID: Self = Self::new(41002, "appid missing");
    /// WeCom: no corpid.
    pub const MISSING_CORPID: Self = Self::new(41002, "corpid missing");
    /// Fetching: no secret.
    pub const MISSING_SECRET: Self = Self::new(41004, "appsecret missing");
    /// WeCom: no secret.
    pub const MISSING_CORPSECRET: Self = Self::new(41004, "corpsecret missing");
    /// Exchanging: no code.
    pub const MISSING_CODE: Self = Self::new(41008, "missing code");
    /// No openid.
    pub const MISSING_OPENID: Self = Self::new(41009, "missing openid");
    /// Using: the token has reached its end.
    pub const EXPIRED_TOKEN: Self = Self::new(42001, "access_token expired");
    /// What renews a user's token has reached its end.
    pub const EXPIRED_REFRESH_TOKEN: Self = Self::new(42002, "refresh_token expired");
    /// Exchanging: the code has reached its end.
    pub const EXPIRED_CODE: Self = Self::new(42003, "code expired");
    /// Not a GET.
    pub const GET_ONLY: Self = Self::new(43001, "require GET method");
    /// Not a POST.
    pub const POST_ONLY: Self = Self::new(43002, "require POST method");
    /// The user does not follow the account.
    pub const NOT_A_FOLLOWER: Self = Self::new(43004, "require subscribe");
    /// A POST without a body.
    pub const EMPTY_BODY: Self = Self::new(44002, "empty post data");
    /// The day's allowance is used up.
    pub const DAILY_QUOTA: Self = Self::new(45009, "reach max api daily quota limit");
    /// WeCom: too many calls.
    pub const OVER_FREQUENCY: Self = Self::new(45009, "api freq out of limit");
    /// Too soon after the last call.
    pub const TOO_FREQUENT: Self = Self::new(45011, "api minute-quota reach limit, must slower, retry next minute");
    /// The body is not JSON, or not the JSON that was asked for.
    pub const NOT_JSON: Self = Self::new(47001, "data format error");
    /// A field of the body is missing or has a value that it cannot have.
    pub const INVALID_ARGUMENT: Self = Self::new(47003, "argument invalid!");
    /// The user has not allowed this.
    pub const NOT_ALLOWED: Self = Self::new(48001, "api unauthorized");
    /// WeCom: the caller's address is not one of the application's; the trace tells it.
    pub const UNTRUSTED_IP: Self = Self::new(60020, "not allow to access from your ip");
    /// WeCom: the user ticket has reached its end.
    pub const EXPIRED_USER_TICKET: Self = Self::new(84014, "user ticket expired");
    /// WeCom: this was never a user ticket of that corp.
    pub const INVALID_USER_TICKET: Self = Self::new(84015, "invalid user ticket");
    /// A text is too long for a short key.
    pub const LONG_DATA: Self = Self::new(9_410_010, "long_data exceeds the limit");
    /// A short key would live too long.
    pub const LONG_LIFE: Self = Self::new(9_410_011, "expire_seconds exceeds the limit");
    /// There is no such short key of that account, or it has reached its end.
    pub const INVALID_SHORT_KEY: Self = Self::new(9_410_012, "short_key does not exist");

    /// A refusal with a fixed text.
    pub const fn new(code: i64, text: &'static str) -> Self {
        Self { code, text: Cow::Borrowed(text), seen: None }
    }

    /// The caller's address is not on the allow-list; operators read the address off this text.
    pub fn ip_not_allowed(ip: IpAddr) -> Self {
        let long = match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        let text = Cow::Owned(format!("invalid ip {ip} ipv6 {long}, not in whitelist"));
        Self { code: 40164, text, seen: None }
    }

    /// The text that is sent: each platform ends it with a trace of its own.
    pub fn message(&self, platform: Platform, mint: &mut Mint, peer: IpAddr, now: Millis) -> String {
        let Self { code, text, seen } = self;
        match platform {
            Platform::Official => format!("{text} rid: {}", mint.rid(now)),
            Platform::WeCom => format!(
                "{text}, hint: [{}], from ip: {}, more info at https://open.work.weixin.qq.com/devtool/query?e={code}",
                mint.hint(now),
                seen.unwrap_or(peer)
            ),
        }
    }

    /// The refusal of that number, for a fault that names only the number.
    pub fn by_code(code: i64) -> Self {
        const KNOWN: &[Refusal] = &[
            Refusal::NOT_LATEST,
            Refusal::INVALID_GRANT_TYPE,
            Refusal::INVALID_OPENID,
            Refusal::INVALID_APPID,
            Refusal::INVALID_TOKEN,
            Refusal::INVALID_CODE,
            Refusal::INVALID_REFRESH_TOKEN,
            Refusal::INVALID_TEMPLATE,
            Refusal::INVALID_ACTION_NAME,
            Refusal::INVALID_ACTION_INFO,
            Refusal::INVALID_ARGS,
            Refusal::INVALID_SECRET,
            Refusal::USED_CODE,
            Refusal::FROZEN_SECRET,
            Refusal::MISSING_TOKEN,
            Refusal::MISSING_APPID,
            Refusal::MISSING_SECRET,
            Refusal::MISSING_CODE,
            Refusal::MISSING_OPENID,
            Refusal::EXPIRED_TOKEN,
            Refusal::EXPIRED_REFRESH_TOKEN,
            Refusal::EXPIRED_CODE,
            Refusal::GET_ONLY,
            Refusal::POST_ONLY,
            Refusal::NOT_A_FOLLOWER,
            Refusal::EMPTY_BODY,
            Refusal::DAILY_QUOTA,
            Refusal::TOO_FREQUENT,
            Refusal::NOT_JSON,
            Refusal::INVALID_ARGUMENT,
            Refusal::NOT_ALLOWED,
            Refusal::UNTRUSTED_IP,
            Refusal::EXPIRED_USER_TICKET,
            Refusal::INVALID_USER_TICKET,
            Refusal::LONG_DATA,
            Refusal::LONG_LIFE,
            Refusal::INVALID_SHORT_KEY,
        ];
        let known = KNOWN.iter().find(|refusal| refusal.code == code);
        known.cloned().unwrap_or(Self::new(code, "system error"))
    }
}
