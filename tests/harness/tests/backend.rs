//! How a back-end is steered.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::time::Instant;
use wxedge_tests::harness::*;

#[test]
fn a_back_end_does_what_it_is_told_and_notes_what_it_was_sent() {
    block_on(async {
        let backend = Backend::start().await.unwrap();
        let late = Duration::from_millis(200);
        let elsewhere = "http://127.0.0.1:9/x".to_owned();
        backend.next([
            Manners::Says(204),
            Manners::Late(late, 500),
            Manners::Redirects(elsewhere.clone()),
            Manners::Resets,
        ]);
        let post = |path: &str| Request::new(backend.address(), "POST", path).header("x-a", "b").body("{\"c\":1}");
        assert_eq!(post("/1?x=y").await.status, 204);
        let begin = Instant::now();
        assert_eq!(post("/2").await.status, 500);
        assert!(begin.elapsed() >= late);
        let answer = post("/3").await;
        assert_eq!((answer.status, answer.header("location")), (307, Some(elsewhere)));
        assert_eq!(post("/4").send().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(post("/5").await.status, 200);
        backend.always(Manners::Hangs);
        let hung = post("/6").patience(Duration::from_millis(300)).send().await;
        assert_eq!(hung.unwrap_err().kind(), ErrorKind::TimedOut);
        let received = backend.received();
        let targets: Vec<_> = received.iter().map(|it| it.target.as_str()).collect();
        assert_eq!(targets, ["/1?x=y", "/2", "/3", "/4", "/5", "/6"]);
        assert_eq!((received[0].method.as_str(), received[0].header("x-a")), ("POST", Some("b")));
        assert_eq!((received[0].json()["c"].as_i64(), received[0].is_signed_with(b"key")), (Some(1), false));
    });
}

#[test]
fn a_back_end_says_what_it_is_told_to_say() {
    block_on(async {
        let backend = Backend::start().await.unwrap();
        let late = Duration::from_millis(100);
        backend.next([says("hello").header("x-a", "b"), says("sorry").status(500).after(late)]);
        let post = || Request::new(backend.address(), "POST", "/");
        let answer = post().await;
        assert_eq!((answer.status, answer.text(), answer.header("x-a")), (200, "hello".into(), Some("b".into())));
        let begin = Instant::now();
        let answer = post().await;
        assert_eq!((answer.status, answer.text()), (500, "sorry".into()));
        assert!(begin.elapsed() >= late);
        backend.at("/page", says("page"));
        backend.next([says("next")]);
        assert_eq!(Request::new(backend.address(), "GET", "/page?a=1").await.text(), "page");
        assert_eq!(post().await.text(), "next");
        backend.next([says("hm..").stalls()]);
        let stalled = post().patience(Duration::from_millis(300)).send().await;
        assert_eq!(stalled.unwrap_err().kind(), ErrorKind::TimedOut);
    });
}
