//! The configuration's schema is that of the code, and what is shown to readers as a configuration is one.

use std::fs;

use serde_json::{Value, json};
use wxedge::config::Gateway;
use wxedge_tests::harness::*;

fn committed() -> Value {
    let text = fs::read_to_string(needed("config.schema.json", "make schema").unwrap()).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The blocks of JSON in a page of Markdown that are a whole configuration.
fn configurations(page: &str) -> Vec<Value> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let blocks = text.split("```json").skip(1).filter_map(|rest| rest.split_once("```"));
    let read = |(block, _): (&str, &str)| {
        let block = block.trim_start_matches('c');
        serde_json::from_str(block).unwrap_or_else(|why| panic!("{page}: {why} in {block}"))
    };
    blocks.map(read).filter(|it: &Value| it["apps"].is_object()).collect()
}

/// What readers are shown: name and configuration.
fn shown() -> Vec<(String, Value)> {
    let mut yaml = EdgeYaml::read().unwrap();
    let listener = yaml.at("/static_resources/listeners/0").unwrap();
    let text = plugin_part(listener, "/configuration/value").unwrap().as_str().unwrap().to_owned();
    let mut all = vec![
        ("envoy.yaml".to_owned(), serde_json::from_str(&text).unwrap()),
        ("the harness".to_owned(), default_config()),
    ];
    let docs = fs::read_dir(root().join("docs")).unwrap().flatten();
    let docs = docs.map(|it| format!("docs/{}", it.file_name().to_string_lossy())).filter(|it| it.ends_with(".md"));
    for page in ["README.md".to_owned(), "README.zh-CN.md".to_owned()].into_iter().chain(docs) {
        all.extend(configurations(&page).into_iter().map(|it| (page.clone(), it)));
    }
    all
}

#[test]
fn the_committed_schema_is_that_of_the_code() {
    assert!(committed() == wxedge::config::schema(), "config.schema.json is out of date: run `make schema`");
}

#[test]
fn whatever_is_shown_as_a_configuration_is_one() {
    let schema = jsonschema::validator_for(&committed()).unwrap();
    let shown = shown();
    for page in ["envoy.yaml", "README.md", "README.zh-CN.md"] {
        assert!(shown.iter().any(|it| it.0 == page), "{page} shows no configuration");
    }
    for (page, config) in &shown {
        let faults: Vec<String> = schema.iter_errors(config).map(|it| format!("{} {it}", it.instance_path())).collect();
        assert!(faults.is_empty(), "{page}: {faults:?}");
        let config = Config::new(config.to_string(), |_| None).unwrap().with_placeholders();
        let secret = |name: &str| config.variables().get(name).cloned();
        Gateway::from_json(config.text(), &secret).unwrap_or_else(|why| panic!("{page}: {why}"));
    }
}

#[test]
fn the_schema_refuses_what_the_code_refuses() {
    let schema = jsonschema::validator_for(&committed()).unwrap();
    let broken: [(&str, Value); 6] = [
        ("/apps", json!(7)),
        ("/apps/demo/kind", json!("minigame")),
        ("/apps/demo/tokenapi", json!("stable")),
        ("/apps/demo/secret", json!(1)),
        ("/callers/0/may", json!(["dance"])),
        ("/wechat/api", json!("https://api.weixin.qq.com")),
    ];
    for (path, value) in broken {
        let mut config = default_config();
        let (parent, name) = path.rsplit_once('/').unwrap();
        config.pointer_mut(parent).unwrap()[name] = value;
        assert!(!schema.is_valid(&config), "{path}");
        assert!(Gateway::from_json(&config.to_string(), &|_| Some("x".repeat(16))).is_err(), "{path}");
    }
}
