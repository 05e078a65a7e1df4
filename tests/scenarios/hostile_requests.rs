//! What no honest client sends: the gateway answers it or the host refuses it, and nothing breaks.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

/// Envoy's own limits raised, so that what is sent reaches the filter.
fn open(start: Start) -> Start {
    several(start).envoy_yaml(|yaml| {
        let listener = yaml.at("/static_resources/listeners/0")?;
        let http = http_part(listener, "")?;
        http["max_request_headers_kb"] = json!(512);
        http["common_http_protocol_options"] = json!({ "max_headers_count": 4000 });
        http["preserve_external_request_id"] = json!(true);
        Ok(())
    })
}

/// Values that are no text, or barely.
fn values() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        &b"\xff"[..],
        b"\xff\xfe\xfd",
        b"\xc3\x28",
        b"\xe4\xbd",
        b"\xe4\xbd\xa0\xe5\xa5\xbd",
        b"\x80",
        b"",
        b"\t",
        b"a\tb",
        b"Bearer \xff\xff",
        b"Bearer ",
        b"Bearer",
        b"\"",
        b",",
        b"%00",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98\x80",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    all.push(vec![0xff; 8_000]);
    all.push((0x80..=0xff).collect());
    all
}

/// A small generator of numbers (SplitMix64): the same ones every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }

    fn bytes(&mut self, alphabet: &[u8], most: u64) -> Vec<u8> {
        let length = self.below(most);
        (0..length).map(|_| alphabet[self.below(alphabet.len() as u64) as usize]).collect()
    }
}

/// What may stand in a path, and what may not.
const PATH: &[u8] = b"/app/demo/api?old=&%2f%ff%00.;:aZ09~!$'()*+,-_@";
const WILD: &[u8] = b"/app/demo/api?old=&%2f%ff%00.;:\\\xff\xe4\xbd\xa0aZ09~\"<>{}[]|^`@!$'()*+,-_";

on_every_host! {
    async fn header_values_that_are_no_text_harm_nobody(start: Start) {
        let mut edge = open(start).start().await;
        let current = read(&edge).await;
        for value in values() {
            for name in ["authorization", "x-api-key"] {
                let answer = edge.get("/app/demo/api").header(name, &value).await;
                error(&answer, 401);
                let posted = edge.post("/cgi-bin/stable_token").header(name, &value).body("{}").await;
                assert_eq!(error(&posted, 200).0, 40002);
            }
            for name in ["x-request-id", "x-other", "cookie", "user-agent", "content-type", "accept", "referer"] {
                let answer = edge.get("/app/demo/api").bearer(CRM_KEY).header(name, &value).await;
                assert_eq!(token(&answer), current, "{name}");
                error(&edge.get("/app/nobody/api").header(name, &value).await, 401);
            }
            // What a host reads itself it may refuse.
            for name in ["host", "x-forwarded-for", "x-forwarded-proto", "forwarded", "via", "te", "range"] {
                let answer = edge.get("/app/demo/api").bearer(CRM_KEY).header(name, &value).await;
                assert!(matches!(answer.status, 200 | 400), "{name} {}", answer.status);
            }
        }
        unharmed(&mut edge).await;
    }

    async fn headers_by_the_thousand_harm_nobody(start: Start) {
        let mut edge = open(start).start().await;
        let current = read(&edge).await;
        for count in [80, 1_000, 1_024, 1_025, 2_000] {
            let many = |request| (0..count).fold(request, |it: Request, n| it.header(format!("x-{n}"), b"\xffv"));
            assert_eq!(token(&many(edge.get("/app/demo/api").bearer(CRM_KEY)).await), current, "{count}");
            error(&many(edge.get("/app/demo/api")).await, 401);
            let same = (0..count).fold(edge.get("/app/demo/api"), |it, _| it.header("x-api-key", CRM_KEY));
            error(&same.await, 401);
        }
        unharmed(&mut edge).await;
    }

    async fn as_many_headers_as_envoy_takes_by_default_harm_nobody(edge: Edge) {
        let mut edge = edge;
        let request = (0..90).fold(edge.get("/app/demo/api"), |it, n| it.header(format!("x-{n}"), vec![0xff; 500]));
        error(&request.clone().await, 401);
        token(&request.bearer(CRM_KEY).await);
        unharmed(&mut edge).await;
    }

    async fn paths_of_any_length_and_spelling_harm_nobody(start: Start) {
        let mut edge = open(start).start().await;
        let current = read(&edge).await;
        for length in [4_000, 30_000, 60_000] {
            let name = "a".repeat(length);
            error(&edge.get(format!("/app/{name}/api")).await, 401);
            error(&edge.get(format!("/app/{name}/api")).bearer(READER_KEY).await, 404);
            let old = edge.get(format!("/app/demo/api/new?old={name}")).bearer(CRM_KEY).await;
            assert_eq!(token(&old), current);
            assert_eq!(error(&edge.get(format!("/cgi-bin/{name}")).await, 200).0, 40066);
            let many = "&old".repeat(length / 4);
            error(&edge.get(format!("/app/demo/api/new?x{many}")).bearer(CRM_KEY).await, 400);
            let escaped = "%ff".repeat(length / 3);
            error(&edge.get(format!("/app/{escaped}/api")).bearer(READER_KEY).await, 404);
            error(&edge.get(format!("/app/demo/api?old={escaped}")).bearer(CRM_KEY).await, 400);
        }
        for path in ["/app/%/api", "/app/%f/api", "/app/%zz/api", "/app/%00/api", "/app/%0d%0aset-cookie:x/api", "/app/%e4%bd/api"] {
            error(&edge.get(path).bearer(READER_KEY).await, 404);
        }
        unharmed(&mut edge).await;
    }

    async fn bodies_where_none_belongs_harm_nobody(start: Start) {
        let mut edge = open(start).start().await;
        let current = read(&edge).await;
        let small = vec![0xff; 10_000];
        assert_eq!(token(&edge.get("/app/demo/api").bearer(CRM_KEY).body(&small).await), current);
        for size in [7_000, 10_000, 300_000, 900_000] {
            let body = vec![b'x'; size];
            error(&edge.post("/app/demo/api").bearer(CRM_KEY).body(&body).await, 405);
            assert_eq!(error(&edge.post("/cgi-bin/token").body(&body).await, 200).0, 43001);
            let code = if size > 8 * 1024 { 45002 } else { 47001 };
            let answer = edge.post("/cgi-bin/stable_token").body(&body).await;
            // Over the listener's buffer limit Envoy may be the first to say so.
            let by_envoy = size > 256 * 1024 && answer.status == 413 && edge.kind() == HostKind::Envoy;
            assert!(by_envoy || error(&answer, 200).0 == code, "{size} {} {}", answer.status, answer.text());
        }
        let huge = edge.post("/cgi-bin/stable_token").body(vec![b'x'; 3_000_000]).await;
        let by_envoy = huge.status == 413 && edge.kind() == HostKind::Envoy;
        assert!(by_envoy || error(&huge, 200).0 == 45002, "{} {}", huge.status, huge.text());
        unharmed(&mut edge).await;
    }

    async fn connections_that_break_off_anywhere_harm_nobody(start: Start) {
        let mut edge = open(start).start().await;
        let current = read(&edge).await;
        let body = json!({ "grant_type": "client_credential", "appid": DEMO_APPID, "secret": DEMO_SECRET }).to_string();
        let whole = edge.post("/cgi-bin/stable_token").body(&body).bytes("keep-alive");
        for cut in (1..whole.len()).step_by(7) {
            let mut stream = TcpStream::connect(edge.address()).await.unwrap();
            stream.write_all(&whole[..cut]).await.unwrap();
            if cut % 2 == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        let promised = edge.post("/cgi-bin/stable_token").header("content-length", "200000").body(&body);
        for _ in 0..50 {
            promised.clone().hang_up_after(Duration::from_millis(1)).await.unwrap();
        }
        assert_eq!(read(&edge).await, current);
        unharmed(&mut edge).await;
    }

    async fn a_thousand_random_requests_harm_nobody(start: Start) {
        let site = SimulatorProcess::start().await.unwrap();
        let mut edge = with_site(open(start), &site).start().await;
        let current = read(&edge).await;
        let mut dice = Dice(1);
        let mut statuses = std::collections::BTreeMap::new();
        for number in 0..1_000 {
            let prefix = ["/app/", "/app/demo/api", "/cgi-bin/", "/cgi-bin/token?", "/"][dice.below(5) as usize];
            let alphabet = if number % 4 == 0 { WILD } else { PATH };
            let path = [prefix.as_bytes(), &dice.bytes(alphabet, 60)].concat();
            let method = ["GET", "POST", "HEAD", "OPTIONS", "PUT"][dice.below(5) as usize];
            let request = edge.request(method, path).header("authorization", dice.bytes(WILD, 40));
            let answer = request.header("x-api-key", dice.bytes(WILD, 40)).body(dice.bytes(WILD, 300)).send().await;
            // No answer at all is a host's word for what is not HTTP.
            let Ok(answer) = answer else { continue };
            assert!(!answer.text().contains("SIM_"), "request {number}");
            *statuses.entry(answer.status).or_insert(0) += 1;
        }
        assert!(statuses.contains_key(&401) && statuses.contains_key(&404), "{statuses:?}");
        assert!(statuses.get(&400).is_none_or(|it| *it < 500), "too few of them reached the gateway: {statuses:?}");
        println!("figure: random_requests_{:?}={statuses:?}", edge.kind());
        assert_eq!(statuses.get(&500).or(statuses.get(&503)), None, "{statuses:?}");
        assert_eq!(read(&edge).await, current);
        unharmed(&mut edge).await;
    }
}
