//! What openapi.yaml says of routes is what the core knows of them.

use std::rc::Rc;

use serde_json::{Value, json};
use wxedge::config::Gateway;
use wxedge::error::Reject;
use wxedge::host::{Head, Method};
use wxedge::route::Route;
use wxedge_tests::harness::*;

fn page() -> Value {
    let text = std::fs::read_to_string(root().join("openapi.yaml")).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|why| panic!("openapi.yaml: {why}"))
}

/// A configuration that names the paths and the host that the page has examples of.
fn gateway() -> Gateway {
    let mut config = default_config();
    config["apps"]["demo"]["callback"] = json!({ "token": "TOKEN", "path": "/wx" });
    config["callback_hosts"] = json!({ "svc.example.com": ["demo"] });
    config["helpers"] = json!({
        "health": "/health", "qr": "/qr", "user": "/user", "sns_auth2": "/sns-auth2", "short_url": "/short-url", "tmpl_msg": "/tmpl-msg",
        "sign_jsapi": "/sign-jsapi", "order": "/channels-ec-order-detail", "refund": "/channels-ec-refund-detail"
    });
    config["backends"] = json!({ "shop": { "url": "http://127.0.0.1:1/" } });
    config["apps"]["demo"]["oauth"] = json!({ "path": "/redirect", "redirect_to": "shop" });
    config["examples"] = json!(true);
    config["verify_files"] = json!({ "file": "proof" });
    Gateway::from_json(&config.to_string(), &|_| Some("sixteen-bytes-ok".to_owned())).unwrap()
}

fn find(gateway: &Gateway, method: Method, path: &str, host: &str) -> Result<Route, Reject> {
    let head = Head { method, target: path.to_owned(), host: host.to_owned(), headers: Rc::new(()) };
    Route::find(&head, &gateway.paths)
}

#[test]
fn every_route_takes_the_methods_that_are_listed_and_no_other() {
    let (page, gateway) = (page(), gateway());
    let paths = page["paths"].as_object().unwrap();
    assert!(paths.len() > 20);
    for (path, item) in paths {
        let host = item["servers"][0]["url"].as_str().and_then(|it| it.strip_prefix("https://")).unwrap_or_default();
        let mut path =
            path.replace("{app}", "demo").replace("{file}", "file").replace("{key}", "k").replace("{mark}", "m");
        if !host.is_empty() {
            path += "?call=bot";
        }
        for (name, method) in
            [("get", Method::Get), ("post", Method::Post), ("put", Method::Put), ("delete", Method::Delete)]
        {
            let found = find(&gateway, method, &path, host);
            if item[name].is_object() {
                assert!(found.is_ok(), "{name} {path}: {found:?}");
            } else {
                assert!(matches!(found, Err(Reject::Method { .. })), "{name} {path}: {found:?}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_part_is_used() {
    let page = page();
    let mut references = Vec::new();
    collect(&page, &mut references);
    for it in &references {
        let pointer = it.strip_prefix('#').unwrap();
        assert!(page.pointer(pointer).is_some(), "{it}");
    }
    for (kind, parts) in page["components"].as_object().unwrap().iter().filter(|it| it.0 != "securitySchemes") {
        for name in parts.as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(references.contains(&reference), "nobody uses {reference}");
        }
    }
}

fn collect(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            all.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|it| collect(it, all));
        }
        Value::Array(items) => items.iter().for_each(|it| collect(it, all)),
        _ => {}
    }
}

#[test]
fn operations_have_names_of_their_own() {
    let page = page();
    let operations = page["paths"].as_object().unwrap().values().flat_map(|it| it.as_object().unwrap().values());
    let mut names: Vec<&str> = operations.filter_map(|it| it["operationId"].as_str()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert!(count > 30 && names.len() == count);
}
