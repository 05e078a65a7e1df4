//! QR codes on a page: read off the screen by a decoder that shares nothing with what drew them.

use rqrr::PreparedImage;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::scene::{SHOP, Scene, page};

/// What is written in the one QR code of a picture.
fn read(picture: &[u8]) -> String {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let samples = info.color_type.samples();
    let (width, height) = (info.width as usize, info.height as usize);
    // Black and white: any channel will do.
    let mut image = PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[(y * width + x) * samples]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "{width}x{height}");
    grids[0].decode().unwrap().1
}

on_every_host! {
    async fn a_qr_code_on_a_page_reads_as_what_was_asked_for(start: Start) {
        let scene = Scene::new(start).await;
        let long = format!("{SHOP}/?q={}", "0123456789".repeat(40));
        let texts = ["weixin://wxpay/bizpayurl?pr=abc123", "http://shop.example.com/店?a=1&b=2#x", "小明 \"</svg><script>\"", &long];
        for text in texts {
            for rest in ["", "&size=300", "&size=-4", "&format=svg", "&format=svg&size=220"] {
                let path = format!("/qrcode?path={}{rest}", wxedge::query::escape(text));
                let link = scene.link(&path).await.replace('&', "&amp;");
                scene.shop.always(page(&format!("<h1>扫一扫</h1><img style=max-width:100% src=\"{link}\">")));
                scene.phone.opens(&format!("{SHOP}/qr")).await;
                assert_eq!(read(&scene.phone.picture_of("img").await), text, "{rest}");
            }
        }
        scene.phone.picture(&format!("qr-{:?}", scene.edge.kind())).await;
        assert_eq!(scene.phone.console().await, [""; 0]);
    }
}
