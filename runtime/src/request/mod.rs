//! Finds the scheme and the host of a request, and checks whether the request is a page request. An `Evidence` contains
//! the reason why a request counts as HTTPS or as plain HTTP.

#[cfg(any(feature = "audit", feature = "_layer"))]
pub(crate) mod accept;
#[cfg(any(feature = "_layer", feature = "audit"))]
pub(crate) mod acme;
pub(crate) mod evidence;
mod forwarded;
pub(crate) mod head;
pub(crate) mod host;
mod loopback;
mod network;
pub(crate) mod proxies;
pub(crate) mod scheme;
pub(crate) mod signal;
pub(crate) mod tls_termination;

#[cfg(feature = "tower")]
pub(crate) use forwarded::is_https;
