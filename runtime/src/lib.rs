//! Typed cookies for web applications. The cookies are `Secure` by default.
//!
//! You declare each cookie as a type. By default, the cookie is `Secure`, `HttpOnly`, `SameSite=Lax` and host-only, and
//! the cookie's name has a prefix:
//!
//! ```
//! use axum::{Router, routing::get, routing::post};
//! use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};
//!
//! /// The session of the signed-in user.
//! #[derive(Cookie)]
//! #[cookie(max_age = "8h")]
//! struct Session(String);
//!
//! async fn home(cookies: Cookies) -> &'static str {
//!     if cookies.get::<Session>().is_some() { "signed in" } else { "signed out" }
//! }
//!
//! async fn sign_in(cookies: Cookies) -> Result<(), SetError> {
//!     cookies.set(Session("s3cr3t".into()))
//! }
//!
//! let app: Router = Router::new()
//!     .route("/", get(home))
//!     .route("/sign-in", post(sign_in))
//!     .layer(Policy::default().layer(TlsTermination::per_connection())); // the last layer
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # let send = |request: http::request::Builder| {
//! #     let request = request.extension(hardtack::tls::Transport::Tls).body(axum::body::Body::empty()).unwrap();
//! #     let mut app = app.clone();
//! #     runtime.block_on(async { tower_service::Service::call(&mut app, request).await.unwrap() })
//! # };
//! let response = send(http::Request::post("https://shop.example/sign-in"));
//! assert_eq!(
//!     response.headers()["set-cookie"],
//!     "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax",
//! );
//! ```
//!
//! - A declaration that makes the cookie weaker must contain a `reason`.
//! - A declaration with attributes that browsers reject does not compile.
//! - A Secure cookie is never sent over plain HTTP. The compiler rejects code that sets a Secure cookie through a
//!   `Cookies<PlainHttp>`. With a `Cookies<AnyScheme>`, hardtack checks the scheme at run time.
//!
//! A function that handles plain HTTP requests cannot set the cookie:
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
//! # Where to look
//!
//! | question | items | page of the [guide] |
//! |---|---|---|
//! | How do I begin? | | [start](guide::start), [other frameworks](guide::frameworks) |
//! | How do I declare a cookie? | [`derive@Cookie`], [`derive@CookieValue`], [`cookies`](macro@cookies), [`spec`], [`value`] | [declare](guide::declare), [change a cookie](guide::changing) |
//! | How do I read, set and remove it? | [`Cookies`], [`SetCookie`], [`Family`] | [read and remove](guide::read), [recipes](guide::recipes) |
//! | Where does TLS end? | [`TlsTermination`], [`TrustedProxies`], [`tls`] | [where TLS ends](guide::tls), [nginx and Redis](guide::deployment) |
//! | Did the request come over HTTPS? | [`Https`], [`PlainHttp`], [`AnyScheme`] | [where TLS ends](guide::tls) |
//! | Which rules apply to all requests and cookies? | [`Policy`], [`policy`] | [one policy](guide::policy), [other libraries' cookies](guide::libraries) |
//! | What has the policy refused or changed? | [`mod@event`] | [troubleshooting](guide::troubleshooting) |
//! | How do I sign or encrypt a value, and end a session? | [`seal`] | [signed and sealed](guide::seal), [sessions](guide::sessions) |
//! | How does a stolen cookie stop working? | [`device_bound`] | [sessions that are bound to a device](guide::device_bound) |
//! | How does a framework use the policy? | [`tower`] (also for axum), [`axum_server`], [`actix`], [`rocket`], [`poem`], [`salvo`] | [other frameworks](guide::frameworks) |
//! | How does a page use cookies? | [`web`], [`document_cookie`] | [in the browser](guide::browser) |
//! | How do I test an application? | [`testing`] | [test clients](guide::testing) |
//! | How does a build refuse weak cookies? | [`inventory`] | [rules for a build](guide::enforcement), [side doors](guide::side_doors) |
//! | What would a security scanner report? | [`audit`], the command `hardtack` | [audit](guide::audit), [for a security team](guide::security), [known attacks](guide::attacks) |
//! | I use another library. What changes? | | [coming from elsewhere](guide::migration), [comparison](guide::comparison) |
//!
//! Some of these modules need a Cargo feature. The section [Features](#features) lists all features.
//!
//! # Guarantees
//!
//! - hardtack never sends a declared cookie with weaker attributes than declared. A policy can make the attributes
//!   stricter, but never weaker.
//! - The policy's middleware never sends a Secure cookie over plain HTTP. This is also true for Secure cookies that are
//!   set without hardtack.
//! - A cookie's value cannot break out of its place in the header: it cannot add an attribute, a second cookie or a
//!   second header. hardtack percent-encodes every byte of the value that is not a `cookie-octet`. After decoding, the
//!   value is the same as the original value.
//! - No error, log or `Debug` output contains a cookie's value.
//! - The crate has no `unsafe` code. A request cannot cause a panic.
//!
//! # Limits
//!
//! - The prefix in a cookie's name protects the cookie against changes by other hosts, but not against deletion. A
//!   sibling host (another host of the same site) can set so many cookies that the browser deletes your cookies. If the
//!   session cookie is missing, treat the user as signed out.
//! - A sibling host can overwrite a cookie with a `domain`. The name of a cookie with a `domain` begins with
//!   `__Secure-` or `__Http-`. These two prefixes do not prevent other hosts from setting the cookie.
//! - Anyone with access to the browser can read a cookie's value, unless the cookie is declared `sealed`. The value of
//!   a `sealed` cookie is encrypted (feature `seal`).
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `cookie` (default) | `SetCookie::to_decoded_cookie` and `to_encoded_cookie`, for the [`cookie`](https://docs.rs/cookie) crate |
//! | `seal` | cookies that are `signed` or `sealed`, and the module `seal` with their keys ([page](guide::seal)) |
//! | `device-bound` | cookies that are `device_bound`, and the module `device_bound`; implies `seal` |
//! | `json` | cookies whose value is the type's serde JSON |
//! | `serde` | `Serialize` for the audit's reports, without cookie values |
//! | `tower` | `Policy::layer` for servers, `Policy::client_layer` for clients |
//! | `axum` | extractors, errors as responses, the peer's address from `ConnectInfo`; on wasm32-unknown-unknown without `ConnectInfo` |
//! | `axum-server` | `MarkedAcceptor`, which marks each connection as TLS or plain HTTP |
//! | `web` | `web::get`, `web::set`, `web::remove` and `web::family` for the cookies of a page, in WebAssembly in a browser |
//! | `actix` | `hardtack::actix`: actix-web 4, a middleware, extractors, errors as responses |
//! | `rocket` | `hardtack::rocket`: Rocket 0.5, a fairing, request guards, errors as responses |
//! | `poem` | `hardtack::poem`: poem 3, a middleware, extractors, errors as responses |
//! | `salvo` | `hardtack::salvo`: salvo 1.1, a hoop, extractors, errors as responses; needs Rust 1.95 |
//! | `audit` | `audit::set_cookie` and `audit::response`: reports about `Set-Cookie` headers and responses |
//! | `cli` | the command `hardtack`, which audits saved responses; not for libraries ([page](guide::audit)) |
//! | `inventory` | `inventory()`, the list of every cookie that a program declares; implies `audit` |
//! | `public-suffix` | an error for a `domain` that is a public suffix |
//! | `tracing` | [events](event) as `tracing` events; each framework's feature implies it |
//! | `toml` | `Policy::from_toml` |
//! | `testing` | `testing::https()`, an in-memory browser and other helpers for your own tests |
//!
// Each of these modules only exists if its feature is enabled. So the links are URLs, and not paths of items.
//! [`actix`]: https://docs.rs/hardtack/latest/hardtack/actix/index.html
//! [`audit`]: https://docs.rs/hardtack/latest/hardtack/audit/index.html
//! [`axum_server`]: https://docs.rs/hardtack/latest/hardtack/axum_server/index.html
//! [`device_bound`]: https://docs.rs/hardtack/latest/hardtack/device_bound/index.html
//! [`inventory`]: https://docs.rs/hardtack/latest/hardtack/inventory/index.html
//! [`poem`]: https://docs.rs/hardtack/latest/hardtack/poem/index.html
//! [`rocket`]: https://docs.rs/hardtack/latest/hardtack/rocket/index.html
//! [`salvo`]: https://docs.rs/hardtack/latest/hardtack/salvo/index.html
//! [`seal`]: https://docs.rs/hardtack/latest/hardtack/seal/index.html
//! [`testing`]: https://docs.rs/hardtack/latest/hardtack/testing/index.html
//! [`tower`]: https://docs.rs/hardtack/latest/hardtack/tower/index.html
//! [`web`]: https://docs.rs/hardtack/latest/hardtack/web/index.html

// docs.rs shows the feature that each item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

// Makes the path `::hardtack` valid in this crate, because the macros generate code with this path.
extern crate self as hardtack;

#[cfg(feature = "audit")]
pub mod audit;
mod browser;
mod clock;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod command;
mod cookie;
#[cfg(feature = "device-bound")]
pub mod device_bound;
pub mod event;
mod frameworks;
mod generated;
#[cfg(any(doc, doctest))]
pub mod guide;
#[cfg(feature = "inventory")]
pub mod inventory;
mod jar;
mod middleware;
pub mod policy;
mod request;
#[cfg(feature = "seal")]
pub mod seal;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "web")]
pub mod web;
mod wire;

/// Declares the annotated type as a cookie. A value of the type is the cookie's value. `#[cookie(…)]` sets the cookie's
/// attributes.
///
/// ```
/// use hardtack::{Cookie, SetCookie, testing};
///
/// /// Interface language.
/// #[derive(Cookie)]
/// #[cookie(max_age = "30d", http_only = false, reason = "i18n.js reads it before first paint")]
/// enum Lang { En, PtBr }
///
/// let header = SetCookie::new(Lang::PtBr).header_value(&testing::https()).unwrap();
/// assert_eq!(header, "__Host-lang=pt-br; Path=/; Max-Age=2592000; Secure; SameSite=Lax");
/// # let _ = Lang::En;
/// ```
///
pub use hardtack_macros::Cookie;
/// Implements the trait `CookieValue` for the annotated type, so that the type can be the value of a cookie.
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
/// let header = SetCookie::new(Chosen(Theme::Dark)).header_value(&testing::https()).unwrap();
/// assert_eq!(header, "__Host-Http-chosen=night; Path=/; Secure; HttpOnly; SameSite=Lax");
/// # let _ = Theme::Light;
/// ```
///
pub use hardtack_macros::CookieValue;
#[doc(hidden)]
pub use hardtack_macros::Cookies;
/// Declares several cookies in one struct. For each cookie, the struct gets methods that read, set and remove the
/// cookie.
///
/// ```
/// use hardtack::{Cookies, testing};
///
/// #[hardtack::cookies]
/// struct Shop {
///     /// The session of the signed-in user.
///     #[cookie(max_age = "8h", same_site = Strict)]
///     session: String,
///     /// The number of items in the cart.
///     cart: u32,
/// }
///
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", "__Host-Http-cart=3".parse().unwrap());
/// let shop = Shop::from(Cookies::from_headers(&request, testing::https()));
/// assert_eq!((shop.cart(), shop.session()), (Some(3), None));
/// shop.set_session("s3cr3t").unwrap();
/// shop.remove_cart().unwrap();
///
/// let mut response = http::HeaderMap::new();
/// Cookies::from(shop).write(&mut response);
/// let names: Vec<&str> = response
///     .get_all("set-cookie")
///     .iter()
///     .filter_map(|header| header.to_str().ok()?.split('=').next())
///     .collect();
/// assert_eq!(names, ["__Host-Http-cart", "__Host-Http-session"]);
/// assert_eq!(Shop::SPECS.len(), 2);
/// ```
///
pub use hardtack_macros::cookies;

#[cfg(feature = "inventory")]
#[doc(inline)]
pub use inventory::inventory;
#[doc(inline)]
pub use policy::{Policy, PolicyHandle};
pub use {
    cookie::allowed_over::AllowedOver,
    cookie::declaration::{Cookie, CookieFamily, HasMaxAge, ReadCookie},
    cookie::document::document_cookie,
    cookie::error::{ReadError, SetError},
    cookie::set_cookie::SetCookie,
    cookie::value::CookieValue,
    hardtack_rules::SameSite,
    jar::cookies::Cookies,
    jar::family::Family,
    jar::into_set_cookie::IntoSetCookie,
    middleware::extract_error::ExtractError,
    request::proxies::TrustedProxies,
    request::scheme::{AnyScheme, Https, PlainHttp, Scheme},
    request::tls_termination::TlsTermination,
};

#[cfg(feature = "actix")]
pub use frameworks::actix;
#[cfg(feature = "axum-server")]
pub use frameworks::axum_server;
#[cfg(feature = "poem")]
pub use frameworks::poem;
#[cfg(feature = "rocket")]
pub use frameworks::rocket;
#[cfg(feature = "salvo")]
pub use frameworks::salvo;
#[cfg(feature = "tower")]
pub use frameworks::tower;

#[doc(hidden)]
pub use generated::private;

/// Types for the connection and the scheme of a request.
///
/// [`Transport`](tls::Transport) and [`Peer`](tls::Peer) describe the connection. [`Evidence`](tls::Evidence) contains
/// the reason why a request counts as HTTPS or as plain HTTP.
///
/// The types [`TlsTermination`] and [`TrustedProxies`] are in the crate's root.
///
/// ```
/// use hardtack::TlsTermination;
/// use hardtack::tls::Transport;
///
/// // A server's accept loop marks each connection as TLS or plain HTTP.
/// let is_https = |mark: Transport| {
///     let (mut parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
///     parts.extensions.insert(mark);
///     TlsTermination::per_connection().detect(&parts, None).is_ok()
/// };
/// assert_eq!([Transport::Tls, Transport::Plain].map(is_https), [true, false]);
/// ```
pub mod tls {
    pub use crate::request::evidence::Evidence;
    pub use crate::request::head::{Peer, Transport};
    pub use crate::request::proxies::TrustedProxiesError;
    pub use crate::request::tls_termination::TlsTerminationError;
}

/// Types for the conversion between a cookie's value and its text.
///
/// To implement [`CookieValue`], use [`ValueWriter`](value::ValueWriter) and [`InvalidValue`](value::InvalidValue).
/// [`SealFault`](value::SealFault) is the reason why a value's seal is invalid.
/// [`ProofFault`](value::ProofFault) is the reason why a request does not prove the device.
/// [`DocumentCookie`](value::DocumentCookie) is the text that a script assigns to `document.cookie`.
///
/// ```
/// use hardtack::CookieValue;
/// use hardtack::value::InvalidValue;
///
/// assert_eq!(bool::read("yes"), Err(InvalidValue::expected("`true` or `false`")));
/// ```
pub mod value {
    pub use crate::cookie::document::DocumentCookie;
    pub use crate::cookie::error::{ProofFault, SealFault};
    pub use crate::cookie::value::{InvalidValue, ValueWriter};
}

/// Types for the declaration of a cookie.
///
/// A constant of type [`Spec`](spec::Spec) contains the whole declaration of a cookie. The other items in this module
/// are parts of a declaration, or rules for declarations.
///
/// ```
/// use hardtack::spec::{Prefix, Spec};
/// use hardtack::{Cookie, ReadCookie};
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// const SPEC: Spec = Session::SPEC;
/// assert_eq!(Prefix::from_name(SPEC.name), Some(Prefix::HostHttp));
/// ```
pub mod spec {
    pub use crate::cookie::declaration::{ScriptVisible, Spec};
    pub use crate::cookie::error::AttributeFault;
    pub use hardtack_rules::date::Day;
    pub use hardtack_rules::{DeviceBinding, Former, FormerDomain, Prefix, Rule, RuleKind, Seal};
}
