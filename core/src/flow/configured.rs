//! Paths that the configuration names and that are open to anybody.

use crate::host::Response;

/// One of `verify_files`.
#[must_use]
pub fn file(text: &str) -> Response {
    Response::text(200, text)
}

/// `helpers.health`.
#[must_use]
pub fn health() -> Response {
    Response { status: 200, body: b"OK\n".to_vec(), ..Response::default() }
        .with("content-type", "text/plain;charset=UTF-8")
        .with("cache-control", "no-store")
}
