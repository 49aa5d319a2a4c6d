//! One file for each framework, and for what a page has in its place (`web`, `browser`). Four calls of `passage` are all
//! that an adapter needs; a rule found here is in the wrong room. A new one begins as `poem` does, or, where the
//! framework's types are those of `http`, as `tower` with `axum`.

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
