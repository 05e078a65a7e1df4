//! What the environment says about how to run.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::TcpListener;

use serde_json::{Value, json};
use wxedge::config::token_hub;
use wxedge_tests::harness::{CRM_KEY, DEMO_SECRET, Failure, Result, default_config};

/// How to run.
pub struct Settings {
    /// The gateway's configuration.
    pub config: Value,
    /// What it names as `${NAME}`.
    pub secrets: BTreeMap<String, String>,
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
            Some(path) => Some(own_config(&path)?),
            None => derived_config()?,
        };
        let simulated = own.is_none();
        let (config, secrets) = own.unwrap_or_else(|| (demo_config(), demo_secrets()));
        Ok(Self {
            config,
            secrets,
            simulated,
            envoy_port: port("ENVOY_PORT", 8080)?,
            workerd_port: port("WORKERD_PORT", 8787)?,
            simulator_port: port("SIMULATOR_PORT", 8900)?,
            admin_port: port("ADMIN_PORT", 9901)?,
        })
    }

    /// The base URLs of WeChat's API in the configuration.
    pub fn wechat(&self) -> Result<Vec<String>> {
        let Some(urls) = self.config["wechat"]["api"].as_array() else {
            return Ok(vec!["https://api.weixin.qq.com".to_owned()]);
        };
        let urls = urls.iter().map(|url| url.as_str().map(str::to_owned));
        urls.collect::<Option<_>>().ok_or_else(|| Failure::new("wechat.api must be a list of URLs"))
    }

    /// The base URL of WeCom's API in the configuration.
    pub fn qyapi(&self) -> String {
        self.config["wechat"]["qyapi"].as_str().unwrap_or("https://qyapi.weixin.qq.com").to_owned()
    }

    /// The accounts that the simulator must know.
    pub fn accounts(&self) -> [Value; 2] {
        let apps = &self.config["apps"];
        [
            json!({ "appid": apps["demo"]["appid"], "secret": DEMO_SECRET }),
            json!({ "appid": apps["corp"]["corpid"], "secret": CORP_SECRET, "kind": "wecom" }),
        ]
    }
}

const CORP_SECRET: &str = "corp-secret-of-the-simulator";

/// An official account, an application of WeCom, and a caller that may do everything with both.
fn demo_config() -> Value {
    let mut config = default_config();
    config["apps"]["corp"] = json!({ "kind": "wecom", "corpid": "ww1234567890abcdef", "secret": "${CORP_SECRET}" });
    config["callers"][0]["apps"] = json!(["demo", "corp"]);
    config["callers"][0]["may"] = json!(["token", "ticket", "rotate"]);
    config
}

fn demo_secrets() -> BTreeMap<String, String> {
    let secrets = [("DEMO_SECRET", DEMO_SECRET), ("CORP_SECRET", CORP_SECRET), ("CRM_KEY", CRM_KEY)];
    secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The configuration in a file, and the variables of the environment that it names.
fn own_config(path: &str) -> Result<(Value, BTreeMap<String, String>)> {
    let text = fs::read_to_string(path).map_err(Failure::of(format_args!("read {path}")))?;
    named(path, &text)
}

/// The configuration that wechat-token-hub's variables stand for.
fn derived_config() -> Result<Option<(Value, BTreeMap<String, String>)>> {
    let variables =
        env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let text = token_hub::config(variables).map_err(|why| Failure::new(why.to_string()))?;
    let Some(text) = text else { return Ok(None) };
    let (mut config, secrets) = named("the environment", &text)?;
    // Clusters are made of it.
    if let Some(root) = secrets.get("WECHAT_API_ROOT") {
        config["wechat"]["api"] = json!([root]);
    }
    Ok(Some((config, secrets)))
}

/// A configuration, and the variables that it names.
fn named(from: &str, text: &str) -> Result<(Value, BTreeMap<String, String>)> {
    let config = serde_json::from_str(text).map_err(Failure::of(format_args!("parse {from}")))?;
    let mut secrets = BTreeMap::new();
    for name in text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)) {
        let value = env::var(name)
            .map_err(|_| Failure::new(format!("{from} names ${{{name}}}, which is not set in the environment")))?;
        secrets.insert(name.to_owned(), value);
    }
    Ok((config, secrets))
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
