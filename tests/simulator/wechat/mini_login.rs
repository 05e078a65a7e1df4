//! Logins of mini programs: the code that `wx.login()` gives, and the session key it is exchanged for.

use super::book::Book;
use super::login::CODE_LIFE_S;
use super::user::User;
use super::{Owner, Refusal, WeChat};
use crate::simulator::clock::Millis;

/// A code under way.
#[derive(Debug)]
struct JsCode {
    appid: String,
    openid: String,
    session_key: String,
    expires: Millis,
    used: bool,
}

/// All codes of mini programs.
#[derive(Debug, Default)]
pub(super) struct MiniLogins(Book<JsCode>);

impl WeChat {
    /// What `wx.login()` gives to the mini program of `openid`, or of who holds the phone: the code, and the session key that
    /// it will be exchanged for. The error is a sentence that begins with the field.
    pub fn js_code(&mut self, appid: &str, openid: Option<String>, now: Millis) -> Result<(String, String), String> {
        if !self.accounts.contains_key(&Owner::Official(appid.to_owned())) {
            return Err(format!("appid: there is no account {appid}"));
        }
        let (code, session_key) = (self.mint.code(), self.mint.session_key());
        let entry = JsCode {
            appid: appid.to_owned(),
            openid: openid.unwrap_or_else(|| self.users.at_the_phone().openid),
            session_key: session_key.clone(),
            expires: now.plus_secs(CODE_LIFE_S),
            used: false,
        };
        self.mini_logins.0.enter(&code, entry);
        Ok((code, session_key))
    }

    /// Exchanges a code, once, for the user and the session key.
    pub fn js_login(&mut self, appid: &str, code: &str, now: Millis) -> Result<(User, String), Refusal> {
        let code = self.mini_logins.0.get_mut(code).filter(|it| it.appid == appid && now < it.expires);
        let code = code.ok_or(Refusal::INVALID_CODE)?;
        if code.used {
            return Err(Refusal::USED_CODE);
        }
        code.used = true;
        Ok((self.users.get(&code.openid), code.session_key.clone()))
    }
}
