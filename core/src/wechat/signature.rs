//! Whether a push comes from WeChat: SHA-1 over a shared token and what the request says.
//!
//! The parts are sorted byte by byte and joined by nothing, and the hash is written in lower-case hexadecimal. `signature` covers
//! token, timestamp and nonce, not the body; `msg_signature` covers the encrypted text as well. Hashes are compared in constant
//! time.
//!
//! Source: the page on message push of the official accounts' and mini programs' documentation.

use alloc::string::String;

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::host::Time;
use crate::secret::{Secret, hex};

/// SHA-1 of `parts`, sorted byte by byte and joined by `joint`, in lower-case hexadecimal.
#[must_use]
pub fn sorted(parts: &[&str], joint: &str) -> String {
    digest(&mut parts.to_vec(), joint)
}

/// SHA-1 of `parts` as they stand, in lower-case hexadecimal.
#[must_use]
pub fn joined(parts: &[&str]) -> String {
    let mut hash = Sha1::new();
    parts.iter().for_each(|it| hash.update(it));
    hex(&hash.finalize())
}

fn digest(parts: &mut [&str], joint: &str) -> String {
    parts.sort_unstable();
    let mut hash = Sha1::new();
    for (at, part) in parts.iter().enumerate() {
        hash.update(if at == 0 { "" } else { joint });
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// `signature`: of token, timestamp and nonce.
#[must_use]
pub fn signature(token: &Secret, timestamp: &str, nonce: &str) -> String {
    digest(&mut [token.expose(), timestamp, nonce], "")
}

/// `msg_signature`: of token, timestamp, nonce and the encrypted text exactly as it came, base64 and all.
#[must_use]
pub fn msg_signature(token: &Secret, timestamp: &str, nonce: &str, encrypted: &str) -> String {
    digest(&mut [token.expose(), timestamp, nonce, encrypted], "")
}

/// Which of `tokens` made this `signature`; `None` for none of them. The current token comes first, then the one before it.
#[must_use]
pub fn signer(tokens: &[Secret], timestamp: &str, nonce: &str, given: &str) -> Option<usize> {
    which(tokens, given, |token| signature(token, timestamp, nonce))
}

/// Which of `tokens` made this `msg_signature`; `None` for none of them.
#[must_use]
pub fn msg_signer(tokens: &[Secret], timestamp: &str, nonce: &str, encrypted: &str, given: &str) -> Option<usize> {
    which(tokens, given, |token| msg_signature(token, timestamp, nonce, encrypted))
}

fn which(tokens: &[Secret], given: &str, sign: impl Fn(&Secret) -> String) -> Option<usize> {
    let given = words(given)?;
    tokens.iter().position(|token| words(&sign(token)).is_some_and(|it| it.ct_eq(&given).into()))
}

/// The 40 digits of a hash, in words: that takes a fifth of the steps, each of which pays for its constant time.
fn words(hex: &str) -> Option<[u64; 5]> {
    let words: &[[u8; 8]; 5] = hex.as_bytes().as_chunks().0.try_into().ok().filter(|_| hex.len() == 40)?;
    Some(words.map(u64::from_le_bytes))
}

/// Whether `timestamp`, in seconds, is at most `max_age` seconds from `now`, before it or after it; 0 takes any.
#[must_use]
pub fn fresh(timestamp: &str, now: Time, max_age: u64) -> bool {
    if max_age == 0 {
        return true;
    }
    let digits = timestamp.bytes().all(|it| it.is_ascii_digit());
    let said = timestamp.parse::<u64>().ok().filter(|_| digits);
    let now = now.as_ms() / 1_000;
    said.is_some_and(|it| it.abs_diff(now) <= max_age)
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    fn tokens() -> Vec<Secret> {
        vec![Secret::new("TOKEN".into()), Secret::new("TOK".into())]
    }

    #[test]
    fn the_order_of_the_parts_makes_no_difference() {
        // SHA-1 of "1500000000NNTOK".
        let hash = "8120b3bc1ff78b4fe0981b5ce4e57f3d6da6ed73";
        assert_eq!(sorted(&["TOK", "1500000000", "NN"], ""), hash);
        assert_eq!(sorted(&["NN", "TOK", "1500000000"], ""), hash);
        assert_eq!(signature(&Secret::new("TOK".into()), "1500000000", "NN"), hash);
        assert_eq!(sorted(&["b", "a"], "&"), sorted(&["a&b"], ""));
        assert_eq!(sorted(&[], "&"), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    }

    #[test]
    fn the_current_token_and_the_one_before_it_are_told_apart() {
        let current = "2b00f9a8ce36ad9e369e51b32b4a0b1a3a203643";
        let previous = "8120b3bc1ff78b4fe0981b5ce4e57f3d6da6ed73";
        assert_eq!(signer(&tokens(), "1500000000", "NN", current), Some(0));
        assert_eq!(signer(&tokens(), "1500000000", "NN", previous), Some(1));
        assert_eq!(signer(&[], "1500000000", "NN", current), None);
    }

    #[test]
    fn no_other_spelling_of_a_signature_is_taken() {
        let right = "2b00f9a8ce36ad9e369e51b32b4a0b1a3a203643";
        let upper = right.to_ascii_uppercase();
        let (short, _) = right.split_at(39);
        for wrong in ["", short, &upper, &alloc::format!("{right} "), &right.replace('2', "3")] {
            assert_eq!(signer(&tokens(), "1500000000", "NN", wrong), None, "{wrong}");
        }
        assert_eq!(signer(&tokens(), "1500000001", "NN", right), None);
        assert_eq!(signer(&tokens(), "1500000000", "NM", right), None);
    }

    #[test]
    fn an_encrypted_text_is_signed_as_it_is_written() {
        let tokens = [Secret::new("TOKEN".into())];
        let text = "Q3stYC6hdFzMh9T8HCvyDAY2hI8bwuk958peC5QFmomjUk41XxIXIi6Gsl7Nl22Ug1aqCG6HsyX3M6EQRM8YRg==";
        let given = "f314e6583965d4a1d2be385796545365e6044e64";
        assert_eq!(msg_signer(&tokens, "1500000000", "NN", text, given), Some(0));
        assert_eq!(msg_signer(&tokens, "1500000000", "NN", text.trim_end_matches('='), given), None);
        assert_eq!(signer(&tokens, "1500000000", "NN", given), None);
    }

    #[test]
    fn a_timestamp_may_be_off_by_its_window_and_no_more() {
        let now = Time::from_ms(1_500_000_000_999);
        for (text, fine) in [
            ("1500000000", true),
            ("1499999700", true),
            ("1500000300", true),
            ("1499999699", false),
            ("1500000301", false),
            ("", false),
            ("+1500000000", false),
            ("-1", false),
            ("1500000000.0", false),
            ("99999999999999999999999", false),
        ] {
            assert_eq!(fresh(text, now, 300), fine, "{text}");
        }
        assert!(fresh("soon", now, 0));
    }
}
