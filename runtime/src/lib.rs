//! Typed cookies that are Secure by default, for people who set cookies in web applications.
//!
//! **Annotate a type.** From one declaration you get a cookie that is `Secure`, `HttpOnly`, `SameSite=Lax`, host-only
//! and prefixed. What would weaken it needs a written reason; what a browser would silently drop does not compile; and
//! over plain HTTP it is not sent, by the types where they show it and at run time where only the request does.
//!
//! ```
//! use hardtack::{Cookie, Cookies};
//!
//! /// Who is signed in.
//! #[derive(Cookie)]
//! #[cookie(max_age = "8h")]
//! pub struct Session(String);
//!
//! fn sign_in(cookies: &Cookies) -> Result<(), hardtack::SetError> {
//!     cookies.set(Session("s3cr3t".into()))
//! }
//!
//! let cookies = Cookies::read(&http::HeaderMap::new(), hardtack::testing::https());
//! sign_in(&cookies).unwrap();
//! let mut response = http::HeaderMap::new();
//! cookies.write(&mut response);
//! assert_eq!(
//!     response["set-cookie"],
//!     "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax",
//! );
//! ```
//!
//! The first refusal: a handler that has no proof of HTTPS cannot set it.
//!
//! ```compile_fail,E0277
//! # use hardtack::{Cookie, Cookies, PlainHttp};
//! # #[derive(Cookie)]
//! # struct Session(String);
//! fn sign_in(cookies: &Cookies<PlainHttp>) {
//!     let _ = cookies.set(Session("s3cr3t".into()));
//!     // error[E0277]: `Session` is a Secure cookie: it cannot be set, read or removed
//!     //               where the scheme is `PlainHttp`
//! }
//! ```
//!
//! # What is where
//!
//! - Declaring: [`derive@Cookie`], [`derive@CookieValue`], [`cookies`](macro@cookies).
//! - Setting and reading: [`Cookies`], [`SetCookie`], [`document_cookie`].
//! - Proof: [`Https`], [`PlainHttp`], [`AnyScheme`], given by a [`Listener`].
//! - The environment: [`Policy`] and [`PolicyHandle`], with the layer for servers and the one for clients under `tower`;
//!   for other frameworks a module each, under their features.
//! - In the page itself, from WebAssembly: `web`, with the feature of that name.
//! - Reading others' lines: [`audit`].
//! - Pages: [for a security team](guide::security), [signed and sealed cookies](guide::seal), [closing the side
//!   doors](guide::side_doors) of a code base, [coming from elsewhere](guide::migration).
//!
//! # What is promised
//!
//! - A declared cookie leaves with its declared attributes or, where a policy's floor demands it, with stricter ones; or
//!   not at all.
//! - Under the layer nothing Secure leaves over plain HTTP, whoever wrote it.
//! - No value can end a header, add an attribute or add a cookie: all octets outside `cookie-octet` are
//!   percent-encoded, and come back equal.
//! - No cookie's value stands in an error, a log or a `Debug`.
//! - No `unsafe`, and no panic that a request can reach.
//!
//! # What is not
//!
//! - A prefix protects a cookie's integrity, not its presence: a sibling host can crowd it out. Treat absence as
//!   signed out.
//! - `__Secure-` and `__Http-` names, which a cookie with a `domain` has, stop no sibling host from setting them.
//! - Values are readable by whoever holds the browser, unless they are declared `sealed` (feature `seal`).
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `cookie` (default) | `SetCookie::to_cookie` and the [`cookie`](https://docs.rs/cookie) crate |
//! | `seal` | cookies that are `signed` or `sealed`: `Key`, `Keyring` and their rotation ([page](guide::seal)) |
//! | `json` | cookies whose value is the type's serde JSON |
//! | `serde` | `Serialize` for the audit's reports, never with a value |
//! | `tower` | `Policy::layer` |
//! | `axum` | extractors, errors as responses, `ConnectInfo` as the peer |
//! | `axum-server` | `MarkedAcceptor`, which says of each connection whether it carries TLS |
//! | `web` | `web::get`, `web::set`, `web::remove`: `document.cookie` from WebAssembly in a browser; nothing elsewhere |
//! | `actix` | `hardtack::actix`: actix-web 4, a middleware, extractors, errors as responses |
//! | `rocket` | `hardtack::rocket`: Rocket 0.5, a fairing, request guards, errors as responses |
//! | `poem` | `hardtack::poem`: poem 3, a middleware, extractors, errors as responses |
//! | `salvo` | `hardtack::salvo`: salvo 1.1, a hoop, extractors, errors as responses; Rust 1.95 |
//! | `inventory` | `inventory()`, the list of every cookie that a program declares |
//! | `public-suffix` | refuses a `domain` that is a public suffix |
//! | `tracing` | reports as events, in place of standard error |
//! | `toml` | `Policy::from_toml` |
//! | `testing` | `testing::https()` and its kin, for your own tests |

#![cfg_attr(not(feature = "_layer"), allow(dead_code, reason = "a framework's layer asks what the policy says"))]

// Generated code says `::hardtack`, here too.
extern crate self as hardtack;

mod absent;
mod adapters;
pub mod audit;
mod caching;
mod clock;
mod cookies;
mod declare;
mod document;
mod domain;
#[cfg(feature = "_layer")]
mod enforce;
mod error;
mod exchange;
mod extractors;
mod findings;
mod floor;
mod force_https;
mod foreign;
#[cfg(any(doc, doctest))]
pub mod guide;
mod host;
mod hsts;
#[cfg(feature = "inventory")]
mod inventory;
#[cfg(feature = "json")]
mod json;
mod lifetime;
mod line;
mod listener;
#[cfg(feature = "tower")]
mod outbound;
mod page;
#[cfg(feature = "_layer")]
mod passage;
#[cfg(feature = "_layer")]
mod plain_http;
mod policy;
mod policy_error;
mod policy_text;
#[doc(hidden)]
pub mod private;
mod proxies;
mod read;
mod rejection;
#[cfg(feature = "_layer")]
mod removals;
mod report;
mod scheme;
#[cfg(feature = "seal")]
mod seal;
mod sealing;
mod seen;
mod set_cookie;
mod store;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod value;
mod written;

#[cfg(feature = "cookie")]
pub use cookie;
/// Declares one cookie: the type is its value, and its attributes stand above it.
///
/// ```
/// use hardtack::{Cookie, SetCookie, testing};
///
/// /// Interface language.
/// #[derive(Cookie)]
/// #[cookie(max_age = "30d", http_only = false, reason = "i18n.js reads it before first paint")]
/// enum Lang { En, PtBr }
///
/// let line = SetCookie::new(Lang::PtBr).header_value(&testing::https()).unwrap();
/// assert_eq!(line, "__Host-lang=pt-br; Path=/; Max-Age=2592000; Secure; SameSite=Lax");
/// # let _ = Lang::En;
/// ```
///
pub use hardtack_macros::Cookie;
/// Makes a type the value of a cookie that something else declares.
///
/// ```
/// use hardtack::{Cookie, CookieValue, SetCookie, testing};
///
/// #[derive(CookieValue)]
/// enum Theme { Light, #[cookie(rename = "night")] Dark }
///
/// #[derive(Cookie)]
/// struct Chosen(Theme);
///
/// let line = SetCookie::new(Chosen(Theme::Dark)).header_value(&testing::https()).unwrap();
/// assert!(line.to_str().unwrap().starts_with("__Host-Http-chosen=night; "));
/// # let _ = Theme::Light;
/// ```
///
pub use hardtack_macros::CookieValue;
#[doc(hidden)]
pub use hardtack_macros::Cookies;
/// Declares several cookies in one struct, with a getter, a setter and a remover for each.
///
/// ```
/// use hardtack::{Cookies, testing};
///
/// #[hardtack::cookies]
/// struct Shop {
///     /// Who is signed in.
///     #[cookie(max_age = "8h", same_site = Strict)]
///     session: String,
///     /// How many things are in the cart.
///     cart: u32,
/// }
///
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", "__Host-Http-cart=3".parse().unwrap());
/// let shop = Shop::from(Cookies::read(&request, testing::https()));
/// assert_eq!((shop.cart().unwrap(), shop.session().unwrap()), (Some(3), None));
/// shop.set_session("s3cr3t").unwrap();
/// shop.remove_cart().unwrap();
///
/// let mut response = http::HeaderMap::new();
/// Cookies::from(shop).write(&mut response);
/// assert_eq!(response.get_all("set-cookie").iter().count(), 2);
/// assert_eq!(Shop::SPECS.len(), 2);
/// ```
///
pub use hardtack_macros::cookies;
pub use hardtack_rules::{Kind, Prefix, Rule, SameSite, Seal};

#[cfg(feature = "actix")]
pub use adapters::actix;
#[cfg(feature = "axum-server")]
pub use adapters::axum_server::{MarkedAcceptor, MarkedFuture, MarkedService};
#[cfg(feature = "tower")]
pub use adapters::outbound::{OutboundError, OutboundFuture, OutboundLayer, OutboundService};
#[cfg(feature = "poem")]
pub use adapters::poem;
#[cfg(feature = "rocket")]
pub use adapters::rocket;
#[cfg(feature = "salvo")]
pub use adapters::salvo;
#[cfg(feature = "tower")]
pub use adapters::tower::{PolicyFuture, PolicyLayer, PolicyService};
#[cfg(feature = "web")]
pub use adapters::web;
pub use caching::Caching;
pub use cookies::Cookies;
pub use declare::{Cookie, ReadCookie, Rescopable, ScriptReadable, Spec};
pub use document::{DocumentCookie, document_cookie};
pub use error::{AttributeFault, ExtractError, ReadError, Removal, SealFault, SetError};
pub use floor::Floor;
pub use force_https::ForceHttps;
pub use foreign::ForeignCookies;
pub use hsts::Hsts;
#[cfg(feature = "inventory")]
pub use inventory::{Denied, Inventory, Listed, inventory};
pub use listener::{Listener, Peer, Transport};
#[cfg(feature = "tower")]
pub use outbound::PlainRequest;
pub use policy::{Policy, PolicyBuilder, PolicyHandle};
pub use policy_error::PolicyError;
pub use proxies::{TrustedProxies, TrustedProxiesError};
pub use report::{Counters, Event, EventKind};
pub use scheme::{AllowedOver, AnyScheme, Evidence, Https, PlainHttp, Scheme};
#[cfg(feature = "seal")]
pub use seal::{Key, KeyError, KeyId, Keyring};
pub use set_cookie::{IntoSetCookie, SetCookie};
pub use value::{CookieValue, InvalidValue, ValueWriter};
