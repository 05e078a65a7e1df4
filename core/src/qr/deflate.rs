//! zlib (RFC 1950) around deflate (RFC 1951) with its fixed codes, which finds nothing but runs of one byte. That is what a filtered
//! picture of squares is made of.

use alloc::vec::Vec;

/// What is being written.
pub(super) struct Deflate {
    out: Vec<u8>,
    /// Bits that are no byte yet, and how many.
    bits: (u32, u32),
    /// The last byte, and how often it has come without having been written.
    run: (u8, u32),
    /// Adler-32.
    sums: (u32, u32),
}

/// The shortest and the longest run that one code stands for.
const SHORTEST: u32 = 3;
const LONGEST: u32 = 258;

impl Deflate {
    /// Nothing yet.
    pub(super) fn zlib() -> Self {
        let mut it = Self { out: Vec::from([0x78, 0x01]), bits: (0, 0), run: (0, 0), sums: (1, 0) };
        // The last block, with fixed codes.
        it.put(0b011, 3);
        it
    }

    /// Another byte.
    pub(super) fn push(&mut self, byte: u8) {
        let one = self.sums.0.wrapping_add(u32::from(byte)) % 65_521;
        self.sums = (one, self.sums.1.wrapping_add(one) % 65_521);
        if self.run.0 != byte {
            self.flush();
            self.run.0 = byte;
        }
        self.run.1 = self.run.1.saturating_add(1);
    }

    /// All of it.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.flush();
        // The end of the block is a code of seven zeros, and then the byte is filled up.
        self.put(0, 7);
        self.put(0, 7);
        let (one, other) = self.sums;
        self.out.extend((other << 16 | one).to_be_bytes());
        self.out
    }

    /// Writes the run: the byte, and then how often to repeat it.
    fn flush(&mut self) {
        let (byte, count) = (self.run.0, core::mem::take(&mut self.run.1));
        if count == 0 {
            return;
        }
        self.literal(byte);
        let mut left = count.saturating_sub(1);
        while left >= SHORTEST {
            let length = left.min(LONGEST);
            self.repeat(length.saturating_sub(SHORTEST));
            left = left.saturating_sub(length);
        }
        (0..left).for_each(|_| self.literal(byte));
    }

    /// The byte before, `length` and three times more: codes stand for ranges that grow, and what is within follows in bits.
    fn repeat(&mut self, length: u32) {
        let extra = length.checked_ilog2().unwrap_or_default().saturating_sub(2);
        let (code, extra) = match length {
            255 => (285, 0),
            _ => ((length >> extra).saturating_add(extra.saturating_mul(4)).saturating_add(257), extra),
        };
        match code {
            ..280 => self.code(code.saturating_sub(256), 7),
            _ => self.code(code.saturating_sub(88), 8),
        }
        self.put(length & !u32::MAX.wrapping_shl(extra), extra);
        // From one byte before.
        self.code(0, 5);
    }

    fn literal(&mut self, byte: u8) {
        let byte = u32::from(byte);
        match byte {
            0..=143 => self.code(byte.wrapping_add(0x30), 8),
            _ => self.code(byte.wrapping_add(0x100), 9),
        }
    }

    /// A code, whose first bit is the highest.
    fn code(&mut self, code: u32, length: u32) {
        self.put(code.reverse_bits().wrapping_shr(32_u32.saturating_sub(length)), length);
    }

    /// Bits, the lowest first.
    fn put(&mut self, bits: u32, count: u32) {
        let (held, length) = self.bits;
        let (mut held, mut length) = (held | bits.wrapping_shl(length), length.saturating_add(count));
        while length >= 8 {
            let [low, ..] = held.to_le_bytes();
            self.out.push(low);
            (held, length) = (held >> 8, length.saturating_sub(8));
        }
        self.bits = (held, length);
    }
}
