//! Writes hardtack's events to the log, as events of the crate `tracing`. An attacker must not be able to fill the log
//! by sending many requests. So the number of logged events per second is limited for each kind and rule. The counters
//! of events are atomic, so counting an event never waits for a lock.

use core::sync::atomic::{AtomicU64, Ordering};

use super::{Code, Event, Kind};
use crate::clock;

/// The limit of logged events in one second, for one kind and one rule.
const LIMIT: u64 = 10;

/// The counters of events, one for each kind and rule. The upper 32 bits of a counter are a time in Unix seconds. The
/// lower 32 bits of a counter are the number of events in that second.
static COUNTERS: [[AtomicU64; Code::ALL.len()]; Kind::ALL.len()] =
    [const { [const { AtomicU64::new(0) }; Code::ALL.len()] }; Kind::ALL.len()];

/// The time of the last suppressed event, in Unix seconds. `SUPPRESSED_AT` is zero if no suppressed event still waits
/// for a summary in the log.
static SUPPRESSED_AT: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warn,
    Debug,
}

/// Writes the event to the log. Suppresses the event if the log already has [`LIMIT`] events with the event's kind and
/// rule in the current second.
pub(crate) fn log(event: &Event<'_>) {
    let second = unix_second();
    report_suppressed_before(second);
    if is_within_limit(event.kind, event.rule, second) {
        emit(event);
    }
}

/// Writes a summary of the suppressed events to the log. The middleware calls `report_suppressed` for each request. So
/// the log gets the summary even if no other event follows.
#[cfg(feature = "_layer")]
pub(crate) fn report_suppressed() {
    if SUPPRESSED_AT.load(Ordering::Relaxed) != 0 {
        report_suppressed_before(unix_second());
    }
}

/// Returns the current time in Unix seconds, or zero on a target without a clock. On a target without a clock, the
/// number of events is not limited.
fn unix_second() -> u64 {
    u64::try_from(clock::unix_seconds(clock::now())).unwrap_or(0) & u64::from(u32::MAX)
}

fn is_within_limit(kind: Kind, rule: Code, second: u64) -> bool {
    let counter = COUNTERS.get(kind as usize).and_then(|rules| rules.get(rule as usize));
    let Some(counter) = counter.filter(|_| second != 0) else { return true };
    let next = |count: u64| if count >> 32 == second { count.saturating_add(1) } else { second << 32 | 1 };
    let previous = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| Some(next(count)));
    let count = next(previous.unwrap_or_default()) & u64::from(u32::MAX);
    if count > LIMIT {
        SUPPRESSED_AT.store(second, Ordering::Relaxed);
    }
    count <= LIMIT
}

fn report_suppressed_before(second: u64) {
    let suppressed_at = SUPPRESSED_AT.load(Ordering::Relaxed);
    if suppressed_at == 0 || suppressed_at == second {
        return;
    }
    SUPPRESSED_AT.store(0, Ordering::Relaxed);
    for (kind, rules) in Kind::ALL.iter().zip(&COUNTERS) {
        for (rule, counter) in Code::ALL.iter().zip(rules) {
            let count = counter.load(Ordering::Relaxed);
            let suppressed = (count & u64::from(u32::MAX)).saturating_sub(LIMIT);
            if suppressed == 0 || count >> 32 == second {
                continue;
            }
            // Several threads can try to reset the counter at the same time. Only the thread that resets the counter
            // emits the summary.
            if counter.compare_exchange(count, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                emit(&Event::new(*kind, *rule, &format_args!("and {suppressed} more in the last second")));
            }
        }
    }
}

fn emit(event: &Event<'_>) {
    let (cookie, rule) = (event.cookie, event.rule.as_str());
    match level(event) {
        Level::Error => tracing::error!(target: "hardtack", cookie, rule, "{event}"),
        Level::Warn => tracing::warn!(target: "hardtack", cookie, rule, "{event}"),
        Level::Debug => tracing::debug!(target: "hardtack", cookie, rule, "{event}"),
    }
}

/// Returns the log level of an event. Events about mistakes of the program have the level error. Some events also occur
/// with ordinary traffic on a well-configured server, and have the level debug. All other events have the level warn,
/// because an operator should look at each warning.
fn level(event: &Event<'_>) -> Level {
    if event.kind == Kind::Mistake || matches!(event.rule, Code::NoKeyring | Code::NoRandomness) {
        return Level::Error;
    }
    if event.evidence.is_some_and(crate::request::evidence::Evidence::is_suspicious) {
        return Level::Warn;
    }
    match event.kind {
        Kind::RequestRedirected | Kind::HeaderHardened | Kind::CachingChanged | Kind::HstsChanged => Level::Debug,
        Kind::CookieRejected if event.rule == Code::Expired => Level::Debug,
        Kind::RequestRefused
        | Kind::CookieNotSet
        | Kind::CookieRejected
        | Kind::HeaderReported
        | Kind::HeaderDropped
        | Kind::ClientRequestRefused
        | Kind::Notice
        | Kind::Mistake => Level::Warn,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fmt::Debug;
    use std::sync::{Mutex, MutexGuard, Once, PoisonError};

    use tracing::field::{Field, Visit};
    use tracing::{Metadata, Subscriber, span};

    use super::{Level, level, log};
    use crate::event::{Code, Event, Kind};
    use crate::{TlsTermination, TrustedProxies};

    thread_local! {
        /// The level and the text of each event that this thread has logged.
        static LOG: RefCell<Vec<(tracing::Level, String)>> = const { RefCell::new(Vec::new()) };
    }

    /// A `tracing` subscriber that writes the events of each thread to its `LOG`.
    struct Recorder;

    impl Recorder {
        /// Makes this the subscriber of all tests. If each test had its own subscriber, `tracing` could switch an event
        /// off for the whole process, because the first thread that logs it has no subscriber.
        fn start() {
            static ONCE: Once = Once::new();
            ONCE.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
            LOG.take();
        }
    }

    struct Text(String);

    impl Visit for Text {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.push_str(&format!("{field}={value:?} "));
        }
    }

    impl Subscriber for Recorder {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            if event.metadata().target() == "hardtack" {
                let mut text = Text(String::new());
                event.record(&mut text);
                LOG.with_borrow_mut(|log| log.push((*event.metadata().level(), text.0)));
            }
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    /// Makes tests that write to the log run one after another, because all tests share the counters of events.
    fn lock() -> MutexGuard<'static, ()> {
        static LOCK: Mutex<()> = Mutex::new(());
        LOCK.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[test]
    fn levels_fit_the_events() {
        let _lock = lock();
        Recorder::start();
        for (kind, rule) in [
            (Kind::HeaderDropped, Code::Insecure),
            (Kind::HeaderHardened, Code::Insecure),
            (Kind::CookieRejected, Code::NoKeyring),
        ] {
            log(&Event::new(kind, rule, &"why").with_cookie("sid"));
        }
        let text = |kind, rule| format!("message={kind} `sid` ({rule}): why cookie=\"sid\" rule=\"{rule}\" ");
        assert_eq!(
            LOG.take(),
            [
                (tracing::Level::WARN, text("header dropped", "insecure")),
                (tracing::Level::DEBUG, text("header hardened", "insecure")),
                (tracing::Level::ERROR, text("cookie rejected", "no-keyring")),
            ]
        );
    }

    #[test]
    fn untrusted_claims_of_https_are_warnings() {
        let termination = TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.1"]).unwrap());
        for (protocol, peer, expected) in [
            ("https", "192.0.2.1", Level::Warn),
            ("http", "192.0.2.1", Level::Debug),
            ("http", "10.0.0.1", Level::Debug),
        ] {
            let request = http::Request::get("/").header("X-Forwarded-Proto", protocol).body(()).unwrap();
            let plain = termination.detect(&request.into_parts().0, Some(peer.parse().unwrap())).unwrap_err();
            let event = Event::new(Kind::RequestRedirected, Code::ForceHttps, &"a page over plain HTTP")
                .with_evidence(Some(plain.evidence()));
            assert_eq!(level(&event), expected, "{event}");
            assert_eq!(level(&Event { kind: Kind::Mistake, ..event }), Level::Error, "{event}");
        }
    }

    #[cfg(feature = "testing")]
    #[test]
    fn floods_are_summed_up() {
        use std::time::{Duration, SystemTime};

        let _lock = lock();
        Recorder::start();
        let at = |second: u64, run: &dyn Fn()| {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000 + second);
            crate::clock::at(now, run);
        };
        let event = Event::new(Kind::HeaderReported, Code::Folded, &"why");
        let other = Event::new(Kind::HeaderReported, Code::Empty, &"why");
        at(0, &|| (0..224).for_each(|_| log(&event)));
        assert_eq!(LOG.take().len(), 10);
        at(0, &|| log(&other));
        assert_eq!(LOG.take().len(), 1, "the limit holds for each rule by itself");
        at(1, &|| log(&other));
        let texts: Vec<String> = LOG.take().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts.len(), 2);
        assert!(texts[0].starts_with("message=header reported (folded): and 214 more in the last second"), "{texts:?}");
        at(2, &|| log(&event));
        assert_eq!(LOG.take().len(), 1);
    }
}
