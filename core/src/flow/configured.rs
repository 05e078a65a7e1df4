//! Paths that the configuration names and that are open to anybody.

use crate::host::Response;
use crate::route::Configured;

/// `GET` of one of them.
#[must_use]
pub fn answer(what: &Configured) -> Response {
    match what {
        Configured::File(text) => Response::text(200, text),
        Configured::Health => Response { status: 200, body: b"OK\n".to_vec(), ..Response::default() }
            .with("content-type", "text/plain;charset=UTF-8")
            .with("cache-control", "no-store"),
    }
}
