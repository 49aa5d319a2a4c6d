//! The loopback rule: in a debug build, a request from a browser on this machine counts as HTTPS. The input is the head
//! of the request. The output is `Ok` if the rule applies, or the reason why the rule does not apply.

use std::net::IpAddr;

use http::HeaderMap;

use super::evidence::NotLoopback;
use super::forwarded::{forwarded_elements, list_elements, parse_node};
use super::head::RequestHead;
use super::host::{Host, RequestHost};

/// Returns true if the host of the request is a loopback host. Chromium and Firefox treat a page from a loopback host
/// like a page over HTTPS.
pub(super) fn has_loopback_host(head: &RequestHead<'_>) -> bool {
    RequestHost::from_request(head.uri, head.headers).is_ok_and(|named| named.host().is_ok_and(Host::is_loopback))
}

/// Checks that a request with a loopback host came from a browser on this machine. The peer's address must be loopback,
/// private or unknown. The address is private if the server listens on a published port of a container. The address is
/// unknown if the application uses `axum::serve` without connect info. If a proxy forwards a request from another
/// machine, a forwarding header contains the machine's host or address.
pub(super) fn check(head: &RequestHead<'_>) -> Result<(), NotLoopback> {
    if head.peer().is_some_and(|peer| !is_local(peer)) {
        return Err(NotLoopback::Peer);
    }
    for name in ["X-Forwarded-For", "X-Real-IP"] {
        if !list_elements(head.headers, name).all(is_local_node) {
            return Err(NotLoopback::Address { header: name });
        }
    }
    if !list_elements(head.headers, "X-Forwarded-Host").all(is_loopback_host) {
        return Err(NotLoopback::Host { header: "X-Forwarded-Host" });
    }
    check_forwarded(head.headers)
}

fn check_forwarded(headers: &HeaderMap) -> Result<(), NotLoopback> {
    let is_local = forwarded_elements(headers).all(|element| {
        element.all_pairs(|name, value| {
            if name.eq_ignore_ascii_case(b"for") {
                is_local_node(value)
            } else if name.eq_ignore_ascii_case(b"host") {
                is_loopback_host(value)
            } else {
                true
            }
        })
    });
    if is_local { Ok(()) } else { Err(NotLoopback::Address { header: "Forwarded" }) }
}

fn is_local_node(node: &[u8]) -> bool {
    parse_node(node).is_some_and(is_local)
}

fn is_loopback_host(host: &[u8]) -> bool {
    core::str::from_utf8(host).ok().and_then(Host::parse).is_some_and(Host::is_loopback)
}

/// Returns true for a loopback address and for a private address (RFC 1918, RFC 4193).
pub(super) fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}
