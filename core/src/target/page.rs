//! Pages in a browser: at which host one is, and whether that is a host of ours.

use alloc::string::String;

use super::Url;

/// A host at which pages may be: `shop.example.com`, or `*.example.com` for any name with one label more, or several; with `:port`
/// if it is not the scheme's own. The scheme does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageHost {
    authority: String,
    wild: bool,
}

impl PageHost {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong, to be read after the name of the thing.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const NO_HOST: &str = "is no host of pages: write shop.example.com, *.example.com or shop.example.com:8443";
        let plain = text.strip_prefix("*.").unwrap_or(text);
        let scheme = if plain.ends_with(":443") { "https://" } else { "http://" };
        if plain.contains(['/', '?', '#']) {
            return Err(NO_HOST);
        }
        let url = Url::parse(&[scheme, plain].concat()).map_err(|_| NO_HOST)?;
        let wild = plain.len() < text.len();
        if wild && !url.host.contains('.') {
            return Err("is all of a top-level domain: name a host");
        }
        Ok(Self { authority: url.authority, wild })
    }

    /// Whether a page whose URL reads as `url` is at this host.
    #[must_use]
    pub fn has(&self, url: &Url) -> bool {
        match url.authority.strip_suffix(&*self.authority) {
            Some("") => !self.wild,
            Some(labels) => self.wild && labels.ends_with('.'),
            None => false,
        }
    }
}

/// Where the page at `url` is, or the origin `url`: scheme, host and port. Nothing else of it is read, and a URL of which two
/// programs could read two hosts is refused: one with a user, a `\`, a blank or a control character in front of its query.
///
/// # Errors
/// What is wrong, to be read after the name of the thing.
pub fn place(url: &str) -> Result<Url, &'static str> {
    let before = url.split(['?', '#']).next().unwrap_or_default();
    if before.contains(['\\', ' ']) || url.contains(char::is_control) {
        return Err("has characters that no page's URL has");
    }
    let authority = before.split_once("://").ok_or("is not an http or https URL")?.1;
    let length =
        before.len().saturating_sub(authority.len()).saturating_add(authority.find('/').unwrap_or(authority.len()));
    Url::parse(before.get(..length).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_at(pattern: &str, url: &str) -> bool {
        let host = PageHost::parse(pattern).unwrap();
        place(url).is_ok_and(|it| host.has(&it))
    }

    #[test]
    fn a_page_is_at_its_host_whatever_its_path_and_scheme() {
        for url in [
            "https://shop.example.com",
            "https://shop.example.com/",
            "http://shop.example.com/a?b=https://evil.com/",
            "https://shop.example.com:443/店?名=a b\\c#/x",
            "https://shop.example.com?a",
            "https://shop.example.com#a@evil.com",
            "HTTPS://SHOP.EXAMPLE.COM/",
        ] {
            assert!(is_at("shop.example.com", url), "{url}");
        }
        assert!(is_at("shop.example.com:443", "https://shop.example.com/"));
        assert!(is_at("shop.example.com:80", "http://shop.example.com/"));
        assert!(is_at("127.0.0.1:8080", "http://127.0.0.1:8080/a"));
    }

    #[test]
    fn a_star_stands_for_one_label_or_more() {
        for (url, fits) in [
            ("https://a.example.com/", true),
            ("https://a.b.example.com/", true),
            ("https://example.com/", false),
            ("https://evilexample.com/", false),
            ("https://example.com.evil.com/", false),
            ("https://a.example.com:8443/", false),
        ] {
            assert_eq!(is_at("*.example.com", url), fits, "{url}");
        }
        assert!(is_at("*.example.com:8443", "https://a.example.com:8443/"));
    }

    #[test]
    fn no_trick_makes_a_strangers_page_ours() {
        for url in [
            "https://evil.com/",
            "https://evil.com/shop.example.com",
            "https://evil.com?shop.example.com",
            "https://evil.com#shop.example.com",
            "https://shop.example.com.evil.com/",
            "https://shop.example.com@evil.com/",
            "https://shop.example.com:pw@evil.com/",
            "https://evil.com@shop.example.com/",
            "https://evil.com\\@shop.example.com/",
            "https://evil.com\\.shop.example.com/",
            "https://evil.com/\\shop.example.com",
            "//shop.example.com/",
            "/\\shop.example.com/",
            "shop.example.com",
            "https:shop.example.com/",
            "https:/shop.example.com/",
            "https:///shop.example.com/",
            "ftp://shop.example.com/",
            "javascript://shop.example.com/%0aalert(1)",
            "https://shop.example.com\r\nx: y/",
            "https://shop.example.com/\n",
            "https://shop.example.com:8443/",
            "https://shop.example.com%2eevil.com/",
            "https://shop.example.com%00.evil.com/",
            "https://shop%2eexample.com/",
            "https://shop。example.com/",
            "https://shop.example.com./",
            " https://shop.example.com/",
            "https://shop.example.com /",
            "null",
            "",
        ] {
            assert!(!is_at("shop.example.com", url), "{url}");
        }
    }

    #[test]
    fn only_a_host_is_a_pattern() {
        for text in [
            "",
            "*",
            "*.",
            "*.com",
            "a.*.com",
            "https://a.com",
            "a.com/",
            "a.com?",
            "u@a.com",
            "a.com:0",
            "店.com",
            "a b",
        ] {
            assert!(PageHost::parse(text).is_err(), "{text}");
        }
    }
}
