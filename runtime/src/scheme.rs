//! What a listener's judgement of one exchange becomes: proof of HTTPS, proof of plain HTTP, or either; and the traits
//! by which the compiler refuses a Secure cookie without that proof. Judges nothing; `listener` does.

use core::fmt;
use std::net::IpAddr;

use crate::declare::{Plain, ReadCookie};

/// Proof that a listener judged this exchange HTTPS, or loopback in a debug build.
///
/// It is neither `Clone` nor `Copy`: who holds one got it from a [`Listener`](crate::Listener), an extractor, or
/// `hardtack::testing`.
///
/// ```
/// use hardtack::{Https, Listener};
///
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let https: Result<Https, hardtack::PlainHttp> = Listener::tls().scheme(&parts, None);
/// assert!(https.is_ok());
/// ```
#[must_use]
#[derive(Debug)]
pub struct Https {
    verdict: Verdict,
}

/// The proof that a test takes without an exchange. No method: rustc would offer it to who forges one.
#[cfg(feature = "testing")]
pub(crate) fn https_in_a_test() -> Https {
    Https { verdict: Verdict::https(Ground::Testing) }
}

/// Proof that a listener judged this exchange plain HTTP. `Display` is the evidence.
///
/// ```
/// use hardtack::Listener;
///
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let plain = Listener::plain().scheme(&parts, None).unwrap_err();
/// assert_eq!(plain.to_string(), "the listener is declared plain HTTP");
/// ```
#[must_use]
#[derive(Debug)]
pub struct PlainHttp {
    verdict: Verdict,
}

/// Either scheme, decided per request while the server runs.
///
/// ```
/// use hardtack::{AnyScheme, Listener};
///
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let scheme = AnyScheme::from(Listener::plain().scheme(&parts, None));
/// let cookies = hardtack::Cookies::read(&parts.headers, scheme);
/// assert!(cookies.https().is_err());
/// ```
#[derive(Debug)]
pub struct AnyScheme {
    verdict: Verdict,
}

impl From<Result<Https, PlainHttp>> for AnyScheme {
    fn from(judged: Result<Https, PlainHttp>) -> Self {
        let verdict = match judged {
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
    /// What the listener saw.
    pub fn evidence(&self) -> Evidence {
        self.verdict.evidence
    }
}

/// [`Https`], [`PlainHttp`] or [`AnyScheme`]. Sealed.
pub trait Scheme: sealed::Sealed + Send + Sync + Sized + 'static {}

impl Scheme for Https {}
impl Scheme for PlainHttp {}
impl Scheme for AnyScheme {}

pub(crate) mod sealed {
    use super::Verdict;

    pub trait Sealed {
        fn verdict(&self) -> Verdict;
        /// Whether an exchange with this verdict may be seen through the scheme: `Https` wants HTTPS; cookies that
        /// plain HTTP may carry may also travel over HTTPS.
        fn admits(verdict: Verdict) -> bool;
    }
}

impl sealed::Sealed for Https {
    fn verdict(&self) -> Verdict {
        self.verdict
    }
    fn admits(verdict: Verdict) -> bool {
        verdict.https
    }
}

impl sealed::Sealed for PlainHttp {
    fn verdict(&self) -> Verdict {
        self.verdict
    }
    fn admits(_: Verdict) -> bool {
        true
    }
}

impl sealed::Sealed for AnyScheme {
    fn verdict(&self) -> Verdict {
        self.verdict
    }
    fn admits(_: Verdict) -> bool {
        true
    }
}

/// Says that a cookie may be read, set and removed where the scheme is `S`.
///
/// Every cookie is allowed over [`Https`] and, with a check at run time, over [`AnyScheme`]; over [`PlainHttp`] only
/// one that is declared `secure = false` with a reason. There are no other impls, and none can be written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a Secure cookie: it cannot be set, read or removed where the scheme is `{S}`",
    label = "needs proof of HTTPS",
    note = "take `Cookies` (that is, `Cookies<Https>`) in the handler, or `Cookies<AnyScheme>` and handle `SetError::NotHttps`",
    note = "a cookie that plain HTTP may carry is declared with `secure = false` and a `reason`"
)]
pub trait AllowedOver<S: Scheme> {}

#[diagnostic::do_not_recommend]
impl<T: ReadCookie> AllowedOver<Https> for T {}
#[diagnostic::do_not_recommend]
impl<T: ReadCookie> AllowedOver<AnyScheme> for T {}
#[diagnostic::do_not_recommend]
impl<T: ReadCookie> AllowedOver<PlainHttp> for T where T::Transport: Plain {}

/// A listener's judgement of one exchange.
#[derive(Debug, Clone, Copy)]
pub struct Verdict {
    pub(crate) https: bool,
    pub(crate) evidence: Evidence,
}

impl Verdict {
    pub(crate) fn https(ground: Ground) -> Self {
        Verdict { https: true, evidence: Evidence { ground, not_loopback: None } }
    }

    pub(crate) fn plain(ground: Ground) -> Self {
        Verdict { https: false, evidence: Evidence { ground, not_loopback: None } }
    }

    /// Plain, and `loopback_in_debug` does not make it HTTPS.
    pub(crate) fn not_loopback(mut self, why: NotLoopback) -> Self {
        self.evidence.not_loopback = Some(why);
        self
    }

    /// HTTPS to a browser on this machine, and plain on the wire.
    pub(crate) fn is_loopback(self) -> bool {
        self.https && matches!(self.evidence.ground, Ground::Loopback)
    }

    pub(crate) fn judged(self) -> Result<Https, PlainHttp> {
        if self.https { Ok(Https { verdict: self }) } else { Err(PlainHttp { verdict: self }) }
    }
}

/// What a listener saw of an exchange, in words, for a log. It goes to no client.
///
/// ```
/// let (parts, ()) = http::Request::get("http://example.com/").body(()).unwrap().into_parts();
/// let plain = hardtack::Listener::tls().scheme(&parts, None).unwrap_err();
/// assert!(plain.evidence().to_string().starts_with("the request's URI says `http`"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    ground: Ground,
    not_loopback: Option<NotLoopback>,
}

impl Evidence {
    /// Whether the exchange claims HTTPS and is not believed, or a proxy fails to say.
    pub(crate) fn is_suspect(self) -> bool {
        matches!(self.ground, Ground::Untrusted { claims_https: true, .. } | Ground::ProxySilent { .. })
    }
}

/// Why `loopback_in_debug` does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotLoopback {
    PeerUnknown,
    Peer,
    Forwarded,
    Host,
}

impl fmt::Display for NotLoopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotLoopback::PeerUnknown => {
                "the peer's address is unknown; serve with `into_make_service_with_connect_info::<SocketAddr>()`, or \
                 insert `hardtack::Peer`"
            }
            NotLoopback::Peer => "the peer is another machine",
            NotLoopback::Forwarded => "the request carries a proxy's `Forwarded` or `X-Forwarded-*` field",
            NotLoopback::Host => "the request's host is not `localhost`, `*.localhost`, `127.0.0.0/8` or `[::1]`",
        })
    }
}

/// What [`Evidence`] can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    TlsConnection,
    TlsListener,
    TrustedProxy {
        header: &'static str,
    },
    Loopback,
    #[cfg(feature = "testing")]
    Testing,
    PlainConnection,
    UnmarkedConnection,
    PlainListener,
    PlainUri,
    ProxySilent {
        header: &'static str,
        peer: Option<IpAddr>,
    },
    ProxySaysPlain {
        header: &'static str,
        peer: Option<IpAddr>,
    },
    Untrusted {
        header: &'static str,
        peer: Option<IpAddr>,
        claims_https: bool,
    },
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evidence({self})")
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ground.fmt(f)?;
        match self.not_loopback {
            Some(why) => write!(f, "; `loopback_in_debug` does not apply: {why}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Ground::TlsConnection => f.write_str("the connection carries TLS"),
            Ground::TlsListener => f.write_str("the listener is declared TLS"),
            Ground::TrustedProxy { header } => write!(f, "a trusted proxy says so in `{header}`"),
            Ground::Loopback => f.write_str("host and peer are loopback, and this is a debug build"),
            #[cfg(feature = "testing")]
            Ground::Testing => f.write_str("a test says so"),
            Ground::PlainConnection => f.write_str("the connection carries no TLS"),
            Ground::UnmarkedConnection => f.write_str(
                "nothing says that the connection carries TLS; serve with an acceptor that puts `hardtack::Transport::Tls` \
                 into the request's extensions, or choose another `Listener`",
            ),
            Ground::PlainListener => f.write_str("the listener is declared plain HTTP"),
            Ground::PlainUri => f.write_str(
                "the request's URI says `http`, although the listener is declared TLS; behind a proxy, use `Listener::behind`",
            ),
            Ground::ProxySilent { header, peer } => write!(
                f,
                "the trusted proxy {} sent no `{header}`; let the proxy set it on every request",
                Peer(peer)
            ),
            Ground::ProxySaysPlain { header, peer } => {
                write!(f, "the trusted proxy {} sent a `{header}` that does not say `https` throughout", Peer(peer))
            }
            Ground::Untrusted { header, peer: Some(peer), claims_https: true } => write!(
                f,
                "`{header}` says `https` but came from {peer}, which is not a trusted proxy; if it is one, name it in \
                 `TrustedProxies`"
            ),
            Ground::Untrusted { peer: Some(peer), .. } => {
                write!(f, "the request came from {peer}, which is not a trusted proxy")
            }
            Ground::Untrusted { header, peer: None, claims_https } => {
                if claims_https {
                    write!(f, "`{header}` says `https`, but ")?;
                }
                f.write_str(
                    "the peer's address is unknown; serve with connect info, insert `hardtack::Peer`, or trust a Unix \
                     socket by `TrustedProxies::unix`",
                )
            }
        }
    }
}

/// A peer's address in a sentence.
struct Peer(Option<IpAddr>);

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(peer) => peer.fmt(f),
            None => f.write_str("on the Unix socket"),
        }
    }
}
