//! Hosts that only one machine or one network means.

use core::net::IpAddr;

use crate::caller::cidr::Cidr;

/// Addresses that no stranger may have us call. Of IPv6, whatever is not in [`GLOBAL`] belongs to them as well.
/// Sources: IANA's registries of special-purpose addresses, for IPv4 and for IPv6.
pub(super) const BLOCKS: [&str; 19] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10", // carriers' NAT; Alibaba Cloud's metadata
    "127.0.0.0/8",
    // Azure's metadata, among public addresses.
    "168.63.129.16/32",
    "169.254.0.0/16", // link-local; most clouds' metadata
    "172.16.0.0/12",
    "192.0.0.0/24", // protocols; Oracle Cloud's metadata
    "192.0.2.0/24",
    "192.88.99.0/24", // 6to4 relays
    "192.168.0.0/16",
    "198.18.0.0/15", // benchmarks
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",   // multicast, reserved, broadcast
    "2001::/23",     // protocols: Teredo, which holds an IPv4 address, and benchmarks
    "2001:db8::/32", // documentation, and below
    "2002::/16",     // 6to4, which holds an IPv4 address
    "3fff::/20",
];

/// What IPv6 has given out for all to reach. Outside are loopback, link-local, unique local, multicast, and the addresses that hold
/// an IPv4 address: mapped, compatible, translated (NAT64).
pub(super) const GLOBAL: &str = "2000::/3";

/// Names, and ends of names, that mean something on one machine or network only (RFC 6761, RFC 6762, RFC 8375, and habit), and
/// names of clouds' metadata that are no such.
const NAMES: [&str; 10] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "corp",
    "home.arpa",
    "svc",
    "metadata.tencentyun.com",
];

/// Whether `host` (of a [`super::Url`]) is private, by its number or by its name. A name of one label is: it means whatever the
/// network says.
#[must_use]
pub fn is_private(host: &str) -> bool {
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        let within = |block: &str| Cidr::parse(block).is_none_or(|it| it.contains(address));
        return (address.is_ipv6() && !within(GLOBAL)) || BLOCKS.into_iter().any(within);
    }
    let under = |name: &str| host.strip_suffix(name).is_some_and(|it| it.is_empty() || it.ends_with('.'));
    !host.contains('.') || NAMES.into_iter().any(under)
}
