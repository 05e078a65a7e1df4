//! Faults on demand, in a build that only the scenarios use.

use wxedge::host::{Head, Response, Upstream, Verdict};

use crate::edge::Edge;

/// What a request for a fault gets; `None` for any other request.
pub(crate) fn verdict(edge: &Edge, head: &Head) -> Option<Verdict> {
    match head.path() {
        // Traps the thread that has a call under way, and no other.
        "/app/faults/trap" if edge.exec.calls() > 0 => trap(),
        "/app/faults/trap" => Some(Verdict::Reply(Response { status: 204, ..Response::default() })),
        "/app/faults/forward" => Some(Verdict::Forward {
            to: Upstream {
                cluster: "site".into(),
                scheme: "http",
                authority: "site.test".into(),
                base: "/base".into(),
            },
            request: head.clone(),
        }),
        _ => None,
    }
}

#[allow(clippy::panic)] // this is what it is for
fn trap() -> ! {
    panic!("a fault on demand")
}
