//! One declared cookie: from the type to the header value, and the errors on the way.

pub(crate) mod allowed_over;
pub(crate) mod declaration;
pub(crate) mod document;
pub(crate) mod error;
pub(crate) mod header_value;
#[cfg(feature = "json")]
pub(crate) mod json;
pub(crate) mod overrides;
pub(crate) mod sealing;
pub(crate) mod set_cookie;
pub(crate) mod value;
