//! The homes: one thin file each. A rule found here is in the wrong room.

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "axum-server")]
pub(crate) mod axum_server;
#[cfg(feature = "tower")]
pub(crate) mod outbound;
#[cfg(feature = "tower")]
pub(crate) mod tower;
