//! PNG (RFC 2083), as little of it as a picture in black and white needs.

use alloc::vec;
use alloc::vec::Vec;

use super::deflate::Deflate;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// One bit for each pixel, grey, no interlacing.
const FORMAT: [u8; 5] = [1, 0, 0, 0, 0];

/// A picture that is being written, from its top.
pub(super) struct Picture {
    size: usize,
    /// How many lines there are.
    lines: usize,
    /// The last of them.
    above: Vec<u8>,
    data: Deflate,
}

impl Picture {
    /// One of `size` by `size` pixels.
    pub(super) fn new(size: usize) -> Self {
        Self { size, lines: 0, above: vec![0; size.div_ceil(8)], data: Deflate::zlib() }
    }

    /// So many lines more, which are white but for the runs in `dark`: from where, and how long.
    pub(super) fn lines(&mut self, dark: &[(usize, usize)], count: usize) {
        let mut line = vec![0xff; self.above.len()];
        for (from, length) in dark {
            for pixel in *from..from.saturating_add(*length) {
                if let Some(byte) = line.get_mut(pixel / 8) {
                    *byte &= !(0x80_u8 >> (pixel % 8));
                }
            }
        }
        for _ in 0..count.min(self.size.saturating_sub(self.lines)) {
            // Filter "Up": most lines are the one above, so most bytes are 0.
            self.data.push(2);
            for (byte, above) in line.iter().zip(&mut self.above) {
                self.data.push(byte.wrapping_sub(*above));
                *above = *byte;
            }
            self.lines = self.lines.saturating_add(1);
        }
    }

    /// The file; what has no line yet is white.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.lines(&[], self.size);
        let width = u32::try_from(self.size).unwrap_or(u32::MAX).to_be_bytes();
        let mut out = SIGNATURE.to_vec();
        chunk(&mut out, b"IHDR", &[&width[..], &width, &FORMAT].concat());
        chunk(&mut out, b"IDAT", &self.data.finish());
        chunk(&mut out, b"IEND", &[]);
        out
    }
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
