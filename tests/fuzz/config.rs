//! Configurations: each is taken or refused with a reason, and no secret shows.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wxedge::config::Gateway;

fuzz_target!(|text: &str| {
    // What stands in the text itself, as a name of a field may, is no secret of the environment.
    if text.contains("hush-hush") {
        return;
    }
    let env = |name: &str| (name == "SECRET").then(|| "hush-hush-hush-16".into());
    match Gateway::from_json(text, &env) {
        Ok(it) => assert!(!format!("{it:?}").contains("hush-hush")),
        Err(it) => assert!(!it.to_string().is_empty() && !it.to_string().contains("hush-hush")),
    }
});
