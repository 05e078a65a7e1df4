//! Where requests go on Envoy: the filter's own forwards arrive whole, a client that names a cluster gets nowhere, and other
//! traffic is not touched.

use std::time::Duration;

use wxedge_tests::harness::*;
use wxedge_tests::simulator::log::LoggedRequest;

use crate::support::*;

const HEADER: &str = "x-wxedge-cluster";

/// An Envoy with a site behind it that notes what it gets.
async fn with_noting_site(start: Start) -> (Edge, SimulatorProcess) {
    let site = SimulatorProcess::start().await.unwrap();
    (with_site(start, &site).start().await, site)
}

async fn last(site: &SimulatorProcess) -> LoggedRequest {
    site.control().requests().await.unwrap().pop().unwrap()
}

#[test]
fn a_client_that_names_a_cluster_itself_reaches_none() {
    block_on(async {
        let (edge, site) = with_noting_site(several(Start::on(HostKind::Envoy))).await;
        let own = [
            ("/app/demo/api", 401),
            ("/app/nobody/x", 404),
            ("/app/", 404),
            ("/cgi-bin/token", 200),
            ("/cgi-bin/user/info", 200),
            ("/healthz", 200),
        ];
        for name in [HEADER, "X-Wxedge-Cluster", "X-WXEDGE-CLUSTER"] {
            for cluster in ["site", "wechat_api", "", "nobody", "site,wechat_api"] {
                for (path, status) in own {
                    let request = edge.get(path).header(name, cluster);
                    assert_eq!(request.clone().await.status, status, "{name}: {cluster} {path}");
                    let twice = request.header(name, "wechat_api").header(HEADER, "site");
                    assert_eq!(twice.await.status, status, "{name}: {cluster} twice {path}");
                }
                let posted = edge.post("/cgi-bin/stable_token").header(name, cluster).body("x").await;
                assert_eq!(error(&posted, 200).0, 47001);
            }
        }
        assert_eq!(site.control().state().await.unwrap().counters["unknown"].calls, 0);
        // What is the site's anyway goes there, never to the cluster that was named, and without the name.
        for cluster in ["wechat_api", "nobody", "site"] {
            assert_eq!(edge.get("/cgi-bin?x").header(HEADER, cluster).header(HEADER, cluster).await.status, 404);
            let seen = last(&site).await;
            assert_eq!((seen.target.as_str(), seen.header(HEADER)), ("/cgi-bin?x", None));
        }
        assert_eq!(edge.simulator().requests().await.unwrap(), [], "WeChat was reached");
    });
}

#[test]
fn a_forwarded_request_arrives_whole_and_under_the_base_path() {
    block_on(async {
        let (edge, site) = with_noting_site(Start::on(HostKind::Envoy).faults()).await;
        let path = "/app/faults/forward?a=%20b&a=2";
        assert_eq!(edge.get(path).header("x-own", "1").await.status, 404);
        let seen = last(&site).await;
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/base/app/faults/forward?a=%20b&a=2"));
        assert_eq!((seen.header("host"), seen.header("x-own")), (Some("site.test"), Some("1")));
        assert_eq!(seen.header(HEADER), None);

        let body: String = ('a'..='z').cycle().take(60_000).collect();
        assert_eq!(edge.post(path).header(HEADER, "wechat_api").body(&body).await.status, 404);
        let seen = last(&site).await;
        assert_eq!((seen.method.as_str(), seen.header(HEADER)), ("POST", None));
        assert!(seen.body == body, "{} bytes arrived", seen.body.len());

        // Larger than the filter could hold: it streams past.
        let large = vec![b'x'; 3_000_000];
        assert_eq!(edge.post(path).body(&large).await.status, 404);
        let seen = last(&site).await;
        assert_eq!(seen.header("content-length"), Some("3000000"));
        assert_eq!(edge.simulator().requests().await.unwrap(), []);
    });
}

#[test]
fn other_traffic_reaches_the_site_untouched_even_while_the_filter_is_down() {
    block_on(async {
        let (mut edge, site) = with_noting_site(Start::on(HostKind::Envoy).faults().threads(1)).await;
        let visit = async |edge: &Edge, n: usize| {
            let request = edge.post(format!("/page/{n}?q=%20&x=1")).header("authorization", "Basic eDp5");
            assert_eq!(request.header("x-api-key", "own").body("hello").await.status, 404);
            let seen = last(&site).await;
            assert_eq!((seen.target, seen.body), (format!("/page/{n}?q=%20&x=1"), "hello".to_owned()));
        };
        visit(&edge, 0).await;
        let seen = last(&site).await;
        assert_eq!((seen.header("authorization"), seen.header("x-api-key")), (Some("Basic eDp5"), Some("own")));

        edge.simulator().fault(serde_json::json!({ "endpoint": "*", "fault": "hang" })).await.unwrap();
        let cold = edge.get("/app/demo/api").bearer(CRM_KEY);
        cold.hang_up_after(Duration::from_millis(200)).await.unwrap();
        let trapped = edge.get("/app/faults/trap").send().await;
        assert!(trapped.map_or(true, |it| it.status == 503));
        let mut down = 0;
        for n in 1..=50 {
            visit(&edge, n).await;
            down += usize::from(edge.get("/healthz").await.status == 503);
        }
        assert!(down > 0, "the filter was never down");
        let address = edge.address();
        until("the filter is back", Duration::from_secs(10), async || {
            Request::new(address, "GET", "/healthz").await.status == 200
        })
        .await;
        assert_eq!(edge.envoy().unwrap().stat("wasm.wxedge.vm_reload_success").await.unwrap(), 1);
        println!("figure: trap_site_requests=50 failed=0 gateway_requests_503={down}");
    });
}
