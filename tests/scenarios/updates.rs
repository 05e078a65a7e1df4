//! The listener is replaced while Envoy runs: nothing that is remembered is lost, nothing is fetched twice, nobody is cut off.

use std::time::Duration;

use serde_json::{Value, json};
use wxedge_tests::harness::*;

use crate::support::*;

const SLOW: u64 = 3_000;
const CALLERS: usize = 300;

/// Another module in the same VM id.
fn module(path: &'static str) -> impl FnOnce(&mut Value) -> Result<()> {
    move |listener| {
        *plugin_part(listener, "/vm_config/code/local/filename")? = json!(needed(path, "make test")?);
        Ok(())
    }
}

/// Another configuration: one more caller.
fn one_more_caller(listener: &mut Value) -> Result<()> {
    let text = plugin_part(listener, "/configuration/value")?;
    let mut config: Value = serde_json::from_str(text.as_str().unwrap_or_default()).unwrap();
    config["callers"].as_array_mut().unwrap().push(json!({ "name": "reader", "key": READER_KEY }));
    *text = json!(config.to_string());
    Ok(())
}

/// Whether the faults build answers: the shipped one knows no such route.
async fn is_faulty(edge: &Edge) -> bool {
    edge.get("/app/faults/trap").await.status == 204
}

#[test]
fn an_update_in_the_middle_of_a_refresh_loses_no_caller_and_fetches_once() {
    block_on(async {
        let mut edge = classic(Start::on(HostKind::Envoy).lds()).start().await;
        break_tokens(&edge, json!({ "fault": "delay", "ms": SLOW })).await;
        let before = tokio::spawn(edge.herd(CALLERS, &edge.get("/app/demo/api").bearer(CRM_KEY)).run());
        let simulator = edge.simulator();
        until("the refresh is under way", Duration::from_secs(3), async || {
            simulator.state().await.unwrap().counters["token"].in_flight == 1
        })
        .await;
        assert_eq!(edge.envoy().unwrap().update_listener(one_more_caller).await.unwrap(), Update::Accepted);
        let still = simulator.state().await.unwrap().counters["token"].in_flight;
        assert_eq!(still, 1, "the update took longer than the refresh");
        let after = edge.herd(CALLERS, &edge.get("/app/demo/api").bearer(READER_KEY)).run().await;
        let before = before.await.unwrap();
        for herd in [&before, &after] {
            assert!(herd.all(200) && herd.answered() == CALLERS, "{herd:?}");
            assert!(herd.max < Duration::from_millis(SLOW + 2_000), "{herd:?}");
        }
        let tokens: Vec<_> = before.bodies.keys().chain(after.bodies.keys()).map(|it| it.get(..160)).collect();
        assert!(tokens.iter().all(|it| *it == tokens[0]), "{tokens:?}");
        assert_eq!(fetches(&edge).await, 1);
        println!("figure: update_callers={} failed=0 fetches=1", before.answered() + after.answered());
    });
}

#[test]
fn two_versions_of_the_module_share_what_they_remember_both_ways() {
    block_on(async {
        let mut edge = classic(Start::on(HostKind::Envoy).lds()).start().await;
        let first = read(&edge).await;
        assert!(!is_faulty(&edge).await);
        let faulty = module("target/faults/wxedge_envoy.wasm");
        assert_eq!(edge.envoy().unwrap().update_listener(faulty).await.unwrap(), Update::Accepted);
        assert!(is_faulty(&edge).await, "the other module does not run");
        assert_eq!((read(&edge).await, fetches(&edge).await), (first.clone(), 1));
        let second = token(&edge.get(format!("/app/demo/api/new?old={first}")).bearer(CRM_KEY).await);
        assert_eq!(fetches(&edge).await, 2);
        let shipped = module("target/envoy/wxedge_envoy.wasm");
        assert_eq!(edge.envoy().unwrap().update_listener(shipped).await.unwrap(), Update::Accepted);
        assert!(!is_faulty(&edge).await, "the first module does not run");
        assert_eq!((read(&edge).await, fetches(&edge).await), (second, 2));
        unharmed(&mut edge).await;
    });
}

#[test]
fn a_new_appsecret_takes_over_and_the_token_stays() {
    block_on(async {
        let start = classic(Start::on(HostKind::Envoy).lds());
        let mut edge = start.config(|config| config["apps"]["demo"]["secret"] = json!("first-secret")).start().await;
        let first = read(&edge).await;
        let second_secret = json!({ "appid": DEMO_APPID, "secret": "second-secret" });
        edge.simulator().account(second_secret).await.unwrap();
        let update = edge.envoy().unwrap().update_listener(|listener| {
            let text = plugin_part(listener, "/configuration/value")?;
            *text = json!(text.as_str().unwrap_or_default().replace("first-secret", "second-secret"));
            Ok(())
        });
        assert_eq!(update.await.unwrap(), Update::Accepted);
        assert_eq!((read(&edge).await, fetches(&edge).await), (first.clone(), 1));
        let second = token(&edge.get(format!("/app/demo/api/new?old={first}")).bearer(CRM_KEY).await);
        assert_ne!(first, second);
        let counters = edge.simulator().state().await.unwrap().counters;
        assert_eq!((counters["token"].calls, counters["token"].errors.len()), (2, 0), "{counters:?}");
    });
}

#[test]
fn the_watches_of_old_listeners_and_new_ones_renew_a_token_once() {
    block_on(async {
        let mut edge = classic(Start::on(HostKind::Envoy).lds()).start().await;
        short_lived(&edge, 8).await;
        let first = read(&edge).await;
        assert_eq!(edge.envoy().unwrap().update_listener(one_more_caller).await.unwrap(), Update::Accepted);
        let faulty = module("target/faults/wxedge_envoy.wasm");
        assert_eq!(edge.envoy().unwrap().update_listener(faulty).await.unwrap(), Update::Accepted);
        let simulator = edge.simulator();
        for issued in [2, 3] {
            until("the token is renewed", Duration::from_millis(7_900), async || {
                simulator.state().await.unwrap().counters["token"].calls >= issued
            })
            .await;
            tokio::time::sleep(Duration::from_millis(700)).await;
            assert_eq!(fetches(&edge).await, issued);
        }
        assert_ne!(read(&edge).await, first);
        unharmed(&mut edge).await;
    });
}
