//! The configuration as it is written. What it means, and whether it can be used, is decided in the module above.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::Deserialize;

use super::jssdk::AgentId;
use super::{Form, Rotated, TokenApi, Unknown, Use};
use crate::{account::Family, caller::Permission};

/// The configuration of wxedge: one JSON document, the same on Envoy and on Cloudflare Workers.
/// Any text may be "${NAME}" as a whole: then it is taken from the environment.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "wxedge"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Gateway {
    /// The gateway's own address as browsers see it, "https://wx.example.com": what leads back to it is made of this, never of a
    /// request's Host header.
    pub(super) public_url: Option<String>,
    /// The gateway's own key, at least 16 bytes, with which it signs what it will be shown again; or a list of the current one and
    /// those before it.
    pub(super) gateway_key: Option<Rotated>,
    /// The accounts by the name they have in /app/{name}/..; any UTF-8.
    pub(super) apps: BTreeMap<String, App>,
    /// Who may ask for what.
    #[serde(default)]
    pub(super) callers: Vec<Caller>,
    /// Who may change the gateway itself; without it nobody may.
    pub(super) admin: Option<Admin>,
    /// Files that WeChat wants to find at the root of a domain, by name: {"MP_verify_abc.txt": "abc"}.
    #[serde(default)]
    pub(super) verify_files: BTreeMap<String, String>,
    /// The paths of go-wx-gateway's helpers; one that is not named does not exist.
    #[serde(default)]
    pub(super) helpers: Helpers,
    /// The header in which a trusted proxy names the client's address, where the host itself cannot tell it (Workers:
    /// "cf-connecting-ip"). Without it no caller is known by its address there.
    pub(super) client_ip_header: Option<String>,
    /// Accounts that may be served without standing here, once a program has proved to have their AppSecret: "refuse" (the
    /// default), "any", or a list of AppIDs and corpids.
    #[serde(default)]
    pub(super) unknown_accounts: Unknown,
    /// Your own services that the gateway sends requests to, by name (letters, digits, "-" and "_"). They may be private.
    #[serde(default)]
    pub(super) backends: BTreeMap<String, Backend>,
    /// Origins that may be named besides the back-ends: "https://partner.com", "https://*.partner.com" (one label more, or several),
    /// with ":port" if it is not the scheme's own. Never private ones.
    #[serde(default)]
    pub(super) calls: Vec<String>,
    /// Which pages may use the JS-SDK of the apps that do not say, registered ones among them.
    pub(super) jssdk: Option<Jssdk>,
    /// Whether there are demo pages below /example/.
    #[serde(default)]
    pub(super) examples: bool,
    /// Hosts on which any path with ?call= takes messages, and the apps whose messages those may be: {"svc.example.com": ["shop"]}.
    #[serde(default)]
    pub(super) callback_hosts: BTreeMap<String, Vec<String>>,
    /// Who is told of each refresh.
    #[serde(default)]
    pub(super) hooks: Hooks,
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
    /// Its AppID; not for WeCom.
    pub(super) appid: Option<String>,
    /// WeCom: the corporation's id.
    pub(super) corpid: Option<String>,
    /// WeCom: the application's AgentId, for wx.agentConfig and for login.
    pub(super) agentid: Option<AgentId>,
    /// Its AppSecret; WeCom: the application's secret.
    pub(super) secret: String,
    /// How its access token is fetched: stable (stable_token, the default) or classic (token).
    #[serde(default)]
    pub(super) token_api: TokenApi,
    /// What it may be used for, whoever asks; everything if absent.
    pub(super) allow: Option<Vec<Use>>,
    /// What becomes of its messages and events; without it they are not taken.
    pub(super) callback: Option<Callback>,
    /// Where logins may lead.
    pub(super) oauth: Option<Oauth>,
    /// Which pages may use the JS-SDK; without it none may.
    pub(super) jssdk: Option<Jssdk>,
}

/// Where logins may lead.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Oauth {
    /// What the call of /app/{name}/auth may name: back-ends by name, and origins as in calls. If absent, whatever any call may name.
    pub(super) to: Option<Vec<String>>,
    /// go-wx-gateway's redirect-path, to which WeChat sends the browser back: "/redirect".
    pub(super) path: Option<String>,
    /// go-wx-gateway's redirect-url, which is told who came back, and answers the browser: the name of a back-end, or a URL that
    /// calls allows.
    pub(super) redirect_to: Option<String>,
    /// Where this stands in the path or the query of that, the login was one with snsapi_userinfo.
    pub(super) userinfo_flag: Option<String>,
}

/// Which pages may use the JS-SDK.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Jssdk {
    /// The hosts at which they are: "shop.example.com", "*.example.com" (one label more, or several), with ":port" if it is not the
    /// scheme's own.
    pub(super) hosts: Vec<String>,
}

/// What becomes of an account's messages and events.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Callback {
    /// The Token that is set at WeChat; or a list of the current one and the one before it, both of which are taken.
    pub(super) token: Rotated,
    /// The EncodingAESKey that is set at WeChat, 43 characters; or a list of the current one and the one before it.
    pub(super) aes_key: Option<Rotated>,
    /// How messages come; "safe" if absent where there is an aes_key, else "plain". What comes in another way is refused.
    pub(super) mode: Option<Mode>,
    /// How far a message's timestamp may be from now, in seconds: 300 if absent; 0 takes any.
    pub(super) max_age: Option<u64>,
    /// WeCom: the id of a suite, whose messages are taken beside the corporation's.
    pub(super) suite_id: Option<String>,
    /// A path of your own beside /app/{name}/msg: "/wx".
    pub(super) path: Option<String>,
    /// Who gets the messages, in the order in which they may answer: names of back-ends, URLs that calls allows, "/echo"; 8 at most.
    /// Without any there is a built-in echo.
    #[serde(default)]
    pub(super) to: Vec<String>,
    /// What a back-end gets: "verbatim", "decrypted", "json" or "gateway". If absent, the door decides: /app/{name}/msg decrypted,
    /// path gateway, a callback host verbatim; a channels shop gateway.
    pub(super) form: Option<Form>,
    /// Whether WeChat is asked who wrote; true if absent in the form gateway, else false. For official accounts.
    pub(super) userinfo: Option<bool>,
    /// When WeChat is answered at the latest, in milliseconds: 4500 if absent; from 100 to 4900.
    pub(super) deadline_ms: Option<u64>,
}

/// How messages come, in WeChat's words.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Not encrypted.
    Plain,
    /// Encrypted, and plain beside it: only the encrypted part is believed.
    Compatible,
    /// Encrypted.
    Safe,
}

/// The paths of go-wx-gateway's helpers. All but health are for callers.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Helpers {
    /// Answers OK to anybody: "/health".
    pub(super) health: Option<String>,
    /// wx-qr, a QR code of a scene: "/qr".
    pub(super) qr: Option<String>,
    /// wx-user, who a user is: "/user".
    pub(super) user: Option<String>,
    /// sns-auth2, who a login's code is: "/sns-auth2".
    pub(super) sns_auth2: Option<String>,
    /// short-url: "/short-url".
    pub(super) short_url: Option<String>,
    /// tmpl-msg, a template message: "/tmpl-msg".
    pub(super) tmpl_msg: Option<String>,
    /// sign-jsapi, a page for the JS-SDK: "/sign-jsapi".
    pub(super) sign_jsapi: Option<String>,
    /// channels-ec-order-detail, an order of a channels shop: "/channels-ec-order-detail".
    pub(super) order: Option<String>,
    /// channels-ec-refund-detail, an after-sale of a channels shop: "/channels-ec-refund-detail".
    pub(super) refund: Option<String>,
}

/// A program that may ask the gateway.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Caller {
    /// Its name, for logs.
    pub(super) name: String,
    /// Its API key: at least 16 bytes, sent as "Authorization: Bearer <key>" or "X-Api-Key: <key>".
    pub(super) key: Option<String>,
    /// The key it signs JSON Web Tokens with (HS256), sent as "Authorization: Bearer <token>".
    pub(super) jwt: Option<Jwt>,
    /// Addresses and blocks it may ask from with no key at all.
    #[serde(default)]
    pub(super) ips: Vec<String>,
    /// The names in client certificates by which it is known on Envoy, each exactly as it is: a URI
    /// ("spiffe://example.com/crm"), a DNS name, or a subject ("CN=crm,O=Example").
    #[serde(default)]
    pub(super) mtls: Vec<String>,
    /// The app it means where a route names none.
    pub(super) app: Option<String>,
    /// The apps it may use; all of them if absent, registered ones too.
    pub(super) apps: Option<Vec<String>>,
    /// What it may do with them: ["token", "ticket"] if absent.
    pub(super) may: Option<Vec<Permission>>,
    /// How often it may ask: "50/s", "1000/m", "20000/h"; per Envoy worker thread or isolate.
    pub(super) rate: Option<String>,
}

/// The admin.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Admin {
    /// The key, at least 16 bytes and no caller's: sent as "Authorization: Bearer <key>" or "X-Admin-Key: <key>".
    pub(super) key: String,
}

/// A key for JSON Web Tokens.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Jwt {
    /// What the token's kid says.
    pub(super) kid: String,
    /// The shared key, at least 16 bytes.
    pub(super) key: String,
}

/// One of your own services.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Backend {
    /// Where it is: "http[s]://host[:port][/path]".
    pub(super) url: String,
    /// Envoy's cluster for it; "wxedge_backend_" and its name if absent.
    pub(super) cluster: Option<String>,
    /// What requests to it are signed with (Standard Webhooks): "whsec_" and base64, or any text; at least 16 bytes.
    pub(super) key: Option<String>,
    /// How long one answer may take, in milliseconds: 3000 if absent, 30000 at most.
    pub(super) timeout_ms: Option<u64>,
}

/// Back-ends that are told of each refresh, each by the name of a back-end or a URL that calls allows.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Hooks {
    /// Gets each new token: a back-end with a key.
    pub(super) token: Option<String>,
    /// Gets each new ticket: a back-end with a key.
    pub(super) ticket: Option<String>,
    /// Gets the reason when a token or a ticket could not be fetched.
    pub(super) error: Option<String>,
}

/// WeChat's hosts.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WeChat {
    /// The API of official accounts and mini programs; Envoy's cluster for it is wechat_api.
    pub(super) api: Vec<String>,
    /// The API of WeCom; Envoy's cluster for it is wechat_qyapi.
    pub(super) qyapi: String,
    /// Where users log in; only browsers go there.
    pub(super) open: String,
    /// Where QR codes of scenes are shown; only browsers go there.
    pub(super) mp: String,
    /// The script of the JS-SDK that the demo pages load.
    pub(super) jweixin: String,
}

impl Default for WeChat {
    fn default() -> Self {
        Self {
            api: alloc::vec!["https://api.weixin.qq.com".into()],
            qyapi: "https://qyapi.weixin.qq.com".into(),
            open: "https://open.weixin.qq.com".into(),
            mp: "https://mp.weixin.qq.com".into(),
            jweixin: "https://res.wx.qq.com/open/js/jweixin-1.6.0.js".into(),
        }
    }
}
