//! Pages elsewhere that ask with `fetch`: which of them the browser may show the answer.

use alloc::string::String;

use crate::config::Gateway;
use crate::host::{Head, Method, Response};
use crate::target::place;

/// `response`, for the page that asked, if it is one of those of the app called `name`. A stranger's page gets no leave to read it.
#[must_use]
pub(super) fn allow(gateway: &Gateway, head: &Head, name: &str, response: Response) -> Response {
    let response = response.with("vary", "Origin");
    let Some(origin) = origin(gateway, head, name) else { return response };
    let response = response.with("access-control-allow-origin", &origin);
    if head.method != Method::Options {
        return response;
    }
    response.with("access-control-allow-methods", "GET, HEAD").with("access-control-max-age", "600")
}

/// The answer to a browser that asks beforehand.
#[must_use]
pub(super) fn preflight(gateway: &Gateway, head: &Head, name: &str) -> Response {
    allow(gateway, head, name, Response { status: 204, ..Response::default() })
}

fn origin(gateway: &Gateway, head: &Head, name: &str) -> Option<String> {
    let origin = head.header("origin")?;
    let place = place(&origin).ok().filter(|it| gateway.has_page(name, it))?;
    Some([place.scheme, "://", &place.authority].concat())
}
