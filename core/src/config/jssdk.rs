//! What the JS-SDK of an app may be used for, and WeCom's number of it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::{ConfigError, json, raw};
use crate::account::{Family, Kind};
use crate::target::{PageHost, Url};

/// The hosts of an app's pages, by its name; by an empty one, those of the apps that do not say.
pub(super) type Pages = Vec<(String, Vec<PageHost>)>;

/// Reads the hosts of an app's pages.
pub(super) fn hosts(path: &str, family: Family, raw: &raw::Jssdk) -> Result<Vec<PageHost>, ConfigError> {
    let path = json::join(path, "jssdk");
    if !Kind::of(family).contains(&Kind::Jsapi) {
        let why = format!("is not for kind {}, which has no JS-SDK for pages", family.as_str());
        return Err(ConfigError::new(&path, &why));
    }
    read(&path, raw)
}

/// Reads the hosts of the pages of apps that do not say.
pub(super) fn others(pages: &mut Pages, raw: Option<raw::Jssdk>) -> Result<(), ConfigError> {
    let hosts = raw.map(|it| read("jssdk", &it)).transpose()?;
    pages.extend(hosts.map(|it| (String::new(), it)));
    Ok(())
}

fn read(path: &str, raw: &raw::Jssdk) -> Result<Vec<PageHost>, ConfigError> {
    let read = |(at, text): (usize, &String)| {
        PageHost::parse(text).map_err(|why| ConfigError::new(&format!("{path}.hosts[{at}]"), why))
    };
    raw.hosts.iter().enumerate().map(read).collect()
}

/// Reads what the demo pages load; `None` if there are none.
pub(super) fn examples(wanted: bool, jweixin: String) -> Result<Option<String>, ConfigError> {
    Url::parse(&jweixin).map_err(|why| ConfigError::new("wechat.jweixin", why))?;
    Ok(Some(jweixin).filter(|_| wanted))
}

/// WeCom's number of an application, `agentid`: digits, however they are written.
#[derive(Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(untagged))]
pub(crate) enum AgentId {
    /// In digits, or a text.
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    Number(String),
    /// A text.
    Text(String),
}

impl AgentId {
    /// Its digits.
    pub(super) fn read(self, path: &str, family: Family) -> Result<String, ConfigError> {
        let (Self::Number(it) | Self::Text(it)) = self;
        let path = json::join(path, "agentid");
        if family != Family::Wecom {
            return Err(ConfigError::new(&path, "is WeCom's only"));
        }
        if !(1..=20).contains(&it.len()) || !it.bytes().all(|it| it.is_ascii_digit()) {
            return Err(ConfigError::new(&path, "is no AgentId: digits, as the console shows them"));
        }
        Ok(it)
    }
}

impl<'de> Deserialize<'de> for AgentId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = AgentId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("digits")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<AgentId, E> {
                Ok(AgentId::Text(text.into()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<AgentId, E> {
                Ok(AgentId::Number(number.to_string()))
            }
        }
        from.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Gateway;

    fn wrong(app: &str) -> String {
        let text = format!(r#"{{"apps":{{"a":{{{app},"secret":"s"}}}}}}"#);
        Gateway::from_json(&text, &|_| None).map_or_else(|it| it.path, |_| "nothing".into())
    }

    use super::*;

    #[test]
    fn an_agentid_is_a_text_or_a_number_of_wecoms() {
        for id in ["\"1000002\"", "1000002"] {
            let text = format!(r#"{{"apps":{{"a":{{"kind":"wecom","corpid":"ww1","secret":"s","agentid":{id}}}}}}}"#);
            let gateway = Gateway::from_json(&text, &|_| None).unwrap();
            assert_eq!((gateway.agentid("a"), gateway.agentid("b")), (Some("1000002"), None));
        }
        let corp = r#""kind":"wecom","corpid":"ww1""#;
        for id in ["\"\"", "\"a\"", "-1", "1.5", "true", "\"１\""] {
            assert_eq!(wrong(&format!("{corp},\"agentid\":{id}")), "apps.a.agentid", "{id}");
        }
        assert_eq!(wrong(r#""kind":"official","appid":"wx1","agentid":1"#), "apps.a.agentid");
    }

    #[test]
    fn an_app_that_names_no_pages_has_those_of_the_gateway() {
        let text = r#"{"jssdk":{"hosts":["all.com"]},"apps":{
            "own":{"kind":"official","appid":"wx1","secret":"s","jssdk":{"hosts":["own.com"]}},
            "none":{"kind":"official","appid":"wx2","secret":"s","jssdk":{"hosts":[]}}}}"#;
        let gateway = Gateway::from_json(text, &|_| None).unwrap();
        let has = |app: &str, url: &str| gateway.has_page(app, &crate::target::place(url).unwrap());
        assert!(has("own", "https://own.com/a") && !has("own", "https://all.com/a"));
        assert!(!has("none", "https://own.com/a") && !has("none", "https://all.com/a"));
        assert!(has("registered", "https://all.com/a") && !has("registered", "https://own.com/a"));
        let error = Gateway::from_json(r#"{"jssdk":{"hosts":["https://all.com"]},"apps":{}}"#, &|_| None).unwrap_err();
        assert_eq!(error.path, "jssdk.hosts[0]");
    }

    #[test]
    fn the_demo_pages_load_what_is_a_url() {
        let of = |text: &str| Gateway::from_json(text, &|_| None).map(|it| it.examples).map_err(|it| it.path);
        assert_eq!(of(r#"{"apps":{}}"#), Ok(None));
        assert!(of(r#"{"apps":{},"examples":true}"#).unwrap().unwrap().starts_with("https://res.wx.qq.com/"));
        let own = r#"{"apps":{},"examples":true,"wechat":{"jweixin":"http://127.0.0.1:8900/open/js/a.js"}}"#;
        assert_eq!(of(own), Ok(Some("http://127.0.0.1:8900/open/js/a.js".into())));
        for evil in ["", "/a.js", "https://a.b/\\\">", "https://a.b/ a", "javascript:a"] {
            let text = format!(r#"{{"apps":{{}},"wechat":{{"jweixin":"{evil}"}}}}"#);
            assert_eq!(of(&text), Err("wechat.jweixin".into()), "{evil}");
        }
    }

    #[test]
    fn the_hosts_of_pages_are_hosts_of_an_account_that_has_a_ticket() {
        let official = r#""kind":"official","appid":"wx1""#;
        assert_eq!(wrong(&format!(r#"{official},"jssdk":{{"hosts":["a.com","*.b.com:8443"]}}"#)), "nothing");
        assert_eq!(
            wrong(&format!(r#"{official},"jssdk":{{"hosts":["a.com","https://b.com"]}}"#)),
            "apps.a.jssdk.hosts[1]"
        );
        assert_eq!(wrong(&format!(r#"{official},"jssdk":{{}}"#)), "apps.a.jssdk");
        assert_eq!(wrong(r#""kind":"miniprogram","appid":"wx1","jssdk":{"hosts":["a.com"]}"#), "apps.a.jssdk");
    }
}
