//! A gateway's configuration as the edge around the gateway sees it: which variables it names, and where its servers are. What it
//! means, and whether it can be used, is the core's affair.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::{Failure, Result};

/// A configuration, and what its variables stand for.
#[derive(Debug, Clone)]
pub struct Config {
    text: String,
    /// `null` if the text is no JSON.
    tree: Value,
    variables: BTreeMap<String, String>,
    missing: BTreeSet<String>,
}

/// Where WeChat is: the base URLs that Envoy's clusters lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers {
    /// `wechat.api`, entry by entry.
    pub wechat: Vec<String>,
    /// `wechat.qyapi`.
    pub qyapi: String,
}

impl Config {
    /// The configuration in a file; `env` tells what a variable stands for.
    pub fn read(path: &str, env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Failure::of(format_args!("read {path}")))?;
        Self::new(text, env).map_err(Failure::of(format_args!("parse {path}")))
    }

    /// The configuration that `text` is; `env` tells what a variable stands for.
    pub fn new(text: impl Into<String>, env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let text = text.into();
        let tree: Value = serde_json::from_str(&text).map_err(|why| Failure::new(why.to_string()))?;
        let mut config = Self { text, tree, variables: BTreeMap::new(), missing: BTreeSet::new() };
        for name in names(&config.tree) {
            // To the core an empty one is not set.
            match env(&name).filter(|value| !value.is_empty()) {
                Some(value) => drop(config.variables.insert(name, value)),
                None => drop(config.missing.insert(name)),
            }
        }
        Ok(config)
    }

    /// Whatever `text` is, JSON or not, with these variables and no others.
    pub fn given(text: impl Into<String>, variables: BTreeMap<String, String>) -> Self {
        let text = text.into();
        let tree = serde_json::from_str(&text).unwrap_or_default();
        Self { text, tree, variables, missing: BTreeSet::new() }
    }

    /// The configuration as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same as JSON.
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    /// What its variables stand for.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// The variables that are not set.
    pub fn missing(&self) -> &BTreeSet<String> {
        &self.missing
    }

    /// All variables by name, set or not.
    pub fn names(&self) -> Vec<&str> {
        let names: BTreeSet<&str> = self.variables.keys().chain(&self.missing).map(String::as_str).collect();
        names.into_iter().collect()
    }

    /// The same with something in the place of each variable that is not set: fit for where it stands, and no two keys alike.
    pub fn with_placeholders(mut self) -> Self {
        let stand_ins: Vec<_> = self.missing.iter().map(|name| (name.clone(), self.stand_in(name))).collect();
        self.variables.extend(stand_ins);
        self
    }

    fn stand_in(&self, name: &str) -> String {
        let apps = self.tree["apps"].as_object();
        let is = |field: &str| apps.into_iter().flatten().any(|it| names(&it.1["callback"][field]).contains(name));
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        if is("aes_key") {
            return format!("{letters:A<43.43}");
        }
        if is("token") { format!("placeholder{letters:.21}") } else { format!("placeholder-for-{name}") }
    }

    /// Fails if a variable is not set, and names all of them.
    pub fn complete(self) -> Result<Self> {
        if self.missing.is_empty() {
            return Ok(self);
        }
        let missing: Vec<&str> = self.missing.iter().map(String::as_str).collect();
        Err(Failure::new(format!("the environment has no {}", missing.join(", "))))
    }

    /// Where WeChat is.
    pub fn servers(&self) -> Result<Servers> {
        let wechat = &self.tree["wechat"];
        let api = match wechat["api"].as_array() {
            Some(urls) => {
                let urls = urls.iter().enumerate();
                urls.map(|(at, url)| self.url(url, &format!("wechat.api[{at}]"))).collect::<Result<_>>()?
            }
            None => vec!["https://api.weixin.qq.com".to_owned()],
        };
        let qyapi = match &wechat["qyapi"] {
            Value::Null => "https://qyapi.weixin.qq.com".to_owned(),
            url => self.url(url, "wechat.qyapi")?,
        };
        Ok(Servers { wechat: api, qyapi })
    }

    /// A URL in the configuration. An edge cannot be made without it, so a variable must be set.
    pub fn url(&self, url: &Value, path: &str) -> Result<String> {
        let url = url.as_str().ok_or_else(|| Failure::new(format!("{path}: is no text")))?;
        let Some(name) = name(url) else { return Ok(url.to_owned()) };
        let known = self.variables.get(name).filter(|_| !self.missing.contains(name));
        known
            .cloned()
            .ok_or_else(|| Failure::new(format!("{path}: the environment has no {name}, and an edge needs it")))
    }
}

/// The variable that a text stands for, by the core's rule: `${NAME}` as a whole.
fn name(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}')
}

fn names(tree: &Value) -> BTreeSet<String> {
    match tree {
        Value::String(text) => name(text).into_iter().map(str::to_owned).collect(),
        Value::Array(items) => items.iter().flat_map(names).collect(),
        Value::Object(fields) => fields.values().flat_map(names).collect(),
        _ => BTreeSet::new(),
    }
}
