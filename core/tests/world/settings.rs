//! Configurations.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use wxedge::account::{AccountId, Family};
use wxedge::config::Gateway;

use super::Api;
use super::back_ends::BACK_ENDS;
use super::hooks::{BACKEND, HOOK_KEY};

pub(crate) const APPID: &str = "wx0123456789abcdef";
/// With characters that are escaped in a query and in JSON.
pub(crate) const SECRET: &str = "app-secret&of=the%shop\"";
/// The gateway's own host, on which messages may come to any path with a `call`.
pub(crate) const HOST: &str = "gateway.example";
/// May read and rotate.
pub(crate) const API_KEY: &str = "key-of-a-back-end";
/// May read only.
pub(crate) const READER_KEY: &str = "reader-of-tokens";

/// Registers apps.
pub(crate) const ADMIN_KEY: &str = "key-of-the-administrator";

/// The account of the app `shop`.
pub(crate) fn account() -> AccountId {
    AccountId { family: Family::Official, id: APPID.into() }
}

/// A configuration, to be changed.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) api: Api,
    pub(crate) secret: String,
    pub(crate) kind: &'static str,
    pub(crate) epoch: u64,
    pub(crate) copying: Duration,
    /// `unknown_accounts`.
    pub(crate) unknown: serde_json::Value,
    /// Whether there is an administrator.
    pub(crate) admin: bool,
    /// Whether a back-end is told of refreshes, about two apps.
    pub(crate) hooks: bool,
    /// What becomes of messages, which may go to the back-ends "one", "two" and "three".
    pub(crate) callback: serde_json::Value,
    /// Where logins may lead, with the same back-ends.
    pub(crate) oauth: serde_json::Value,
}

impl Settings {
    pub(crate) fn new(api: Api) -> Self {
        let unknown = "refuse".into();
        Self {
            api,
            secret: SECRET.into(),
            kind: "official",
            epoch: 1,
            copying: Duration::ZERO,
            unknown,
            admin: false,
            hooks: false,
            callback: serde_json::Value::Null,
            oauth: serde_json::Value::Null,
        }
    }

    pub(super) fn gateway(&self) -> Rc<Gateway> {
        let token_api = if self.api == Api::Classic { "classic" } else { "stable" };
        let admin = self.admin.then(|| json!({ "key": ADMIN_KEY }));
        let mut text = json!({
            "apps": {"shop": {"kind": self.kind, "appid": APPID, "secret": self.secret, "token_api": token_api}},
            "callers": [
                {"name": "back-end", "key": API_KEY, "may": ["token", "rotate"]},
                {"name": "reader", "key": READER_KEY}
            ],
            "unknown_accounts": self.unknown,
            "admin": admin
        });
        if self.hooks {
            text["apps"]["twin"] = text["apps"]["shop"].clone();
            text["backends"] = json!({"bot": {"url": format!("http://{BACKEND}/wx"), "key": HOOK_KEY}});
            text["hooks"] = json!({"token": "bot", "ticket": "bot", "error": "bot"});
        }
        if !self.callback.is_null() {
            text["apps"]["shop"]["callback"] = self.callback.clone();
            text["callback_hosts"] = json!({ HOST: ["shop"] });
            for name in ["one", "two", "three"] {
                text["backends"][name] = json!({ "url": format!("http://{name}{BACK_ENDS}/"), "timeout_ms": 10_000 });
            }
        }
        if !self.oauth.is_null() {
            text["public_url"] = json!("https://wx.example.com");
            text["gateway_key"] = json!("key-of-the-gateway");
            text["apps"]["shop"]["oauth"] = self.oauth.clone();
            text["apps"]["twin"] = text["apps"]["shop"].clone();
            text["callers"][0]["may"] = json!(["login"]);
            text["callers"][1]["apps"] = json!(["twin"]);
            text["callers"][1]["may"] = json!(["login"]);
            for name in ["one", "two"] {
                text["backends"][name] = json!({ "url": format!("http://{name}{BACK_ENDS}/login") });
            }
        }
        let gateway = Gateway::from_json(&text.to_string(), &|_| None).unwrap();
        Rc::new(gateway.at_epoch(self.epoch).copying(self.copying))
    }
}
