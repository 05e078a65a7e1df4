//! `GET /healthz`: the gateway is alive, and which one it is. It says nothing of WeChat.

use serde::Serialize;

use crate::host::Response;
use crate::json;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// The answer.
#[must_use]
pub fn health() -> Response {
    let health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };
    Response::json(200, json::write(&health))
}
