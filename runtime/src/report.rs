//! What is told of refusals, of lines that were changed or held back, and of mistakes: one [`Event`] each, to a counter,
//! to the policy's callback and to the log (`tracing` with the feature, else standard error). Names, rules and
//! evidence; never a value.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::scheme::Evidence;

/// One thing that hardtack did or refused while the server runs.
///
/// ```
/// use hardtack::{EventKind, Policy};
///
/// let policy = Policy::builder().on_event(|event| {
///     if event.kind == EventKind::LineHeldBack {
///         println!("{event}");
///     }
/// });
/// assert!(policy.build().is_ok());
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Event<'a> {
    /// What happened.
    pub kind: EventKind,
    /// The cookie's name, where one is concerned; fit for a log.
    pub cookie: Option<&'a str>,
    /// The id of the rule that asked for it, such as `insecure` or `prefix-host`.
    pub rule: &'static str,
    /// What was wrong, in words.
    pub reason: &'a (dyn fmt::Display + 'a),
    /// What the listener saw of the exchange.
    pub evidence: Option<Evidence>,
}

impl Event<'_> {
    /// Whether it happens in the ordinary course of a hardened server, so that standard error is spared it. A claim of
    /// HTTPS that is not believed is an attack, or a proxy that nobody named.
    fn is_ordinary(&self) -> bool {
        self.kind.is_ordinary() && !self.evidence.is_some_and(Evidence::is_suspect)
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.words())?;
        if let Some(cookie) = self.cookie {
            write!(f, " `{cookie}`")?;
        }
        write!(f, " ({}): ", self.rule)?;
        // The evidence first: it differs from one request to the next.
        match self.evidence {
            Some(evidence) => write!(f, "{evidence}; {}", self.reason),
            None => self.reason.fmt(f),
        }
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({self})")
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $words:literal, $quiet:literal;)*) => {
        /// What an [`Event`] tells of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum EventKind { $($(#[$doc])* $kind,)* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [EventKind] = &[$(EventKind::$kind),*];

            /// The kind in words, as a label for a metric.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(EventKind::$kind => $words,)* }
            }

            /// Whether it is no trouble by itself.
            const fn is_ordinary(self) -> bool {
                match self { $(EventKind::$kind => $quiet,)* }
            }
        }
    };
}

kinds! {
    /// A plain-HTTP page was redirected to https.
    PageRedirected, "page redirected", true;
    /// A request was refused: an integration over plain HTTP, or a handler that needs HTTPS.
    RequestRefused, "request refused", false;
    /// A cookie was not set or removed.
    SetRefused, "cookie not set", false;
    /// A cookie of the request was not read.
    ReadRefused, "cookie not read", false;
    /// A line that others wrote left stricter than it was written.
    LineHardened, "line hardened", true;
    /// A line that others wrote left as it was, and a rule objects.
    LineObserved, "line observed", false;
    /// A line was removed: the policy refuses cookies that are not declared.
    LineRefused, "line refused", false;
    /// A line was held back from a plain-HTTP response.
    LineHeldBack, "line held back", false;
    /// A response that carries a cookie was kept from shared caches although it asked to be stored.
    CachingChanged, "caching changed", true;
    /// A request of our own was refused before it left.
    OutboundRefused, "outbound request refused", false;
    /// The program does something wrong, such as to drop cookies that it set.
    Mistake, "mistake", false;
}

/// How often each kind of event happened since the handle was made; for a metrics library to read.
///
/// ```
/// use hardtack::{EventKind, Policy, PolicyHandle};
///
/// let handle = PolicyHandle::new(Policy::default());
/// assert_eq!(handle.counters().get(EventKind::LineHardened), 0);
/// for (kind, count) in handle.counters().iter() {
///     println!("hardtack_events{{kind=\"{}\"}} {count}", kind.words());
/// }
/// ```
#[derive(Debug, Default)]
pub struct Counters {
    counts: [AtomicU64; EventKind::ALL.len()],
}

impl Counters {
    /// How often this kind happened.
    #[must_use]
    pub fn get(&self, kind: EventKind) -> u64 {
        self.counts.get(kind as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Every kind and how often it happened.
    pub fn iter(&self) -> impl Iterator<Item = (EventKind, u64)> {
        EventKind::ALL.iter().map(|kind| (*kind, self.get(*kind)))
    }

    pub(crate) fn count(&self, kind: EventKind) {
        if let Some(count) = self.counts.get(kind as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes an event to the log.
pub(crate) fn log(event: Event<'_>) {
    #[cfg(feature = "tracing")]
    if event.is_ordinary() {
        tracing::debug!(target: "hardtack", cookie = event.cookie, rule = event.rule, "{event}");
    } else {
        tracing::warn!(target: "hardtack", cookie = event.cookie, rule = event.rule, "{event}");
    }
    #[cfg(not(feature = "tracing"))]
    if !event.is_ordinary() {
        use std::io::Write as _;
        // `eprintln!` would panic where standard error is closed.
        let _ = writeln!(std::io::stderr(), "hardtack: {event}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, EventKind};
    use crate::listener::Listener;
    use crate::proxies::TrustedProxies;

    #[test]
    fn a_claim_that_is_not_believed_is_never_ordinary() {
        let listener = Listener::behind(TrustedProxies::new(["10.0.0.1"]).unwrap());
        let request = |says: &str| http::Request::get("/").header("X-Forwarded-Proto", says).body(()).unwrap();
        for (says, peer, ordinary) in
            [("https", "192.0.2.1", false), ("http", "192.0.2.1", true), ("http", "10.0.0.1", true)]
        {
            let (parts, ()) = request(says).into_parts();
            let plain = listener.scheme(&parts, Some(peer.parse().unwrap())).unwrap_err();
            let mut event = Event {
                kind: EventKind::PageRedirected,
                cookie: None,
                rule: "force-https",
                reason: &"a page over plain HTTP",
                evidence: Some(plain.evidence()),
            };
            assert_eq!(event.is_ordinary(), ordinary, "{event}");
            event.kind = EventKind::Mistake;
            assert!(!event.is_ordinary(), "{event}");
        }
    }
}

#[cfg(test)]
#[cfg(feature = "tracing")]
mod tracing_tests {
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::{Level, Metadata, Subscriber, span};

    use super::{Event, EventKind, log};

    /// Keeps each event's level and text.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<(Level, String)>>>);

    struct Text(String);

    impl Visit for Text {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.push_str(&format!("{field}={value:?} "));
        }
    }

    impl Subscriber for Kept {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            assert_eq!(event.metadata().target(), "hardtack");
            let mut text = Text(String::new());
            event.record(&mut text);
            self.0.lock().unwrap().push((*event.metadata().level(), text.0));
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn a_refusal_warns_and_the_ordinary_is_for_debugging() {
        let kept = Kept::default();
        tracing::subscriber::with_default(kept.clone(), || {
            for kind in [EventKind::LineHeldBack, EventKind::LineHardened] {
                log(Event { kind, cookie: Some("sid"), rule: "insecure", reason: &"why", evidence: None });
            }
        });
        let kept = kept.0.lock().unwrap();
        let text = |kind: &str| format!("message={kind} `sid` (insecure): why cookie=\"sid\" rule=\"insecure\" ");
        assert_eq!(*kept, [(Level::WARN, text("line held back")), (Level::DEBUG, text("line hardened"))]);
    }
}
