//! The middleware, which is the same for all frameworks. The middleware checks each request, makes a cookie jar for the
//! request, and changes the headers of the response. The adapter for each framework calls four functions:
//!
//! - [`PolicyGuard::on_request`]
//! - [`InFlight::jar_handle`]
//! - [`InFlight::on_response`]
//! - [`layer_missing`]

pub(crate) mod extract_error;

#[cfg(feature = "_layer")]
mod caching;
#[cfg(feature = "tower")]
pub(crate) mod client;
#[cfg(all(feature = "_layer", feature = "device-bound"))]
mod device_bound;
#[cfg(feature = "_layer")]
mod guard;
#[cfg(feature = "_layer")]
mod harden;
#[cfg(feature = "_layer")]
mod hsts;
#[cfg(feature = "_layer")]
mod namesake;
#[cfg(feature = "_layer")]
pub(crate) mod plain_http;
#[cfg(feature = "_layer")]
pub(crate) mod prefix;
#[cfg(feature = "_layer")]
mod removals;
#[cfg(feature = "_layer")]
pub(crate) mod response;
#[cfg(feature = "_layer")]
pub(crate) mod trusted;

#[cfg(any(feature = "actix", feature = "rocket", feature = "tower"))]
pub(crate) use guard::InFlight;
#[cfg(feature = "_layer")]
pub(crate) use guard::{JarHandle, PolicyGuard, layer_missing};

#[cfg(any(feature = "actix", feature = "axum", feature = "poem", feature = "rocket", feature = "salvo"))]
pub(crate) use guard::RemoveCookie;

#[cfg(all(test, hardtack_loom))]
mod every_order;
