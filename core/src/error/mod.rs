//! One error, grouped by who is at fault, and the one place that turns it into HTTP.

mod page;

pub(crate) use page::escaped;

use alloc::{format, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{host::Response, json, wechat::errcode};

/// What went wrong. It crosses the wire to a keeper, so every part can be written and read back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Error {
    /// The caller is wrong.
    #[error("{0}")]
    Rejected(Reject),
    /// WeChat said no.
    #[error("WeChat says {code}: {message}")]
    Refused {
        /// WeChat's errcode.
        code: i64,
        /// WeChat's errmsg, cut and cleaned.
        message: String,
    },
    /// We could not reach or understand someone.
    #[error("{0}")]
    Unavailable(Unavailable),
}

/// Why a request is refused. What only a flow finds wrong is never a keeper's word, so it is not read back: the code to read it
/// would be 9 kB of the filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reject {
    /// Nothing answers at this path.
    #[error("no such route")]
    NotFound,
    /// The route does not take this method.
    #[serde(skip_deserializing)]
    #[error("this route takes {allow}")]
    Method {
        /// The methods it takes, for the Allow header.
        allow: String,
    },
    /// A parameter is missing.
    #[serde(skip_deserializing)]
    #[error("parameter {name} is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A parameter was given more than once.
    #[serde(skip_deserializing)]
    #[error("parameter {name} is given more than once")]
    Repeated {
        /// Its name.
        name: String,
    },
    /// A parameter's value cannot be used.
    #[serde(skip_deserializing)]
    #[error("parameter {name} {why}")]
    Invalid {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The body is empty.
    #[serde(skip_deserializing)]
    #[error("the request has no body")]
    NoBody,
    /// The body is not JSON, or not the JSON that was asked for.
    #[serde(skip_deserializing)]
    #[error("the body is not the JSON object this route takes")]
    Json,
    /// The body is too large.
    #[serde(skip_deserializing)]
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The body has not arrived in time.
    #[serde(skip_deserializing)]
    #[error("the body has not arrived within {seconds} s")]
    TooSlow {
        /// The limit, in seconds.
        seconds: u64,
    },
    /// Nobody we know is asking.
    #[serde(skip_deserializing)]
    #[error("an API key or a JWT is required: send Authorization: Bearer <it>, or X-Api-Key")]
    Unknown,
    /// We know who is asking, and it may not.
    #[serde(skip_deserializing)]
    #[error("this caller has no permission {may} for app {app}")]
    Forbidden {
        /// The permission that is missing.
        may: String,
        /// The app's name.
        app: String,
    },
    /// What the caller names as a target is none.
    #[error("the target {why}")]
    Target {
        /// What is wrong with it.
        why: String,
    },
    /// The page is at none of the app's hosts.
    #[serde(skip_deserializing)]
    #[error("app {app} has no pages at {host}: name that host in its jssdk.hosts")]
    Page {
        /// The app's name.
        app: String,
        /// The page's host, and its port if it is not the scheme's own.
        host: String,
    },
    /// A link that is not worth anything, or no more.
    #[serde(skip_deserializing)]
    #[error("this link {why}")]
    Link {
        /// What is wrong with it.
        why: String,
    },
    /// No app of this name is configured.
    #[serde(skip_deserializing)]
    #[error("there is no app {app}")]
    NoApp {
        /// The name asked for.
        app: String,
    },
    /// The app takes no messages.
    #[serde(skip_deserializing)]
    #[error("app {app} takes no messages: set its callback.token, or register it with a token")]
    NoCallback {
        /// The app's name.
        app: String,
    },
    /// A message that is not WeChat's, or not for this account: which of the two, and why, is not told.
    #[serde(skip_deserializing)]
    #[error(
        "this is no message of WeChat's for this account: compare Token, EncodingAESKey and AppID with those at WeChat"
    )]
    Forged,
    /// A message of WeChat's that is not taken.
    #[serde(skip_deserializing)]
    #[error("the message is not taken: {why}")]
    Push {
        /// Why.
        why: String,
    },
    /// The configuration lacks something that this needs.
    #[serde(skip_deserializing)]
    #[error("this needs {what} in the gateway's configuration")]
    Unset {
        /// What.
        what: String,
    },
    /// A login that cannot go on.
    #[serde(skip_deserializing)]
    #[error("the login cannot go on: {why}")]
    Login {
        /// Why.
        why: String,
    },
    /// No account with this AppID is configured.
    #[error("invalid appid")]
    AppId,
    /// The AppSecret is not this account's.
    #[error("invalid appsecret")]
    AppSecret,
    /// The secret is none of this corporation's.
    #[error("invalid corpsecret")]
    CorpSecret,
    /// The access token is no account's, or not the one in force.
    #[serde(skip_deserializing)]
    #[error("invalid credential, access_token is invalid or not latest")]
    Token,
    /// What is there already stands against it.
    #[error("{why}")]
    Conflict {
        /// What it is, and the remedy.
        why: String,
    },
    /// The app may not be used for this, whoever asks.
    #[error("app {app} may not be used for {what}")]
    #[serde(skip_deserializing)]
    NotAllowed {
        /// The app's name.
        app: String,
        /// A path below `/app/{app}`.
        what: String,
    },
    /// The admin key is missing or wrong.
    #[error("the admin key is required: send Authorization: Bearer <it>, or X-Admin-Key")]
    #[serde(skip_deserializing)]
    NotAdmin,
    /// No admin key is configured, so nobody is the admin.
    #[error("this gateway has no admin: set admin.key in its configuration")]
    #[serde(skip_deserializing)]
    NoAdmin,
    /// The caller has used up its rate.
    #[error("too many requests: try in {retry_after} s")]
    TooMany {
        /// When to try again, in seconds.
        retry_after: u64,
    },
    /// The credential was renewed a moment ago, or too often today.
    #[error("the credential cannot be renewed again yet: try in {retry_after} s")]
    TooSoon {
        /// When to try again, in seconds.
        retry_after: u64,
    },
}

/// Why a service cannot be had now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unavailable {
    /// An answer did not come in time.
    #[error("{who} did not answer in time")]
    Timeout {
        /// Who.
        who: String,
    },
    /// No connection, or it broke.
    #[error("{who} cannot be reached")]
    Unreachable {
        /// Who.
        who: String,
    },
    /// An answer came, and it makes no sense.
    #[error("{who} gave an answer that cannot be used: {why}")]
    Garbled {
        /// Who.
        who: String,
        /// What is wrong with it; never a part of the answer.
        why: String,
    },
    /// A newer version or configuration of the gateway has taken over, and this one may not act any more.
    #[error("this gateway has been replaced by a newer one")]
    Superseded,
    /// The host has no room for more work.
    #[error("the gateway is busy: {what}")]
    Busy {
        /// What there is too much of.
        what: String,
    },
}

impl From<Reject> for Error {
    fn from(it: Reject) -> Self {
        Self::Rejected(it)
    }
}

impl From<Unavailable> for Error {
    fn from(it: Unavailable) -> Self {
        Self::Unavailable(it)
    }
}

/// The shape of an error's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An honest status and `{"errcode","errmsg"}`.
    Honest,
    /// As WeChat answers: 200 and `{"errcode","errmsg"}`; SDKs lose the code on any other status.
    /// Only our own 429, 503 and 504 differ.
    WeChat,
    /// weixin-token's: 400, 403 and 500 with `{"errmsg"}` or `{"code","errmsg"}`.
    WeixinToken,
    /// go-wx-gateway's helpers: an honest status and `{"code","msg"}`.
    Helper,
    /// A page for the person who logs in.
    Page,
    /// token-hub's: text, with the newline and without it as there; 500 for whatever WeChat did.
    TokenHub,
}

/// Our own errcode where WeChat has none to give.
const OURS: i64 = -10_001;

impl Error {
    /// The HTTP status that tells the truth.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Rejected(it) => it.status(),
            Self::Refused { .. } => 502,
            Self::Unavailable(it) => it.status(),
        }
    }

    /// The answer to a client, named by `request_id`.
    #[must_use]
    pub fn into_response(self, shape: Shape, request_id: &str) -> Response {
        let response = match shape {
            Shape::Page => page::page(&self, &self.message(), request_id),
            _ => self.shaped(shape),
        };
        let response = response.with("x-request-id", request_id);
        match &self {
            Self::Rejected(Reject::Method { allow }) => response.with("allow", allow),
            Self::Rejected(Reject::Unknown | Reject::NotAdmin) if response.status == 401 => {
                response.with("www-authenticate", "Bearer")
            }
            Self::Rejected(Reject::TooSoon { retry_after } | Reject::TooMany { retry_after }) => {
                response.with("retry-after", &format!("{retry_after}"))
            }
            _ => response,
        }
    }

    fn shaped(&self, shape: Shape) -> Response {
        let message = self.message();
        match shape {
            Shape::Honest | Shape::Page => Response::json(self.status(), body(self.code(), &message)),
            Shape::WeChat => {
                let (status, code) = self.like_wechat();
                Response::json(status, body(code, &message))
            }
            Shape::WeixinToken => self.like_weixin_token(&message),
            Shape::TokenHub => self.like_token_hub(&message),
            Shape::Helper => {
                #[derive(Serialize)]
                struct Body<'a> {
                    code: u16,
                    msg: &'a str,
                }
                let code = self.status();
                Response::json(code, json::write(&Body { code, msg: &message }))
            }
        }
    }

    fn like_weixin_token(&self, message: &str) -> Response {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            code: Option<i64>,
            errmsg: &'a str,
        }
        // There it is `message`, and only there.
        if let Self::Rejected(Reject::Missing { name }) = self {
            return Response::json(400, format!("{{\"message\":\"required {name}\"}}").into_bytes());
        }
        let (status, code, errmsg) = match self {
            Self::Rejected(Reject::NoApp { app }) => (400, None, &*format!("no this appName:{app}")),
            Self::Rejected(Reject::Unknown | Reject::Forbidden { .. } | Reject::NotAllowed { .. }) => {
                (403, None, "This ip is not trusted")
            }
            Self::Rejected(it) => (it.status(), None, message),
            it => (500, Some(it.code()), message),
        };
        Response::json(status, json::write(&Body { code, errmsg }))
    }

    fn like_token_hub(&self, message: &str) -> Response {
        match self {
            Self::Rejected(Reject::Method { .. }) => Response::text(405, "Method Not Allowed\n"),
            Self::Rejected(it) => Response::text(it.status(), &format!("{message}\n")),
            Self::Refused { code, .. } => Response::text(500, &format!("WeChat says {code}: {message}")),
            Self::Unavailable(_) => Response::text(500, message),
        }
    }

    /// WeChat's text if WeChat said no, else our own.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Refused { message, .. } => message.clone(),
            it => format!("{it}"),
        }
    }

    /// WeChat's errcode if WeChat said no, else our own.
    #[must_use]
    pub const fn code(&self) -> i64 {
        match self {
            Self::Refused { code, .. } => *code,
            _ => OURS,
        }
    }

    fn like_wechat(&self) -> (u16, i64) {
        match self {
            Self::Rejected(it) => it.like_wechat(),
            Self::Refused { code, .. } => (200, *code),
            Self::Unavailable(Unavailable::Timeout { .. }) => (504, errcode::BUSY),
            Self::Unavailable(_) => (503, errcode::BUSY),
        }
    }
}

impl Reject {
    const fn status(&self) -> u16 {
        match self {
            Self::Unset { .. } => 500,
            Self::NotFound | Self::NoApp { .. } | Self::NoCallback { .. } => 404,
            Self::Method { .. } => 405,
            Self::TooSlow { .. } => 408,
            Self::TooLarge { .. } => 413,
            Self::Forged
            | Self::Unknown
            | Self::AppId
            | Self::AppSecret
            | Self::CorpSecret
            | Self::Token
            | Self::NotAdmin => 401,
            Self::Login { .. }
            | Self::Forbidden { .. }
            | Self::NotAllowed { .. }
            | Self::NoAdmin
            | Self::Target { .. }
            | Self::Page { .. }
            | Self::Link { .. }
            | Self::Push { .. } => 403,
            Self::Conflict { .. } => 409,
            Self::TooSoon { .. } | Self::TooMany { .. } => 429,
            _ => 400,
        }
    }

    fn like_wechat(&self) -> (u16, i64) {
        let code = match self {
            Self::NotFound => errcode::INVALID_URL,
            Self::Method { allow } if allow.contains("POST") => errcode::NEEDS_POST,
            Self::Method { .. } => errcode::NEEDS_GET,
            Self::Missing { name } | Self::Invalid { name, .. } => errcode::for_parameter(name),
            Self::NoBody | Self::TooSlow { .. } => errcode::NO_BODY,
            Self::Json => errcode::NOT_JSON,
            Self::TooLarge { .. } => errcode::TOO_LONG,
            Self::AppId => errcode::INVALID_APPID,
            Self::AppSecret => errcode::INVALID_SECRET,
            Self::CorpSecret | Self::Token => errcode::INVALID_CREDENTIAL,
            Self::NotAllowed { .. } => errcode::UNAUTHORIZED,
            Self::TooSoon { .. } | Self::TooMany { .. } => return (429, errcode::TOO_OFTEN),
            _ => errcode::INVALID_PARAMETER,
        };
        (200, code)
    }
}

impl Unavailable {
    const fn status(&self) -> u16 {
        match self {
            Self::Timeout { .. } => 504,
            Self::Unreachable { .. } | Self::Garbled { .. } => 502,
            Self::Superseded | Self::Busy { .. } => 503,
        }
    }
}

/// 503: a host that has no room for another request says so without asking the core.
#[must_use]
pub fn busy(request_id: &str) -> Response {
    let why = "the gateway is busy: too many requests wait";
    Response::json(503, body(OURS, why)).with("retry-after", "1").with("x-request-id", request_id)
}

/// 500: the gateway itself cannot work, and this is why.
#[must_use]
pub fn broken(why: &str, request_id: &str) -> Response {
    Response::json(500, body(OURS, why)).with("x-request-id", request_id)
}

#[derive(Serialize)]
struct Body<'a> {
    errcode: i64,
    errmsg: &'a str,
}

fn body(errcode: i64, errmsg: &str) -> Vec<u8> {
    json::write(&Body { errcode, errmsg })
}

#[cfg(test)]
mod tests;
