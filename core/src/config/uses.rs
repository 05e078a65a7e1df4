//! What an app may be used for.

use serde::Deserialize;

/// Something that an app may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// Its access token.
    Token,
    /// Its tickets.
    Ticket,
    /// Callbacks.
    Msg,
    /// Login.
    Auth,
    /// Payment.
    Pay,
    /// The JS-SDK.
    Js,
    /// WeChat's API without a token.
    Proxy,
}

impl Use {
    /// What `path`, below `/app/{app}`, is about; what is about nothing that is known is not allowed where anything is listed.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        match path.split('/').nth(1)? {
            "api" | "qyapi" => Some(Self::Token),
            "jsapi" | "ticket" => Some(Self::Ticket),
            "msg" => Some(Self::Msg),
            "js" => Some(Self::Js),
            _ => None,
        }
    }
}
