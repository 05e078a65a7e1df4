//! Routes: whatever the path, nothing breaks, and an error has a status.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wxedge::error::Error;
use wxedge::host::{Head, Method};
use wxedge::route::{self, Paths, Route};

fuzz_target!(|text: &str| {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let mut paths = Paths::default();
    paths.hosts([("svc.example.com".into(), ["shop".into()].into())].into());
    for method in [Method::Get, Method::Post, Method::Put, Method::Delete] {
        if let Err(it) = Route::find(&head(method, text), &paths) {
            let response = Error::from(it).into_response(route::shape(path, &paths), "r1");
            assert!((200..500).contains(&response.status));
        }
    }
    let _ = (wxedge::query::parameter(query, "a"), wxedge::query::all(query, "call"));
});

fn head(method: Method, target: &str) -> Head {
    Head { method, target: target.into(), host: "svc.example.com".into(), headers: std::rc::Rc::new(()) }
}
