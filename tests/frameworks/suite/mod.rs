//! One list of scenarios for every framework. A framework brings a [`Framework`]: the routes of [`handlers`] and of
//! [`scenarios`], served on a socket of loopback under the policy and the listener that a scenario chooses. Each answer is
//! compared header by header, so that the same declaration is seen to behave alike in each. [`load`] asks the same servers
//! by the thousand.

use std::net::SocketAddr;

use hardtack::{Cookie, CookieValue, Listener, PolicyHandle};

#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../../support/client.rs"]
pub(crate) mod client;
pub(crate) mod handlers;
pub(crate) mod load;
mod scenarios;
pub(crate) mod site;
#[path = "../../support/tls.rs"]
pub(crate) mod tls;

pub(crate) use scenarios::every_scenario;
use tls::Certificate;

/// A framework, as far as the scenarios ask.
pub(crate) trait Framework {
    const NAME: &'static str;

    /// What the framework's extractors say where nobody added the policy.
    const MISSING: &'static str;

    /// Scenarios that the framework makes impossible, each with the reason. Its own tests assert the exact difference; one
    /// that passes nevertheless is a failure.
    const DIFFERS: &'static [(&'static str, &'static str)] = &[];

    /// Octets by which pools of the framework's own may differ from one round of [`load`] to another.
    const POOLS: usize = 0;

    /// Serves the routes on a loopback socket whose port the system chooses.
    fn serve(stand: Stand) -> impl Future<Output = Served> + Send;
}

/// How a scenario wants the routes served.
pub(crate) struct Stand {
    /// The innermost first; none: nobody added it.
    pub(crate) policies: Vec<PolicyHandle>,
    pub(crate) listener: Listener,
    /// `None`: plain HTTP.
    pub(crate) tls: Option<Certificate>,
}

/// A server that runs until the value is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Served {
    pub(crate) fn new(address: SocketAddr, stop: impl FnOnce() + Send + Sync + 'static) -> Served {
        Served { address, stop: Some(Box::new(stop)) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

// ---- What answers say, and under which name a server is asked.

/// A name, so that HSTS is not left out, and a subdomain, so that a cookie may have a Domain that is not the host. Clients
/// resolve it to loopback.
pub(crate) const HOST: &str = "www.site.example";
pub(crate) const SESSION: &str = "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
pub(crate) const NO_HTTPS: &str = "this page works over HTTPS only";
pub(crate) const YEAR: &str = "max-age=31536000";

// ---- The cookies of the routes.

/// Who is signed in.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(max_age = "8h")]
pub(crate) struct Session(pub(crate) String);

impl Session {
    pub(crate) fn new() -> Session {
        Session("s3cr3t".to_owned())
    }

    /// More than a cookie may be.
    pub(crate) fn too_large() -> Session {
        Session("x".repeat(5000))
    }
}

/// How many things are in the cart.
#[derive(Cookie, Debug)]
pub(crate) struct Cart(pub(crate) u32);

/// A cookie that nobody reads or changes who has not the policy's keyring.
#[derive(Cookie, Debug)]
#[cookie(sealed)]
pub(crate) struct Note(pub(crate) u32);

/// A cookie that plain HTTP may carry.
#[derive(Cookie, Debug)]
#[cookie(secure = false, reason = "whether a banner was closed, on a site without TLS")]
pub(crate) struct Banner(pub(crate) bool);

#[derive(CookieValue, Debug)]
pub(crate) enum Theme {
    Light,
    Dark,
}

/// A struct of cookies, which is an extractor in every framework.
#[hardtack::cookies]
pub(crate) struct SiteCookies {
    #[cookie(existing)]
    pub(crate) session: Session,
    #[cookie(http_only = false, reason = "theme.js applies it before the first paint")]
    pub(crate) theme: Theme,
    #[cookie(path = "/shop", max_age = "30d", same_site = Strict)]
    pub(crate) basket: u64,
    #[cookie(domain = environment)]
    pub(crate) sso: String,
    #[cookie(same_site = None, partitioned, reason = "the map is embedded by partners")]
    pub(crate) map: bool,
}
