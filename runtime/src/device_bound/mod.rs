//! Cookies that are bound to a device. A browser with Device Bound Session Credentials (DBSC) makes a key that never
//! leaves the device, and proves every few minutes that it still has the key. A stolen copy of the cookies stops
//! working within minutes.
//!
//! Declare a cookie with `#[cookie(sealed, max_age = "30d", device_bound)]`:
//!
//! - A `set` of the cookie is a sign-in, unless the handler already read the cookie in the same request. The response
//!   to a sign-in offers a registration to the browser.
//! - The browser registers its key at an endpoint of the policy's middleware. From then on, the cookie is read only
//!   together with its *companion*: a second cookie with a short lifetime. Without a valid companion,
//!   [`get`](crate::Cookies::get) returns `None`, and [`try_get`](crate::Cookies::try_get) returns
//!   [`ReadError::Unproven`](crate::ReadError::Unproven).
//! - The browser refreshes the companion at the second endpoint, each time with a proof.
//! - [`Bound<T>`](Bound) is an extractor. It accepts only requests that contain the cookie and a valid companion.
//!
//! A browser without DBSC ignores the offer, and its cookies work as before.
//!
//! Only a jar under the policy's middleware binds the cookie. A header from `SetCookie::header_value` is never bound.
//!
//! The two endpoints need a keyring in the policy, and no store. [`DeviceBound`] sets their path.

mod binding;
mod bound;
mod companion;
#[cfg(feature = "_layer")]
mod endpoint;
#[cfg(feature = "_layer")]
mod proof;
#[cfg(feature = "_layer")]
mod session;
mod settings;

pub use bound::Bound;
pub use settings::DeviceBound;

pub(crate) use binding::Binding;
#[cfg(feature = "_layer")]
pub(crate) use companion::Companion;
pub(crate) use companion::{find_valid, removal};
#[cfg(feature = "_layer")]
pub(crate) use endpoint::{
    EndpointRequest, EndpointResponse, EndpointUrls, REGISTRATION, refresh, register, registration_header,
};
#[cfg(any(feature = "actix", feature = "rocket"))]
pub(crate) use endpoint::{IDENTIFIER, PROOF};
#[cfg(feature = "_layer")]
pub(crate) use session::{Registration, Session};
