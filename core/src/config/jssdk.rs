//! What the JS-SDK of an app may be used for, and WeCom's number of it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::{ConfigError, json, raw};
use crate::account::{Family, Kind};
use crate::target::PageHost;

/// Reads the hosts whose pages are signed for.
pub(super) fn hosts(path: &str, family: Family, raw: raw::Jssdk) -> Result<Vec<PageHost>, ConfigError> {
    let path = json::join(path, "jssdk");
    if !Kind::of(family).contains(&Kind::Jsapi) {
        let why = format!("is not for kind {}, which has no JS-SDK for pages", family.as_str());
        return Err(ConfigError::new(&path, &why));
    }
    let read = |(at, text): (usize, &String)| {
        PageHost::parse(text).map_err(|why| ConfigError::new(&format!("{path}.hosts[{at}]"), why))
    };
    raw.hosts.iter().enumerate().map(read).collect()
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
