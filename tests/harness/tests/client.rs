//! How the client reads what a server may write.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wxedge_tests::harness::*;

/// What the client makes of this answer, and what it had sent.
async fn answered(
    answer: &'static [u8],
    request: impl FnOnce(Request) -> Request,
) -> (std::io::Result<Answer>, Vec<u8>) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let request = request(Request::new(server.local_addr().unwrap(), "GET", b"/\xff"));
    let length = request.bytes("close").len();
    let serve = async {
        let (mut stream, _) = server.accept().await.unwrap();
        let mut sent = vec![0; length];
        stream.read_exact(&mut sent).await.unwrap();
        stream.write_all(answer).await.unwrap();
        sent
    };
    tokio::join!(request.send(), serve)
}

#[test]
fn bodies_are_read_by_length_by_chunk_and_to_the_end() {
    block_on(async {
        let answers: [&[u8]; 4] = [
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\na: b\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\nhello",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: \xe4\xbd\xa0\xff\r\ncontent-length:5\r\n\r\nhello",
        ];
        for answer in answers {
            let (read, _) = answered(answer, |request| request).await;
            let read = read.unwrap();
            assert_eq!((read.status, read.text().as_str()), (200, "hello"));
        }
        let (read, _) = answered(answers[3], |request| request).await;
        assert_eq!(read.unwrap().headers[0], ("x".to_owned(), b"\xe4\xbd\xa0\xff".to_vec()));
    });
}

#[test]
fn a_body_that_ends_early_is_an_error() {
    block_on(async {
        let answers: [&[u8]; 3] = [
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
            b"HTTP/1.1 200 OK\r\nConte",
        ];
        for answer in answers {
            assert!(answered(answer, |request| request).await.0.is_err());
        }
    });
}

#[test]
fn requests_go_out_as_they_are() {
    block_on(async {
        let request = |request: Request| request.header("Host", "x").header(b"a", b"\xff").body("b");
        let (_, sent) = answered(b"HTTP/1.1 204 No Content\r\n\r\n", request).await;
        assert_eq!(
            sent,
            b"GET /\xff HTTP/1.1\r\nconnection: close\r\ncontent-length: 1\r\nHost: x\r\na: \xff\r\n\r\nb"
        );
    });
}

#[test]
fn a_silent_server_is_given_up() {
    block_on(async {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let request = Request::new(server.local_addr().unwrap(), "GET", "/");
        let error = request.patience(Duration::from_millis(20)).send().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    });
}
