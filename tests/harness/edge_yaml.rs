//! The committed envoy.yaml with a configuration of one's own, and all that follows from it: `make render`, `make run`, `make check` and the
//! tests make their edges here.
//!
//! A test changes ports and a little more; everything else is run as an operator would run it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use wxedge::target::{Url, is_private};

use super::{Config, Failure, Result, Servers, place};

/// The answer that costs the host nothing: what a herd on the gateway is measured against.
pub const STATIC_PATH: &str = "/harness/static";

const HTTP: &str = "/filter_chains/0/filters/0/typed_config";
const API: &str = "wechat_api";
const HEALTH: &str = "gateway-healthz";
const QYAPI: &str = "wechat_qyapi";
/// The sample of a back-end.
const BACKEND: &str = "wxedge_backend_bot";
/// What the gateway calls a back-end's cluster if the configuration does not say.
const BACKENDS: &str = "wxedge_backend_";
const EGRESS: [&str; 2] = ["wxedge_egress_http", "wxedge_egress_https"];
const DNS_CACHE: &str = "/cluster_type/typed_config/dns_cache_config";

/// A configuration of Envoy that can be changed.
#[derive(Debug, Clone)]
pub struct EdgeYaml(Value);

impl EdgeYaml {
    /// The committed one.
    pub fn read() -> Result<Self> {
        let path = place::root().join("envoy.yaml");
        let text = fs::read_to_string(&path).map_err(Failure::of(format_args!("read {}", path.display())))?;
        serde_saphyr::from_str(&text).map(Self).map_err(Failure::of("parse envoy.yaml"))
    }

    /// The loopback ports of the listener and of admin; 0 is any free one.
    pub fn ports(&mut self, listener: u16, admin: u16) -> Result<()> {
        *self.at("/static_resources/listeners/0/address/socket_address/port_value")? = json!(listener);
        *self.at("/admin/address/socket_address/port_value")? = json!(admin);
        Ok(())
    }

    /// The module of the filter.
    pub fn filter(&mut self, module: &Path) -> Result<()> {
        *self.at_filter("/vm_config/code/local/filename")? = json!(module);
        Ok(())
    }

    /// The gateway's configuration, and whatever follows from it: the variables of the environment that the filter may read, a
    /// cluster for each server, a route for each path.
    pub fn follow(&mut self, config: &Config, servers: &Servers) -> Result<()> {
        *self.at_filter("/configuration/value")? = json!(config.text());
        *self.at_filter("/vm_config/environment_variables/host_env_keys")? = json!(config.names());
        self.backends(config)?;
        self.wechat(&servers.wechat)?;
        self.qyapi(&servers.qyapi)?;
        self.named_paths(config.tree())
    }

    /// A route of the gateway for each path and each callback host that its configuration names.
    fn named_paths(&mut self, config: &Value) -> Result<()> {
        let files = config["verify_files"].as_object().into_iter().flatten().map(|it| format!("/{}", it.0));
        let helpers =
            config["helpers"].as_object().into_iter().flatten().filter_map(|it| it.1.as_str().map(str::to_owned));
        let apps = config["apps"].as_object().into_iter().flatten();
        let own = apps.flat_map(|it| [&it.1["callback"]["path"], &it.1["oauth"]["path"]]);
        let own = own.filter_map(|it| it.as_str().map(str::to_owned));
        let paths = files.chain(helpers).chain(own).map(|it| (format!("gateway{it}"), json!({ "path": it })));
        let hosts = config["callback_hosts"].as_object().into_iter().flatten().map(|it| {
            // As the gateway takes it: in any capitals, with any port.
            let literal: String =
                it.0.chars().map(|it| if ".[]".contains(it) { format!("[{it}]") } else { it.into() }).collect();
            let regex = json!({ "safe_regex": { "regex": format!("(?i){literal}(:[0-9]*)?") } });
            let host = json!({ "name": ":authority", "string_match": regex });
            let call = json!({ "name": "call", "present_match": true });
            let matched = json!({ "prefix": "/", "headers": [host], "query_parameters": [call] });
            (format!("gateway-callbacks-{}", it.0), matched)
        });
        // Whatever has a path of its own comes first: a host takes any path.
        let hosts: Vec<(String, Value)> = hosts.collect();
        let mut paths: Vec<(String, Value)> = paths.collect();
        if config["helpers"]["short_url"].is_string() {
            paths.push(("gateway-short-links".to_owned(), json!({ "prefix": "/s/" })));
        }
        if config["examples"] == true {
            paths.push(("gateway-examples".to_owned(), json!({ "prefix": "/example/" })));
        }
        let routes = self.at_http("/route_config/virtual_hosts/0/routes")?.as_array_mut();
        let routes = routes.ok_or_else(|| Failure::new("routes in envoy.yaml is no list"))?;
        let at = routes.iter().position(|route| route["name"] == HEALTH);
        let at = at.ok_or_else(|| Failure::new(format!("no route {HEALTH} in envoy.yaml")))?;
        let model = routes[at].clone();
        let route = |(name, matched): (String, Value)| {
            let mut route = model.clone();
            (route["name"], route["match"]) = (json!(name), matched);
            route
        };
        let last = routes.iter().rposition(|it| it["typed_per_filter_config"].is_object()).map_or(at, |it| it + 1);
        routes.splice(last..last, hosts.into_iter().map(route));
        routes.splice(at..at, paths.into_iter().map(route));
        Ok(())
    }

    /// What `wechat.api` of the configuration stands for: one cluster for each URL.
    fn wechat(&mut self, urls: &[String]) -> Result<()> {
        let (clusters, model) = self.take_cluster(API)?;
        for (number, url) in urls.iter().enumerate() {
            let name = if number == 0 { API.to_owned() } else { format!("{API}_{}", number + 1) };
            clusters.push(cluster(model.clone(), &name, url)?);
        }
        Ok(())
    }

    /// What `wechat.qyapi` of the configuration stands for.
    fn qyapi(&mut self, url: &str) -> Result<()> {
        let (clusters, model) = self.take_cluster(QYAPI)?;
        clusters.push(cluster(model, QYAPI, url)?);
        Ok(())
    }

    /// What `backends` of the configuration stands for: one cluster for each. If the edge has one of that name, that is meant.
    fn backends(&mut self, config: &Config) -> Result<()> {
        let tls = self.cluster(API)?["transport_socket"].clone();
        let (clusters, mut model) = self.take_cluster(BACKEND)?;
        model["transport_socket"] = tls;
        let edges_own = clusters.len();
        for (name, backend) in config.tree()["backends"].as_object().into_iter().flatten() {
            let wrong = |why: &str| Err(Failure::new(format!("backends.{name}.cluster: {why}")));
            let url = config.url(&backend["url"], &format!("backends.{name}.url"))?;
            let named = backend["cluster"].as_str();
            let name = named.map_or_else(|| format!("{BACKENDS}{name}"), str::to_owned);
            let new = cluster(model.clone(), &name, &url)?;
            match clusters.iter().position(|it| it["name"] == name) {
                Some(at) if at < edges_own || clusters[at] == new => {}
                Some(_) => return wrong("is that of another back-end too, which is somewhere else"),
                // Its name tells the gateway that nobody can listen.
                None if named.is_some() && is_open(&url)? => {
                    return wrong(
                        "is not in envoy.yaml, and what is made of its url would send everything in the open",
                    );
                }
                None => clusters.push(new),
            }
        }
        Ok(())
    }

    /// The egress clusters ask this DNS server, and no other.
    pub fn dns(&mut self, server: SocketAddr) -> Result<()> {
        for name in EGRESS {
            let address = json!({ "address": server.ip(), "port_value": server.port() });
            at(self.cluster(name)?, DNS_CACHE)?["typed_dns_resolver_config"] = json!({
                "name": "envoy.network.dns_resolver.cares",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
                    "resolvers": [{ "socket_address": address }],
                    "dns_resolver_options": { "no_default_search_domain": true }
                }
            });
        }
        Ok(())
    }

    /// The egress clusters take loopback for public: where public hosts are played by servers of a scenario.
    pub fn egress_to_loopback(&mut self) -> Result<()> {
        for name in EGRESS {
            let ranges =
                at(self.cluster(name)?, &format!("{DNS_CACHE}/resolved_address_filter/ranges"))?.as_array_mut();
            let ranges = ranges.ok_or_else(|| Failure::new("the ranges of the address filter are no list"))?;
            ranges.retain(|it| it["address_prefix"] != "127.0.0.0");
        }
        Ok(())
    }

    /// The cluster called `name`, to be changed.
    pub fn cluster(&mut self, name: &str) -> Result<&mut Value> {
        let clusters = self.at("/static_resources/clusters")?.as_array_mut();
        let cluster = clusters.into_iter().flatten().find(|it| it["name"] == name);
        cluster.ok_or_else(|| Failure::new(format!("no cluster {name} in envoy.yaml")))
    }

    /// The clusters without the one called `name`, and that one.
    fn take_cluster(&mut self, name: &str) -> Result<(&mut Vec<Value>, Value)> {
        let clusters = self.at("/static_resources/clusters")?.as_array_mut();
        let clusters = clusters.ok_or_else(|| Failure::new("clusters in envoy.yaml is no list"))?;
        let position = clusters.iter().position(|cluster| cluster["name"] == name);
        let position = position.ok_or_else(|| Failure::new(format!("no cluster {name} in envoy.yaml")))?;
        let cluster = clusters.remove(position);
        Ok((clusters, cluster))
    }

    /// A path that is answered without the filter, for comparison.
    pub fn static_answer(&mut self) -> Result<()> {
        let routes = self.at_http("/route_config/virtual_hosts/0/routes")?.as_array_mut();
        let body = json!({ "status": 200, "body": { "inline_string": "static" } });
        let route = json!({ "name": "static", "match": { "path": STATIC_PATH }, "direct_response": body });
        routes.ok_or_else(|| Failure::new("routes in envoy.yaml is no list"))?.insert(0, route);
        Ok(())
    }

    /// The same edge without the gateway: neither the filter nor a route that would enable it.
    pub fn without_filter(&mut self) -> Result<()> {
        let filters = self.at_http("/http_filters")?.as_array_mut();
        filters
            .ok_or_else(|| Failure::new("http_filters in envoy.yaml is no list"))?
            .retain(|it| it["name"] != "wxedge");
        let routes = self.at_http("/route_config/virtual_hosts/0/routes")?.as_array_mut();
        let routes = routes.ok_or_else(|| Failure::new("routes in envoy.yaml is no list"))?;
        routes.retain(|it| it["typed_per_filter_config"].is_null());
        Ok(())
    }

    /// Moves the listener into a file that can be replaced while Envoy runs. The result is what the file holds.
    pub fn listener_from(&mut self, file: &Path) -> Result<Value> {
        let listener = self.at("/static_resources/listeners/0")?.clone();
        *self.at("/static_resources/listeners")? = json!([]);
        self.0["node"] = json!({ "id": "wxedge", "cluster": "wxedge" });
        self.0["dynamic_resources"] = json!({ "lds_config": { "path_config_source": { "path": file } } });
        Ok(listener)
    }

    /// As JSON, which Envoy reads as well.
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// As YAML, for people. Comments are lost.
    pub fn yaml(&self) -> Result<String> {
        serde_saphyr::to_string(&self.0).map_err(Failure::of("write YAML"))
    }

    /// The gateway's configuration in it.
    pub fn configuration(&mut self) -> Result<String> {
        let text = self.at_filter("/configuration/value")?.as_str();
        text.map(str::to_owned).ok_or_else(|| Failure::new("no configuration in envoy.yaml"))
    }

    /// The part at `pointer` (RFC 6901), to be changed.
    pub fn at(&mut self, pointer: &str) -> Result<&mut Value> {
        at(&mut self.0, pointer)
    }

    fn at_http(&mut self, pointer: &str) -> Result<&mut Value> {
        http(self.at("/static_resources/listeners/0")?, pointer)
    }

    fn at_filter(&mut self, pointer: &str) -> Result<&mut Value> {
        plugin(self.at("/static_resources/listeners/0")?, pointer)
    }
}

/// A part of the HTTP connection manager of a listener; the pointer is relative to it.
pub fn http<'a>(listener: &'a mut Value, pointer: &str) -> Result<&'a mut Value> {
    at(listener, &format!("{HTTP}{pointer}"))
}

/// A part of the filter's plugin configuration in a listener; the pointer is relative to it.
pub fn plugin<'a>(listener: &'a mut Value, pointer: &str) -> Result<&'a mut Value> {
    let filters = http(listener, "/http_filters")?.as_array_mut();
    let filter = filters.into_iter().flatten().find(|filter| filter["name"] == "wxedge");
    at(
        filter.ok_or_else(|| Failure::new("no filter wxedge in the listener"))?,
        &format!("/typed_config/config{pointer}"),
    )
}

fn at<'a>(value: &'a mut Value, pointer: &str) -> Result<&'a mut Value> {
    value.pointer_mut(pointer).ok_or_else(|| Failure::new(format!("nothing at {pointer} in envoy.yaml")))
}

/// The cluster that leads to `url`: `model` with another address, without TLS where the URL has none.
fn cluster(mut model: Value, name: &str, url: &str) -> Result<Value> {
    let url = parsed(url)?;
    let port = url.authority.strip_prefix(&url.host).and_then(|rest| rest.strip_prefix(':'));
    let port = port.map_or(if url.scheme == "https" { "443" } else { "80" }, |port| port);
    let port: u16 = port.parse().map_err(Failure::of(format_args!("the port of {}", url.authority)))?;
    let host = url.host.trim_matches(['[', ']']);
    let is_ip = host.parse::<std::net::IpAddr>().is_ok();
    model["name"] = json!(name);
    model["type"] = json!(if is_ip { "STATIC" } else { "LOGICAL_DNS" });
    model["load_assignment"]["cluster_name"] = json!(name);
    *at(&mut model, "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address")? =
        json!({ "address": host, "port_value": port });
    if url.scheme == "https" {
        *at(&mut model, "/transport_socket/typed_config/sni")? = json!(host);
    } else if let Some(cluster) = model.as_object_mut() {
        cluster.remove("transport_socket");
    }
    Ok(model)
}

/// Whether what is sent to `url` can be read on its way.
fn is_open(url: &str) -> Result<bool> {
    let url = parsed(url)?;
    Ok(url.scheme == "http" && !is_private(&url.host))
}

fn parsed(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|why| Failure::new(format!("{url} {why}")))
}
