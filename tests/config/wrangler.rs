//! What wrangler says of the Worker as it would be deployed.

use std::env;
use std::fs;
use std::process::Command;

use wxedge_tests::harness::{Config, Failure, Result, Scratch, needed, root};

/// The longest variable or secret that Workers take, in bytes.
const VARIABLE: usize = 5 * 1024;

/// How much of what wrangler has said is shown.
const LINES: usize = 12;

/// What keeps wrangler on this machine.
const OFFLINE: [(&str, &str); 5] = [
    ("CI", "1"),
    ("DO_NOT_TRACK", "1"),
    ("WRANGLER_SEND_METRICS", "false"),
    ("WRANGLER_HIDE_BANNER", "true"),
    ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
];

/// Lets wrangler go through a deployment of the Worker that is built, without deploying it. The configuration goes another way
/// than the Worker, and of it only the size is looked at.
pub fn accepts(config: &Config) -> Result<String> {
    let program = needed("node_modules/.bin/wrangler", "make tools")?;
    let built = needed("worker/build/index.js", "make worker")?;
    let text = fs::read_to_string(root().join("wrangler.toml")).map_err(Failure::of("read wrangler.toml"))?;
    let scratch = Scratch::new("check")?;
    let file = scratch.write("wrangler.toml", without_build(&text, &built.to_string_lossy())?)?;
    let mut command = Command::new(program);
    command.args(["deploy", "--dry-run", "--outdir"]).arg(scratch.path("out")).arg("--config").arg(file);
    let tools = root().join(".tools/wrangler");
    command.envs(OFFLINE).env("WRANGLER_LOG_PATH", tools.join("logs")).env("WRANGLER_CACHE_DIR", tools.join("cache"));
    let path = env::var_os("PATH").unwrap_or_default();
    let paths = [root().join("node_modules/.bin")].into_iter().chain(env::split_paths(&path));
    command.env("PATH", env::join_paths(paths).map_err(Failure::of("look for wrangler's tools"))?);
    let output = command.current_dir(scratch.path("")).output().map_err(Failure::of("start wrangler"))?;
    if output.status.success() {
        return Ok(format!("takes the Worker{}", size(config)));
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    Err(Failure::new(lines[lines.len().saturating_sub(LINES)..].join("\n")))
}

/// What there is to say of the configuration's size, once blanks are left out. On Envoy it does not matter, so it is no failure.
fn size(config: &Config) -> String {
    match config.tree().to_string().len() {
        size if size > VARIABLE => {
            format!("; but {size} bytes of WXEDGE_CONFIG are more than the {VARIABLE} that it may have there")
        }
        _ => String::new(),
    }
}

/// wrangler.toml for the Worker that was `built`: nothing is built for a check.
fn without_build(text: &str, built: &str) -> Result<String> {
    let mut section = "";
    let (mut kept, mut mains, mut builds) = (String::new(), 0, 0);
    for line in text.lines() {
        if line.starts_with('[') {
            section = line;
            builds += usize::from(line == "[build]");
        }
        match section {
            "[build]" => continue,
            "" if line.starts_with("main = ") => {
                mains += 1;
                kept += &format!("main = {built:?}\n");
            }
            _ => kept += &format!("{line}\n"),
        }
    }
    if (mains, builds) == (1, 1) { Ok(kept) } else { Err(Failure::new("no main or no [build] in wrangler.toml")) }
}
