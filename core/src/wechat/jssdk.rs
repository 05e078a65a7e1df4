//! The signatures of the JS-SDK: of a page for `wx.config` and `wx.agentConfig`, and of a card.
//!
//! Source: appendices 1 and 4 of the JS-SDK's documentation.

use alloc::string::String;

use crate::query::is_called;
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

/// What a page may call if it does not say: all that version 1.6.0 knows.
pub const APIS: &str = "updateAppMessageShareData,updateTimelineShareData,onMenuShareTimeline,onMenuShareAppMessage,\
    onMenuShareQQ,onMenuShareWeibo,onMenuShareQZone,startRecord,stopRecord,onVoiceRecordEnd,playVoice,pauseVoice,stopVoice,\
    onVoicePlayEnd,uploadVoice,downloadVoice,chooseImage,previewImage,uploadImage,downloadImage,translateVoice,getNetworkType,\
    openLocation,getLocation,hideOptionMenu,showOptionMenu,hideMenuItems,showMenuItems,hideAllNonBaseMenuItem,\
    showAllNonBaseMenuItem,closeWindow,scanQRCode,chooseWXPay,openProductSpecificView,addCard,chooseCard,openCard";

/// Why WeChat will probably say "invalid signature" to a page whose URL came as `url`: nothing of what was sent is in it. `given`
/// tells whether it came as a parameter of `query`, or as Referer.
pub fn doubts(url: &str, given: bool, query: &str) -> impl Iterator<Item = &'static str> {
    let path = url.split_once("://").and_then(|it| it.1.find('/').and_then(|at| it.1.get(at..)));
    let hex = |it: &[u8]| it.len() >= 4 && it.iter().skip(2).take(2).all(u8::is_ascii_hexdigit);
    let known = ["debug", "apilist", "url", "agent", "_"];
    let stray = |it: &str| !known.iter().any(|name| is_called(it, name));
    let raw = query.split('&').find(|it| is_called(it, "url")).unwrap_or_default();
    let all = [
        (url.contains("&amp;"), "the URL has &amp; where a page's has &: do not escape it for HTML"),
        (
            url.split('%').skip(1).any(|it| it.starts_with("25") && hex(it.as_bytes())),
            "the URL seems to be percent-encoded twice: use encodeURIComponent once",
        ),
        (
            !given && matches!(path, None | Some("/")),
            "Referer tells the site and perhaps not the page: give url=encodeURIComponent(location.href.split('#')[0])",
        ),
        (
            raw.contains('?') && query.split('&').any(stray),
            "the URL seems to be cut at its first &: give url=encodeURIComponent(location.href.split('#')[0])",
        ),
    ];
    all.into_iter().filter(|it| it.0).map(|it| it.1)
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

    #[test]
    fn a_url_that_will_fail_is_doubted_and_another_one_is_not() {
        let count = |url: &str, given: bool, query: &str| doubts(url, given, query).count();
        for (url, given, query) in [
            ("https://a.b/?x=1&amp;y=2", true, "url=a"),
            ("https://a.b/%25E5%25BA%2597", true, "url=a"),
            ("https://a.b/", false, ""),
            ("https://a.b", false, ""),
            ("https://a.b/?x=1", true, "debug=true&url=https://a.b/?x=1&y=2"),
        ] {
            assert_eq!(count(url, given, query), 1, "{url}");
        }
        for (url, given, query) in [
            ("https://a.b/?x=1&y=2", true, "url=https%3A%2F%2Fa.b%2F%3Fx%3D1%26y%3D2&_=7"),
            ("https://a.b/%E5%BA%97?x=100%25", true, "url=a"),
            ("https://a.b/%25zz", true, "url=a"),
            ("https://a.b/", true, "url=https://a.b/"),
            ("https://a.b/page", false, ""),
            ("https://a.b/?x=1", true, "url=https://a.b/?x=1"),
        ] {
            assert_eq!(count(url, given, query), 0, "{url}");
        }
        // They stand in a comment of a script.
        let all = "https://a.b/?x=1&amp;%2541";
        assert!(doubts(all, true, "url=?&z").all(|it| !it.contains("*/") && it.is_ascii()));
    }
}
