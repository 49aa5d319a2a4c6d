//! The types that prove the scheme of a request. For example, a value of type [`Https`] proves that a request arrived
//! over HTTPS. Only hardtack can construct a value of type [`Https`] or [`PlainHttp`].

use core::fmt;

use super::evidence::{DecisionBasis, Evidence};

/// Proof that the request arrived over HTTPS. In a debug build, some plain HTTP requests from the local machine also
/// count as HTTPS. The documentation of [`TlsTermination`](crate::TlsTermination) contains the rule.
///
/// `Https` implements neither `Clone` nor `Copy`. Only [`TlsTermination`](crate::TlsTermination), the extractors and
/// `hardtack::testing` return an `Https`.
///
/// ```
/// use hardtack::{Https, TlsTermination};
///
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let https: Result<Https, hardtack::PlainHttp> = TlsTermination::here().detect(&parts, None);
/// assert!(https.is_ok());
/// ```
#[must_use]
#[derive(Debug)]
pub struct Https {
    verdict: Verdict,
}

/// Returns an [`Https`] for use in a test. This function is not a method of [`Https`], because rustc would suggest the
/// method to developers who try to construct an [`Https`].
#[cfg(feature = "testing")]
pub(crate) fn https_for_test() -> Https {
    Https { verdict: Verdict::https(DecisionBasis::Testing) }
}

/// Returns a value of the scheme type `S` for use in a test. Returns `None` if `S` is [`Https`] and `https` is false.
#[cfg(feature = "testing")]
pub(crate) fn scheme_for_test<S: Scheme>(https: bool) -> Option<S> {
    let basis = DecisionBasis::Testing;
    let verdict = if https { Verdict::https(basis) } else { Verdict::plain(basis) };
    S::allows(verdict).then(|| S::for_test(verdict))
}

/// Proof that the request arrived over plain HTTP. `Display` writes the evidence for a log.
///
/// ```
/// use hardtack::TlsTermination;
///
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let plain = TlsTermination::none().detect(&parts, None).unwrap_err();
/// assert_eq!(plain.to_string(), "this socket is declared plain HTTP");
/// ```
#[must_use]
#[derive(Debug)]
pub struct PlainHttp {
    verdict: Verdict,
}

/// Either HTTPS or plain HTTP. A cookie jar of type `Cookies<AnyScheme>` checks the scheme at run time.
///
/// ```
/// use hardtack::{AnyScheme, TlsTermination};
///
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let scheme = AnyScheme::from(TlsTermination::none().detect(&parts, None));
/// let cookies = hardtack::Cookies::from_headers(&parts.headers, scheme);
/// assert!(cookies.https().is_err());
/// ```
#[derive(Debug)]
pub struct AnyScheme {
    verdict: Verdict,
}

impl From<Result<Https, PlainHttp>> for AnyScheme {
    fn from(detected: Result<Https, PlainHttp>) -> Self {
        let verdict = match detected {
            Ok(https) => https.verdict,
            Err(plain) => plain.verdict,
        };
        AnyScheme { verdict }
    }
}

impl From<Https> for AnyScheme {
    fn from(https: Https) -> Self {
        AnyScheme { verdict: https.verdict }
    }
}

impl From<PlainHttp> for AnyScheme {
    fn from(plain: PlainHttp) -> Self {
        AnyScheme { verdict: plain.verdict }
    }
}

impl fmt::Display for PlainHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.verdict.evidence.fmt(f)
    }
}

impl std::error::Error for PlainHttp {}

impl PlainHttp {
    /// Returns the reason why the request counts as plain HTTP.
    pub fn evidence(&self) -> Evidence {
        self.verdict.evidence
    }
}

/// The scheme of a request, as a type: [`Https`], [`PlainHttp`] or [`AnyScheme`]. Code outside hardtack cannot
/// implement `Scheme`.
pub trait Scheme: sealed::Sealed + Send + Sync + Sized + 'static {}

impl Scheme for Https {}
impl Scheme for PlainHttp {}
impl Scheme for AnyScheme {}

pub(crate) mod sealed {
    use super::Verdict;

    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a scheme",
        label = "only `Https`, `PlainHttp` and `AnyScheme` are schemes",
        note = "an `Https` or a `PlainHttp` comes from an extractor or from `TlsTermination::detect`"
    )]
    pub trait Sealed {
        fn verdict(&self) -> Verdict;
        /// Returns true if an extractor may return a `Cookies<Self>` for the request. A `Cookies<Https>` requires a
        /// request over HTTPS. A `Cookies<PlainHttp>` is allowed for every request, because a cookie for plain HTTP may
        /// also be sent over HTTPS.
        fn allows(verdict: Verdict) -> bool;
        /// Returns a value of this scheme type for use in a test. The caller must check [`allows`](Sealed::allows)
        /// first.
        #[cfg(feature = "testing")]
        fn for_test(verdict: Verdict) -> Self;
    }
}

impl sealed::Sealed for Https {
    fn verdict(&self) -> Verdict {
        self.verdict
    }
    fn allows(verdict: Verdict) -> bool {
        verdict.https
    }
    #[cfg(feature = "testing")]
    fn for_test(verdict: Verdict) -> Self {
        Https { verdict }
    }
}

impl sealed::Sealed for PlainHttp {
    fn verdict(&self) -> Verdict {
        self.verdict
    }
    fn allows(_: Verdict) -> bool {
        true
    }
    #[cfg(feature = "testing")]
    fn for_test(verdict: Verdict) -> Self {
        PlainHttp { verdict }
    }
}

impl sealed::Sealed for AnyScheme {
    fn verdict(&self) -> Verdict {
        self.verdict
    }
    fn allows(_: Verdict) -> bool {
        true
    }
    #[cfg(feature = "testing")]
    fn for_test(verdict: Verdict) -> Self {
        AnyScheme { verdict }
    }
}

/// The scheme of a request, and the evidence for this scheme.
#[derive(Debug, Clone, Copy)]
pub struct Verdict {
    pub(crate) https: bool,
    pub(crate) evidence: Evidence,
}

impl Verdict {
    pub(crate) fn https(basis: DecisionBasis) -> Self {
        Verdict { https: true, evidence: Evidence::from_basis(basis) }
    }

    pub(crate) fn plain(basis: DecisionBasis) -> Self {
        Verdict { https: false, evidence: Evidence::from_basis(basis) }
    }

    /// Returns true if the request came over plain HTTP, and counts as HTTPS only because of the loopback rule.
    #[cfg(feature = "_layer")]
    pub(crate) fn is_loopback(self) -> bool {
        self.https && matches!(self.evidence.basis, DecisionBasis::Loopback)
    }

    pub(crate) fn into_proof(self) -> Result<Https, PlainHttp> {
        if self.https { Ok(Https { verdict: self }) } else { Err(PlainHttp { verdict: self }) }
    }
}
