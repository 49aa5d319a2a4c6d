//! Facts about a request: its scheme with the evidence for it, its host, and whether it is a request for a page.

#[cfg(any(feature = "audit", feature = "_layer"))]
pub(crate) mod accept;
pub(crate) mod evidence;
mod forwarded;
pub(crate) mod head;
pub(crate) mod host;
mod network;
pub(crate) mod proxies;
pub(crate) mod scheme;
pub(crate) mod tls_termination;

#[cfg(feature = "tower")]
pub(crate) use forwarded::is_https;
