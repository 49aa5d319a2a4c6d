//! Typed cookies for web applications. The cookies are `Secure` by default.
//!
//! **Annotate a type.** The annotated type declares a cookie. The declared cookie is `Secure`, `HttpOnly`,
//! `SameSite=Lax` and host-only. The cookie's name gets a prefix.
//!
//! - A declaration that makes the cookie weaker must contain a `reason`.
//! - A declaration with attributes that browsers reject does not compile.
//! - A Secure cookie is never sent over plain HTTP. If the scheme of the request is known at compile time, the compiler
//!   rejects a Secure cookie over plain HTTP. Otherwise, hardtack checks the scheme at run time.
//!
//! ```
//! use hardtack::{Cookie, Cookies};
//!
//! /// The session of the signed-in user.
//! #[derive(Cookie)]
//! #[cookie(max_age = "8h")]
//! pub struct Session(String);
//!
//! fn sign_in(cookies: &Cookies) -> Result<(), hardtack::SetError> {
//!     cookies.set(Session("s3cr3t".into()))
//! }
//!
//! let cookies = Cookies::from_headers(&http::HeaderMap::new(), hardtack::testing::https());
//! sign_in(&cookies).unwrap();
//! let mut response = http::HeaderMap::new();
//! cookies.write(&mut response);
//! assert_eq!(
//!     response["set-cookie"],
//!     "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax",
//! );
//! ```
//!
//! A handler without a proof of HTTPS cannot set the cookie:
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
//! # Overview
//!
//! - Declare cookies with [`derive@Cookie`], [`derive@CookieValue`] and [`cookies`](macro@cookies). The module [`spec`]
//!   has the types of the constant that contains a cookie's declaration.
//! - Set and read cookies with [`Cookies`] and [`SetCookie`]. For a cookie that JavaScript sets, [`document_cookie`]
//!   returns the text for `document.cookie`.
//! - A [`TlsTermination`] detects whether a request arrived over HTTPS or plain HTTP. A value of type [`Https`] or
//!   [`PlainHttp`] is the proof of the scheme. An [`AnyScheme`] contains an [`Https`] or a [`PlainHttp`].
//! - A [`Policy`] applies rules to all requests and cookies of an application. A policy also applies its rules to
//!   cookies that are set without hardtack. Build a policy with the module [`policy`]. Handle the events of a policy
//!   with the module [`mod@event`].
//! - The policy's middleware is in one module per framework: `tower`, `actix`, `rocket`, `poem` or `salvo`. The module
//!   `tower` is also for axum and for HTTP clients.
//! - With the module `web`, WebAssembly in a web page reads and sets the cookies of the page.
//! - The module `audit` reports weaknesses of any `Set-Cookie` header. The module `inventory` lists all cookies that a
//!   program declares.
//! - The guide has these pages:
//!   - [Where TLS ends](guide::tls): the line to write for each proxy and platform
//!   - [Test clients](guide::testing): the line that makes a test request count as HTTPS
//!   - [Troubleshooting](guide::troubleshooting): redirect loops, 403, lost cookies, and the event of each
//!   - [Security](guide::security), for a security team
//!   - [Signed and sealed cookies](guide::seal)
//!   - [Sessions that end](guide::sessions)
//!   - [APIs that bypass hardtack](guide::side_doors)
//!   - [The audit of a server's responses](guide::audit), and the command `hardtack`
//!   - [Migration](guide::migration) from other crates
//!   - [Changing a cookie that is out there](guide::changing)
//!   - [Recipes](guide::recipes): remember me, flash messages, CSRF tokens, rolling sessions, OAuth, several tenants
//!
//! # Guarantees
//!
//! - hardtack never sends a declared cookie with weaker attributes than declared. A policy can only make the attributes
//!   stricter.
//! - The policy's middleware never sends a Secure cookie over plain HTTP. The middleware also stops Secure cookies that
//!   are set without hardtack.
//! - A cookie's value cannot end a header, add an attribute or add a cookie. Every byte of a value that is not a
//!   `cookie-octet` is percent-encoded. The decoded value of a cookie equals the original value.
//! - No error, log or `Debug` output contains a cookie's value.
//! - The crate has no `unsafe` code. A request cannot cause a panic.
//!
//! # Limits
//!
//! - The prefix of a cookie's name protects the cookie against changes, but not against deletion. A sibling host
//!   (another host of the same site) can set so many cookies that the browser deletes your cookies. If the session
//!   cookie is missing, treat the user as signed out.
//! - A sibling host can overwrite a cookie with a `domain`. The name of a cookie with a `domain` begins with
//!   `__Secure-` or `__Http-`, and these two prefixes do not stop other hosts.
//! - Anyone with access to the browser can read the values of cookies, except the values of `sealed` cookies. A cookie
//!   that is declared `sealed` has an encrypted value (feature `seal`).
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

// Makes the path `::hardtack` valid in this crate. The code that the macros generate uses the path `::hardtack`.
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

/// Declares one cookie with the annotated type. A value of the annotated type is the cookie's value. `#[cookie(…)]`
/// sets the cookie's attributes.
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
/// Makes a type usable as the value of a cookie.
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
/// Declares several cookies in one struct. The struct gets methods that read, set and remove each cookie.
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
pub use inventory::inventory;
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
    policy::{Policy, PolicyHandle},
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

/// The types that describe how a request arrived.
///
/// [`Transport`](tls::Transport) and [`Peer`](tls::Peer) describe the connection. [`Evidence`](tls::Evidence) is the
/// reason why a request counts as HTTPS or plain HTTP.
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

/// The types that convert a cookie's value to text and parse the value from text.
///
/// To implement [`CookieValue`], use [`ValueWriter`](value::ValueWriter) and [`InvalidValue`](value::InvalidValue).
/// [`SealFault`](value::SealFault) is the reason why the seal of a value is invalid. [`ProofFault`](value::ProofFault) is
/// the reason why the device of a request is not proven.
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

/// The types of the constant that contains a cookie's declaration.
///
/// [`Spec`](spec::Spec) is the whole declaration of a cookie. Every other item of the module `spec` is a part of a
/// declaration, or a rule for declarations.
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
