//! Blocks of IP addresses.

use core::net::IpAddr;

/// An address block, IPv4 or IPv6 (RFC 4632, RFC 4291). An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) is an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Reads `address/prefix`, or a single address. Bits beyond the prefix must be zero: else it is not clear what was meant.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(most), number)?;
        let block = Self { address, prefix };
        (prefix <= most && block.first() == bits(address)).then_some(block)
    }

    /// Whether `address` lies in the block.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let same = address.is_ipv4() == self.address.is_ipv4();
        same && Self { address, ..*self }.first() == self.first()
    }

    /// The address with all bits beyond the prefix zero.
    fn first(&self) -> u128 {
        let width: u8 = if self.address.is_ipv4() { 32 } else { 128 };
        let rest = u32::from(width.saturating_sub(self.prefix));
        let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
        bits(self.address) & mask
    }
}

/// Digits only: `parse` would take a sign.
fn number(text: &str) -> Option<u8> {
    let digits = text.bytes().all(|it| it.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(it) => it.to_bits().into(),
        IpAddr::V6(it) => it.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn contains(block: &str, address: &str) -> bool {
        Cidr::parse(block).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_block_contains_its_addresses_and_no_others() {
        for (block, address) in [
            ("10.0.0.0/8", "10.255.1.2"),
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1/32", "::ffff:127.0.0.1"),
            ("0.0.0.0/0", "203.0.113.7"),
            ("2001:db8::/32", "2001:db8:ffff::1"),
            ("::1", "::1"),
            ("::/0", "2001:db8::1"),
        ] {
            assert!(contains(block, address), "{block} {address}");
        }
        for (block, address) in [
            ("10.0.0.0/8", "11.0.0.1"),
            ("127.0.0.1", "127.0.0.2"),
            ("127.0.0.1", "::1"),
            ("20.1.1.1", "120.1.1.1"),
            ("::/0", "10.0.0.1"),
            ("0.0.0.0/0", "::1"),
            ("2001:db8::/32", "2001:db9::1"),
        ] {
            assert!(!contains(block, address), "{block} {address}");
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "::/129",
            "10.0.0",
            "a/8",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(Cidr::parse(text), None, "{text}");
        }
    }
}
