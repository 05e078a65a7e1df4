//! Where requests may be sent, and who is told of refreshes: the parts of the configuration about back-ends, calls and hooks.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use core::time::Duration;

use super::{Account, ConfigError, origin, raw};
use crate::keeper::hooks::Hooks;
use crate::limits;
use crate::target::{Origin, Target, Targets, is_name, is_private};
use crate::webhook::Key;

/// What a cluster is called whose back-end does not say.
const CLUSTER: &str = "wxedge_backend_";

/// Reads the back-ends and the origins.
pub(super) fn read(raw: BTreeMap<String, raw::Backend>, calls: &[String]) -> Result<Targets, ConfigError> {
    let mut targets = Targets::default();
    for (name, it) in raw {
        let read = backend(&name, it);
        let backend = read.map_err(|(field, why)| ConfigError::new(&format!("backends.{name}{field}"), why))?;
        targets.backends.push((name, Rc::new(backend)));
    }
    for (at, text) in calls.iter().enumerate() {
        let origin = Origin::parse(text).map_err(|why| ConfigError::new(&format!("calls[{at}]"), why));
        targets.calls.push(origin?);
    }
    Ok(targets)
}

/// What is wrong, and with which field.
type Wrong = (&'static str, &'static str);

fn backend(name: &str, raw: raw::Backend) -> Result<Target, Wrong> {
    if !is_name(name) {
        return Err(("", "a back-end's name has letters, digits, - and _ only, 64 at the most"));
    }
    let url = origin::url(&raw.url).map_err(|why| (".url", why))?;
    let confidential = raw.cluster.is_some() || url.scheme == "https" || is_private(&url.host);
    let cluster = raw.cluster.unwrap_or_else(|| [CLUSTER, name].concat());
    if cluster.is_empty() || !cluster.bytes().all(|it| it.is_ascii_graphic()) {
        return Err((".cluster", "is no cluster's name: printable ASCII without blanks"));
    }
    let timeout = raw.timeout_ms.map_or(limits::BACKEND, Duration::from_millis);
    if timeout.is_zero() || timeout > limits::BACKEND_MOST {
        return Err((".timeout_ms", "is not from 1 to 30000"));
    }
    let (to, path) = url.upstream(cluster);
    let key = raw.key.map(|it| Key::parse(&it).ok_or((".key", NO_KEY))).transpose()?;
    Ok(Target { to, path, key, timeout, confidential, breaker: Rc::default() })
}

const NO_KEY: &str = "is shorter than 16 bytes, or no base64 after whsec_: \
    make one with `echo whsec_$(openssl rand -base64 32)`";

/// Reads the hooks. `apps` has the accounts that the apps use.
pub(super) fn hooks(
    raw: raw::Hooks,
    targets: &Targets,
    apps: &BTreeMap<String, Rc<Account>>,
) -> Result<Hooks, ConfigError> {
    let hooks = Hooks {
        token: secret_hook("hooks.token", raw.token, targets)?,
        ticket: secret_hook("hooks.ticket", raw.ticket, targets)?,
        error: hook("hooks.error", raw.error, targets)?,
        ..Hooks::default()
    };
    let shared = |account: &Account| apps.values().filter(|it| it.id == account.id).count();
    if !hooks.is_empty() && apps.values().any(|it| shared(it) > limits::HOOKED) {
        let why = "cannot be told of an account that more than 16 apps share";
        return Err(ConfigError::new("hooks", why));
    }
    Ok(hooks)
}

fn hook(path: &str, text: Option<String>, targets: &Targets) -> Result<Option<Rc<Target>>, ConfigError> {
    let look = |text: String| targets.look(&text).map_err(|why| ConfigError::new(path, why));
    text.map(look).transpose()
}

/// A hook that is sent credentials: nobody may be able to listen, and the back-end must be able to tell who speaks.
fn secret_hook(path: &str, text: Option<String>, targets: &Targets) -> Result<Option<Rc<Target>>, ConfigError> {
    let Some(target) = hook(path, text, targets)? else { return Ok(None) };
    if target.key.is_none() {
        let why = "is sent credentials, so it must be a back-end that has a key: give it one";
        return Err(ConfigError::new(path, why));
    }
    if !target.confidential {
        let why = "is sent credentials, so its url must be https, or its cluster be named";
        return Err(ConfigError::new(path, why));
    }
    Ok(Some(target))
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
