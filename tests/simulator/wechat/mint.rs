//! Random texts that look like WeChat's. Not for secrets: a seed decides them all.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::simulator::clock::Millis;

/// Tokens are at least so long; WeChat asks callers to have room for 512.
const TOKEN_CHARS: usize = 136;
/// Tickets are at least so long.
const TICKET_CHARS: usize = 86;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A source of tokens, tickets and trace ids (SplitMix64, which never repeats within 2^64 steps).
#[derive(Debug)]
pub struct Mint {
    state: u64,
}

impl Mint {
    /// Equal seeds give equal texts.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A new access token.
    pub fn token(&mut self) -> String {
        self.text("SIM_", TOKEN_CHARS)
    }

    /// A new ticket.
    pub fn ticket(&mut self) -> String {
        self.text("SIMT_", TICKET_CHARS)
    }

    /// A new code of a login.
    pub fn code(&mut self) -> String {
        self.base62(32)
    }

    /// A new short key.
    pub fn short_key(&mut self) -> String {
        self.base62(15)
    }

    /// A new key of a mini program's session: 16 bytes in base64.
    pub fn session_key(&mut self) -> String {
        let bytes: Vec<u8> = [self.next(), self.next()].into_iter().flat_map(u64::to_be_bytes).collect();
        STANDARD.encode(bytes)
    }

    /// A new ticket of a QR code: base64 that no URL carries as it is.
    pub fn scene_ticket(&mut self) -> String {
        format!("gQ{}+{}/{}==", self.base62(40), self.base62(40), self.base62(10))
    }

    fn base62(&mut self, chars: usize) -> String {
        (0..chars).map(|_| char::from(ALPHABET[(self.next() % 62) as usize])).collect()
    }

    fn text(&mut self, prefix: &str, chars: usize) -> String {
        let mut text = String::from(prefix);
        while text.len() < chars {
            let mut bits = self.next();
            // Ten characters of six bits; whole blocks only, so that two texts differ as soon as two blocks do.
            for _ in 0..10 {
                text.push(char::from(ALPHABET[(bits & 63) as usize]));
                bits >>= 6;
            }
        }
        text
    }

    /// A number of less than 2^62.
    pub fn number(&mut self) -> u64 {
        self.next() >> 2
    }

    /// So many random characters.
    pub fn characters<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| ALPHABET[(self.next() & 63) as usize])
    }

    /// The trace id at the end of an error message of WeCom.
    pub fn hint(&mut self, now: Millis) -> String {
        format!("{:010}{:015}", now.0 / 1000, self.next() % 1_000_000_000_000_000)
    }

    /// The trace id at the end of an error message.
    pub fn rid(&mut self, now: Millis) -> String {
        let bits = self.next();
        format!("{:08x}-{:08x}-{:08x}", (now.0 / 1000) as u32, (bits >> 32) as u32, bits as u32)
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_are_long_and_url_safe_and_never_repeat() {
        let mut mint = Mint::new(7);
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            let token = mint.token();
            assert!(token.len() > 100 && token.len() <= 512);
            assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
            assert!(seen.insert(token));
        }
    }

    #[test]
    fn tickets_are_url_safe_and_no_tokens() {
        let mut mint = Mint::new(7);
        let (one, other) = (mint.ticket(), mint.ticket());
        assert!(one.len() >= 86 && one.starts_with("SIMT_") && one != other);
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
    }

    #[test]
    fn what_a_browser_or_a_short_link_carries_is_letters_and_digits() {
        let mut mint = Mint::new(7);
        let (code, key, scene) = (mint.code(), mint.short_key(), mint.scene_ticket());
        assert_eq!((code.len(), key.len()), (32, 15));
        assert!(format!("{code}{key}").bytes().all(|b| b.is_ascii_alphanumeric()), "{code} {key}");
        assert!(["+", "/", "=="].iter().all(|it| scene.contains(it)), "{scene}");
        assert_eq!(STANDARD.decode(mint.session_key()).map(|it| it.len()), Ok(16));
    }

    #[test]
    fn a_hint_is_the_second_and_fifteen_digits() {
        let hint = Mint::new(1).hint(Millis(1_700_000_000_000));
        assert!(hint.starts_with("1700000000") && hint.len() == 25, "{hint}");
        assert!(hint.bytes().all(|b| b.is_ascii_digit()));
    }

    #[test]
    fn a_rid_has_three_groups_of_eight_hex_digits() {
        let rid = Mint::new(1).rid(Millis(1_700_000_000_000));
        let groups: Vec<_> = rid.split('-').collect();
        assert_eq!(groups.len(), 3);
        assert!(groups.iter().all(|g| g.len() == 8 && g.bytes().all(|b| b.is_ascii_hexdigit())));
    }
}
