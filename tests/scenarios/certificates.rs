//! Callers known by the client certificate of their connection: on Envoy, where a listener has verified it.

use std::io;

use serde_json::{Value, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

const URI: &str = "spiffe://example.com/crm";
const DNS: &str = "web.example.com";
const SUBJECT: &str = "CN=batch,O=Example";

/// Callers that are known by a name in their certificate, one by each sort.
fn mesh(config: &mut Value) {
    let more = [
        json!({ "name": "mesh", "mtls": [URI], "app": "demo" }),
        json!({ "name": "web", "mtls": [DNS], "apps": ["demo"], "may": ["token"] }),
        json!({ "name": "batch", "mtls": [SUBJECT], "app": "demo", "may": ["token", "rotate"] }),
    ];
    config["callers"].as_array_mut().unwrap().extend(more);
}

/// An Envoy whose listener speaks TLS.
async fn tls(authority: &Authority, verified: bool, required: bool) -> Edge {
    let socket = authority.listener(verified, required).await.unwrap();
    let start = Start::on(HostKind::Envoy).config(mesh).envoy_yaml(move |yaml| {
        yaml.at("/static_resources/listeners/0/filter_chains/0")?["transport_socket"] = socket.clone();
        Ok(())
    });
    start.start().await
}

struct Client<'a> {
    edge: &'a Edge,
    authority: &'a Authority,
}

impl Client<'_> {
    async fn send(&self, shown: Option<&Certificate>, request: Request) -> io::Result<Answer> {
        self.authority.send(self.edge.address(), &request, shown).await
    }

    #[track_caller]
    fn get(&self, shown: Option<&Certificate>, path: &str) -> impl Future<Output = Answer> {
        let caller = std::panic::Location::caller();
        async move { self.send(shown, self.edge.get(path)).await.unwrap_or_else(|why| panic!("{caller}: {why}")) }
    }
}

#[test]
fn envoy_knows_a_caller_by_the_certificate_that_its_listener_has_verified() {
    block_on(async {
        let authority = Authority::new().await.unwrap();
        let crm = authority.sign("crm", "/CN=one", &format!("URI:{URI}")).await.unwrap();
        let web = authority.sign("web", "/CN=two", &format!("DNS:{DNS}")).await.unwrap();
        let batch = authority.sign("batch", "/O=Example/CN=batch", "DNS:elsewhere.example.com").await.unwrap();
        let edge = tls(&authority, true, false).await;
        let client = Client { edge: &edge, authority: &authority };

        let demo = token(&client.get(Some(&crm), "/app/demo/api").await);
        assert_eq!(bare(&client.get(Some(&crm), "/access-token").await), demo);
        assert_eq!(token(&client.get(Some(&web), "/app/demo/api").await), demo);
        assert_eq!(bare(&client.get(Some(&batch), "/token/demo").await), demo);
        // A certificate gives no more than its caller was given.
        error(&client.get(Some(&crm), "/app/demo/api/new").await, 403);
        error(&client.get(Some(&web), "/app/demo/jsapi").await, 403);

        // A proof in the request is judged alone.
        let shows = |key: &str| edge.get("/app/demo/api").bearer(key);
        error(&client.send(Some(&crm), shows("nobodys-key-0123456789")).await.unwrap(), 401);
        error(&client.send(Some(&crm), edge.get("/app/demo/api").header("x-api-key", "")).await.unwrap(), 401);
        assert_eq!(token(&client.send(None, shows(CRM_KEY)).await.unwrap()), demo);
        assert_eq!(fetches(&edge).await, 1);
        discreet(&edge);
    });
}

#[test]
fn a_name_counts_only_whole_in_its_own_place_and_from_the_right_authority() {
    block_on(async {
        let (authority, stranger) = (Authority::new().await.unwrap(), Authority::new().await.unwrap());
        let edge = tls(&authority, true, false).await;
        let client = Client { edge: &edge, authority: &authority };
        let others = [
            ("/CN=crm", "URI:spiffe://example.com/crm2".to_owned()),
            ("/CN=crm", "URI:spiffe://example.com/CRM".to_owned()),
            ("/CN=crm", format!("URI:spiffe://example.com/web,URI:{URI}")),
            ("/CN=crm", format!("DNS:web2.example.com,DNS:{DNS}")),
            ("/CN=crm", "DNS:*.example.com".to_owned()),
            ("/CN=web.example.com", "DNS:other.example.com".to_owned()),
            ("/CN=spiffe:\\/\\/example.com\\/crm", "URI:urn:web.example.com".to_owned()),
            ("/O=Example/CN=batch/CN=other", "DNS:other.example.com".to_owned()),
            ("/CN=batch\\,O=Example", "DNS:other.example.com".to_owned()),
        ];
        for (at, (subject, names)) in others.iter().enumerate() {
            let shown = authority.sign(&format!("other-{at}"), subject, names).await.unwrap();
            error(&client.get(Some(&shown), "/app/demo/api").await, 401);
        }
        // Without a certificate there is none, whatever is said of one.
        error(&client.get(None, "/app/demo/api").await, 401);
        for name in ["x-forwarded-client-cert", "x-client-cert", "x-ssl-client-s-dn", "x-spiffe-id"] {
            let forged = edge.get("/app/demo/api").header(name, format!("By=x;Hash=y;URI={URI};DNS={DNS}"));
            error(&client.send(None, forged).await.unwrap(), 401);
        }
        // Whom the listener does not believe it does not let in.
        let forged = stranger.sign("crm", "/CN=one", &format!("URI:{URI},DNS:{DNS}")).await.unwrap();
        assert!(client.send(Some(&forged), edge.get("/healthz")).await.is_err());
        assert_eq!(fetches(&edge).await, 0);
    });
}

#[test]
fn a_listener_that_requires_a_certificate_lets_nobody_in_without() {
    block_on(async {
        let authority = Authority::new().await.unwrap();
        let crm = authority.sign("crm", "/CN=one", &format!("URI:{URI}")).await.unwrap();
        let edge = tls(&authority, true, true).await;
        let client = Client { edge: &edge, authority: &authority };
        assert!(client.send(None, edge.get("/healthz")).await.is_err());
        token(&client.get(Some(&crm), "/app/demo/api").await);
    });
}

#[test]
fn a_listener_that_has_nothing_to_verify_with_makes_nobody_known() {
    block_on(async {
        let authority = Authority::new().await.unwrap();
        let crm = authority.sign("crm", "/CN=one", &format!("URI:{URI}")).await.unwrap();
        for required in [false, true] {
            let edge = tls(&authority, false, required).await;
            let client = Client { edge: &edge, authority: &authority };
            error(&client.get(Some(&crm), "/app/demo/api").await, 401);
        }
    });
}

on_every_host! {
    async fn without_tls_nobody_is_known_by_a_certificate(start: Start) {
        let edge = start.config(mesh).start().await;
        read(&edge).await;
        error(&edge.get("/app/demo/api").await, 401);
        for name in ["x-forwarded-client-cert", "cf-client-cert-der-base64", "x-client-cert", "x-spiffe-id"] {
            error(&edge.get("/app/demo/api").header(name, format!("By=x;Hash=y;Subject=\"{SUBJECT}\";URI={URI};DNS={DNS}")).await, 401);
            error(&edge.get("/app/demo/api").header(name, URI).await, 401);
        }
        assert_eq!(fetches(&edge).await, 1);
    }
}
