//! The signatures of the JS-SDK: of a page for `wx.config` and `wx.agentConfig`, and of a card.
//!
//! Source: appendices 1 and 4 of the JS-SDK's documentation.

use alloc::string::String;

use crate::secret::Secret;
use crate::wechat::signature;

/// The signature of a page. `url` is taken as it is, but for a `#` and what follows it.
#[must_use]
pub fn page(ticket: &Secret, nonce: &str, timestamp: &str, url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let named = [("jsapi_ticket=", ticket.expose()), ("noncestr=", nonce), ("timestamp=", timestamp), ("url=", url)];
    let [a, b, c, d] = named.map(|(name, it)| [name, it].concat());
    signature::sorted(&[&a, &b, &c, &d], "&")
}

/// The signature of a card: `values` are those of its fields, the ticket's among them, exactly as they are sent. An empty one
/// makes no difference.
#[must_use]
pub fn card(values: &[&str]) -> String {
    signature::sorted(values, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_signed_without_its_fragment() {
        let ticket = Secret::new("TK1_jsapi".into());
        let signature = "780113c164e6c3159a2bf72ac6dd0a985b37e302";
        assert_eq!(page(&ticket, "N16", "1500000000", "http://a.b/c?d=1"), signature);
        assert_eq!(page(&ticket, "N16", "1500000000", "http://a.b/c?d=1#/home#x"), signature);
        assert_ne!(page(&ticket, "N16", "1500000000", "http://a.b/c?d=1%23"), signature);
    }

    #[test]
    fn a_card_is_signed_whatever_the_order_of_its_values() {
        assert_eq!(card(&["b", "", "a"]), card(&["a", "b"]));
        assert_ne!(card(&["a ", "b"]), card(&["a", "b"]));
    }
}
