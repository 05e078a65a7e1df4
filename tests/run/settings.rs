//! What the environment says about how to run.

use std::collections::BTreeMap;
use std::env;
use std::net::TcpListener;

use serde_json::{Value, json};
use wxedge::config::token_hub;
use wxedge_tests::harness::{CRM_KEY, Config, DEMO_SECRET, Failure, Result, default_config};

/// How to run.
pub struct Settings {
    /// The gateway's configuration.
    pub config: Config,
    /// Whether the simulator stands for WeChat.
    pub simulated: bool,
    pub envoy_port: u16,
    pub workerd_port: u16,
    pub simulator_port: u16,
    pub admin_port: u16,
}

impl Settings {
    /// `CONFIG` is the file of a configuration of one's own; without it wechat-token-hub's variables stand for one, if `APPID` is
    /// there. The ports have a variable each.
    pub fn from_environment() -> Result<Self> {
        let own = match env::var("CONFIG").ok().filter(|path| !path.is_empty()) {
            Some(path) => Some(Config::read(&path, variable)?),
            None => derived()?,
        };
        let simulated = own.is_none();
        let config = own.unwrap_or_else(|| Config::given(demo_config().to_string(), demo_secrets()));
        Ok(Self {
            config: config.complete()?,
            simulated,
            envoy_port: port("ENVOY_PORT", 8080)?,
            workerd_port: port("WORKERD_PORT", 8787)?,
            simulator_port: port("SIMULATOR_PORT", 8900)?,
            admin_port: port("ADMIN_PORT", 9901)?,
        })
    }

    /// The configuration of the host on `port`, with a WeChat at `url`.
    pub fn at(&self, url: &str, port: u16) -> Config {
        let mut config = self.config.tree().clone();
        let jweixin = format!("{url}/open/js/jweixin-1.6.0.js");
        config["wechat"] = json!({ "api": [url], "qyapi": url, "open": url, "mp": url, "jweixin": jweixin });
        config["public_url"] = json!(format!("http://127.0.0.1:{port}"));
        config["jssdk"] = json!({ "hosts": [format!("127.0.0.1:{port}"), format!("localhost:{port}")] });
        Config::given(config.to_string(), self.config.variables().clone())
    }

    /// The accounts that the simulator must know.
    pub fn accounts(&self) -> [Value; 2] {
        let apps = &self.config.tree()["apps"];
        [
            json!({ "appid": apps["demo"]["appid"], "secret": DEMO_SECRET }),
            json!({ "appid": apps["corp"]["corpid"], "secret": CORP_SECRET, "kind": "wecom" }),
        ]
    }
}

const GATEWAY_KEY: &str = "key-of-the-demo-gateway";

/// Token and EncodingAESKey of the demo's messages.
pub const PUSH_TOKEN: &str = "demotoken";
/// See above.
pub const PUSH_KEY: &str = "DemoKeyDemoKeyDemoKeyDemoKeyDemoKeyDemoKey0";

const CORP_SECRET: &str = "corp-secret-of-the-simulator";

/// An official account, an application of WeCom, and a caller that may do everything with both.
fn demo_config() -> Value {
    let mut config = default_config();
    // Without back-ends: the gateway answers messages itself.
    config["apps"]["demo"]["callback"] = json!({ "token": PUSH_TOKEN, "aes_key": "${PUSH_KEY}" });
    config["apps"]["corp"] = json!({ "kind": "wecom", "corpid": "ww1234567890abcdef", "secret": "${CORP_SECRET}" });
    config["callers"][0]["apps"] = json!(["demo", "corp"]);
    config["callers"][0]["may"] = json!(["token", "ticket", "rotate", "login", "link"]);
    config["gateway_key"] = json!("${GATEWAY_KEY}");
    config["examples"] = json!(true);
    config
}

fn demo_secrets() -> BTreeMap<String, String> {
    let secrets = [
        ("DEMO_SECRET", DEMO_SECRET),
        ("CORP_SECRET", CORP_SECRET),
        ("CRM_KEY", CRM_KEY),
        ("PUSH_KEY", PUSH_KEY),
        ("GATEWAY_KEY", GATEWAY_KEY),
    ];
    secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The configuration that wechat-token-hub's variables stand for.
fn derived() -> Result<Option<Config>> {
    let variables =
        env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let text = token_hub::config(variables).map_err(|why| Failure::new(why.to_string()))?;
    text.map(|text| Config::new(text, variable)).transpose()
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// The port in that variable. Envoy shares a port with another Envoy instead of refusing it, so it is tried first.
fn port(name: &str, default: u16) -> Result<u16> {
    let port = match env::var(name) {
        Ok(text) => text.parse().map_err(Failure::of(format_args!("{name}={text}")))?,
        Err(_) => default,
    };
    TcpListener::bind(("127.0.0.1", port))
        .map_err(Failure::of(format_args!("port {port} (set {name} to take another)")))?;
    Ok(port)
}
