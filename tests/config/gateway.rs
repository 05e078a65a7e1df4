//! What the gateway itself says.

use wxedge::config::Gateway;
use wxedge_tests::harness::{Config, Failure, Result};

/// Reads the configuration as both hosts do; the result is a word on what is in it.
pub fn accepts(config: &Config) -> Result<String> {
    let gateway = Gateway::from_json(config.text(), &|name| config.variables().get(name).cloned());
    let gateway = gateway.map_err(|why| Failure::new(why.to_string()))?;
    let apps = config.tree()["apps"].as_object().map_or(0, serde_json::Map::len);
    Ok(format!("apps: {apps}, callers: {}", gateway.callers.len()))
}
