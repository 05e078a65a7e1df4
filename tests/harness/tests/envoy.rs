//! What the committed envoy.yaml promises, and how Envoy is steered.

use serde_json::json;
use wxedge_tests::harness::*;

const FORGED: (&str, &str) = ("x-wxedge-cluster", "site");

#[test]
fn a_client_that_names_a_cluster_itself_reaches_none() {
    block_on(async {
        let edge = Start::on(HostKind::Envoy).start().await;
        // Nobody listens behind `site`: reaching a cluster would be a 503.
        assert_eq!(edge.get("/app/nobody/x").header(FORGED.0, FORGED.1).await.status, 404);
    });
}

#[test]
fn the_filter_stands_in_the_way_even_without_the_rule_that_drops_the_header() {
    block_on(async {
        let yaml = |yaml: &mut EdgeYaml| {
            let listener = yaml.at("/static_resources/listeners/0")?;
            *http_part(listener, "/early_header_mutation_extensions")? = json!([]);
            Ok(())
        };
        let edge = Start::on(HostKind::Envoy).envoy_yaml(yaml).start().await;
        for path in ["/app/nobody/x", "/elsewhere"] {
            assert_eq!(edge.get(path).header(FORGED.0, FORGED.1).await.status, 404, "{path}");
        }
    });
}

#[test]
fn ordinary_traffic_goes_past_the_filter() {
    block_on(async {
        let site = SimulatorProcess::start().await.unwrap();
        let address = site.control().address();
        let to_site = move |yaml: &mut EdgeYaml| {
            let port = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value";
            *yaml.cluster("site")?.pointer_mut(port).unwrap() = json!(address.port());
            Ok(())
        };
        let edge = Start::on(HostKind::Envoy).envoy_yaml(to_site).start().await;
        let answer = edge.get("/_sim/state?p=%25").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.header("x-envoy-upstream-service-time").is_some(), "{:?}", answer.headers);
    });
}

#[test]
fn a_callback_host_is_the_gateways_in_any_capitals_and_with_any_port() {
    block_on(async {
        let start = Start::on(HostKind::Envoy).config(|config| {
            config["apps"]["demo"]["callback"] = json!({ "token": "token4push" });
            config["callback_hosts"] = json!({ "svc.example.com": ["demo"] });
        });
        let edge = start.start().await;
        let status = async |host: &str| edge.get("/any/path?call=/echo").header("host", host).await.status;
        for host in ["svc.example.com", "SVC.example.com", "svc.example.com:8443"] {
            // Nothing in it is signed; nobody listens behind `site`, which would be a 503.
            assert_eq!(status(host).await, 400, "{host}");
        }
        for host in ["svcxexample.com", "a.svc.example.com", "svc.example.com.evil.com", "svc.example.com:a"] {
            assert_eq!(status(host).await, 503, "{host}");
        }
    });
}

#[test]
fn a_configuration_that_the_filter_refuses_keeps_envoy_from_starting() {
    block_on(async {
        let start = Start::on(HostKind::Envoy).config(|config| config["no such key"] = json!("broken"));
        let Err(failure) = start.try_start().await else { panic!("it started") };
        assert!(failure.to_string().contains("Envoy ended"), "{failure}");
    });
}

#[test]
fn a_listener_can_be_replaced_while_envoy_runs() {
    block_on(async {
        let mut edge = Start::on(HostKind::Envoy).lds().start().await;
        let before = edge.address();
        let envoy = edge.envoy().unwrap();
        let static_body = |body: &'static str| {
            move |listener: &mut serde_json::Value| {
                *http_part(listener, "/route_config/virtual_hosts/0/routes/0/direct_response/body/inline_string")? =
                    json!(body);
                Ok(())
            }
        };
        assert_eq!(envoy.update_listener(static_body("new")).await.unwrap(), Update::Accepted);
        let refused = envoy.update_listener(|listener| {
            *plugin_part(listener, "/configuration/value")? = json!("broken");
            Ok(())
        });
        assert_eq!(refused.await.unwrap(), Update::Rejected);
        assert_eq!(envoy.stat("listener_manager.lds.update_rejected").await.unwrap(), 1);
        assert_eq!(edge.address(), before);
        assert_eq!(edge.get("/harness/static").await.text(), "new");
        assert_eq!(edge.get("/healthz").await.status, 200);
    });
}
