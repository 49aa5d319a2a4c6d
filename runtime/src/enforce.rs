//! What happens to a response before it leaves, whoever wrote it. In: its fields, the policy and the judgement of its
//! exchange; out: the same fields, stricter. One pass over the lines; no octet is touched but what is added, and what a
//! floor raises.

use hardtack_rules::auditors::fold;
use http::header::{CACHE_CONTROL, Entry, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderValue};

use crate::declare::Spec;
use crate::foreign::{ForeignCookies, Lacks};
use crate::host::{Host, Named};
use crate::line::{Line, append, raised, replace};
use crate::policy::InForce;
use crate::report::{Event, EventKind};
use crate::scheme::Verdict;
use crate::store;
use crate::written::Written;

/// One exchange, as far as its response is concerned.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) in_force: InForce,
    pub(crate) verdict: Verdict,
    pub(crate) host: Option<Named>,
}

/// In a response's extensions: the lines among its fields that a declaration made, as the answer to a read error does, or
/// a layer further in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared(pub(crate) Vec<HeaderValue>);

impl Outgoing {
    /// The fields that [`enforce`](Outgoing::enforce) reads and changes.
    #[cfg(any(feature = "actix", feature = "rocket"))]
    pub(crate) const CHANGED: [http::HeaderName; 3] = [SET_COOKIE, CACHE_CONTROL, STRICT_TRANSPORT_SECURITY];

    /// The host of the exchange.
    fn host(&self) -> Option<Host<'_>> {
        self.host.as_ref().and_then(|named| named.host().ok())
    }

    /// The same in lower case.
    pub(crate) fn host_name(&self) -> Option<String> {
        self.host().map(|host| host.as_str().to_ascii_lowercase())
    }

    /// Whether cookies of others leave, and stricter than they were written.
    pub(crate) fn hardens(&self) -> bool {
        self.verdict.https && self.in_force.policy.foreign_cookies() == ForeignCookies::Harden
    }

    /// Makes the response as strict as the policy demands: first what was written before, then what the jar adds.
    ///
    /// `declared` are then the lines that a declaration made, as they leave.
    pub(crate) fn enforce(&self, response: &mut HeaderMap, declared: &mut Declared, jar: Vec<Line>) {
        if response.contains_key(SET_COOKIE) {
            self.written_before(response, declared);
        }
        let sets = !jar.is_empty() || response.contains_key(SET_COOKIE);
        if sets {
            append(jar, response, Some(&self.in_force));
            self.caching(response);
        }
        self.hsts(response);
    }

    fn written_before(&self, response: &mut HeaderMap, declared: &mut Declared) {
        let Entry::Occupied(mut lines) = response.entry(SET_COOKIE) else { return };
        let host = self.host_name();
        let mut stay = Vec::new();
        for (at, line) in lines.iter_mut().enumerate() {
            let ours = declared.0.iter_mut().find(|ours| *ours == line);
            if !self.may_leave(line, ours.is_some(), host.as_deref()) {
                stay.push(at);
            } else if let Some(ours) = ours {
                ours.clone_from(line);
            }
        }
        if stay.is_empty() {
            return;
        }
        let (_, lines) = lines.remove_entry_mult();
        let leave: Vec<_> = lines.enumerate().filter(|(at, _)| stay.binary_search(at).is_err()).collect();
        for (_, line) in leave {
            response.append(SET_COOKIE, line);
        }
    }

    /// Hardens one line in its place; says whether it may leave. One of ours is held back over plain HTTP and raised to the
    /// floor as any other is, and nothing else is done to it.
    fn may_leave(&self, line: &mut HeaderValue, is_ours: bool, host: Option<&str>) -> bool {
        let policy = &self.in_force.policy;
        let written = Written::read(line.as_bytes());
        let declared = policy.declared(written.name).filter(|spec| is_as_declared(spec, &written));
        let exception = policy.exception(written.name);
        let is_foreign = !is_ours && declared.is_none() && exception.is_none();
        if is_foreign && policy.foreign_cookies() == ForeignCookies::Refuse {
            self.tell(EventKind::LineRefused, &written, "foreign", &"the policy refuses cookies that are not declared");
            return false;
        }
        let hardens = is_foreign && policy.foreign_cookies() == ForeignCookies::Harden;
        if !self.verdict.https && (written.secure || hardens) {
            let reason: &dyn std::fmt::Display = if written.secure {
                &"a Secure cookie does not leave over plain HTTP"
            } else {
                &"every cookie here is Secure, and none leaves over plain HTTP; except it by name, with a reason"
            };
            self.tell(EventKind::LineHeldBack, &written, "insecure", reason);
            return false;
        }
        let mut octets = None;
        if is_foreign {
            let lacks = Lacks::of(&written, policy.session_names());
            if hardens && !lacks.nothing() {
                let (kind, rule, words) = (EventKind::LineHardened, lacks.rule(), lacks.words());
                self.tell(kind, &written, rule, &format_args!("added {words}"));
                octets = Some(lacks.added_to(line.as_bytes()));
            } else if !lacks.nothing() {
                let (kind, rule, words) = (EventKind::LineObserved, lacks.rule(), lacks.words());
                self.tell(kind, &written, rule, &format_args!("lacks {words}; let the policy harden it"));
            }
        }
        if let Some(raised) = raised(octets.as_deref().unwrap_or(line.as_bytes()), &self.in_force) {
            octets = Some(raised);
        }
        if !is_ours {
            match &octets {
                None => self.object(line.as_bytes(), &written, host),
                Some(octets) => self.object(octets, &Written::read(octets), host),
            }
        }
        if let Some(octets) = octets {
            replace(line, octets);
        }
        true
    }

    /// Reports what no browser would store, and what several would take for one.
    fn object(&self, line: &[u8], written: &Written<'_>, host: Option<&str>) {
        if fold(line).is_some() {
            let reason = "several cookies stand in one field, and browsers take the second for an attribute; send a field for each";
            self.tell(EventKind::LineObserved, written, "folded", &reason);
        }
        let Some(host) = host else { return };
        if let Err(rejection) = store::admit(line, written, self.verdict.https, host) {
            let (kind, rule) = (EventKind::LineObserved, rejection.id());
            self.tell(kind, written, rule, &format_args!("no browser stores it: {rejection}"));
        }
    }

    fn caching(&self, response: &mut HeaderMap) {
        let stricter = self.in_force.policy.caching().stricter(response.get_all(CACHE_CONTROL).iter());
        let Some((value, was_shared)) = stricter else { return };
        if was_shared {
            self.in_force.tell(Event {
                kind: EventKind::CachingChanged,
                cookie: None,
                rule: "shared-cache",
                reason: &"a response that carries a cookie asked shared caches to store it",
                evidence: None,
            });
        }
        response.insert(CACHE_CONTROL, value);
    }

    fn hsts(&self, response: &mut HeaderMap) {
        let Some(value) = self.in_force.policy.hsts() else { return };
        if !self.verdict.https || self.verdict.is_loopback() {
            // A browser ignores it there, and an auditor does not (RFC 6797 7.2).
            response.remove(STRICT_TRANSPORT_SECURITY);
            return;
        }
        // A browser keeps it for no address and no loopback name.
        match self.host().map(Host::is_public_name) {
            Some(true) => drop(response.insert(STRICT_TRANSPORT_SECURITY, value.clone())),
            Some(false) => drop(response.remove(STRICT_TRANSPORT_SECURITY)),
            None => {}
        }
    }

    fn tell(&self, kind: EventKind, written: &Written<'_>, rule: &'static str, reason: &dyn std::fmt::Display) {
        let name = written.shown_name();
        let evidence = (kind == EventKind::LineHeldBack).then_some(self.verdict.evidence);
        self.in_force.tell(Event { kind, cookie: Some(&name), rule, reason, evidence });
    }
}

/// Whether a line that no jar wrote says what the declaration of its name says, or is stricter, as setters and floors
/// make it; for no more hosts.
fn is_as_declared(spec: &Spec, written: &Written<'_>) -> bool {
    (spec.has_domain() || written.shared_domain().is_none())
        && (written.secure || !spec.secure)
        && (written.http_only || !spec.http_only)
        && written.known_same_site().is_some_and(|found| found.is_at_least(spec.same_site))
}
