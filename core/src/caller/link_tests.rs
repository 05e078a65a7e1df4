use alloc::string::ToString;

use super::*;

const CONFIG: &str = r#"{
    "apps": { "shop": { "kind": "official", "appid": "wx1", "secret": "s" } },
    "gateway_key": "gateway-key-16-bytes",
    "callers": [
        { "name": "crm", "key": "key-of-the-crm-16", "may": ["link"] },
        { "name": "店 a&b", "jwt": { "kid": "k", "key": "jwt-key-of-16-bytes" }, "may": ["link"] },
        { "name": "lan", "ips": ["10.0.0.0/8"], "may": ["link"] },
        { "name": "reader", "key": "key-of-a-reader-16" }
    ]
}"#;
const NOW: Time = Time::from_ms(1_700_000_000_000);
const TARGET: &str = "/qrcode?path=https%3A%2F%2Fa.b%2F%3Fx%3D1&size=300";

fn gateway(config: &str) -> Gateway {
    Gateway::from_json(config, &|_| None).unwrap()
}

fn caller<'a>(gateway: &'a Gateway, name: &str) -> &'a Caller {
    gateway.callers.iter().find(|it| it.name == name).unwrap()
}

fn link(name: &str) -> String {
    let gateway = gateway(CONFIG);
    sign(&gateway, caller(&gateway, name), TARGET, NOW, Duration::from_secs(600)).unwrap()
}

/// Who signed `link`, or what is said of it.
fn said(link: &str, now: Time) -> String {
    signer(&gateway(CONFIG), link, now).map_or_else(|it| it.to_string(), |it| it.name.clone())
}

#[test]
fn a_link_stands_for_its_caller_until_it_ends() {
    for name in ["crm", "店 a&b", "lan"] {
        let link = link(name);
        assert!(link.starts_with(TARGET) && is_link(&link), "{link}");
        assert_eq!(said(&link, NOW), name);
        assert_eq!(said(&link, NOW.plus(Duration::from_millis(599_999))), name);
        assert_eq!(said(&link, NOW.plus(Duration::from_secs(600))), "this link has ended: ask for a new one");
    }
}

#[test]
fn a_path_without_a_query_gets_one() {
    let gateway = gateway(CONFIG);
    let link = sign(&gateway, caller(&gateway, "crm"), "/qrcode", NOW, Duration::from_secs(1)).unwrap();
    assert!(link.starts_with("/qrcode?wx_by=crm&wx_exp=1700000001&wx_sig="), "{link}");
    assert_eq!(said(&link, NOW), "crm");
}

#[test]
fn anybody_with_the_key_makes_the_same_link() {
    // Python: hmac.new(hashlib.sha256(b"key-of-the-crm-16").digest(), text, "sha256"), base64url without =
    let known = "/qrcode?path=a&wx_by=crm&wx_exp=1700000600&wx_sig=qW0GdrVndNQB_8gMIYb10tLB-Q8eh9F5x2ryBBCqtu4";
    let gateway = gateway(CONFIG);
    let link = sign(&gateway, caller(&gateway, "crm"), "/qrcode?path=a", NOW, Duration::from_secs(600));
    assert_eq!(link.as_deref(), Some(known));
}

#[test]
fn what_was_changed_moved_or_forged_is_nobodys() {
    let link = link("crm");
    let (text, mark) = link.split_once("&wx_sig=").unwrap();
    let tricks = [
        link.replace("size=300", "size=301"),
        link.replace("/qrcode", "/app/shop/pay"),
        link.replace("/qrcode", "/qrcode/"),
        link.replace("/qrcode?", "/qrcode??"),
        link.replace("%3A", "%3a"),
        link.replace("wx_exp=17", "wx_exp=27"),
        link.replace("wx_exp=", "wx_exp=+"),
        link.replace("wx_exp=", "wx_exp=0"),
        link.replace("wx_by=crm", "wx_by=lan"),
        link.replace("wx_by=crm", "wx_by=reader"),
        link.replace("wx_by=crm", "wx_by=nobody"),
        link.replace("wx_by=crm", "wx_by=%63rm"),
        format!("{link}&size=1"),
        format!("{link}&wx_sig={mark}"),
        format!("{link}="),
        format!("{link}%3D"),
        format!("{text}&wx_sig="),
        text.to_string(),
        format!("{text}&wx_sig={mark}&wx_sig={mark}"),
        format!("{text}&%77x_sig={mark}"),
        link.replace("?path", "?wx_by=crm&path"),
        link.replace("?path", "?%77x_exp=9999999999&path"),
        link.replace("?path", "?WX_BY=crm&path"),
        link.replace('?', "&"),
        format!("/qrcode?wx_sig={mark}"),
        format!("/qrcode&wx_by=crm&wx_exp=1700000600&wx_sig={mark}"),
        "&wx_sig=".to_string(),
        "wx_by=&wx_exp=&wx_sig=".to_string(),
        String::new(),
    ];
    for trick in tricks {
        assert!(said(&trick, NOW).contains("not signed"), "{trick} {}", said(&trick, NOW));
    }
    // Even where the rest is signed anew: who may sign cannot be told twice.
    let gateway = gateway(CONFIG);
    let crm = caller(&gateway, "crm");
    for stray in ["/qrcode?wx_by=lan", "/qrcode?a=1&%57x_exp=9", "/qrcode?wx_sig=a"] {
        let link = sign(&gateway, crm, stray, NOW, Duration::from_secs(600)).unwrap();
        assert!(said(&link, NOW).contains("not signed"), "{link}");
    }
}

#[test]
fn a_link_that_would_last_for_ever_is_refused() {
    let gateway = gateway(CONFIG);
    let crm = caller(&gateway, "crm");
    let of =
        |days: u64| sign(&gateway, crm, TARGET, NOW, Duration::from_secs(days.checked_mul(86_400).unwrap())).unwrap();
    assert_eq!(said(&of(30), NOW), "crm");
    assert_eq!(said(&of(31), NOW), "this link ends more than 30 days from now");
}

#[test]
fn a_caller_that_is_gone_or_may_no_more_or_has_another_key_takes_its_links_along() {
    let (by_key, by_us) = (link("crm"), link("lan"));
    let of = |config: &str, link: &str| signer(&gateway(config), link, NOW).map(|it| it.name.clone());
    let changes = [
        ("\"name\": \"crm\"", "\"name\": \"crm2\""),
        ("key-of-the-crm-16", "key-of-the-crm-17"),
        ("key-of-the-crm-16\", \"may\": [\"link\"]", "key-of-the-crm-16\", \"may\": [\"token\"]"),
    ];
    for (from, to) in changes {
        assert!(of(&CONFIG.replace(from, to), &by_key).is_err(), "{to}");
    }
    assert!(of(&CONFIG.replace("gateway-key-16-bytes", "another-key-16-bytes"), &by_us).is_err());
    let rotated = CONFIG.replace("\"gateway-key-16-bytes\"", "[\"another-key-16-bytes\", \"gateway-key-16-bytes\"]");
    assert_eq!(of(&rotated, &by_us).as_deref(), Ok("lan"));
    let keyless = gateway(&CONFIG.replace("\"gateway_key\": \"gateway-key-16-bytes\",", ""));
    assert_eq!(sign(&keyless, caller(&keyless, "lan"), TARGET, NOW, Duration::from_secs(1)), None);
    // Nor is what the gateway signs for one caller another's.
    assert!(of(CONFIG, &by_us.replace("wx_by=lan", "wx_by=%E5%BA%97%20a%26b")).is_err());
}
