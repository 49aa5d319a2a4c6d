//! Converts one declared cookie to the value of a `Set-Cookie` header, and reads the cookie from a request.

pub(crate) mod allowed_over;
pub(crate) mod declaration;
pub(crate) mod document;
pub(crate) mod error;
pub(crate) mod former;
pub(crate) mod header_value;
#[cfg(feature = "json")]
pub(crate) mod json;
pub(crate) mod overrides;
pub(crate) mod scope;
pub(crate) mod sealing;
pub(crate) mod set_cookie;
pub(crate) mod value;
