//! A push with everything that follows, against the same host passing the same body on to the same back-end.
//!
//! Each push is another one: one that comes twice is answered from memory. The back-end is an Envoy that always says the same.

use std::fs;

use serde_json::json;
use wxedge_tests::harness::{Edge, EdgeYaml, HostKind, Result, Scratch, Start};
use wxedge_tests::simulator::push::{Account, Push, Shown};

use crate::Figures;
use crate::load::posts;

const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const DOOR: &str = "/app/demo/msg/json";

/// A path of Envoy's that leads to the back-end past the gateway.
const PROXY: &str = "/bench/proxy";

/// Where envoy.yaml has its routes, and its filters.
const HTTP: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

const ROUTES: &str = "route_config/virtual_hosts/0/routes";

/// Rounds of each, in turns: what disturbs the machine disturbs both.
const ROUNDS: usize = 5;
const SECONDS: u32 = 2;

/// One thread of Envoy: a push in safe mode to one back-end that gets JSON, and its reply, encrypted; against Envoy as a proxy.
pub(crate) async fn envoy() -> Figures {
    let back_end = back_end().await;
    let start = gateway(HostKind::Envoy, &back_end).threads(1).envoy_yaml(|it| {
        let route = json!({ "cluster": "wxedge_backend_bot", "prefix_rewrite": "/bot" });
        insert(it, ROUTES, json!({ "match": { "path": PROXY }, "route": route }))
    });
    let edge = start.start().await;
    let proxy = format!("{}{PROXY}", edge.url());
    Figures::from([("envoy_callback_vs_proxy", ratio(&edge, &proxy).await)])
}

/// workerd: the same, against a Worker of one line of JavaScript that passes the request on.
pub(crate) async fn worker() -> Figures {
    let back_end = back_end().await;
    let forward = format!("export default {{ fetch(request) {{ return fetch('{}/bot', request) }} }}", back_end.url());
    let edge = gateway(HostKind::Workerd, &back_end).comparison(forward).start().await;
    Figures::from([("worker_callback_vs_forward_js", ratio(&edge, &edge.static_url()).await)])
}

/// An edge whose demo app takes messages for one back-end.
fn gateway(kind: HostKind, back_end: &Edge) -> Start {
    let url = format!("{}/bot", back_end.url());
    Start::on(kind).config(|it| {
        it["backends"] = json!({ "bot": { "url": url } });
        it["apps"]["demo"]["callback"] = json!({ "token": Account::TOKEN, "aes_key": AES_KEY, "to": ["bot"] });
    })
}

/// An Envoy that says the same to everybody, once it has the whole request.
async fn back_end() -> Edge {
    let start = Start::on(HostKind::Envoy).threads(1).envoy_yaml(|it| {
        it.without_filter()?;
        let said =
            json!({ "MsgType": "text", "Content": "我们已经收到您的消息，客服会在五分钟之内回复您。" }).to_string();
        let answer = json!({ "status": 200, "body": { "inline_string": said } });
        insert(it, ROUTES, json!({ "match": { "prefix": "/" }, "direct_response": answer }))?;
        let buffer = "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer";
        let config = json!({ "@type": buffer, "max_request_bytes": 65536 });
        insert(it, "http_filters", json!({ "name": "buffer", "typed_config": config }))
    });
    start.start().await
}

fn insert(yaml: &mut EdgeYaml, list: &str, item: serde_json::Value) -> Result<()> {
    let list = yaml.at(&format!("{HTTP}/{list}"))?.as_array_mut();
    list.into_iter().for_each(|it| it.insert(0, item.clone()));
    Ok(())
}

/// The median over the rounds of how many pushes the gateway takes for each that passes `plain`.
async fn ratio(edge: &Edge, plain: &str) -> f64 {
    let scratch = Scratch::new("bench-posts").unwrap_or_else(|why| panic!("{why}"));
    let file = scratch.path("posts");
    let door = format!("{}{DOOR}", edge.url());
    let mut count = 20_000;
    let mut run = |url: &str| loop {
        fs::write(&file, pushes(count)).unwrap_or_else(|why| panic!("write {}: {why}", file.display()));
        match posts(url, &file, SECONDS) {
            Some(rate) => return rate,
            None => count *= 2,
        }
    };
    // The first round of each only warms up.
    run(plain);
    run(&door);
    let mut ratios: Vec<f64> = (0..ROUNDS).map(|_| 1.0 / run(plain) * run(&door)).collect();
    // `success` is quick, and no reply.
    let outcome = edge.push(Push::text("hi").by(&account()).to(DOOR)).await;
    assert!(matches!(outcome.shown, Shown::Reply(_)), "{outcome:?}");
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}

fn account() -> Account {
    Account::default().safe(AES_KEY)
}

/// So many pushes of 1 KiB, no two alike, each as a query, a tab, a body.
fn pushes(count: usize) -> String {
    let account = account();
    let text = "你好，我上个星期买的咖啡机到今天还没有收到，请帮我查一下。".repeat(9);
    let mut all = String::new();
    for number in 0..count {
        let sealed = Push::text(&format!("{number}: {text}")).by(&account).seal();
        all.extend([&*sealed.target(""), "\t", &*sealed.body.replace('\n', ""), "\n"]);
    }
    all
}
