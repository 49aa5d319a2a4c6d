//! What happens to a response before it leaves, whoever wrote it. In: its fields, the policy and the judgement of its
//! exchange; out: the same fields, stricter. One pass over the lines; no octet is touched but what is added, and what a
//! floor raises.

use std::time::SystemTime;

use hardtack_rules::auditors::fold;
use http::header::{CACHE_CONTROL, Entry, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{Extensions, HeaderMap, HeaderValue};

use crate::declare::Spec;
use crate::foreign::{ForeignCookies, Lacks, same_site};
use crate::host::Host;
use crate::line::{Line, retract_removals};
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
    /// The host in lower case, where it can be known from others: browsers keep HSTS for no address, and not for
    /// loopback.
    host: Option<String>,
}

/// In a response's extensions: a line among its fields that a declaration made, as the answer to a read error does.
#[derive(Debug, Clone)]
pub(crate) struct Declared(pub(crate) HeaderValue);

impl Outgoing {
    pub(crate) fn new(in_force: InForce, verdict: Verdict, host: Option<Host<'_>>) -> Self {
        Outgoing { in_force, verdict, host: host.map(|host| host.as_str().to_ascii_lowercase()) }
    }

    /// Makes the response as strict as the policy demands: first what others wrote, then what the jar adds.
    pub(crate) fn enforce(&self, response: &mut HeaderMap, extensions: &mut Extensions, declared: Vec<Line>) {
        self.foreign(response, extensions.remove::<Declared>().as_ref());
        self.declared(response, declared);
        self.caching(response);
        self.hsts(response);
    }

    fn foreign(&self, response: &mut HeaderMap, declared: Option<&Declared>) {
        let Entry::Occupied(mut lines) = response.entry(SET_COOKIE) else { return };
        let mut leaves = Vec::new();
        for line in lines.iter_mut() {
            let is_declared = declared.is_some_and(|declared| declared.0 == *line);
            leaves.push(is_declared || self.foreign_line(line));
        }
        if leaves.iter().all(|leaves| *leaves) {
            return;
        }
        let (_, lines) = lines.remove_entry_mult();
        let kept: Vec<_> = lines.zip(leaves).filter_map(|(line, leaves)| leaves.then_some(line)).collect();
        for line in kept {
            response.append(SET_COOKIE, line);
        }
    }

    /// Hardens one line in its place; says whether it may leave.
    fn foreign_line(&self, line: &mut HeaderValue) -> bool {
        let policy = &self.in_force.policy;
        let written = Written::read(line.as_bytes());
        let declared = policy.declared(written.name).filter(|spec| is_as_declared(spec, &written));
        let exception = policy.exception(written.name);
        let is_foreign = declared.is_none() && exception.is_none();
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
        if hardens {
            let lacks = Lacks::of(&written, policy.session_names());
            if !lacks.nothing() {
                let added = format_args!("added {}", lacks.words());
                self.tell(EventKind::LineHardened, &written, lacks.rule(), &added);
                octets = Some(lacks.added_to(line.as_bytes()));
            }
        }
        if exception.is_none() {
            if let Some(raised) = self.raised(octets.as_deref().unwrap_or(line.as_bytes()), &written) {
                octets = Some(raised);
            }
        }
        self.object(octets.as_deref().unwrap_or(line.as_bytes()), &written);
        if let Some(octets) = octets {
            replace(line, &octets);
        }
        true
    }

    /// Reports what no browser would store, and what several would take for one.
    fn object(&self, line: &[u8], written: &Written<'_>) {
        if fold(line).is_some() {
            let reason = "several cookies stand in one field, and browsers take the second for an attribute; send a field for each";
            self.tell(EventKind::LineObserved, written, "folded", &reason);
        }
        let observes = self.in_force.policy.foreign_cookies() == ForeignCookies::Observe;
        if observes && self.verdict.https && !written.secure {
            self.tell(EventKind::LineObserved, written, "insecure", &"not Secure; let the policy harden it");
        }
        let Some(host) = self.host.as_deref() else { return };
        if let Err(rejection) = store::take(line, self.verdict.https, host, "/", SystemTime::now()) {
            let reason = format_args!("no browser stores it: {rejection}");
            self.tell(EventKind::LineObserved, written, rejection.id(), &reason);
        }
    }

    fn declared(&self, response: &mut HeaderMap, lines: Vec<Line>) {
        retract_removals(response, &lines);
        response.reserve(lines.len());
        let has_floor = !self.in_force.policy.floor().is_none();
        for mut line in lines {
            if has_floor && self.in_force.policy.exception(line.name.as_bytes()).is_none() {
                let written = Written::read(line.value.as_bytes());
                if let Some(raised) = self.raised(line.value.as_bytes(), &written) {
                    replace(&mut line.value, &raised);
                }
            }
            response.append(SET_COOKIE, line.value);
        }
    }

    fn raised(&self, line: &[u8], written: &Written<'_>) -> Option<Vec<u8>> {
        let raised = self.in_force.policy.floor().raised(line, SystemTime::now)?;
        self.tell(EventKind::LineHardened, written, "floor", &"raised to the policy's floor");
        Some(raised)
    }

    fn caching(&self, response: &mut HeaderMap) {
        if !response.contains_key(SET_COOKIE) {
            return;
        }
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
        if !self.verdict.https {
            // A browser ignores it there, and an auditor does not (RFC 6797 7.2).
            response.remove(STRICT_TRANSPORT_SECURITY);
            return;
        }
        let is_name = self.host.as_deref().and_then(Host::parse).is_some_and(|host| host.is_public_name());
        if is_name {
            response.insert(STRICT_TRANSPORT_SECURITY, value.clone());
        }
    }

    fn tell(&self, kind: EventKind, written: &Written<'_>, rule: &'static str, reason: &dyn std::fmt::Display) {
        let name = written.shown_name();
        let evidence = (kind == EventKind::LineHeldBack).then_some(self.verdict.evidence);
        self.in_force.tell(Event { kind, cookie: Some(&name), rule, reason, evidence });
    }
}

fn replace(line: &mut HeaderValue, octets: &[u8]) {
    // Octets of a field value and ASCII are a field value.
    if let Ok(mut value) = HeaderValue::from_bytes(octets) {
        value.set_sensitive(line.is_sensitive());
        *line = value;
    }
}

/// Whether a line that no jar wrote says what the declaration of its name says.
fn is_as_declared(spec: &Spec, written: &Written<'_>) -> bool {
    written.secure == spec.secure
        && written.http_only == spec.http_only
        && written.same_site.and_then(same_site) == Some(spec.same_site)
}
