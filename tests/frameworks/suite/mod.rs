//! The scenarios that run against every framework. Each framework implements [`Framework`], and serves the routes of
//! [`handlers`] and [`scenarios`] on a loopback socket. A scenario chooses the policy and the TLS termination. The
//! scenarios compare the headers of each response. Every framework must pass the same scenarios, except for the
//! differences that the framework lists. So a cookie declaration has the same effect in all frameworks. [`load`] sends
//! thousands of requests to the same servers.

use std::net::{IpAddr, SocketAddr};

use hardtack::seal::Keyring;
use hardtack::{Cookie, CookieValue, PolicyHandle, TlsTermination, testing};

pub(crate) mod chromium;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../support/client.rs"]
pub(crate) mod client;
mod device_bound;
pub(crate) mod handlers;
pub(crate) mod load;
pub(crate) mod prefixed;
mod scenarios;
pub(crate) mod site;
#[path = "../../support/tls.rs"]
pub(crate) mod tls;

pub(crate) use scenarios::run_all_scenarios;
use tls::Certificate;

/// A framework under test.
pub(crate) trait Framework {
    const NAME: &'static str;

    /// The scenarios in which this framework behaves differently, each with the reason. The framework's own tests
    /// assert the exact difference. The common test expects that each scenario in `DIFFERENCES` fails. If such a
    /// scenario passes, the test reports an error.
    const DIFFERENCES: &'static [(&'static str, &'static str)] = &[];

    /// The number of bytes by which the framework's own memory pools may grow from one round of [`load`] to the next.
    const POOL_BYTES: usize = 0;

    /// Serves the routes on a loopback socket. The operating system chooses the port.
    fn serve(setup: Setup) -> impl Future<Output = RunningServer> + Send;
}

/// The settings of a server under test.
pub(crate) struct Setup {
    /// The policies around the routes. The innermost policy is the first in the list. The list is empty if the
    /// application has no policy.
    pub(crate) policies: Vec<PolicyHandle>,
    pub(crate) tls_termination: TlsTermination,
    /// The address that the server sees as the peer's address. If `peer` is `None`, the server sees the address of the
    /// socket, which is loopback.
    pub(crate) peer: Option<IpAddr>,
    /// The server's certificate. If `certificate` is `None`, the server uses plain HTTP.
    pub(crate) certificate: Option<Certificate>,
}

/// A running server. The server stops when the `RunningServer` is dropped.
pub(crate) struct RunningServer {
    pub(crate) address: SocketAddr,
    stop: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl RunningServer {
    pub(crate) fn new(address: SocketAddr, stop: impl FnOnce() + Send + Sync + 'static) -> RunningServer {
        RunningServer { address, stop: Some(Box::new(stop)) }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

// ---- The host, and the expected texts in the responses.

/// The host of every server. The host is not an IP address, because hardtack sends no HSTS header for IP addresses. The
/// host is a subdomain, so that a cookie's `Domain` can differ from the host. Clients resolve the host to loopback.
pub(crate) const HOST: &str = "www.site.example";
/// The `Set-Cookie` header of `Session::new()`.
pub(crate) const SESSION: &str = "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
/// The body of the response if a plain HTTP request is refused.
pub(crate) const HTTPS_ONLY: &str = "this page works over HTTPS only";
/// The body of the response if a handler needs a proof of the device, and the request has none.
pub(crate) const UNPROVEN: &str = "this device was not recognised; sign in again";
/// The body of the response if a handler uses an extractor and the application has no policy. The log contains the
/// remedy.
pub(crate) const INTERNAL_ERROR: &str = "internal error";
/// The default policy's `Strict-Transport-Security` header.
pub(crate) const ONE_YEAR_HSTS: &str = "max-age=31536000";

// ---- The cookies of the routes.

/// The session of the signed-in user.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(max_age = "8h")]
pub(crate) struct Session(pub(crate) String);

impl Session {
    pub(crate) fn new() -> Session {
        Session("s3cr3t".to_owned())
    }

    /// Returns a session with a value that exceeds the limit of 4096 bytes for a cookie.
    pub(crate) fn too_large() -> Session {
        Session("x".repeat(5000))
    }
}

/// The number of things in the cart.
#[derive(Cookie, Debug)]
pub(crate) struct Cart(pub(crate) u32);

/// A sealed cookie. hardtack seals and opens the value with the policy's keyring.
#[derive(Cookie, Debug)]
#[cookie(sealed)]
pub(crate) struct Note(pub(crate) u32);

/// A sealed cookie with an idle time.
#[derive(Cookie, Debug)]
#[cookie(sealed, max_age = "8h", idle = "30m")]
pub(crate) struct Vault(pub(crate) u32);

/// A cookie that is bound to the device of the sign-in.
#[derive(Cookie, Debug)]
#[cookie(sealed, max_age = "30d", device_bound)]
pub(crate) struct Account(pub(crate) String);

/// The header that removes a [`Note`].
pub(crate) const NOTE_REMOVAL: &str =
    "__Host-Http-note=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax";

/// Returns a `Cookie` header with a [`Note`] whose seal has one changed character. No server can read the note, so the
/// response with the read error removes the note.
pub(crate) fn unreadable_note(keyring: &Keyring) -> String {
    let header = testing::request_header_with(&Note(7), keyring);
    let pair = header.to_str().unwrap();
    let (start, end) = pair.split_at(pair.len() - 8);
    let changed = if end.starts_with('A') { "B" } else { "A" };
    format!("{start}{changed}{}", &end[1..])
}

/// A cookie that is also sent over plain HTTP.
#[derive(Cookie, Debug)]
#[cookie(secure = false, reason = "whether a banner was closed, on a site without TLS")]
pub(crate) struct Banner(pub(crate) bool);

/// A cookie that an earlier release set as host-only, and with a different type.
#[derive(Cookie, Debug)]
#[cookie(name = "__Secure-wide", domain = policy, path = "/step", formerly(domain = none))]
pub(crate) struct Wide(pub(crate) u32);

/// A cookie that an earlier release set under a different name.
#[derive(Cookie, Debug)]
#[cookie(formerly(name = "sid", until = "9999-01-01"), reason = "browsers hold the old name")]
pub(crate) struct Moved(pub(crate) String);

/// Colour scheme.
#[derive(CookieValue, Debug)]
pub(crate) enum Theme {
    Light,
    Dark,
}

/// A struct of cookies. In every framework, a handler can take `SiteCookies` as an extractor.
#[hardtack::cookies]
pub(crate) struct SiteCookies {
    #[cookie(existing)]
    pub(crate) session: Session,
    #[cookie(http_only = false, reason = "theme.js applies it before the first paint")]
    pub(crate) theme: Theme,
    #[cookie(path = "/shop", max_age = "30d", same_site = Strict)]
    pub(crate) basket: u64,
    #[cookie(domain = policy)]
    pub(crate) sso: String,
    /// The state of one sign-in attempt.
    #[cookie(keyed, max_age = "10m")]
    pub(crate) flow: String,
    #[cookie(same_site = None, partitioned, reason = "the map is embedded by partners")]
    pub(crate) map: bool,
}
