//! What is written is judged by the core, what it leads to by Envoy: both must mean the same by "private".

use std::net::IpAddr;

use wxedge::target::is_private;
use wxedge_tests::harness::*;

/// A block of addresses: its first one, and its length in bits.
type Block = (IpAddr, u32);

/// The blocks of one egress cluster's address filter.
fn blocks(cluster: &str) -> Vec<Block> {
    let mut yaml = EdgeYaml::read().unwrap();
    let filter = "/cluster_type/typed_config/dns_cache_config/resolved_address_filter/ranges";
    let ranges = yaml.cluster(cluster).unwrap().pointer(filter).unwrap().as_array().unwrap().clone();
    let block = |it: &serde_json::Value| {
        let length = it["prefix_len"].as_u64().unwrap();
        (it["address_prefix"].as_str().unwrap().parse().unwrap(), u32::try_from(length).unwrap())
    };
    ranges.iter().map(block).collect()
}

/// The address's bits, from the left.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(it) => u128::from(it.to_bits()) << 96,
        IpAddr::V6(it) => it.to_bits(),
    }
}

/// The address of the same family with these bits.
fn like(address: IpAddr, bits: u128) -> IpAddr {
    match address {
        IpAddr::V4(_) => IpAddr::from(u32::try_from(bits >> 96).unwrap().to_be_bytes()),
        IpAddr::V6(_) => IpAddr::from(bits.to_be_bytes()),
    }
}

fn contains(block: &Block, address: IpAddr) -> bool {
    block.0.is_ipv4() == address.is_ipv4() && (bits(block.0) ^ bits(address)).leading_zeros() >= block.1
}

/// Each block's first and last address, their neighbours, and many others.
fn samples(blocks: &[Block]) -> Vec<IpAddr> {
    let mut samples = Vec::new();
    for (first, length) in blocks {
        let one = if first.is_ipv4() { 1 << 96 } else { 1 };
        let last = bits(*first) | u128::MAX.checked_shr(*length).unwrap_or_default();
        let edges = [bits(*first), bits(*first).wrapping_sub(one), last, last.wrapping_add(one)];
        samples.extend(edges.map(|it| like(*first, it)));
    }
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u128::from(state >> 32)
    };
    let [v4, v6] = ["0.0.0.0", "::"].map(|it| it.parse::<IpAddr>().unwrap());
    for _ in 0..100_000 {
        let random = next() << 96 | next() << 64 | next() << 32 | next();
        let global = random & (u128::MAX >> 3) | 1 << 125;
        samples.extend([like(v4, random), like(v6, random), like(v6, global)]);
    }
    samples
}

#[test]
fn envoys_address_filter_takes_out_what_the_core_calls_private() {
    let [http, https] = ["wxedge_egress_http", "wxedge_egress_https"].map(blocks);
    assert!(http == https && http.len() > 20, "{http:?}");
    let mut counts = [0, 0];
    for address in samples(&http) {
        let host = if address.is_ipv4() { address.to_string() } else { format!("[{address}]") };
        let out = http.iter().any(|it| contains(it, address));
        assert_eq!(is_private(&host), out, "{host}");
        counts[usize::from(out)] += 1;
    }
    assert!(counts.iter().all(|it| *it > 10_000), "{counts:?}");
}
