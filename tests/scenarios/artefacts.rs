//! What is shipped asks for nothing that is not listed here, offers nothing that is not called, and is small.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use wasmparser::{Parser, Payload};
use wxedge_tests::harness::*;

/// What Envoy provides: proxy-wasm and a little of WASI. No files, no sockets, no threads.
const ENVOY: &[&str] = &[
    "env proxy_add_header_map_value",
    "env proxy_close_stream",
    "env proxy_continue_stream",
    "env proxy_define_metric",
    "env proxy_dequeue_shared_queue",
    "env proxy_done",
    "env proxy_enqueue_shared_queue",
    "env proxy_get_buffer_bytes",
    "env proxy_get_current_time_nanoseconds",
    "env proxy_get_header_map_pairs",
    "env proxy_get_header_map_value",
    "env proxy_get_property",
    "env proxy_get_shared_data",
    "env proxy_get_status",
    "env proxy_grpc_cancel",
    "env proxy_grpc_close",
    "env proxy_grpc_send",
    "env proxy_http_call",
    "env proxy_increment_metric",
    "env proxy_log",
    "env proxy_register_shared_queue",
    "env proxy_remove_header_map_value",
    "env proxy_replace_header_map_value",
    "env proxy_send_local_response",
    "env proxy_set_buffer_bytes",
    "env proxy_set_effective_context",
    "env proxy_set_header_map_pairs",
    "env proxy_set_property",
    "env proxy_set_shared_data",
    "env proxy_set_tick_period_milliseconds",
    "wasi_snapshot_preview1 environ_get",
    "wasi_snapshot_preview1 environ_sizes_get",
    "wasi_snapshot_preview1 fd_write",
    "wasi_snapshot_preview1 proc_exit",
    "wasi_snapshot_preview1 random_get",
];

/// What the Worker asks of JavaScript, by the name of the property or function. Names without an effect of their own come first.
const WORKER: &[&str] = &[
    // Values: texts, bytes, promises, errors, iterators.
    "Error",
    "String",
    "buffer",
    "byteLength",
    "byteOffset",
    "call",
    "catch",
    "cause",
    "constructor",
    "debug",
    "done",
    "entries",
    "from",
    "get",
    "get_done",
    "get_unchecked",
    "get_value",
    "isSafeInteger",
    "keys",
    "length",
    "message",
    "minifyconfig_new",
    "name",
    "new",
    "new_0",
    "new_from_slice",
    "new_typed",
    "new_with_byte_offset_and_length",
    "new_with_length",
    "next",
    "prototypesetcall",
    "push",
    "raw",
    "resolve",
    "set",
    "then",
    "value",
    "_wbg_cb_unref",
    "append",
    // Requests, answers, their bodies.
    "body",
    "byobRequest",
    "cancel",
    "cf",
    "close",
    "enqueue",
    "getReader",
    "headers",
    "method",
    "new_with_opt_buffer_source_and_init",
    "new_with_opt_readable_stream_and_init",
    "new_with_opt_str_and_init",
    "new_with_request_and_init",
    "new_with_str_and_init",
    "read",
    "releaseLock",
    "respond",
    "set_body",
    "set_cache",
    "set_headers",
    "set_method",
    "set_redirect",
    "set_signal",
    "set_status",
    "status",
    "url",
    "view",
    "webSocket",
    // The world: clock, randomness, network, timers, log, Durable Objects.
    "abort",
    "clearTimeout",
    "error",
    "exec",
    "fetch",
    "getByName",
    "getRandomValues",
    "getTime",
    "id",
    "log",
    "queueMicrotask",
    "setAlarm",
    "setTimeout",
    "signal",
    "sql",
    "storage",
    "waitUntil",
    "warn",
    // What worker-build keeps to start anew after a panic.
    "instanceId",
    "set_criticalError",
    "set_instanceId",
];

/// Imports as `module name`, exports by name.
fn surface(path: &str, command: &str) -> (BTreeSet<String>, BTreeSet<String>, usize) {
    let module = fs::read(needed(path, command).unwrap()).unwrap();
    let (mut imports, mut exports) = (BTreeSet::new(), BTreeSet::new());
    for payload in Parser::new(0).parse_all(&module) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                let each = section.into_imports().map(Result::unwrap);
                imports.extend(each.map(|it| format!("{} {}", it.module, it.name)));
            }
            Payload::ExportSection(section) => {
                exports.extend(section.into_iter().map(|it| it.unwrap().name.to_owned()))
            }
            _ => {}
        }
    }
    assert!(!imports.is_empty() && !exports.is_empty(), "{path}");
    (imports, exports, module.len())
}

/// The name in `__wbg_name_0123456789abcdef`. `None` for what wasm-bindgen needs for itself: casts, closures, type checks.
fn property(import: &str) -> Option<&str> {
    let name = import.strip_prefix("./index_bg.js ")?;
    let own = ["__wbindgen_", "__wbg___wbindgen_", "__wbg_instanceof_", "__wbg_static_accessor_"];
    if own.iter().any(|it| name.starts_with(it)) {
        return None;
    }
    let name = name.strip_prefix("__wbg_").unwrap_or(name);
    let (plain, hash) = name.rsplit_once('_').unwrap_or((name, ""));
    Some(if hash.len() == 16 { plain } else { name })
}

#[test]
fn the_filter_asks_envoy_for_what_is_listed_and_offers_what_envoy_calls() {
    let (imports, exports, size) = surface("target/envoy/wxedge_envoy.wasm", "make envoy");
    let strange: Vec<_> = imports.iter().filter(|it| !ENVOY.contains(&it.as_str())).collect();
    assert!(strange.is_empty(), "{strange:?}");
    let listed = fs::read_to_string(root().join("envoy-filter/exports.json")).unwrap();
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    let listed: BTreeSet<_> = listed.iter().filter_map(|it| it["export"].as_str().map(str::to_owned)).collect();
    assert_eq!(exports, listed);
    assert!(size <= 900_000, "{size} bytes: every worker thread of Envoy loads them");
    println!("figure: filter_wasm_bytes={size} imports={} exports={}", imports.len(), exports.len());
}

#[test]
fn the_worker_asks_javascript_for_what_is_listed() {
    let (imports, exports, size) = surface("worker/build/index_bg.wasm", "make worker");
    assert!(imports.iter().all(|it| it.starts_with("./index_bg.js ")), "{imports:?}");
    let strange: Vec<_> = imports.iter().filter_map(|it| property(it)).filter(|it| !WORKER.contains(it)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    for needed in ["fetch", "keeper_fetch", "keeper_alarm"] {
        assert!(exports.contains(needed), "{needed}");
    }
    println!("figure: worker_wasm_bytes={size} imports={} exports={}", imports.len(), exports.len());
}

#[test]
fn the_build_that_breaks_on_demand_is_not_the_one_that_is_shipped() {
    let words = |path: &str, command: &str| {
        let module = fs::read(needed(path, command).unwrap()).unwrap();
        String::from_utf8_lossy(&module).contains("a fault on demand")
    };
    assert!(words("target/faults/wxedge_envoy.wasm", "make test"));
    assert!(!words("target/envoy/wxedge_envoy.wasm", "make envoy"));
    assert!(!words("worker/build/index_bg.wasm", "make worker"));
}
