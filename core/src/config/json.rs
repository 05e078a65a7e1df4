//! From text to a JSON tree: no key twice, every `"${NAME}"` filled in from the environment.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::ConfigError;

/// Reads `text`, with `env` telling what a name stands for.
pub(super) fn read(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Value, ConfigError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let tree = serde_path_to_error::deserialize::<_, Strict>(&mut reader)
        .map_err(|it| ConfigError::new(&it.path().to_string(), &it.inner().to_string()))?;
    reader.end().map_err(|it| ConfigError::new("", &it.to_string()))?;
    fill(tree.0, "", env)
}

fn fill(tree: Value, path: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Value, ConfigError> {
    match tree {
        Value::String(text) => variable(&text, path, env).map(Value::String),
        Value::Array(items) => {
            let filled = items.into_iter().enumerate().map(|(at, it)| fill(it, &format!("{path}[{at}]"), env));
            filled.collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(fields) => {
            let filled = fields.into_iter().map(|(name, it)| {
                let path = join(path, &name);
                fill(it, &path, env).map(|it| (name, it))
            });
            filled.collect::<Result<_, _>>().map(Value::Object)
        }
        other => Ok(other),
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
fn variable(text: &str, path: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
    let Some(name) = text.strip_prefix("${").and_then(|it| it.strip_suffix('}')) else { return Ok(text.to_owned()) };
    env(name).filter(|it| !it.is_empty()).ok_or_else(|| {
        let why =
            format!("the environment has no {name}: set it (Envoy: host_env_keys; Worker: a secret of that name)");
        ConfigError::new(path, &why)
    })
}

/// A JSON value in which no object has a key twice. `serde_json` itself keeps the last one and loses an app in silence.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Tree).map(Self)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(Value::Bool(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Value, E> {
        Ok(Value::Number(it.into()))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Value, E> {
        Ok(Value::Number(it.into()))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Value, E> {
        Ok(Number::from_f64(it).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, it: &str) -> Result<Value, E> {
        Ok(Value::String(it.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Strict(it)) = items.next_element()? {
            all.push(it);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if all.contains_key(&name) {
                return Err(A::Error::custom(format!("the key {name:?} is there twice")));
            }
            let Strict(it) = fields.next_value()?;
            all.insert(name, it);
        }
        Ok(Value::Object(all))
    }
}
