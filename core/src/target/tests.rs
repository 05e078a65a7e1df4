use alloc::string::ToString;

use super::hosts::{PRIVATE, PUBLIC};
use super::*;

/// Back-ends `bot` and `lan-1`; everything at some public origins is allowed, and by mistake at some private ones.
fn targets() -> Targets {
    let backend = |url: &str, cluster: &str| {
        let (to, path) = Url::parse(url).unwrap().upstream(cluster.into());
        Rc::new(Target { to, path, key: None, timeout: limits::BACKEND, confidential: true, breaker: Rc::default() })
    };
    let backends = [
        ("bot".into(), backend("http://127.0.0.1:8080/wx/", "wxedge_backend_bot")),
        ("lan-1".into(), backend("http://bot.internal", "lan")),
    ];
    let calls = [
        "https://*.partner.com",
        "https://exact.partner.org",
        "http://plain.partner.org:8080",
        "https://*.ports.com:8443",
        "http://93.184.216.34",
        "https://[2606:4700::1111]",
    ];
    let calls = calls.into_iter().map(|it| Origin::parse(it).unwrap()).collect();
    Targets { backends: backends.into(), calls, ..Targets::default() }
}

fn why(text: &str) -> String {
    match targets().find(text) {
        Ok(_) => panic!("{text} is taken"),
        Err(Reject::Target { why }) => why,
        Err(other) => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_back_end_is_meant_by_its_name() {
    let bot = targets().find("bot").unwrap();
    assert_eq!((&*bot.to.cluster, &*bot.to.authority, &*bot.to.base), ("wxedge_backend_bot", "127.0.0.1:8080", ""));
    assert_eq!((&*bot.path, bot.to.scheme), ("/wx/", "http"));
    assert_eq!(targets().find("lan-1").unwrap().to.cluster, "lan");
    for text in ["Bot", "bot ", "bot/", "http://bot", "http://127.0.0.1:8080/wx/", "127.0.0.1:8080", "bot.internal"] {
        why(text);
    }
}

#[test]
fn a_url_is_taken_if_its_origin_is_allowed() {
    let cases = [
        ("https://a.partner.com", "https", "a.partner.com", "/"),
        ("https://a.b.partner.com/x/y?z=1&u=http://v", "https", "a.b.partner.com", "/x/y?z=1&u=http://v"),
        ("https://A.Partner.COM:443/X", "https", "a.partner.com", "/X"),
        ("HTTPS://a_1.partner.com?q", "https", "a_1.partner.com", "/?q"),
        ("https://xn--fiq228c.partner.com/%E5%BA%97", "https", "xn--fiq228c.partner.com", "/%E5%BA%97"),
        ("https://exact.partner.org/a//b/../c", "https", "exact.partner.org", "/a//b/../c"),
        ("http://plain.partner.org:8080", "http", "plain.partner.org:8080", "/"),
        ("plain.partner.org:8080/x?u=a://b", "http", "plain.partner.org:8080", "/x?u=a://b"),
        ("https://a.ports.com:8443/", "https", "a.ports.com:8443", "/"),
        ("http://93.184.216.34:80/x", "http", "93.184.216.34", "/x"),
        ("93.184.216.34", "http", "93.184.216.34", "/"),
        ("https://[2606:4700::1111]/", "https", "[2606:4700::1111]", "/"),
    ];
    for (text, scheme, authority, path) in cases {
        let target = targets().find(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        let cluster = if scheme == "https" { "wxedge_egress_https" } else { "wxedge_egress_http" };
        assert_eq!((target.to.scheme, &*target.to.authority, &*target.path), (scheme, authority, path), "{text}");
        assert_eq!((&*target.to.cluster, &*target.to.base), (cluster, ""), "{text}");
        assert!(target.key.is_none() && target.confidential == (scheme == "https"), "{text}");
    }
}

#[test]
fn another_origin_is_refused() {
    let texts = [
        "https://partner.com",
        "https://apartner.com",
        "https://a.partner.com.evil.org",
        "https://a.partner.com:8443",
        "http://a.partner.com",
        "a.partner.com",
        "https://a.exact.partner.org",
        "https://exact.partner.org:444",
        "http://plain.partner.org",
        "https://plain.partner.org:8080",
        "https://a.ports.com",
        "https://a.ports.com:84433",
        "http://93.184.216.35",
        "https://93.184.216.34",
        "https://[2606:4700:0::1111]",
        "https://[2606:4700::1112]",
        "https://evil.org/a.partner.com",
        "https://evil.org?.partner.com",
        "https://evil.org/?@a.partner.com",
        "https://*.partner.com",
        "exact.partner.org",
        "nobody",
    ];
    for text in texts {
        let why = why(text);
        let expected =
            ["calls allows", "characters that no host has", "names no back-end", "a port that is none"].iter();
        assert!(expected.into_iter().any(|it| why.contains(it)), "{text}: {why}");
    }
}

#[test]
fn what_programs_read_differently_is_refused() {
    let texts = [
        // A user before the host; a host after it.
        "https://a.partner.com@evil.org",
        "https://evil.org@a.partner.com",
        "https://a.partner.com:x@evil.org/",
        "https://a.partner.com%40evil.org",
        "https://:pass@a.partner.com",
        // Ends of the host that some see and some do not.
        "https://a.partner.com\\@evil.org",
        "https://evil.org\\.partner.com",
        "https:\\\\a.partner.com",
        "https:/a.partner.com",
        "https:///a.partner.com",
        "https://a.partner.com#x",
        "https://evil.org#.partner.com",
        "https://a.partner.com/#x",
        "https://evil.org;.partner.com",
        "https://evil.org,a.partner.com",
        "//a.partner.com",
        "/path",
        "?a=b",
        "",
        " ",
        "://a.partner.com",
        "https://",
        "https://:443",
        "https://?x",
        // Characters that are dropped, cut or decoded.
        " https://a.partner.com",
        "https://a.partner.com ",
        "https://a.part\tner.com",
        "https://a.partner.com/\r\nhost: evil.org",
        "https://a.partner.com/\0",
        "https://a.partner.com\u{7f}",
        "https://a.partner.com/a b",
        "https://a.partner.com/<x>",
        "https://a.partner.com/店",
        "https://evil.org%2f.partner.com",
        "https://evil.org%00.partner.com",
        "https://evil.org%23.partner.com",
        "https://%65vil.partner.com",
        "https://a．partner.com",
        "https://a。partner.com",
        "https://ａ.partner.com",
        "https://店.partner.com",
        "https://\u{212a}.partner.com",
        "https://a.partner.com\u{200b}",
        // Labels and ports that no name and no port has.
        "https://a..partner.com",
        "https://.partner.com",
        "https://a.partner.com.",
        "https://a.partner.com..",
        "https://-a.partner.com",
        "https://a-.partner.com",
        "https://a.partner.com:",
        "https://a.partner.com:0",
        "https://a.partner.com:00443",
        "https://a.partner.com:0443",
        "https://a.partner.com:+443",
        "https://a.partner.com:65536",
        "https://a.partner.com:443:443",
        "https://a.partner.com:8443x",
        "https://[a.partner.com]",
        "https://[2606:4700::1111]x",
        "https://[2606:4700::1111]:",
        "https://[2606:4700::1111",
        "https://2606:4700::1111",
        "https://[2606:4700::1111]@evil.org",
        // Other schemes.
        "ftp://a.partner.com",
        "file:///etc/passwd",
        "gopher://a.partner.com",
        "ws://a.partner.com",
        "javascript:alert(1)",
        "data:text/html,x",
        "httpss://a.partner.com",
        "ht+tp://a.partner.com",
        "http:https://a.partner.com",
    ];
    for text in texts {
        why(text);
    }
    let long = |labels: usize| "a.".repeat(labels) + "partner.com";
    assert!(targets().find(&("https://".to_owned() + &long(100))).is_ok());
    assert_eq!(why(&("https://".to_owned() + &long(130))), "has a host that different programs read differently");
    why(&("https://".to_owned() + &"a".repeat(64) + ".partner.com"));
}

/// Every host, as if somebody had allowed exactly that origin by a text that the configuration would not take.
fn with_all(host: &str) -> Option<String> {
    let url = Url::guess(host).ok()?;
    let origin = Origin { scheme: url.scheme, authority: url.authority.clone(), wild: false };
    assert!(origin.allows(&url));
    let targets = Targets { calls: Vec::from([origin]), ..Targets::default() };
    targets.find(host).ok().map(|it| it.to.authority.to_string())
}

#[test]
fn a_private_host_is_refused_in_every_notation_even_where_its_origin_is_allowed() {
    for host in PRIVATE {
        for text in [(*host).to_owned(), alloc::format!("http://{host}"), alloc::format!("https://{host}:8443/x?y")] {
            assert_eq!(with_all(&text), None, "{text}");
            assert!(targets().find(&text).is_err(), "{text}");
        }
        assert!(Origin::parse(&alloc::format!("http://{host}")).is_err(), "{host}");
        assert!(Origin::parse(&alloc::format!("https://*.{host}")).is_err(), "{host}");
    }
}

#[test]
fn its_neighbours_are_not() {
    for host in PUBLIC {
        assert_eq!(with_all(host).as_deref(), Some(*host));
        assert!(Origin::parse(&alloc::format!("https://{host}:8443")).is_ok(), "{host}");
    }
}

#[test]
fn no_block_of_the_table_is_misspelt() {
    for block in private::BLOCKS.iter().chain([&private::GLOBAL]) {
        assert!(crate::caller::cidr::Cidr::parse(block).is_some(), "{block}");
    }
}

#[test]
fn what_is_no_origin_is_not_taken_for_one() {
    let bad = [
        ("*", "is not an http or https URL"),
        ("https://*", "characters that no host has"),
        ("https://*.", "names no host"),
        ("https://*.com", "all of a top-level domain"),
        ("https://a.*.com", "characters that no host has"),
        ("https://*partner.com", "characters that no host has"),
        ("https://**.partner.com", "characters that no host has"),
        ("https://*.*.partner.com", "characters that no host has"),
        ("*.partner.com", "is not an http or https URL"),
        ("partner.com", "is not an http or https URL"),
        ("*://partner.com", "is not an http or https URL"),
        ("https://partner.com/", "an origin has none"),
        ("https://partner.com/x", "an origin has none"),
        ("https://partner.com?x", "an origin has none"),
        ("https://partner.com/x://*.y", "an origin has none"),
        ("https://partner.com:*", "a port that is none"),
        ("https://user@partner.com", "names a user"),
        ("https://10.0.0.1", "is private"),
        ("https://*.local", "is private"),
    ];
    for (text, why) in bad {
        let said = Origin::parse(text).unwrap_err();
        assert!(said.contains(why), "{text}: {said}");
    }
}

#[test]
fn random_texts_neither_panic_nor_reach_a_private_host() {
    let parts = [
        "http",
        "https",
        ":",
        "/",
        "//",
        "@",
        "[",
        "]",
        "::1",
        "127.0.0.1",
        ".",
        "0x7f",
        "partner.com",
        "\\",
        "#",
        "?",
        "%2e",
        "*",
        "localhost",
        "\u{3002}",
        " ",
        "8",
        "a",
    ];
    let targets = targets();
    let mut state = 1_u64;
    for _ in 0..200_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text += parts[usize::try_from(state >> 33).unwrap() % parts.len()];
        }
        if let Ok(target) = targets.find(&text) {
            let host = target.to.authority.split(':').next().unwrap();
            assert!(host.ends_with(".partner.com"), "{text} leads to {}", target.to.authority);
        }
    }
}
