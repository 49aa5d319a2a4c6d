//! Predicts what browsers do with a cookie. A browser stores the cookie of a `Set-Cookie` header, or rejects the header
//! (6265bis 5.6 and 5.7). The browser sends a stored cookie with each request whose host and path match the cookie
//! (6265bis 5.1).

#[cfg(any(feature = "audit", feature = "_layer", feature = "testing"))]
pub(crate) mod check;
#[cfg(feature = "testing")]
pub(crate) mod cookie_store;
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) mod page_url;
#[cfg(any(feature = "audit", feature = "_layer", feature = "testing"))]
#[cfg_attr(not(feature = "audit"), allow(unreachable_pub, reason = "its type is public with the feature `audit`"))]
pub(crate) mod rejection;
pub(crate) mod request_match;
#[cfg(any(feature = "audit", feature = "testing"))]
pub(crate) mod store;
