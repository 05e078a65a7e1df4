//! What Envoy says, with the filter in it.

use std::process::Command;

use wxedge_tests::harness::{Config, Failure, Result, Scratch, envoy_binary, root};

use crate::render::edge;

/// How much of what Envoy has said is shown.
const LINES: usize = 8;

/// Lets Envoy validate the edge that follows from the configuration: it loads the filter, which reads the configuration once more.
pub fn accepts(config: &Config) -> Result<String> {
    let edge = edge(config)?;
    let scratch = Scratch::new("check")?;
    let file = scratch.write("envoy.yaml", edge.yaml()?)?;
    let mut command = Command::new(envoy_binary()?);
    command.args(["--mode", "validate", "--log-level", "warning", "--config-path"]).arg(file);
    let output = command.envs(config.variables()).current_dir(root()).output();
    let output = output.map_err(Failure::of("start Envoy"))?;
    if output.status.success() {
        return Ok("takes the rendered edge".to_owned());
    }
    let said = [output.stderr, output.stdout].concat();
    Err(Failure::new(sentence(&String::from_utf8_lossy(&said))))
}

/// The filter's own word if there is one; else what Envoy said last.
fn sentence(said: &str) -> String {
    let own = said.find("the configuration cannot be used");
    if let Some(line) = own.and_then(|at| said.get(at..)).and_then(|rest| rest.lines().next()) {
        return line.to_owned();
    }
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
