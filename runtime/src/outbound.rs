//! Requests of our own: which of them would carry a cookie or credentials in clear text. In: a URI and the fields that a
//! client is given; out: why it may not leave.

use core::fmt;

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, Uri};

use crate::policy::Policy;
use crate::proxies::is_https;

impl Policy {
    pub(crate) fn refuses_outbound(&self, uri: &Uri, headers: &HeaderMap) -> Option<PlainRequest> {
        let (field, _) = [("Cookie", COOKIE), ("Authorization", AUTHORIZATION)]
            .into_iter()
            .find(|(_, name)| headers.contains_key(name))?;
        let host = uri.host().unwrap_or_default();
        let leaves = uri.scheme_str().is_some_and(|scheme| is_https(scheme.as_bytes())) || self.excepts_outbound(host);
        (!leaves).then(|| PlainRequest { host: host.to_owned(), field })
    }
}

/// A request that did not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainRequest {
    host: String,
    field: &'static str,
}

impl fmt::Display for PlainRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a request to `{}` would carry `{}` over plain HTTP; use an `https` URL, or except the host with a reason",
            self.host, self.field
        )
    }
}
