//! The homes: one thin file each. A rule found here is in the wrong room.

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "axum-server")]
pub(crate) mod axum_server;
#[cfg(feature = "web")]
mod browser;
#[cfg(any(feature = "actix", feature = "rocket"))]
mod copied;
#[cfg(feature = "tower")]
pub(crate) mod outbound;
#[cfg(feature = "poem")]
pub mod poem;
#[cfg(feature = "rocket")]
pub mod rocket;
#[cfg(feature = "salvo")]
pub mod salvo;
#[cfg(feature = "tower")]
pub(crate) mod tower;
#[cfg(feature = "web")]
pub mod web;
