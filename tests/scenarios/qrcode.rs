//! `/qrcode`: a picture for callers, of whatever text.

use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

/// Width and height of a PNG.
#[track_caller]
fn dimensions(answer: &Answer) -> (u32, u32) {
    assert_eq!(
        (answer.status, answer.header("content-type").as_deref()),
        (200, Some("image/png")),
        "{}",
        answer.text()
    );
    assert_eq!(&answer.body[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(answer.body[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// What a scanner reads on it.
fn scanned(answer: &Answer) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(&answer.body)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let width = info.width as usize;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, width, |x, y| {
        if bytes[y * info.line_size + x / 8] & (0x80 >> (x % 8)) == 0 { 0 } else { 255 }
    });
    image.detect_grids()[0].decode().unwrap().1
}

on_every_host! {
    async fn a_text_becomes_a_code_that_a_scanner_reads(edge: Edge) {
        let mut edge = edge;
        for (query, text, width) in [
            ("path=https%3A%2F%2Fwx.example.com%2F%3Fa%3D1%26b%3D2", "https://wx.example.com/?a=1&b=2", 256),
            ("path=%E5%BE%AE%E4%BF%A1%E6%94%AF%E4%BB%98%20%F0%9F%98%80&size=400", "微信支付 😀", 400),
            ("path=0123456789&size=-5", "0123456789", 29 * 5),
            ("path=a+b%2Bc&size=abc&format=png", "a b+c", 256),
            ("path=HELLO&size=2048", "HELLO", 2048),
        ] {
            let answer = edge.get(format!("/qrcode?{query}")).bearer(CRM_KEY).await;
            assert_eq!(dimensions(&answer), (width, width), "{query}");
            assert_eq!(scanned(&answer), text, "{query}");
        }
        let small = edge.get("/qrcode?path=a&size=10").bearer(CRM_KEY).await;
        assert_eq!(dimensions(&small), (29, 29));
        assert_eq!(small.header("cache-control").as_deref(), Some("private, max-age=300"));
        assert_eq!(small.header("x-content-type-options").as_deref(), Some("nosniff"));
        let head = edge.request("HEAD", "/qrcode?path=a").bearer(CRM_KEY).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        unharmed(&mut edge).await;
    }

    async fn a_drawing_holds_nothing_but_squares(edge: Edge) {
        let evil = "%22%2F%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
        let answer = edge.get(format!("/qrcode?format=svg&size=300&path={evil}")).bearer(CRM_KEY).await;
        assert_eq!(answer.header("content-type").as_deref(), Some("image/svg+xml"));
        assert_eq!(answer.header("content-security-policy").as_deref(), Some("default-src 'none'"));
        let svg = answer.text();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"300\" height=\"300\" "), "{svg}");
        assert!(!svg.contains("script"), "{svg}");
    }

    async fn what_cannot_be_drawn_is_said(edge: Edge) {
        let mut edge = edge;
        let long = format!("path={}", "a".repeat(2_332));
        for (query, why) in [
            ("", "parameter path is missing"),
            ("path=", "parameter path is missing"),
            ("path=%ff", "parameter path is not UTF-8"),
            ("path=a&path=b", "parameter path is given more than once"),
            (&long, "parameter path is too long: a QR code holds 2331 bytes at most"),
            ("path=a&size=2049", "parameter size makes more than 2048 pixels"),
            ("path=a&size=-71", "parameter size makes more than 2048 pixels"),
            ("path=a&format=gif", "parameter format must be png or svg"),
        ] {
            assert_eq!(error(&edge.get(format!("/qrcode?{query}")).bearer(CRM_KEY).await, 400).1, why, "{query}");
        }
        error(&edge.get("/qrcode?path=a").await, 401);
        error(&edge.get("/qrcode?path=a").bearer("nobodys-key-0123456789").await, 401);
        error(&edge.post("/qrcode?path=a").bearer(CRM_KEY).await, 405);
        unharmed(&mut edge).await;
    }
}
