//! Callers known by their address: on Envoy the address of the connection, on a Worker the one header that is trusted.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

/// The headers in which proxies name a client.
const HEADERS: [&str; 12] = [
    "x-forwarded-for",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-envoy-external-address",
    "x-envoy-original-dst-host",
    "forwarded",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "fastly-client-ip",
];

/// Whoever comes from these blocks may read; `header` is the trusted one.
fn from(start: Start, ips: &[&str], header: Option<&str>) -> Start {
    let ips = json!(ips);
    let header = json!(header);
    start.config(move |config| {
        config["callers"].as_array_mut().unwrap().push(json!({ "name": "lan", "ips": ips, "app": "demo" }));
        if header.is_string() {
            config["client_ip_header"] = header;
        }
    })
}

/// Says in every way there is to come from `address`: nobody believes it.
async fn forged(edge: &Edge, address: &str, except: Option<&str>) {
    for name in HEADERS.into_iter().filter(|it| Some(*it) != except) {
        for value in [address.to_owned(), format!("{address}, {address}"), format!("for={address}")] {
            error(&edge.get("/app/demo/api").header(name, &value).await, 401);
        }
        refused(&edge.get("/token/demo").header(name, address).await, 403);
        refused(&edge.get("/access-token").header(name, address).await, 401);
    }
    let all = HEADERS.into_iter().filter(|it| Some(*it) != except);
    error(&all.fold(edge.get("/app/demo/api"), |it, name| it.header(name, address)).await, 401);
}

#[test]
fn envoy_knows_a_caller_by_the_address_of_its_connection() {
    block_on(async {
        let edge = from(Start::on(HostKind::Envoy), &["127.0.0.0/8", "10.0.0.0/8"], None).start().await;
        let demo = read(&edge).await;
        assert_eq!(token(&edge.get("/app/demo/api").await), demo);
        assert_eq!(bare(&edge.get("/token/demo").await), demo);
        assert_eq!(bare(&edge.get("/access-token").await), demo);
        // What the client says of itself changes nothing, neither way.
        for name in HEADERS {
            assert_eq!(token(&edge.get("/app/demo/api").header(name, "203.0.113.7").await), demo, "{name}");
        }
        // Whoever shows something is judged by that, and the address gives no more than was given to it.
        error(&edge.get("/app/demo/api").bearer("nobodys-key-0123456789").await, 401);
        error(&edge.get("/app/demo/api").header("authorization", "Basic eA==").await, 401);
        error(&edge.get("/app/demo/api/new").await, 403);
        assert_eq!(fetches(&edge).await, 1);
    });
}

#[test]
fn envoy_believes_no_header_about_an_address() {
    block_on(async {
        let blocks = ["203.0.113.0/24", "127.0.0.2", "::1", "::/0"];
        for header in [None, Some("x-real-ip"), Some("cf-connecting-ip")] {
            let edge = from(Start::on(HostKind::Envoy), &blocks, header).start().await;
            read(&edge).await;
            error(&edge.get("/app/demo/api").await, 401);
            for address in ["203.0.113.7", "127.0.0.2", "::1"] {
                forged(&edge, address, None).await;
            }
            assert_eq!(fetches(&edge).await, 1);
        }
    });
}

#[test]
fn envoy_behind_a_proxy_that_it_trusts_takes_that_proxys_word() {
    block_on(async {
        let start = from(Start::on(HostKind::Envoy), &["203.0.113.0/24"], None).envoy_yaml(|yaml| {
            http_part(yaml.at("/static_resources/listeners/0")?, "")?["xff_num_trusted_hops"] = json!(1);
            Ok(())
        });
        let edge = start.start().await;
        let by = async |hops: &str| edge.get("/app/demo/api").header("x-forwarded-for", hops).await;
        token(&by("203.0.113.7").await);
        token(&by("198.51.100.1, 203.0.113.7").await);
        error(&by("203.0.113.7, 198.51.100.1").await, 401);
    });
}

#[test]
fn a_worker_knows_no_address_unless_a_header_is_trusted() {
    block_on(async {
        let blocks = ["0.0.0.0/0", "::/0"];
        let edge = from(Start::on(HostKind::Workerd), &blocks, None).start().await;
        read(&edge).await;
        error(&edge.get("/app/demo/api").await, 401);
        forged(&edge, "127.0.0.1", None).await;
        assert_eq!(fetches(&edge).await, 1);
    });
}

#[test]
fn a_worker_believes_the_trusted_header_and_no_other() {
    block_on(async {
        let blocks = ["203.0.113.0/24", "2001:db8::/32"];
        let edge = from(Start::on(HostKind::Workerd), &blocks, Some("CF-Connecting-IP")).start().await;
        let demo = read(&edge).await;
        let by = async |value: &str| edge.get("/app/demo/api").header("cf-connecting-ip", value).await;
        for address in ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1", "2001:DB8:0:0::1"] {
            assert_eq!(token(&by(address).await), demo, "{address}");
        }
        let strangers = [
            "",
            "198.51.100.1",
            "203.0.113.7, 203.0.113.7",
            "203.0.113.7:80",
            "[2001:db8::1]",
            "203.0.113",
            "2001:db9::1",
            "0203.0.113.7",
            "203.0.113.7/24",
            "localhost",
            "for=203.0.113.7",
        ];
        for address in strangers {
            error(&by(address).await, 401);
        }
        let twice = edge.get("/app/demo/api").header("cf-connecting-ip", "203.0.113.7");
        error(&twice.header("cf-connecting-ip", "203.0.113.7").await, 401);
        forged(&edge, "203.0.113.7", Some("cf-connecting-ip")).await;
        let shown = edge.get("/app/demo/api").header("cf-connecting-ip", "203.0.113.7");
        error(&shown.bearer("nobodys-key-0123456789").await, 401);
        assert_eq!(fetches(&edge).await, 1);
    });
}

on_every_host! {
    async fn no_address_is_asked_for_where_nobody_is_known_by_one(start: Start) {
        let edge = start.config(|config| config["client_ip_header"] = json!("x-real-ip")).start().await;
        read(&edge).await;
        forged(&edge, "127.0.0.1", None).await;
    }
}
