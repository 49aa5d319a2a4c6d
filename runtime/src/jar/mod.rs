//! The cookie jar: the cookies of one request, and the cookies that the response sets.

pub(crate) mod cookies;
pub(crate) mod into_set_cookie;
pub(crate) mod state;
pub(crate) mod write;
