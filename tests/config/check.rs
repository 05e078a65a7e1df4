//! Whether a configuration can be used: one line each for what the gateway, Envoy and wrangler say.

use std::io::{Write, stdout};

use wxedge_tests::harness::{Config, EdgeYaml, Failure, Result};

use crate::{envoy, gateway, variable, wrangler};

/// Says what is wrong with the configuration in `file`, or in envoy.yaml; whether nothing is. With `placeholders` a variable may be
/// missing: something stands in its place then, and this is said.
pub fn check(file: Option<&str>, placeholders: bool) -> Result<bool> {
    let config = match file {
        Some(file) => Config::read(file, variable)?,
        None => Config::new(EdgeYaml::read()?.configuration()?, variable)?,
    };
    let variables = say("variables", variables(&config, placeholders));
    // What else is wrong is worth knowing even if one is missing.
    let config = config.with_placeholders();
    let said = [
        say("gateway", gateway::accepts(&config)),
        say("Envoy", envoy::accepts(&config)),
        say("wrangler", wrangler::accepts(&config)),
    ];
    Ok(variables && said.into_iter().all(|fine| fine))
}

fn variables(config: &Config, placeholders: bool) -> Result<String> {
    let names = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let missing = names(config.missing().iter().map(String::as_str).collect());
    match (config.missing().is_empty(), placeholders) {
        (true, _) => Ok(format!("all set: {}", names(config.names()))),
        (false, true) => Ok(format!("placeholders stand for what is not set: {missing}")),
        (false, false) => {
            let remedy = "set what is missing, or say PLACEHOLDERS=1 to check without it";
            Err(Failure::new(format!("the environment has no {missing}: {remedy}")))
        }
    }
}

/// A line on one of the parts; whether it is fine.
fn say(part: &str, said: Result<String>) -> bool {
    let line = match &said {
        Ok(word) => format!("{part:9} ok      {word}"),
        Err(why) => format!("{part:9} FAILED  {}", why.to_string().replace('\n', "\n                  ")),
    };
    // Who does not read to the end still gets the exit status.
    drop(writeln!(stdout(), "{line}"));
    said.is_ok()
}
