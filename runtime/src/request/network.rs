//! Parses an IP address, or a network in CIDR notation (RFC 4632 3.1, RFC 4291 2.3).
//! [`TrustedProxies`](super::proxies::TrustedProxies) contains the parsed networks.

use core::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// A network of trusted peers. An IPv4-mapped IPv6 network is stored as the IPv4 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network(IpNet);

impl Network {
    /// Parses a network such as `10.0.0.0/8` or `fd12:3456::/32`, or a single address.
    pub(super) fn parse(entry: &str) -> Result<Network, TrustedProxiesError> {
        let error = |problem| TrustedProxiesError { entry: entry.to_owned(), problem };
        let (address, length) = match entry.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (entry, None),
        };
        let parsed: IpAddr = address.parse().map_err(|_| error(Problem::NotANetwork))?;
        let max_length = if parsed.is_ipv4() { 32 } else { 128 };
        let length: u8 = match length {
            None => max_length,
            Some(digits) => Some(digits)
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|digits| digits.parse().ok())
                .filter(|length| *length <= max_length)
                .ok_or_else(|| error(Problem::PrefixLength { max_length }))?,
        };
        // The network `::ffff:0:0/96` contains all IPv4-mapped addresses. If an IPv4-mapped network has a prefix of
        // fewer than 96 bits, some of the set bits of `ffff` come after the prefix. The check for `HostBits` rejects a
        // network if a bit after the prefix is set.
        let (address, length) = match (parsed.to_canonical(), length.checked_sub(96)) {
            (IpAddr::V4(address), Some(length)) => (IpAddr::V4(address), length),
            _ => (parsed, length),
        };
        let network = IpNet::new(address, length).map_err(|_| error(Problem::PrefixLength { max_length }))?;
        let min_length = if network.addr().is_ipv4() { 8 } else { 16 };
        if network.prefix_len() < min_length {
            return Err(error(Problem::TooWide { min_length }));
        }
        if network != network.trunc() {
            return Err(error(Problem::HostBits { network }));
        }
        Ok(Network(network))
    }

    /// Returns true if the network contains the peer. An IPv4 network never contains an IPv6 address, and an IPv6
    /// network never contains an IPv4 address.
    pub(super) fn contains(self, peer: IpAddr) -> bool {
        self.0.contains(&peer)
    }
}

/// The error of [`TrustedProxies::new`](crate::TrustedProxies::new). `Display` writes the invalid entry, the problem
/// and the remedy.
///
/// ```
/// use hardtack::TrustedProxies;
///
/// let error = TrustedProxies::new(["proxy.internal"]).unwrap_err();
/// assert!(error.to_string().starts_with("`proxy.internal` is neither an IP address nor a network; write it as in "));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TrustedProxiesError {
    entry: String,
    problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    NoEntry,
    NotANetwork,
    PrefixLength { max_length: u8 },
    HostBits { network: IpNet },
    TooWide { min_length: u8 },
}

impl TrustedProxiesError {
    /// Makes the error for an empty list of proxies.
    pub(super) fn no_entry() -> Self {
        TrustedProxiesError { entry: String::new(), problem: Problem::NoEntry }
    }
}

impl fmt::Debug for TrustedProxiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedProxiesError({self})")
    }
}

impl fmt::Display for TrustedProxiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.entry.escape_debug();
        match self.problem {
            Problem::NoEntry => f.write_str(
                "no trusted proxy is named; write the addresses or networks that your proxies connect from, as in \
                 \"10.0.0.0/8\", or use `TrustedProxies::unix_socket` on a Unix socket",
            ),
            Problem::NotANetwork => write!(
                f,
                "`{entry}` is neither an IP address nor a network; write it as in \"192.0.2.7\", \"10.0.0.0/8\" or \
                 \"fd12:3456::/32\""
            ),
            Problem::PrefixLength { max_length } => write!(
                f,
                "`{entry}` has no valid prefix length; write a number from 0 to {max_length} after the `/`, or leave it out \
                 for one address"
            ),
            Problem::HostBits { network } => write!(
                f,
                "`{entry}` has address bits after its first {}; write `{}`, or `{}` for that one address",
                network.prefix_len(),
                network.trunc(),
                network.addr()
            ),
            Problem::TooWide { min_length } => write!(
                f,
                "`{entry}` contains too many addresses; write a network with at least `/{min_length}`, or \
                 `TrustedProxies::any()` where only the platform's proxy can reach the port"
            ),
        }
    }
}

impl std::error::Error for TrustedProxiesError {}
