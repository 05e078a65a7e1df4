//! What is random, and the same on every machine.

/// xorshift64.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 11) as usize % limit
    }

    pub fn bytes(&mut self) -> [u8; 16] {
        std::array::from_fn(|_| self.next() as u8)
    }

    /// Letters and digits.
    pub fn word(&mut self, length: usize) -> String {
        let all = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(all[self.below(all.len())])).collect()
    }

    /// A text that says something, of up to some kilobytes.
    pub fn text(&mut self) -> String {
        let pieces = [
            "a",
            "Z",
            "0",
            " ",
            "\n",
            "\t",
            "\"",
            "'",
            "\\",
            "<",
            ">",
            "&",
            "&amp;",
            "]]>",
            "]]",
            "<![CDATA[",
            "</xml>",
            "{",
            "}",
            "é",
            "你",
            "好，",
            "消息",
            "😀",
            "𠮷",
            "\u{200b}",
            "\u{7f}",
        ];
        let count = if self.below(20) == 0 { 1 + self.below(2_000) } else { 1 + self.below(60) };
        (0..count).map(|_| pieces[self.below(pieces.len())]).collect()
    }
}
