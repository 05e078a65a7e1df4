//! PNG (RFC 2083), as little of it as a picture in black and white needs.

use alloc::vec;
use alloc::vec::Vec;

use super::deflate::Deflate;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// One bit for each pixel, grey, no interlacing.
const FORMAT: [u8; 5] = [1, 0, 0, 0, 0];

/// A picture of `size` by `size` pixels that is white but for the runs that `dark` gives for each line: from where, and how long.
pub(super) fn write<I: Iterator<Item = (usize, usize)>>(size: usize, dark: impl Fn(usize) -> I) -> Vec<u8> {
    let width = u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes();
    let mut out = SIGNATURE.to_vec();
    chunk(&mut out, b"IHDR", &[&width[..], &width, &FORMAT].concat());
    let mut data = Deflate::zlib();
    let (mut above, mut line) = (vec![0; size.div_ceil(8)], vec![0; size.div_ceil(8)]);
    for at in 0..size {
        line.fill(0xff);
        for (from, length) in dark(at) {
            for pixel in from..from.saturating_add(length) {
                if let Some(byte) = line.get_mut(pixel / 8) {
                    *byte &= !(0x80_u8 >> (pixel % 8));
                }
            }
        }
        // Filter "Up": most lines are the one above, so most bytes are 0.
        data.push(2);
        for (byte, above) in line.iter().zip(&above) {
            data.push(byte.wrapping_sub(*above));
        }
        core::mem::swap(&mut line, &mut above);
    }
    chunk(&mut out, b"IDAT", &data.finish());
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    out.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(name);
    out.extend(data);
    out.extend(crc(name.iter().chain(data)).to_be_bytes());
}

/// CRC-32, bit by bit: there are some thousand bytes.
fn crc<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |it, _| (it >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(it & 1)))
    })
}
