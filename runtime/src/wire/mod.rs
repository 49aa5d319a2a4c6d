//! The text of HTTP headers: parsing and editing of header values. This folder uses no declarations and no policies.

pub(crate) mod cookie;
pub(crate) mod domain;
pub(crate) mod lifetime;
pub(crate) mod list;
pub(crate) mod set_cookie;
