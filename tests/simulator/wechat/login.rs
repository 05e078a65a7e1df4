//! Logins of official accounts: codes that a browser carries, and the tokens of one user that they are exchanged for. These
//! have nothing to do with the account's own token.

use super::book::Book;
use super::user::User;
use super::{Owner, Refusal, WeChat};
use crate::simulator::clock::Millis;

/// A code lives for five minutes.
pub(super) const CODE_LIFE_S: u32 = 300;
/// A user's token for two hours.
const TOKEN_LIFE_S: u32 = 7200;
/// And what renews it for thirty days.
const REFRESH_LIFE_S: u32 = 30 * 24 * 60 * 60;

/// How much of a user a page asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Who it is, without a question.
    Base,
    /// The profile, if the user allows it.
    UserInfo,
    /// WeCom: what is private, if the user allows it.
    PrivateInfo,
}

impl Scope {
    /// The word of the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
            Self::PrivateInfo => "snsapi_privateinfo",
        }
    }
}

/// A code under way.
#[derive(Debug)]
pub(super) struct Code {
    /// The appid or corpid that it was made for.
    pub(super) id: String,
    pub(super) openid: String,
    pub(super) scope: Scope,
    pub(super) expires: Millis,
    pub(super) used: bool,
}

/// What a token, or what renews it, stands for.
#[derive(Debug, Clone)]
struct Session {
    appid: String,
    openid: String,
    scope: Scope,
    expires: Millis,
}

/// All logins.
#[derive(Debug, Default)]
pub(super) struct Logins {
    pub(super) codes: Book<Code>,
    tokens: Book<Session>,
    refreshes: Book<Session>,
}

/// The tokens of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Opens what the user allowed.
    pub access_token: String,
    /// Its life in seconds.
    pub expires_in: u32,
    /// Renews it.
    pub refresh_token: String,
    /// What the user allowed.
    pub scope: Scope,
    /// The user.
    pub user: User,
}

impl WeChat {
    /// The user at the phone goes on to the page: the code that the browser carries there.
    pub fn authorize(&mut self, id: &str, scope: Scope, now: Millis) -> String {
        let code = self.mint.code();
        let openid = self.users.at_the_phone().openid;
        let entry = Code { id: id.to_owned(), openid, scope, expires: now.plus_secs(CODE_LIFE_S), used: false };
        self.logins.codes.enter(&code, entry);
        code
    }

    /// Checks who calls an endpoint that takes appid and secret, and counts the call against the quota of the day. These
    /// endpoints have no allow-list.
    pub fn admit_sns(
        &mut self,
        endpoint: &'static str,
        appid: Option<&str>,
        secret: Option<&str>,
        now: Millis,
    ) -> Result<String, Refusal> {
        let appid = appid.filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_APPID)?;
        let secret = secret.filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_SECRET)?;
        let account = self.accounts.get_mut(&Owner::Official(appid.to_owned())).ok_or(Refusal::INVALID_APPID)?;
        account.prove(secret)?;
        account.spend(endpoint, now)?;
        Ok(appid.to_owned())
    }

    /// Exchanges a code, once.
    pub fn login(&mut self, appid: &str, code: &str, now: Millis) -> Result<Login, Refusal> {
        let code = self.logins.codes.get_mut(code).filter(|it| it.id == appid).ok_or(Refusal::INVALID_CODE)?;
        if code.used {
            return Err(Refusal::USED_CODE);
        }
        if code.expires <= now {
            return Err(Refusal::EXPIRED_CODE);
        }
        code.used = true;
        let (openid, scope) = (code.openid.clone(), code.scope);
        let refresh_token = self.mint.token();
        let session = Session { appid: appid.to_owned(), openid, scope, expires: now.plus_secs(REFRESH_LIFE_S) };
        self.logins.refreshes.enter(&refresh_token, session.clone());
        Ok(self.give(session, refresh_token, now))
    }

    /// Renews a token. What renews it stays as it is, with its own end.
    pub fn renew_login(&mut self, appid: &str, refresh_token: &str, now: Millis) -> Result<Login, Refusal> {
        if !self.accounts.contains_key(&Owner::Official(appid.to_owned())) {
            return Err(Refusal::INVALID_APPID);
        }
        let session = self.logins.refreshes.get(refresh_token).filter(|it| it.appid == appid);
        let session = session.ok_or(Refusal::INVALID_REFRESH_TOKEN)?.clone();
        if session.expires <= now {
            return Err(Refusal::EXPIRED_REFRESH_TOKEN);
        }
        Ok(self.give(session, refresh_token.to_owned(), now))
    }

    fn give(&mut self, session: Session, refresh_token: String, now: Millis) -> Login {
        let access_token = self.mint.token();
        let (scope, user) = (session.scope, self.users.get(&session.openid));
        let session = Session { expires: now.plus_secs(TOKEN_LIFE_S), ..session };
        self.logins.tokens.enter(&access_token, session);
        Login { access_token, expires_in: TOKEN_LIFE_S, refresh_token, scope, user }
    }

    /// The user that a token was given for, and what may be told; the openid must be that user's.
    pub fn logged_in(&self, token: Option<&str>, openid: Option<&str>, now: Millis) -> Result<(User, Scope), Refusal> {
        let token = token.filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_TOKEN)?;
        let openid = openid.filter(|text| !text.is_empty()).ok_or(Refusal::MISSING_OPENID)?;
        let session = self.logins.tokens.get(token).ok_or(Refusal::NOT_LATEST)?;
        if session.expires <= now {
            return Err(Refusal::EXPIRED_TOKEN);
        }
        if session.openid != openid {
            return Err(Refusal::INVALID_OPENID);
        }
        Ok((self.users.get(openid), session.scope))
    }
}
