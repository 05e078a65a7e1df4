//! The configuration that wechat-token-hub's environment variables stand for: `APPID`, `APPSECRET`, a `JWT_KEY_<kid>` for each
//! key and, where WeChat is elsewhere, `WECHAT_API_ROOT`.
//!
//! Whoever has one of the keys may read tokens and tickets and rotate both, as there. Keys shorter than 16 bytes, which were
//! taken there, are refused.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::{ConfigError, Gateway};

const KEY: &str = "JWT_KEY_";

/// The configuration, as JSON text that names the variables; `None` without an `APPID`. `environment` is every variable there is.
///
/// # Errors
/// [`ConfigError`]; its place is the name of a variable.
pub fn config(environment: impl Iterator<Item = (String, String)>) -> Result<Option<String>, ConfigError> {
    let set: BTreeMap<String, String> = environment.filter(|it| !it.1.is_empty()).collect();
    if !set.contains_key("APPID") {
        return Ok(None);
    }
    let keys: Vec<&str> = set.keys().filter(|it| it.starts_with(KEY)).map(String::as_str).collect();
    if keys.is_empty() {
        return Err(ConfigError::new("JWT_KEY_<kid>", "is not set, so nobody could ask: set one for each key id"));
    }
    let text = document(&keys, set.contains_key("WECHAT_API_ROOT"));
    match Gateway::from_json(&text, &|name| set.get(name).cloned()) {
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(named(error, &keys)),
    }
}

fn document(keys: &[&str], elsewhere: bool) -> String {
    let caller = |key: &&str| {
        let kid = key.strip_prefix(KEY).unwrap_or_default();
        let jwt = json!({ "kid": kid, "key": format!("${{{key}}}") });
        json!({ "name": key, "jwt": jwt, "app": "default", "may": ["token", "ticket", "rotate"] })
    };
    let callers: Vec<Value> = keys.iter().map(caller).collect();
    let app = json!({ "kind": "official", "appid": "${APPID}", "secret": "${APPSECRET}" });
    let root = if elsewhere { "${WECHAT_API_ROOT}" } else { "https://api.weixin.qq.com" };
    json!({ "apps": { "default": app }, "callers": callers, "wechat": { "api": [root] } }).to_string()
}

/// The same error, with the variable that the place in the document was filled from.
fn named(error: ConfigError, keys: &[&str]) -> ConfigError {
    let of_caller = keys.iter().enumerate().find(|it| error.path.starts_with(&format!("callers[{}].", it.0)));
    let variable = match error.path.as_str() {
        "apps.default.appid" => "APPID",
        "apps.default.secret" => "APPSECRET",
        "wechat.api[0]" => "WECHAT_API_ROOT",
        other => of_caller.map_or(other, |it| it.1),
    };
    ConfigError { path: variable.to_string(), why: error.why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Permission;

    const GOOD: [(&str, &str); 4] = [
        ("APPID", "wx1"),
        ("APPSECRET", "the-secret"),
        ("JWT_KEY_k1", "key-one-0123456789"),
        ("JWT_KEY_Key_2", "key-two-0123456789"),
    ];

    fn read(set: &[(&str, &str)]) -> Result<Option<String>, ConfigError> {
        config(set.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    /// The good ones, but for one that has another value or none.
    fn with(name: &str, value: &str) -> Result<Option<String>, ConfigError> {
        let mut set = GOOD.to_vec();
        set.retain(|it| it.0 != name);
        set.push((name, value));
        read(&set)
    }

    #[test]
    fn the_variables_stand_for_one_app_and_a_caller_for_each_key() {
        let text = read(&GOOD).unwrap().unwrap();
        for secret in ["wx1", "the-secret", "key-one", "key-two"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        let env = |name: &str| GOOD.iter().find(|it| it.0 == name).map(|it| it.1.into());
        let gateway = Gateway::from_json(&text, &env).unwrap();
        assert_eq!(gateway.app("default").map(|it| it.secret.expose()), Some("the-secret"));
        assert_eq!(gateway.api.authority, "api.weixin.qq.com");
        let kids: Vec<&str> = gateway.callers.iter().map(|it| it.jwt.as_ref().unwrap().kid.as_str()).collect();
        assert_eq!(kids, ["Key_2", "k1"]);
        let all = [Permission::Token, Permission::Ticket, Permission::Rotate];
        assert!(gateway.callers.iter().all(|it| it.may.iter().eq(&all) && it.app.as_deref() == Some("default")));
    }

    #[test]
    fn another_root_is_where_wechat_is() {
        let text = with("WECHAT_API_ROOT", "http://127.0.0.1:8900/relay/").unwrap().unwrap();
        let gateway = Gateway::from_json(&text, &|name| {
            let set = GOOD.into_iter().chain([("WECHAT_API_ROOT", "http://127.0.0.1:8900/relay/")]);
            set.into_iter().find(|it| it.0 == name).map(|it| it.1.into())
        });
        let api = gateway.unwrap().api;
        assert_eq!((api.authority.as_str(), api.base.as_str()), ("127.0.0.1:8900", "/relay"));
        assert_eq!(with("WECHAT_API_ROOT", ""), read(&GOOD));
    }

    #[test]
    fn without_an_appid_there_is_nothing_to_derive() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(with("APPID", ""), Ok(None));
        assert_eq!(read(&[("PATH", "/bin"), ("APPSECRET", "s")]), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_said_with_the_variables_name() {
        let cases = [
            ("APPID", "wx 1", "APPID", "printable ASCII"),
            ("APPSECRET", "", "APPSECRET", "the environment has no APPSECRET"),
            ("APPSECRET", "a b", "APPSECRET", "printable ASCII"),
            ("JWT_KEY_k1", "fifteen-bytes-x", "JWT_KEY_k1", "is shorter than 16 bytes: make one with"),
            ("JWT_KEY_Key_2", "s3cret", "JWT_KEY_Key_2", "is shorter than 16 bytes"),
            ("JWT_KEY_", "key-three-0123456789", "JWT_KEY_", "is empty"),
            ("WECHAT_API_ROOT", "api.weixin.qq.com", "WECHAT_API_ROOT", "is not an http or https URL"),
        ];
        for (name, value, place, why) in cases {
            let error = with(name, value).unwrap_err();
            assert!(error.path == place && error.why.contains(why), "{name}={value}: {error}");
        }
        let error = read(&GOOD[..2]).unwrap_err();
        assert!(error.path == "JWT_KEY_<kid>" && error.why.contains("nobody could ask"), "{error}");
    }
}
