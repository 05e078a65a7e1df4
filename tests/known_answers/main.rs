//! `known-answers FILE..`: checks published samples against the core, prints each that is wrong, and closes with how many were
//! right, wrong, and of a kind that nobody knows.

use std::process::ExitCode;
use std::{env, fs};

use wxedge_tests::known_answers::{Tally, run};

fn main() -> ExitCode {
    let files: Vec<String> = env::args().skip(1).collect();
    if files.is_empty() {
        eprintln!("usage: known-answers FILE..");
        return ExitCode::from(2);
    }
    let mut all = Tally::default();
    for file in files {
        let read = fs::read_to_string(&file).map_err(|it| it.to_string());
        match read.and_then(|it| run(&it)) {
            Ok(it) => {
                all.passed += it.passed;
                all.failed.extend(it.failed);
                all.unknown += it.unknown;
            }
            Err(why) => {
                eprintln!("{file}: {why}");
                return ExitCode::from(2);
            }
        }
    }
    all.failed.iter().for_each(|it| println!("{it}"));
    println!("{} passed, {} failed, {} unknown", all.passed, all.failed.len(), all.unknown);
    if all.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
