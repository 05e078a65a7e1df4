//! wxedge as an Envoy HTTP filter. All of WeChat and all routing is in the core; here is only what Envoy wants.
//!
//! * `root`: one root context per worker thread and configuration; the only place that starts calls.
//! * `stream`: one context per request.
//! * `edge`: what a root and its streams share: the executor, the calls, the answers that wait to be sent.
//! * `exec`: the executor; it knows no host call.
//! * `host`, `store`: the core's traits over the executor and over Envoy's shared data.

// Nothing here is for other crates; the entry point that the macro below writes has no place for a doc comment.
#![allow(missing_docs)]

mod edge;
mod exec;
#[cfg(feature = "faults")]
mod faults;
mod host;
mod root;
mod store;
mod stream;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|id| Box::new(root::Root::new(id)));
}}
