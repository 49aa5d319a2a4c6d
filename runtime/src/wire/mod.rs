//! Parses and edits the text of HTTP headers. The code in this folder does not use cookie declarations or policies.

pub(crate) mod cache_control;
pub(crate) mod cookie;
pub(crate) mod domain;
#[cfg(feature = "_layer")]
pub(crate) mod folded_name;
pub(crate) mod lifetime;
pub(crate) mod list;
mod name_search;
#[cfg(feature = "audit")]
pub(crate) mod printable;
pub(crate) mod set_cookie;
pub(crate) mod shown;
