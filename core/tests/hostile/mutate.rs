//! Inputs that are almost right.

/// Steps that are the same for the same seed, on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| self.next() as u8)
    }
}

/// What breaks parsers.
const PIECES: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<![CDATA[",
    "]]>",
    "]]",
    "<!--",
    "-->",
    "<?",
    "?>",
    "<!DOCTYPE x [",
    "<!ENTITY a \"b\">",
    "&",
    "&a;",
    "&#0;",
    "&#x1F600;",
    "&amp;",
    "<xml>",
    "</xml>",
    "<item>",
    "</item>",
    "<a b='c'/>",
    "<Encrypt>",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "0",
    "-",
    "1e999",
    "99999999999999999999",
    ".",
    "\"a\":",
    "{}",
    "\"MsgType\":\"event\"",
    "<MsgType>text</MsgType>",
    "<Event>..</Event>",
    "\u{0}",
    "\u{feff}",
    "\r\n",
    " ",
    "\u{1}",
    "\u{ffff}",
    "é",
    "😀",
    "=",
    "==",
    "+",
];

/// `text` with one to three changes: bits flipped, parts cut out, doubled, replaced, cut off, pieces put in.
pub(crate) fn mutate(text: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = text.to_vec();
    for _ in 0..=random.below(4).saturating_sub(1) {
        let from = random.below(out.len() + 1);
        let to = (from + random.below(24)).min(out.len());
        match random.below(7) {
            0 if from < out.len() => out[from] ^= 1 << random.below(8),
            1 => drop(out.drain(from..to)),
            2 => {
                let part = out[from..to].to_vec();
                let at = random.below(out.len() + 1);
                drop(out.splice(at..at, part));
            }
            3 => drop(out.splice(from..to, random.pick(PIECES).bytes())),
            4 if random.below(4) == 0 => out.truncate(from),
            5 => drop(out.splice(from..from, random.pick(PIECES).repeat(random.below(40)).bytes())),
            _ => drop(out.splice(from..from, random.pick(PIECES).bytes())),
        }
    }
    out
}

/// The same as a text: what is not UTF-8 any more is replaced.
pub(crate) fn mutate_text(text: &str, random: &mut Random) -> String {
    String::from_utf8_lossy(&mutate(text.as_bytes(), random)).into_owned()
}
