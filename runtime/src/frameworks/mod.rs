//! The adapters, one module for each framework. An adapter converts the types of its framework and calls four functions
//! of `middleware`. These functions contain all of the policy's logic.
//!
//! To write a new adapter, copy the module `poem`. If the framework uses the types of the crate `http`, copy the
//! modules `tower` and `axum` instead.

#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "axum-server")]
pub mod axum_server;
#[cfg(feature = "tower")]
mod client;
#[cfg(any(feature = "actix", feature = "rocket"))]
mod header_map;
#[cfg(feature = "poem")]
pub mod poem;
#[cfg(feature = "rocket")]
pub mod rocket;
#[cfg(feature = "salvo")]
pub mod salvo;
#[cfg(feature = "tower")]
pub mod tower;
