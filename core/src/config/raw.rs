//! The configuration as it is written. What it means, and whether it can be used, is decided in the module above.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::Deserialize;

use super::TokenApi;
use crate::{account::Family, caller::Permission};

/// The configuration of wxedge: one JSON document, the same on Envoy and on Cloudflare Workers.
/// Any text may be "${NAME}" as a whole: then it is taken from the environment.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "wxedge"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Gateway {
    /// The accounts by the name they have in /app/{name}/..; any UTF-8.
    pub(super) apps: BTreeMap<String, App>,
    /// Who may ask for what.
    #[serde(default)]
    pub(super) callers: Vec<Caller>,
    /// Where WeChat is; tests and relays change it.
    #[serde(default)]
    pub(super) wechat: WeChat,
}

/// One account at WeChat.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct App {
    /// What kind of account it is.
    pub(super) kind: Family,
    /// Its AppID.
    pub(super) appid: String,
    /// Its AppSecret.
    pub(super) secret: String,
    /// How its access token is fetched: stable (stable_token, the default) or classic (token).
    #[serde(default)]
    pub(super) token_api: TokenApi,
}

/// A program that may ask the gateway.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Caller {
    /// Its name, for logs.
    pub(super) name: String,
    /// Its API key: at least 16 bytes, sent as "Authorization: Bearer <key>" or "X-Api-Key: <key>".
    pub(super) key: String,
    /// The apps it may use; every configured one if absent.
    pub(super) apps: Option<Vec<String>>,
    /// What it may do with them: ["token"] if absent.
    pub(super) may: Option<Vec<Permission>>,
}

/// WeChat's hosts.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WeChat {
    /// The API of official accounts and mini programs; Envoy's cluster for it is wechat_api.
    pub(super) api: Vec<String>,
}

impl Default for WeChat {
    fn default() -> Self {
        Self { api: alloc::vec!["https://api.weixin.qq.com".into()] }
    }
}
