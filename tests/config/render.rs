//! envoy.yaml with a configuration of one's own.

use std::fs;
use std::io::{Write, stdout};

use wxedge_tests::harness::{Config, EdgeYaml, Failure, Result};

use crate::{gateway, variable};

/// Writes the edge that follows from the configuration in `file` to `out`, or else to the standard output. Secrets need not be
/// set: they are no part of it. `ENVOY_PORT` and `ADMIN_PORT` change its ports.
pub fn render(file: &str, out: Option<&str>) -> Result<()> {
    let config = Config::read(file, variable)?;
    let mut edge = edge(&config)?;
    gateway::accepts(&config.clone().with_placeholders())?;
    edge.ports(port("ENVOY_PORT", 8080)?, port("ADMIN_PORT", 9901)?)?;
    let text = format!("{}{}", head(file, &config), edge.yaml()?);
    match out {
        Some(out) => fs::write(out, text).map_err(Failure::of(format_args!("write {out}"))),
        None => stdout().write_all(text.as_bytes()).map_err(Failure::of("write to the standard output")),
    }
}

/// The edge that follows from `config`.
pub fn edge(config: &Config) -> Result<EdgeYaml> {
    let mut edge = EdgeYaml::read()?;
    edge.follow(config, &config.servers()?)?;
    Ok(edge)
}

fn head(file: &str, config: &Config) -> String {
    // A line of its own each: a name could hold anything.
    let file = file.replace(char::is_control, " ");
    let names = config.names().join(", ").replace(char::is_control, " ");
    format!(
        "# Made by `make render` of envoy.yaml, which says what each part is for, and {file}.\n\
         # The paths in it are relative to wxedge's repository. The environment must have: {names}\n"
    )
}

fn port(name: &str, default: u16) -> Result<u16> {
    match variable(name) {
        Some(text) => text.parse().map_err(Failure::of(format_args!("{name}={text}"))),
        None => Ok(default),
    }
}
