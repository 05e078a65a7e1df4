//! Where logins may lead.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;

use super::{ConfigError, json, raw};
use crate::account::Family;
use crate::target::{Origin, Target, Targets, is_name};

/// Where the logins of an app may lead.
#[derive(Debug, Default)]
pub struct Oauth {
    /// What a `call` may name; `None`: whatever any `call` may.
    pub to: Option<Targets>,
    /// Who is told of those who come back to `oauth.path`.
    pub redirect_to: Option<Rc<Target>>,
    /// What tells a login with `snsapi_userinfo` there.
    pub userinfo_flag: String,
}

/// Reads the logins of the app called `name`.
pub(super) fn read(name: &str, family: Family, raw: raw::Oauth, targets: &Targets) -> Result<Oauth, ConfigError> {
    let path = json::join(&json::join("apps", name), "oauth");
    if !has_login(family) {
        return Err(ConfigError::new(&path, "is for official accounts and WeCom: others have no login in a browser"));
    }
    let wrong = |field: &str, why: &str| ConfigError::new(&json::join(&path, field), why);
    let mut to = None;
    if let Some(all) = raw.to {
        let mut own = Targets::default();
        for (at, text) in all.iter().enumerate() {
            let known = targets.backends.iter().find(|it| it.0 == *text);
            match known {
                Some(it) => own.backends.push(it.clone()),
                None if is_name(text) => return Err(wrong(&format!("to[{at}]"), "names no back-end")),
                None => own.calls.push(Origin::parse(text).map_err(|why| wrong(&format!("to[{at}]"), why))?),
            }
        }
        to = Some(own);
    }
    match (&raw.path, &raw.redirect_to) {
        (Some(_), None) => return Err(wrong("redirect_to", "is missing: who is told of those who come back to path?")),
        (None, Some(_)) => return Err(wrong("path", "is missing: where does WeChat send the browser back to?")),
        _ => {}
    }
    let look = |text: String| targets.look(&text).map_err(|why| wrong("redirect_to", why));
    let redirect_to = raw.redirect_to.map(look).transpose()?;
    Ok(Oauth { to, redirect_to, userinfo_flag: raw.userinfo_flag.unwrap_or_default() })
}

/// Whether users of such an account log in in a browser.
#[must_use]
pub const fn has_login(family: Family) -> bool {
    matches!(family, Family::Official | Family::Wecom)
}

/// `http[s]://host[:port]` of a place that only browsers go to.
pub(super) fn place(field: &str, text: &str) -> Result<String, ConfigError> {
    let url = super::origin::url(text).map_err(|why| ConfigError::new(field, why))?;
    Ok(format!("{}://{}{}", url.scheme, url.authority, url.target.trim_end_matches('/').to_owned()))
}
