//! `/echo`: what arrives comes back, as text.

use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

#[track_caller]
fn echoes(answer: &Answer, body: &[u8]) {
    assert_eq!((answer.status, answer.body.as_slice()), (200, body), "{answer:?}");
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        // Envoy names no type of what is not there.
        if name == "content-type" && body.is_empty() {
            continue;
        }
        assert_eq!(answer.header(name).as_deref(), Some(value), "{answer:?}");
    }
}

on_every_host! {
    async fn a_body_comes_back_whatever_it_is_and_however_it_came(edge: Edge) {
        let mut edge = edge;
        let html = b"<script>alert(1)</script>";
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let request = edge.request(method, "/echo?x=%3Cscript%3E").header("content-type", "text/html").body(html);
            echoes(&request.await, html);
        }
        echoes(&edge.get("/echo").await, b"");
        echoes(&edge.post("/echo").await, b"");
        let head = edge.request("HEAD", "/echo").await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        echoes(&edge.post("/echo").body([0, 0xff, b'\r', b'\n', 0xe5]).await, &[0, 0xff, b'\r', b'\n', 0xe5]);
        unharmed(&mut edge).await;
    }

    async fn what_is_too_large_does_not(edge: Edge) {
        let mut edge = edge;
        let most = vec![b'a'; 64 * 1024];
        echoes(&edge.post("/echo").body(&most).await, &most);
        let (_, why) = error(&edge.post("/echo").body([&most[..], b"a"].concat()).await, 413);
        assert_eq!(why, "the body is larger than 65536 bytes");
        unharmed(&mut edge).await;
    }

    async fn only_the_very_path_does(edge: Edge) {
        for path in ["/echo/", "/Echo", "/echo/x", "//echo", "/%65cho"] {
            assert_ne!(edge.post(path).body("a").await.text(), "a", "{path}");
        }
    }
}
