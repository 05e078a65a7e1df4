//! `wxedge-config`: what can be done with a configuration before anything runs with it. `make render` and `make check` start it.
//!
//! `render FILE [--out FILE]` writes the edge that follows from it; `check [FILE] [--placeholders]` says whether it can be used, and
//! without a file whether the one in envoy.yaml can. Variables are those of the environment.

mod check;
mod envoy;
mod gateway;
mod render;
mod wrangler;

use std::env;
use std::process::ExitCode;

use wxedge_tests::harness::{Failure, Result};

const USAGE: &str = "wxedge-config render FILE [--out FILE]\nwxedge-config check [FILE] [--placeholders]";

/// What is asked for.
#[derive(Default)]
struct Args {
    command: String,
    file: Option<String>,
    out: Option<String>,
    placeholders: bool,
}

fn main() -> ExitCode {
    let done = args().and_then(|args| match (args.command.as_str(), &args.file) {
        ("render", Some(file)) => render::render(file, args.out.as_deref()).map(|()| true),
        ("check", file) => check::check(file.as_deref(), args.placeholders),
        _ => Err(Failure::new(USAGE)),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn args() -> Result<Args> {
    let mut found = Args::default();
    let mut words = env::args().skip(1);
    found.command = words.next().unwrap_or_default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--placeholders" => found.placeholders = true,
            "--out" => found.out = Some(words.next().ok_or_else(|| Failure::new(USAGE))?),
            _ if found.file.is_none() && !word.starts_with("--") => found.file = Some(word),
            _ => return Err(Failure::new(USAGE)),
        }
    }
    Ok(found)
}

/// A variable of the environment.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
