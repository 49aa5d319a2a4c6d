//! The cookie jar: the cookies of one request, and the cookies that the response sets.

pub(crate) mod cookies;
pub(crate) mod cross_site;
pub(crate) mod family;
pub(crate) mod into_set_cookie;
mod pending;
pub(crate) mod scopes;
pub(crate) mod state;
pub(crate) mod write;
