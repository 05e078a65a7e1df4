//! QR codes. The pictures are read by a decoder that shares no code with what made them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use wxedge::qr::Code;

/// Light modules on each side.
const QUIET: usize = 4;

/// The pixels of a PNG, each dark or not, and how many there are in a row.
fn pixels(png: &[u8]) -> (Vec<bool>, usize) {
    let mut strict = png::DecodeOptions::default();
    strict.set_ignore_checksums(false);
    strict.set_ignore_adler32(false);
    let decoder = png::Decoder::new_with_options(std::io::Cursor::new(png), strict);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.width, info.bit_depth), (info.height, png::BitDepth::One));
    reader.finish().unwrap();
    let width = usize::try_from(info.width).unwrap();
    let rows = bytes.chunks(info.line_size);
    let bit = |row: &[u8], at: usize| row[at / 8] & (0x80_u8 >> (at % 8)) == 0;
    (rows.flat_map(|row| (0..width).map(move |at| bit(row, at))).collect(), width)
}

/// What a scanner sees on a picture.
fn scanned(dark: &[bool], width: usize) -> String {
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, width, |x, y| if dark[y * width + x] { 0 } else { 255 });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "codes on a picture of {width} pixels");
    let (meta, text) = grids[0].decode().unwrap();
    assert_eq!(meta.ecc_level, 0, "level M");
    text
}

fn contents() -> Vec<String> {
    let mut all: Vec<String> = [
        "1",
        "0123456789",
        "HTTPS://A.B/C-1 $%*+.",
        "weixin://wxpay/bizpayurl?pr=abcdefg",
        "https://wx.example.com/app/shop/auth?call=crm&state=a%20b#x",
        "微信支付：请扫码",
        "点\u{e4}\u{8140} ｱｲｳ 漢字",
        "emoji 😀 and \"quotes\" <>&",
        "line\nbreak\r\n\ttab",
        "a",
        " ",
    ]
    .map(String::from)
    .into();
    all.extend([20, 60, 150, 300, 700, 1200].map(|length| "x7-".repeat(length).chars().take(length).collect()));
    all
}

#[test]
fn what_was_drawn_is_what_a_scanner_reads_at_any_size() {
    for text in contents() {
        let code = Code::of(&text).unwrap();
        for size in [0, code.side(), 256, 300, 511, 1024] {
            let png = code.png(size);
            let (dark, width) = pixels(&png);
            assert_eq!(width, size.max(code.side()));
            // A scanner wants more than a pixel for a module.
            if width >= code.side() * 2 {
                assert_eq!(scanned(&dark, width), text, "{size}");
            }
        }
    }
}

#[test]
fn the_largest_code_there_is_can_be_read() {
    for text in ["7".repeat(5_596), "A".repeat(3_391), "a".repeat(2_331)] {
        let code = Code::of(&text).unwrap();
        assert_eq!(code.side(), 185);
        let png = code.png(1_000);
        let (dark, width) = pixels(&png);
        assert_eq!(scanned(&dark, width), text);
        assert!(Code::of(&format!("{text}{}", &text[..1])).is_none(), "one more is too many");
    }
}

#[test]
fn modules_are_whole_pixels_in_the_middle_of_a_quiet_zone() {
    let code = Code::of("https://a.b").unwrap();
    assert_eq!(code.side(), 29);
    for (size, scale, quiet) in [(256, 8, 44), (29, 1, 4), (300, 10, 45), (66, 2, 12), (100, 3, 18)] {
        let (dark, width) = pixels(&code.png(size));
        let is_dark = |x: usize, y: usize| dark[y * width + x];
        // The corner of the first finder pattern: seven dark modules, then a light one.
        let first = (0..width).find(|it| (0..width).any(|y| is_dark(*it, y))).unwrap();
        assert_eq!(first, quiet, "{size}");
        let run = (first..width).take_while(|it| is_dark(*it, quiet)).count();
        assert_eq!(run, scale * 7, "{size}");
        assert!(quiet >= scale * QUIET, "{size}");
        let last = (0..width).rfind(|it| (0..width).any(|y| is_dark(*it, y))).unwrap();
        let right = width - last;
        assert!(right.abs_diff(quiet) <= 2, "{size}: {quiet} and {right}");
    }
}

#[test]
fn every_module_is_a_square_of_pixels_at_any_size() {
    let code = Code::of("https://a.b").unwrap();
    let (modules, side) = pixels(&code.png(0));
    for size in (side..2_048).step_by(131) {
        let (dark, width) = pixels(&code.png(size));
        let scale = size / side;
        let margin = (size - side * scale) / 2;
        for y in (0..size).step_by(3) {
            for x in 0..size {
                let module = |it: usize| it.checked_sub(margin).map(|it| it / scale).filter(|it| *it < side);
                let expected = module(x).zip(module(y)).is_some_and(|(x, y)| modules[y * side + x]);
                assert_eq!(dark[y * width + x], expected, "{size}: {x} {y}");
            }
        }
    }
}

#[test]
fn a_picture_is_small() {
    let code = Code::of("weixin://wxpay/bizpayurl?pr=abcdefg").unwrap();
    let sizes = [256, 512, 2_048].map(|it| code.png(it).len());
    assert!(sizes[0] < 2_000 && sizes[1] < 4_000 && sizes[2] < 12_000, "{sizes:?}");
}

#[test]
fn the_lines_of_an_svg_are_the_modules() {
    for text in contents() {
        let code = Code::of(&text).unwrap();
        let svg = code.svg(256);
        let lines = svg.split("d=\"").nth(2).unwrap().split('"').next().unwrap();
        let side = code.side();
        let mut dark = vec![false; side * side];
        for line in lines.split('M').skip(1) {
            let (at, rest) = line.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            assert_eq!(rest, format!("{length}v1h-{length}z"));
            for it in 0..length {
                dark[y * side + x + it] = true;
            }
        }
        let (pixels, _) = pixels(&code.png(0));
        assert_eq!(dark, pixels, "{text}");
    }
}

#[test]
fn nothing_of_the_text_stands_in_the_svg() {
    let evil = "\"/><script>alert(1)</script>";
    let svg = Code::of(evil).unwrap().svg(256);
    assert!(!svg.contains("script") && svg.matches('<').count() == 4, "{svg}");
    assert!(
        svg.starts_with(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"256\" height=\"256\" viewBox=\"0 0 37 37\" "
        )
    );
    assert_eq!(svg.matches("</svg>").count(), 1);
}
