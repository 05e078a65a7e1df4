//! What an endpoint sees and what it gives back.

use std::net::IpAddr;

use hyper::body::Bytes;
use serde::Serialize;

use super::wechat::Platform;

/// What WeChat writes on its JSON; a strict reader of media types stumbles over it, so the simulator writes it too.
const WECHAT_JSON: &str = "application/json; encoding=utf-8";
/// What WeCom writes on its own.
const WECOM_JSON: &str = "application/json; charset=UTF-8";

/// One request, read to its end.
#[derive(Debug, Clone)]
pub struct Call {
    /// In capitals.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Path and query, as sent.
    pub target: String,
    /// Decoded.
    pub query: Vec<(String, String)>,
    /// Names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
    /// The other end of the connection.
    pub peer: IpAddr,
}

impl Call {
    /// The first query parameter of that name.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// JSON with HTTP 200, which is what WeChat answers to nearly everything.
    pub fn json(value: &impl Serialize) -> Self {
        Self::json_of(Platform::Official, value)
    }

    /// The same with the media type of that platform.
    pub fn json_of(platform: Platform, value: &impl Serialize) -> Self {
        let media_type = match platform {
            Platform::Official => WECHAT_JSON,
            Platform::WeCom => WECOM_JSON,
        };
        // The values are maps with text keys and plain numbers: they always have a JSON form.
        Self::with(200, media_type, serde_json::to_vec(value).unwrap_or_default())
    }

    /// Any text.
    pub fn with(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    /// A plain text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::with(status, "text/plain; charset=utf-8", body.into())
    }
}
