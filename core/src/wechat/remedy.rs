//! What to do about WeChat's refusals, in plain words for whoever runs the gateway.
//!
//! Source: as in `errcode`.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::net::IpAddr;

/// Codes that complain about the address that a call came from; WeChat's text names it.
const ADDRESS: [i64; 3] = [40_164, 60_020, 61_004];

/// The rest: what a code means for a fetch, and what helps.
const REMEDIES: [(i64, &str); 18] = [
    (-1, "WeChat is busy: nothing to do, it is tried again"),
    (40_001, "WeChat does not take this secret: copy it from the account's console"),
    (40_013, "WeChat knows no such AppID or corpid: copy it from the account's console"),
    (40_125, "the AppSecret is wrong: copy it from the account's console, or reset it there"),
    (40_243, "the AppSecret is frozen: unfreeze it in the account's console"),
    (45_009, "today's quota is used up: wait for midnight (Beijing), or reset it with clear_quota"),
    (45_011, "asked too often in this minute: look for another program that fetches too"),
    (45_033, "too many calls at once: look for another program that fetches too"),
    (48_001, "the account may not use this API: look at its permissions in the console"),
    (48_004, "WeChat has banned this API for the account: look at the notices in its console"),
    (50_002, "the account is restricted: look at the notices in its console"),
    (50_004, "the account may not fetch tokens: look at the notices in its console"),
    (50_007, "the account is frozen: look at the notices in its console"),
    (61_024, "the account is run by a third-party platform: only that platform's tokens work"),
    (89_501, "an administrator of the account has been asked to confirm this address: wait for it, or ask"),
    (89_503, "an administrator of the account has to confirm this call: ask for it"),
    (89_506, "an administrator has refused this address twice: WeChat blocks it for 24 hours"),
    (89_507, "an administrator has refused this address: WeChat blocks it for an hour"),
];

/// What helps against `code`, which came with the text `message`; `None` where nothing general can be said.
#[must_use]
pub fn remedy(code: i64, message: &str) -> Option<String> {
    if ADDRESS.contains(&code) {
        let seen = address(message).unwrap_or("another address than those on the list");
        return Some(format!("WeChat sees {seen}; add it to the IP list"));
    }
    let known = REMEDIES.iter().find(|it| it.0 == code)?;
    Some(known.1.to_owned())
}

/// The first address in `message`; an IPv4 address that is written as an IPv6 one, as the IPv4 address it is.
fn address(message: &str) -> Option<&str> {
    let apart = |it: char| !(it.is_ascii_hexdigit() || matches!(it, '.' | ':'));
    let words = message.split(apart).map(|it| it.trim_matches('.'));
    let plain = words.map(|it| it.strip_prefix("::ffff:").unwrap_or(it).trim_end_matches(':'));
    plain.into_iter().find(|it| it.parse::<IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn sees(message: &str, address: &str) {
        let text = format!("WeChat sees {address}; add it to the IP list");
        assert_eq!(remedy(40_164, message), Some(text));
    }

    #[test]
    fn the_address_that_wechat_saw_is_named() {
        sees("invalid ip 203.0.113.7, not in whitelist rid: 5f-1a-2", "203.0.113.7");
        sees("invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist", "203.0.113.7");
        sees("invalid ip ::ffff:203.0.113.7, not in whitelist", "203.0.113.7");
        sees("invalid ip 2001:db8::1, not in whitelist", "2001:db8::1");
        sees("not allow to access from your ip, hint: [1], from ip: 203.0.113.7, more at https://a", "203.0.113.7");
        sees("invalid ip: 203.0.113.7.", "203.0.113.7");
        for message in ["", "invalid ip", "invalid ip 1.2.3, rid 1.2.3.4.5", "invalid ip 999.1.1.1", ":: :", "a:b"] {
            sees(message, "another address than those on the list");
        }
    }

    #[test]
    fn what_is_known_has_a_remedy_and_the_rest_has_none() {
        for code in [40_001, 40_013, 40_125, 40_243, 45_009, 45_011, 50_002, 61_024, 89_501, 89_503, 89_506, 89_507] {
            assert!(remedy(code, "").is_some(), "{code}");
        }
        assert!(remedy(40_125, "").is_some_and(|it| it.contains("reset it")));
        assert_eq!(remedy(47_001, "data format error"), None);
    }
}
