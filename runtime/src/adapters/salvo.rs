//! salvo: a hoop, extractors, and errors as responses. In: a request, and what the acceptor knows of its connection; out:
//! the refusal, or the response made strict. Takes the scheme from no URI and the peer from no field.
//!
//! Add a [`PolicyHoop`] to the `Service`; then [`Cookies`], [`Https`](crate::Https), [`MaybeHttps`] and each
//! `#[hardtack::cookies]` struct are arguments of a `#[handler]`. Elsewhere, in an `#[endpoint]` of salvo-oapi too, take the
//! request and the depot, and under `use salvo::extract::Extractible` say
//! `let cookies: Cookies = Cookies::extract(req, depot).await?`. The errors are responses, and [`Error`] is any of them.

use core::fmt;

use http::header::SET_COOKIE;
use http::uri::Scheme as UriScheme;
use http::{HeaderValue, StatusCode};
use salvo_core::extract::{Extractible, Metadata};
use salvo_core::http::StatusError;
use salvo_core::{Depot, FlowCtrl, Handler, Request, Response, Scribe};

use crate::cookies::Cookies;
use crate::enforce::Declared;
use crate::error::{ExtractError, ReadError, SetError};
use crate::listener::{Head, Listener, Transport};
use crate::passage::{Gate, Open, missing};
use crate::plain_http::Answer;
use crate::policy::PolicyHandle;
use crate::scheme::{Https, Scheme};

/// Stands a [`Policy`](crate::Policy) around a salvo `Service`, for one [`Listener`].
///
/// With [`Listener::per_connection`] each connection is what salvo's acceptor says of it, TLS or not; the peer's address
/// is the socket's.
///
/// Add it to the `Service`, **before every other hoop**: an earlier one stands outside, and what it adds to the response
/// on the way back leaves as it is. On a `Router` the hoop works for the routes, and salvo does not run it for paths that
/// there are not: their 404 has no HSTS, and over plain HTTP no redirect.
///
/// salvo's catcher runs after all hoops, and what the policy wrote stands on its pages too. Where a catcher of your own
/// sets cookies, give it the hoop as well: `Catcher::default().hoop(hoop.clone())`.
///
/// ```
/// use hardtack::salvo::PolicyHoop;
/// use hardtack::{Cookie, Cookies, Policy, SetError};
/// use salvo_core::prelude::*;
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// #[handler]
/// async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
///     cookies.set(Session("s3cr3t".into()))?;
///     Ok("signed in")
/// }
///
/// // By its path: `salvo::prelude` has a `Listener`, too, which `bind` wants.
/// let hoop = PolicyHoop::new(Policy::default(), hardtack::Listener::per_connection());
/// let service = Service::new(Router::new().get(sign_in)).hoop(hoop);
/// # use salvo_core::conn::{ConnCtrl, SocketAddr::Unknown};
/// # let ask = |scheme: http::uri::Scheme| {
/// #     let mut request = Request::new();
/// #     *request.scheme_mut() = scheme.clone();
/// #     let answer = service.hyper_handler(Unknown, Unknown, scheme, None, ConnCtrl::new(), None).handle(request);
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
/// # };
/// # let (over_tls, over_plain_http) = (ask(http::uri::Scheme::HTTPS), ask(http::uri::Scheme::HTTP));
/// // GET / over each of the two:
/// assert_eq!(
///     over_tls.headers["set-cookie"],
///     "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax",
/// );
/// assert_eq!(over_plain_http.status_code.unwrap(), 403);
/// ```
#[derive(Debug, Clone)]
pub struct PolicyHoop {
    gate: Gate,
}

impl PolicyHoop {
    /// Takes a [`Policy`](crate::Policy), or a [`PolicyHandle`] by which it can be changed while the server runs.
    ///
    /// ```
    /// use hardtack::salvo::PolicyHoop;
    /// use hardtack::{Listener, Policy, PolicyHandle, TrustedProxies};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// let proxies = TrustedProxies::new(["10.0.0.0/8"])?;
    /// let service = salvo_core::Service::new(salvo_core::Router::new())
    ///     .hoop(PolicyHoop::new(handle.clone(), Listener::behind(proxies)));
    /// handle.apply(Policy::builder().cookie_domain("example.com").build().unwrap());
    /// assert_eq!(service.hoops.len(), 1);
    /// # Ok::<(), hardtack::TrustedProxiesError>(())
    /// ```
    #[must_use]
    pub fn new(policy: impl Into<PolicyHandle>, listener: Listener) -> Self {
        PolicyHoop { gate: Gate::new(policy.into(), listener) }
    }
}

#[salvo_core::async_trait]
impl Handler for PolicyHoop {
    async fn handle(&self, req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
        let is_tls = *req.scheme() == UriScheme::HTTPS;
        let entered = self.gate.enter(&Head {
            method: req.method(),
            uri: req.uri(),
            headers: req.headers(),
            extensions: req.extensions(),
            transport: Some(if is_tls { Transport::Tls } else { Transport::Plain }),
            peer: req.remote_addr().ip(),
        });
        let mut passage = match entered {
            Ok(passage) => passage,
            Err(answer) => return refuse(answer, res, ctrl),
        };
        let outer = req.extensions_mut().insert(passage.open());
        ctrl.call_next(req, depot, res).await;
        // Whether or not the flow is ceased: that is said to hoops that add something of their own.
        write_jar(req, res);
        passage.leave(&mut res.headers, &mut res.extensions);
        match outer {
            Some(outer) => _ = req.extensions_mut().insert(outer),
            // The hoop on a catcher, which comes next, must not take these for others' lines.
            None => declare(res, |lines, headers| lines.extend(headers.get_all(SET_COOKIE).iter().cloned())),
        }
    }
}

fn refuse(answer: Answer, res: &mut Response, ctrl: &mut FlowCtrl) {
    res.status_code(answer.status());
    answer.write(&mut res.headers);
    // Empty, and not absent: the catcher writes a page where there is no body.
    res.body("");
    ctrl.skip_rest();
}

/// Writes salvo's own jar into the fields, as salvo does after the last hoop, where no policy would see it.
fn write_jar(req: &Request, res: &mut Response) {
    if !res.has_cookie_changes() {
        return;
    }
    for cookie in res.cookies.delta() {
        if let Ok(line) = HeaderValue::try_from(cookie.encoded().to_string()) {
            res.headers.append(SET_COOKIE, line);
        }
    }
    res.cookies = Default::default();
    for cookie in req.cookies().iter() {
        res.cookies.add_original(cookie.clone());
    }
}

fn declare(res: &mut Response, lines: impl FnOnce(&mut Vec<HeaderValue>, &http::HeaderMap)) {
    let declared = res.extensions.get_or_insert_with(|| Declared(Vec::new()));
    lines(&mut declared.0, &res.headers);
}

const REMEDY: &str = "hardtack's policy is missing; add `.hoop(PolicyHoop::new(policy, listener))` to the `Service`";

fn open(req: &Request) -> Result<&Open, ExtractError> {
    req.extensions().get().ok_or_else(|| missing(REMEDY))
}

/// For salvo's OpenAPI and serde: nothing of a cookie is taken by them.
static METADATA: Metadata = Metadata::new("");

impl<'ex, S: Scheme> Extractible<'ex> for Cookies<S> {
    fn metadata() -> &'static Metadata {
        &METADATA
    }

    #[allow(refining_impl_trait, reason = "who calls it by hand wants the error's name")]
    async fn extract(req: &'ex mut Request, _: &'ex mut Depot) -> Result<Self, ExtractError> {
        open(req)?.cookies()
    }
}

impl<'ex> Extractible<'ex> for Https {
    fn metadata() -> &'static Metadata {
        &METADATA
    }

    #[allow(refining_impl_trait, reason = "as above")]
    async fn extract(req: &'ex mut Request, _: &'ex mut Depot) -> Result<Self, ExtractError> {
        open(req)?.https()
    }
}

/// Proof of HTTPS where the exchange is HTTPS, and `None` over plain HTTP: an argument of a `#[handler]`.
///
/// salvo's `Option<T>` is for what serde reads, and is `None` after every error; this fails where the policy is missing.
///
/// ```
/// use hardtack::salvo::{MaybeHttps, PolicyHoop};
/// use hardtack::Policy;
/// use salvo_core::prelude::*;
///
/// #[handler]
/// async fn which(https: MaybeHttps) -> &'static str {
///     if https.0.is_some() { "https" } else { "plain" }
/// }
///
/// let policy = Policy::builder().force_https(false).build()?;
/// let hoop = PolicyHoop::new(policy, hardtack::Listener::per_connection());
/// let service = Service::new(Router::new().get(which)).hoop(hoop);
/// # use salvo_core::{conn::{ConnCtrl, SocketAddr::Unknown}, http::ResBody};
/// # let ask = |scheme: http::uri::Scheme| {
/// #     let mut request = Request::new();
/// #     *request.scheme_mut() = scheme.clone();
/// #     let answer = service.hyper_handler(Unknown, Unknown, scheme, None, ConnCtrl::new(), None).handle(request);
/// #     match tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer).body {
/// #         ResBody::Once(octets) => octets,
/// #         other => panic!("{other:?}"),
/// #     }
/// # };
/// # let (over_tls, over_plain_http) = (ask(http::uri::Scheme::HTTPS), ask(http::uri::Scheme::HTTP));
/// assert_eq!((&over_tls[..], &over_plain_http[..]), (&b"https"[..], &b"plain"[..]));
/// # Ok::<(), hardtack::PolicyError>(())
/// ```
#[derive(Debug)]
pub struct MaybeHttps(pub Option<Https>);

impl<'ex> Extractible<'ex> for MaybeHttps {
    fn metadata() -> &'static Metadata {
        &METADATA
    }

    #[allow(refining_impl_trait, reason = "as above")]
    async fn extract(req: &'ex mut Request, _: &'ex mut Depot) -> Result<Self, ExtractError> {
        open(req).map(|open| MaybeHttps(open.maybe_https()))
    }
}

/// Any error of this crate as a response, for a handler that meets several by `?`: salvo itself has no error that
/// carries a response of another's.
///
/// ```
/// use hardtack::salvo::Error;
/// use hardtack::{Cookie, Cookies, testing};
/// use salvo_core::prelude::*;
///
/// #[derive(Cookie)]
/// struct Visits(u32);
///
/// #[handler]
/// async fn visit(cookies: Cookies) -> Result<String, Error> {
///     let visits = cookies.get::<Visits>()?.map_or(1, |Visits(visits)| visits.saturating_add(1));
///     cookies.set(Visits(visits))?;
///     Ok(visits.to_string())
/// }
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("cookie", "__Host-Http-visits=many".parse().unwrap());
/// let error = Cookies::read(&headers, testing::https()).get::<Visits>().err().unwrap();
/// let mut response = Response::new();
/// response.render(Error::from(error));
/// assert_eq!(response.status_code.unwrap(), 400);
/// assert!(response.headers["set-cookie"].to_str().unwrap().starts_with("__Host-Http-visits=; Path=/; Max-Age=0"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A cookie was not read: 400 with its removal, or 403 over plain HTTP.
    Read(ReadError),
    /// A cookie was not set or removed: 500, or 403 over plain HTTP.
    Set(SetError),
    /// There is no policy: 500; or proof of HTTPS, and no HTTPS: 403.
    Extract(ExtractError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Read(error) => error.fmt(f),
            Error::Set(error) => error.fmt(f),
            Error::Extract(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Error::Read(error)
    }
}

impl From<SetError> for Error {
    fn from(error: SetError) -> Self {
        Error::Set(error)
    }
}

impl From<ExtractError> for Error {
    fn from(error: ExtractError) -> Self {
        Error::Extract(error)
    }
}

impl Scribe for Error {
    fn render(self, res: &mut Response) {
        match self {
            Error::Read(error) => error.render(res),
            Error::Set(error) => error.render(res),
            Error::Extract(error) => error.render(res),
        }
    }
}

impl Scribe for ExtractError {
    fn render(self, res: &mut Response) {
        say(res, self.status(), self.public());
    }
}

impl Scribe for SetError {
    fn render(self, res: &mut Response) {
        say(res, self.status(), self.public());
    }
}

impl Scribe for ReadError {
    fn render(self, res: &mut Response) {
        say(res, self.status(), self.public());
        if let Some(removal) = self.removal() {
            res.headers.append(SET_COOKIE, removal.clone());
            declare(res, |lines, _| lines.push(removal.clone()));
        }
    }
}

fn say(res: &mut Response, status: StatusCode, sentence: &'static str) {
    // salvo's error takes away what an earlier hoop or the handler said of its body; the sentence stands in its place.
    res.render(StatusError::from_code(status).unwrap_or_else(StatusError::internal_server_error));
    res.render(sentence);
}

/// The extractor of a `#[cookies]` struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __salvo {
    ($name:ident) => {
        #[automatically_derived]
        impl<'__ex, __S> $crate::private::salvo_core::extract::Extractible<'__ex> for $name<__S>
        where
            __S: $crate::Scheme,
        {
            fn metadata() -> &'static $crate::private::salvo_core::extract::Metadata {
                <$crate::Cookies<__S> as $crate::private::salvo_core::extract::Extractible<'__ex>>::metadata()
            }

            #[allow(refining_impl_trait)]
            async fn extract(
                __req: &'__ex mut $crate::private::salvo_core::Request,
                __depot: &'__ex mut $crate::private::salvo_core::Depot,
            ) -> ::core::result::Result<Self, $crate::ExtractError> {
                ::core::result::Result::map(
                    <$crate::Cookies<__S> as $crate::private::salvo_core::extract::Extractible<'__ex>>::extract(
                        __req, __depot,
                    )
                    .await,
                    <Self as ::core::convert::From<$crate::Cookies<__S>>>::from,
                )
            }
        }
    };
}
