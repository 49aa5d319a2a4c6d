//! Changes the cookies that a Rocket request received. Rocket parses the cookies before any fairing runs, and has no
//! method that changes the parsed cookies. But a request of Rocket's local client has a method that adds cookies. So
//! this module swaps the real request into a local request, adds the cookies to the local request, and swaps the real
//! request back.

use core::mem;

use http::{HeaderValue, header::COOKIE};
use rocket::Request;
use rocket::figment::Figment;
use rocket::http::{Cookie, Header};
use rocket::local::asynchronous::Client;
use rocket::tokio::sync::OnceCell;

use crate::middleware::InFlight;

/// The local client of an empty application. The client is never dropped, because the fairing can need the client for a
/// request until the process ends.
#[derive(Clone, Copy)]
pub(super) struct Lender(&'static Client);

static LENDER: OnceCell<Option<Lender>> = OnceCell::const_new();

impl Lender {
    /// Returns the only `Lender` of the process. Returns `None` if this version of Rocket does not allow changes to the
    /// received cookies.
    ///
    /// The empty application has the same configuration as the real application, because Rocket requires a valid
    /// configuration. A new Rocket application changes the log level of the whole process. At the end of the ignite
    /// phase, which comes before the launch, Rocket restores the log level of the real application. So during the
    /// ignite phase (`is_ignite` is true), the log level of the empty application is "off". After the ignite phase,
    /// Rocket would not restore the log level.
    pub(super) async fn get(figment: &Figment, is_ignite: bool) -> Option<Lender> {
        *LENDER.get_or_init(|| Lender::make(figment.clone(), is_ignite)).await
    }

    async fn make(figment: Figment, is_ignite: bool) -> Option<Lender> {
        let figment = if is_ignite { figment.merge(("log_level", "off")) } else { figment };
        let client = Client::untracked(rocket::custom(figment)).await.ok()?;
        if is_ignite {
            // A new Rocket instance resets the log level to Rocket's default for the rest of the ignite phase.
            drop(rocket::custom(Figment::new()));
        }
        let lender = Lender(Box::leak(Box::new(client)));
        lender.works().then_some(lender)
    }

    /// Returns true if `add` really changes the received cookies of a request.
    fn works(self) -> bool {
        let mut request = self.0.get("/").cookie(("a", "old")).cookie(("b", "old"));
        self.add(request.inner_mut(), vec![Cookie::new("a", "new"), Cookie::new("c", "new")]);
        let cookies = request.inner().cookies();
        [("a", "new"), ("b", "old"), ("c", "new")]
            .into_iter()
            .all(|(name, value)| cookies.get(name).is_some_and(|cookie| cookie.value() == value))
    }

    /// Adds received cookies to the request. An added cookie replaces a received cookie with the same name.
    fn add(self, request: &mut Request<'_>, cookies: Vec<Cookie<'static>>) {
        let mut local = self.0.get("/");
        mem::swap(request, local.inner_mut());
        let mut local = local.cookies(cookies);
        mem::swap(request, local.inner_mut());
    }
}

/// The changes that the setting `host_prefix` makes to one request.
pub(super) struct ReceivedCookies {
    cookies: Vec<Cookie<'static>>,
    headers: Vec<String>,
}

impl ReceivedCookies {
    /// Collects the changes. `originals` are the request's unchanged `Cookie` headers. Returns `None` if no cookie
    /// changes.
    ///
    /// Rocket cannot remove a received cookie, so a dropped cookie gets an empty value.
    pub(super) fn new(in_flight: &InFlight, originals: &[&[u8]]) -> Option<Self> {
        let (renamed, prefix) = in_flight.renamed_cookies()?;
        let (mut cookies, mut accepted) = (Vec::new(), Vec::new());
        for (pair, received_name) in renamed.pairs(prefix, originals) {
            // Rocket has also skipped this malformed cookie.
            let Ok(cookie) = Cookie::parse_encoded(pair.trim()) else { continue };
            cookies.push(Cookie::new(cookie.name().to_owned(), ""));
            accepted.extend(received_name.map(|name| Cookie::new(name.to_owned(), cookie.value().to_owned())));
        }
        cookies.append(&mut accepted);
        let text = |header: &HeaderValue| String::from_utf8(header.as_bytes().to_vec()).ok();
        let headers = renamed.headers().unwrap_or_default().iter().filter_map(text).collect();
        Some(ReceivedCookies { cookies, headers })
    }

    pub(super) fn apply(self, request: &mut Request<'_>, lender: Lender) {
        // In a test with Rocket's local client, the cookies are not in a header.
        if request.headers().contains(COOKIE.as_str()) {
            let mut headers = self.headers.into_iter().map(|text| Header::new(COOKIE.as_str(), text));
            // Rocket cannot remove a header from a request, so the header is empty if no cookie is left.
            request.replace_header(headers.next().unwrap_or_else(|| Header::new(COOKIE.as_str(), "")));
            headers.for_each(|header| request.add_header(header));
        }
        lender.add(request, self.cookies);
    }
}
