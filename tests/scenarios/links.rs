//! Signed links: a caller lets a browser do one thing, and nothing else, for a while.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

const PUBLIC: &str = "https://wx.example.com";
/// A caller's address, from which nobody comes here.
const LAN: &str = "203.0.113.7";
const PICTURE: &str = "/qrcode?path=https%3A%2F%2Fa.b%2F&size=300";

fn linked(start: Start) -> Start {
    start.config(|config| {
        config["public_url"] = json!(PUBLIC);
        config["gateway_key"] = json!("key-of-the-gateway-itself");
        // Whoever has a link asks as its caller, and what that may be used for is asked when the link is followed.
        config["apps"]["demo"]["allow"] = json!(["token"]);
        config["callers"] = json!([
            { "name": "crm", "key": "${CRM_KEY}", "apps": ["demo"], "may": ["token", "link"] },
            { "name": "店 a&b", "jwt": { "kid": "k", "key": "jwt-key-of-16-bytes" }, "may": ["link"] },
            { "name": "reader", "key": READER_KEY },
            { "name": "lan", "ips": [LAN], "may": ["link"] },
        ]);
    })
}

/// Has a link signed by the caller with that key; what follows our own address.
async fn link(edge: &Edge, key: &str, path: &str, seconds: u64) -> String {
    let body = json!({ "path": path, "expires_in": seconds });
    let answer = edge.post_json("/app/demo/sign", &body).bearer(key).await;
    assert_eq!(
        (answer.status, answer.header("cache-control").as_deref()),
        (200, Some("no-store")),
        "{}",
        answer.text()
    );
    let url = answer.json()["url"].as_str().unwrap().to_owned();
    url.strip_prefix(PUBLIC).unwrap_or_else(|| panic!("{url}")).to_owned()
}

/// Follows `link` as somebody whom the gateway does not know, unless by it.
async fn follow(edge: &Edge, link: &str) -> Answer {
    edge.get(link).await
}

#[expect(clippy::disallowed_methods, reason = "what links are held against is real time")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Signs `target` by the scheme of the documentation, in shell.
fn by_hand(key: &str, by: &str, target: &str, until: u64) -> String {
    let text = format!("{target}&wx_by={by}&wx_exp={until}");
    let script = "k=$(printf %s \"$1\" | openssl dgst -sha256 -hex | sed 's/.* //'); \
        printf %s \"$2\" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$k -binary | base64 | tr '+/' '-_' | tr -d '=\\n'";
    let made = Command::new("sh").args(["-c", script, "sh", key, &text]).output().unwrap();
    format!("{text}&wx_sig={}", String::from_utf8(made.stdout).unwrap())
}

/// How the snippets are run. Python and Node are there; the others may be.
fn snippets() -> Vec<Command> {
    let of = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(root());
        command
    };
    let mut all = vec![of("python3", &["docs/examples/link.py"]), of("node", &["docs/examples/link.mjs"])];
    let there = |program: &str| Command::new(program).arg("--version").output().is_ok_and(|it| it.status.success());
    let more = [("php", "docs/examples/link.php"), ("java", "docs/examples/Link.java")];
    all.extend(more.into_iter().filter(|it| there(it.0)).map(|it| of(it.0, &[it.1])));
    let go = root().join(".tools/bin/go");
    if go.exists() {
        let cache = root().join("target/go-cache");
        let mut command = of(go.to_str().unwrap(), &["run", "docs/examples/link.go"]);
        command.env("GOCACHE", &cache).env("HOME", &cache);
        command.envs([("GOPROXY", "off"), ("GOTOOLCHAIN", "local"), ("GOENV", "off"), ("GOFLAGS", "")]);
        all.push(command);
    }
    all
}

on_every_host! {
    async fn a_link_opens_what_it_was_signed_for_to_anybody(start: Start) {
        let mut edge = linked(start).start().await;
        let link = link(&edge, CRM_KEY, PICTURE, 600).await;
        assert!(link.starts_with(&format!("{PICTURE}&wx_by=crm&wx_exp=")), "{link}");
        for _ in 0..2 {
            let answer = follow(&edge, &link).await;
            assert_eq!((answer.status, answer.header("content-type").as_deref()), (200, Some("image/png")));
        }
        // Whoever shows something beside it is judged by the link alone.
        assert_eq!(edge.get(&link).bearer("nobodys-key-0123456789").await.status, 200);
        let bad = link.replace("size=300", "size=301");
        error(&edge.get(&bad).bearer(CRM_KEY).await, 403);
        unharmed(&mut edge).await;
    }

    async fn a_caller_without_a_key_has_its_links_signed_by_the_gateway(start: Start) {
        let edge = linked(start).start().await;
        let token = Jwt::new("k").sign("jwt-key-of-16-bytes");
        let link = link(&edge, &token, PICTURE, 60).await;
        assert!(link.contains("&wx_by=%E5%BA%97%20a%26b&wx_exp="), "{link}");
        assert_eq!(follow(&edge, &link).await.status, 200);
        error(&follow(&edge, &link.replace("%E5%BA%97%20a%26b", "lan")).await, 403);
        error(&follow(&edge, &link.replace("%E5%BA%97%20a%26b", "crm")).await, 403);
    }

    async fn a_caller_with_a_key_signs_by_itself(start: Start) {
        let edge = linked(start).start().await;
        let target = "/qrcode?path=%E5%BA%97%20%26&format=svg";
        let mine = by_hand(CRM_KEY, "crm", target, now() + 60);
        assert_eq!(follow(&edge, &mine).await.header("content-type").as_deref(), Some("image/svg+xml"));
        // The same as the gateway makes, to the byte.
        let (_, until) = mine.split_once("&wx_exp=").unwrap();
        let until: u64 = until.split('&').next().unwrap().parse().unwrap();
        assert_eq!(by_hand(CRM_KEY, "crm", target, until), mine);
        for (key, by, until, why) in [
            (CRM_KEY, "crm", now() - 1, "has ended"),
            (CRM_KEY, "crm", now() + 31 * 86_400, "ends more than 30 days from now"),
            (READER_KEY, "reader", now() + 60, "not signed by a caller that may"),
            (READER_KEY, "crm", now() + 60, "not signed by a caller that may"),
            ("wrong-key-0123456789", "crm", now() + 60, "not signed by a caller that may"),
            ("", "nobody", now() + 60, "not signed by a caller that may"),
            ("", "lan", now() + 60, "not signed by a caller that may"),
        ] {
            let (_, said) = error(&follow(&edge, &by_hand(key, by, target, until)).await, 403);
            assert!(said.contains(why), "{by}: {said}");
        }
    }

    async fn what_the_documentation_shows_makes_links_that_open(start: Start) {
        let edge = linked(start).config(|config| config["callers"][0]["name"] = json!("店 a&b'(c)*")).start().await;
        for mut snippet in snippets() {
            snippet.args([CRM_KEY, "店 a&b'(c)*", "/qrcode?path=%E5%BA%97", "600"]);
            let made = snippet.output().unwrap_or_else(|why| panic!("{snippet:?}: {why}"));
            let link = String::from_utf8(made.stdout).unwrap();
            let answer = follow(&edge, link.trim_end()).await;
            assert_eq!(answer.status, 200, "{snippet:?} {link} {}", String::from_utf8_lossy(&made.stderr));
        }
    }

    async fn a_link_that_was_changed_moved_or_doubled_opens_nothing(start: Start) {
        let mut edge = linked(start).start().await;
        let link = link(&edge, CRM_KEY, PICTURE, 600).await;
        let (_, mark) = link.split_once("&wx_sig=").unwrap();
        let moved = [
            link.replace("size=300", "size=30"),
            link.replace("a.b", "evil.com"),
            link.replace("?path", "?format=svg&path"),
            link.replace("wx_exp=", "wx_exp=9"),
            link.replace("wx_by=crm", "wx_by=reader"),
            link.replace("%3A", "%3a"),
            link.replace("wx_sig=", "wx_sig=A"),
            link.replace("&wx_sig", "&%77x_sig"),
            link.replace("?path", "?wx_by=lan&path"),
            link.replace("?path", "?wx_exp=9999999999&path"),
            format!("{link}&size=30"),
            format!("{link}&wx_sig={mark}"),
            format!("{link}A"),
            format!("{link}%00"),
            format!("/qrcode?path=a&wx_by=crm&wx_exp=9999999999&wx_sig={mark}"),
            format!("/qrcode?path=a&wx_sig={mark}"),
            "/qrcode?path=a&wx_sig=".to_owned(),
        ];
        for it in moved {
            let (_, said) = error(&follow(&edge, &it).await, 403);
            assert_eq!(said, "this link is not signed by a caller that may, or is not what was signed", "{it}");
        }
        // A link is no proof anywhere else.
        for path in ["/app/demo/api", "/app/demo/jsapi", "/token/demo", "/access-token", "/readyz", "/app/demo"] {
            let query = link.split_once('?').unwrap().1;
            let answer = edge.get(format!("{path}?{query}")).await;
            assert!([401, 403].contains(&answer.status), "{path}: {}", answer.text());
        }
        unharmed(&mut edge).await;
    }

    async fn a_link_ends(start: Start) {
        let edge = linked(start).start().await;
        let link = link(&edge, CRM_KEY, PICTURE, 1).await;
        until("it has ended", std::time::Duration::from_secs(5), || async {
            let answer = follow(&edge, &link).await;
            let (ended, there) = (answer.status == 403, answer.status == 200);
            assert!(ended || there, "{}", answer.text());
            ended && error(&answer, 403).1 == "this link has ended: ask for a new one"
        }).await;
    }

    async fn only_who_may_signs_and_only_what_links_lead_to(start: Start) {
        let mut edge = linked(start).start().await;
        let sign = |body: serde_json::Value| edge.post_json("/app/demo/sign", &body);
        let (_, why) = error(&sign(json!({ "path": PICTURE })).bearer(READER_KEY).await, 403);
        assert_eq!(why, "this caller has no permission link for app demo");
        error(&sign(json!({ "path": PICTURE })).bearer("nobodys-key-0123456789").await, 401);
        error(&edge.post_json("/app/nobody/sign", &json!({ "path": PICTURE })).bearer(CRM_KEY).await, 403);
        error(&edge.get("/app/demo/sign").bearer(CRM_KEY).await, 405);
        for (body, why) in [
            (json!({}), "the body is not the JSON object this route takes"),
            (json!({ "path": "" }), "parameter path is none that a link may lead to: /qrcode is"),
            (json!({ "path": "/app/demo/api" }), "parameter path is none that a link may lead to: /qrcode is"),
            (json!({ "path": "//evil.com/qrcode" }), "parameter path is none that a link may lead to: /qrcode is"),
            (json!({ "path": "https://evil.com/qrcode" }), "parameter path is none that a link may lead to: /qrcode is"),
            (json!({ "path": "/qrcode?path=a\r\nx: y" }), "parameter path has characters that must be percent-encoded"),
            (json!({ "path": "/qrcode?path='a'" }), "parameter path has characters that must be percent-encoded"),
            (json!({ "path": "/qrcode?path=店" }), "parameter path has characters that must be percent-encoded"),
            (json!({ "path": "/qrcode?path=a&wx_by=lan" }), "parameter path has a parameter of which only the signature may speak: wx_.."),
            (json!({ "path": PICTURE, "expires_in": 0 }), "parameter expires_in must be from 1 to 2592000 seconds"),
            (json!({ "path": PICTURE, "expires_in": 2_592_001 }), "parameter expires_in must be from 1 to 2592000 seconds"),
            (json!({ "path": PICTURE, "expires_in": -1 }), "the body is not the JSON object this route takes"),
            (json!({ "path": 7 }), "the body is not the JSON object this route takes"),
            (json!([]), "the body is not the JSON object this route takes"),
        ] {
            assert_eq!(error(&sign(body.clone()).bearer(CRM_KEY).await, 400).1, why, "{body}");
        }
        let huge = json!({ "path": format!("/qrcode?path={}", "a".repeat(20_000)) });
        error(&sign(huge).bearer(CRM_KEY).await, 413);
        unharmed(&mut edge).await;
    }

    async fn without_an_address_of_its_own_the_gateway_gives_a_path(start: Start) {
        let edge = linked(start).config(|config| drop(config.as_object_mut().unwrap().remove("public_url"))).start().await;
        let answer = edge.post_json("/app/demo/sign", &json!({ "path": PICTURE })).header("host", "evil.com").bearer(CRM_KEY).await;
        let url = answer.json()["url"].as_str().unwrap().to_owned();
        assert!(url.starts_with(PICTURE), "{url}");
        assert_eq!(follow(&edge, &url).await.status, 200);
    }
}
