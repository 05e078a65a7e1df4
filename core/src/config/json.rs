//! From text to a JSON tree: no key twice, every `"${NAME}"` filled in from the environment.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};

use super::ConfigError;
use crate::json::{self, Json};

/// Reads `text`, with `env` telling what a name stands for.
pub(super) fn read(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Json, ConfigError> {
    let mut tree = json::parse(text.as_bytes()).map_err(|it| ConfigError::new("", &it.to_string()))?;
    fill(&mut tree, "", env)?;
    Ok(tree)
}

fn fill(tree: &mut Json, path: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
    match tree {
        Json::Text(text) => variable(text, path, env),
        Json::List(items) => {
            let mut items = items.iter_mut().enumerate();
            items.try_for_each(|(at, it)| fill(it, &format!("{path}[{at}]"), env))
        }
        Json::Object(fields) => {
            let mut names = BTreeSet::new();
            fields.iter_mut().try_for_each(|(name, it)| {
                // One of the two would be lost in silence.
                if !names.insert(name.clone()) {
                    return Err(ConfigError::new(path, &format!("the key {name:?} is there twice")));
                }
                fill(it, &join(path, name), env)
            })
        }
        _ => Ok(()),
    }
}

/// `path.name`, the way it is printed.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        return name.to_owned();
    }
    format!("{path}.{name}")
}

/// A text that is `${NAME}` as a whole stands for a variable; nothing else is interpolated.
fn variable(text: &mut String, path: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
    let Some(name) = text.strip_prefix("${").and_then(|it| it.strip_suffix('}')) else { return Ok(()) };
    *text = env(name).filter(|it| !it.is_empty()).ok_or_else(|| {
        let why =
            format!("the environment has no {name}: set it (Envoy: host_env_keys; Worker: a secret of that name)");
        ConfigError::new(path, &why)
    })?;
    Ok(())
}
