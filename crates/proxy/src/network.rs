//! Networks in CIDR notation: whose word about where a request came from is believed.

use std::net::IpAddr;
use std::str::FromStr;

/// All addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u32,
}

impl Network {
    /// Whether `address` lies in it. An IPv4 address that came in over IPv6 is still an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(one)) => {
                self.bits == 0 || (base.to_bits() ^ one.to_bits()) >> (32 - self.bits) == 0
            }
            (IpAddr::V6(base), IpAddr::V6(one)) => {
                self.bits == 0 || (base.to_bits() ^ one.to_bits()) >> (128 - self.bits) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || {
            format!(
                "{text:?} is not a network; write \"10.0.0.0/8\", \"fd00::/8\" or a single address"
            )
        };
        let (base, bits) =
            text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(|_| fault())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| fault()))?;
        if bits > most { Err(fault()) } else { Ok(Self { base, bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address belongs to a network exactly when the leading bits agree.
    #[test]
    fn the_leading_bits_decide() {
        let belongs = |network: &str, address: &str| {
            network.parse::<Network>().expect(network).contains(address.parse().expect(address))
        };
        assert!(belongs("10.0.0.0/8", "10.255.0.1"));
        assert!(!belongs("10.0.0.0/8", "11.0.0.1"));
        assert!(belongs("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(belongs("0.0.0.0/0", "1.2.3.4"));
        assert!(!belongs("0.0.0.0/0", "::1"));
        assert!(belongs("fd00::/8", "fdff::1"));
        assert!(belongs("127.0.0.1", "127.0.0.1"));
        assert!(!belongs("127.0.0.1", "127.0.0.2"));
    }

    /// What is no network says how to write one.
    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "fd00::/129", "10.0.0/8", "10.0.0.0/"] {
            assert!(text.parse::<Network>().expect_err(text).contains("10.0.0.0/8"));
        }
    }
}
