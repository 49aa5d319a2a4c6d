//! Parses and edits the text of HTTP headers. This folder does not depend on declarations and policies.

pub(crate) mod cookie;
pub(crate) mod domain;
pub(crate) mod lifetime;
pub(crate) mod list;
pub(crate) mod set_cookie;
