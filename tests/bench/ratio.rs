//! A read of the token against the same host doing nothing.

use serde_json::json;
use wxedge_tests::harness::{CRM_KEY, Edge, HostKind, Start};

use crate::Figures;
use crate::load::rate;

/// Rounds of each, in turns: what disturbs the machine disturbs both.
const ROUNDS: usize = 7;
const SECONDS: u32 = 2;

/// HS256, kid `bench`, audience `wxedge`, signed with [`JWT_KEY`].
const JWT: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImJlbmNoIn0.eyJhdWQiOiJ3eGVkZ2UiLCJzdWIiOiJhIHByb2dyYW0gdGhhdCByZWFkcyB0b2tlbnMgYWxsIGRheSBsb25nIn0.\
    e95oQIZ_d3QnilYqSL_tlLDH7DN6oJGGTurvxkb4aRE";
const JWT_KEY: &str = "the-key-of-the-benchmarks";

/// One thread of Envoy: a token read, by API key and by JWT, against a `direct_response`.
pub(crate) async fn envoy() -> Figures {
    let jwt = json!({ "name": "jwt", "jwt": { "kid": "bench", "key": JWT_KEY } });
    let start = Start::on(HostKind::Envoy).threads(1);
    let start = start.config(move |it| it["callers"].as_array_mut().into_iter().for_each(|it| it.push(jwt.clone())));
    let edge = start.start().await;
    let (token, still) = (format!("{}/app/demo/api", edge.url()), edge.static_url());
    let key = format!("Bearer {CRM_KEY}");
    let jwt = format!("Bearer {JWT}");
    Figures::from([
        ("envoy_token_read_vs_direct_response", median(|| rate(&token, &key, SECONDS), || rate(&still, &key, SECONDS))),
        (
            "envoy_token_read_vs_direct_response_jwt",
            median(|| rate(&token, &jwt, SECONDS), || rate(&still, &jwt, SECONDS)),
        ),
    ])
}

/// Traffic beside the gateway's routes against the same Envoy without the filter.
pub(crate) async fn bystander() -> Figures {
    let with = Start::on(HostKind::Envoy).threads(1).start().await;
    let without = Start::on(HostKind::Envoy).threads(1).envoy_yaml(|it| it.without_filter()).start().await;
    let (with, without) = (with.static_url(), without.static_url());
    let ratio = median(|| rate(&with, "none", SECONDS), || rate(&without, "none", SECONDS));
    Figures::from([("envoy_bystander_vs_plain", ratio)])
}

/// workerd: a token read that the isolate's copy answers, against a Worker of one line of JavaScript.
pub(crate) async fn worker() -> Figures {
    let edge: Edge = Start::on(HostKind::Workerd).start().await;
    let (token, still) = (format!("{}/app/demo/api", edge.url()), edge.static_url());
    let key = format!("Bearer {CRM_KEY}");
    let ratio = median(|| rate(&token, &key, SECONDS), || rate(&still, &key, SECONDS));
    Figures::from([("worker_token_read_vs_static_js", ratio)])
}

/// The median over the rounds of what `ours` reaches of `theirs`. The first round of each only warms up.
fn median(ours: impl Fn() -> f64, theirs: impl Fn() -> f64) -> f64 {
    theirs();
    ours();
    let mut ratios: Vec<f64> = (0..ROUNDS).map(|_| 1.0 / theirs() * ours()).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}
