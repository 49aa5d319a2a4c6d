//! Applies the policy to the headers of a response. The input is the application's headers and the cookie jar. The
//! output is the headers that are sent.
//!
//! The middleware adds missing attributes to a `Set-Cookie` header from other code. The baseline of the policy can also
//! make the existing attributes of the header stricter. The middleware does not change other bytes of the header.

use hardtack_rules::wire::find_folded_cookie;
use http::header::{Entry, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderValue};

use super::caching;
use super::harden::MissingAttributes;
use super::hsts::stricter_hsts;
use super::namesake::{Differences, with_declared_attributes};
use crate::browser::check::check;
use crate::clock;
use crate::cookie::declaration::Spec;
use crate::cookie::header_value::SetCookieHeader;
use crate::event::{Code, Event, Kind};
use crate::jar::state::JarState;
use crate::jar::write::replace;
use crate::policy::{Policy, UndeclaredCookies};
use crate::request::host::{Host, RequestHost};
#[cfg(any(feature = "actix", feature = "rocket"))]
use crate::wire::cache_control::TARGETED_HEADERS;
use crate::wire::set_cookie::ParsedSetCookie;

#[cfg(test)]
mod tests;

/// Applies the policy to the response of one request.
pub(super) struct ResponseHardener<'a> {
    pub(super) jar: &'a JarState,
    pub(super) policy: &'a Policy,
    pub(super) host: Option<&'a RequestHost>,
}

/// A response extension with the `Set-Cookie` headers of declared cookies. If two middlewares of hardtack handle a
/// request, the inner middleware sends `TrustedHeaders` to the outer middleware.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedHeaders(pub(crate) Vec<HeaderValue>);

/// The response headers that [`ResponseHardener::harden`] reads and changes.
#[cfg(any(feature = "actix", feature = "rocket"))]
pub(crate) const MANAGED_HEADERS: [http::HeaderName; 4 + TARGETED_HEADERS.len()] = {
    use http::HeaderName;
    use http::header::CACHE_CONTROL;

    use crate::jar::write::CLEAR_SITE_DATA;

    let [a, b, c, d, e, f, g, h, i] = TARGETED_HEADERS;
    [
        SET_COOKIE,
        CACHE_CONTROL,
        CLEAR_SITE_DATA,
        STRICT_TRANSPORT_SECURITY,
        HeaderName::from_static(a),
        HeaderName::from_static(b),
        HeaderName::from_static(c),
        HeaderName::from_static(d),
        HeaderName::from_static(e),
        HeaderName::from_static(f),
        HeaderName::from_static(g),
        HeaderName::from_static(h),
        HeaderName::from_static(i),
    ]
};

/// The action of the middleware on a `Set-Cookie` header that the jar did not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Keep,
    /// The header has the name of a declared cookie, and is weaker than the declaration. The middleware adds the
    /// declared attributes, or only emits an event.
    Namesake {
        spec: &'static Spec,
        differences: Differences,
        is_hardened: bool,
    },
    /// The middleware does not change the header, but emits an event that names the missing attributes.
    Report(MissingAttributes),
    Harden(MissingAttributes),
    Drop(DropReason),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DropReason {
    Undeclared,
    Namesake(Differences),
    SecureOverPlainHttp,
    /// The policy would add `Secure` to the cookie, but the response is sent over plain HTTP.
    HardenedOverPlainHttp,
}

impl<'a> ResponseHardener<'a> {
    fn host(&self) -> Option<Host<'a>> {
        self.host.and_then(|host| host.host().ok())
    }

    /// Returns the request's host in lower case.
    pub(super) fn host_name(&self) -> Option<String> {
        self.host().map(|host| host.as_str().to_ascii_lowercase())
    }

    /// Returns true if the request came over HTTPS and the policy hardens undeclared cookies.
    pub(super) fn hardens(&self) -> bool {
        self.jar.verdict().https && self.policy.undeclared_cookies() == UndeclaredCookies::Harden
    }

    /// Applies the policy to the existing headers, then appends the jar's headers.
    ///
    /// `trusted` contains the `Set-Cookie` headers of declared cookies that the response already has. After the call,
    /// `trusted` contains the same headers with the changes that the baseline made.
    pub(super) fn harden(&self, response: &mut HeaderMap, trusted: &mut TrustedHeaders, pending: Vec<SetCookieHeader>) {
        if response.contains_key(SET_COOKIE) {
            self.harden_existing(response, trusted, &pending);
        }
        if !pending.is_empty() || response.contains_key(SET_COOKIE) {
            self.jar.append(pending, response);
            self.restrict_caching(response);
        }
        self.set_hsts(response);
    }

    fn harden_existing(&self, response: &mut HeaderMap, trusted: &mut TrustedHeaders, pending: &[SetCookieHeader]) {
        let Entry::Occupied(mut headers) = response.entry(SET_COOKIE) else { return };
        let host = self.host_name();
        let mut dropped = Vec::new();
        for (index, header) in headers.iter_mut().enumerate() {
            let trusted = trusted.0.iter_mut().find(|trusted| *trusted == header);
            let is_trusted = trusted.is_some();
            let is_replaced = is_trusted && is_replaced_removal(header, pending);
            if is_replaced || !self.harden_header(header, is_trusted, host.as_deref()) {
                dropped.push(index);
            } else if let Some(trusted) = trusted {
                trusted.clone_from(header);
            }
        }
        if dropped.is_empty() {
            return;
        }
        let (_, headers) = headers.remove_entry_mult();
        let remaining: Vec<_> =
            headers.enumerate().filter(|(index, _)| dropped.binary_search(index).is_err()).collect();
        for (_, header) in remaining {
            response.append(SET_COOKIE, header);
        }
    }

    /// Applies the treatment and the policy's baseline to one header. Returns false if the header is dropped.
    fn harden_header(&self, header: &mut HeaderValue, is_trusted: bool, host: Option<&str>) -> bool {
        let parsed = ParsedSetCookie::parse(header.as_bytes());
        let treatment = self.treatment(&parsed, is_trusted);
        self.emit_treatment(&parsed, treatment);
        let mut changed = match treatment {
            Treatment::Drop(_) => return false,
            Treatment::Harden(missing) => Some(missing.append_to(header.as_bytes())),
            Treatment::Namesake { spec, differences, is_hardened: true } => {
                self.harden_namesake(spec, &parsed, differences)
            }
            Treatment::Keep | Treatment::Report(_) | Treatment::Namesake { .. } => None,
        };
        let stricter = match &changed {
            None => self.jar.meet_baseline(&parsed),
            Some(changed) => self.jar.meet_baseline(&ParsedSetCookie::parse(changed)),
        };
        if stricter.is_some() {
            changed = stricter;
        }
        if !is_trusted {
            match &changed {
                None => self.report_browser_objections(&parsed, host),
                Some(changed) => self.report_browser_objections(&ParsedSetCookie::parse(changed), host),
            }
        }
        if let Some(changed) = changed {
            replace(header, changed);
        }
        true
    }

    /// Decides how a `Set-Cookie` header is treated. A trusted header is dropped only if the header has `Secure` and
    /// the request came over plain HTTP.
    fn treatment(&self, parsed: &ParsedSetCookie<'_>, is_trusted: bool) -> Treatment {
        let allowed = self.policy.allowed(parsed.name);
        let declaration = if is_trusted { None } else { self.policy.declaration(parsed.name) };
        let comparison =
            declaration.map(|spec| (spec, Differences::find(spec, &self.jar.scope(spec), parsed).without(allowed)));
        let is_declared = comparison.is_some_and(|(_, differences)| differences.is_empty());
        let is_undeclared = !is_trusted && !is_declared && !allowed.everything;
        let setting = self.policy.undeclared_cookies();
        let is_hardened = is_undeclared && setting != UndeclaredCookies::Observe;
        // An exception names an undeclared cookie, so the policy knows of the cookie and does not refuse it. A namesake
        // is still refused, because the exception does not allow the differences that remain.
        let is_refused = setting == UndeclaredCookies::Refuse && (allowed.is_nothing() || comparison.is_some());
        if is_undeclared && is_refused {
            let reason =
                comparison.map_or(DropReason::Undeclared, |(_, differences)| DropReason::Namesake(differences));
            return Treatment::Drop(reason);
        }
        if !self.jar.verdict().https && parsed.secure {
            return Treatment::Drop(DropReason::SecureOverPlainHttp);
        }
        if !self.jar.verdict().https && is_hardened && !allowed.insecure {
            return Treatment::Drop(DropReason::HardenedOverPlainHttp);
        }
        if !is_undeclared {
            return Treatment::Keep;
        }
        if let Some((spec, differences)) = comparison {
            return Treatment::Namesake { spec, differences, is_hardened };
        }
        let missing = MissingAttributes::find(parsed, self.policy.session_names(), allowed);
        match missing.is_empty() {
            true => Treatment::Keep,
            false if is_hardened => Treatment::Harden(missing),
            false => Treatment::Report(missing),
        }
    }

    /// Adds the declared attributes to a namesake, and the attributes that every undeclared cookie gets.
    fn harden_namesake(&self, spec: &Spec, parsed: &ParsedSetCookie<'_>, differences: Differences) -> Option<Vec<u8>> {
        let declared = with_declared_attributes(spec, parsed, differences);
        let header = declared.as_deref().unwrap_or(parsed.header);
        let allowed = self.policy.allowed(parsed.name);
        let missing = MissingAttributes::find(&ParsedSetCookie::parse(header), self.policy.session_names(), allowed);
        if missing.is_empty() { declared } else { Some(missing.append_to(header)) }
    }

    fn emit_treatment(&self, parsed: &ParsedSetCookie<'_>, treatment: Treatment) {
        match treatment {
            Treatment::Keep => {}
            Treatment::Namesake { differences, is_hardened, .. } => {
                let kind = if is_hardened { Kind::HeaderHardened } else { Kind::HeaderReported };
                self.emit(parsed, Event::new(kind, Code::Namesake, &namesake_reason(differences)));
            }
            Treatment::Report(missing) => {
                let reason = format!("it has no valid {missing}; let the policy harden it");
                self.emit(parsed, Event::new(Kind::HeaderReported, missing.code(), &reason));
            }
            Treatment::Harden(missing) => {
                self.emit(parsed, Event::new(Kind::HeaderHardened, missing.code(), &format_args!("added {missing}")));
            }
            Treatment::Drop(reason) => {
                let evidence = Some(self.jar.verdict().evidence);
                let (code, text, evidence) = match reason {
                    DropReason::Namesake(differences) => {
                        let reason = namesake_reason(differences);
                        return self.emit(parsed, Event::new(Kind::HeaderDropped, Code::Namesake, &reason));
                    }
                    DropReason::Undeclared => {
                        (Code::Undeclared, "the policy refuses cookies that are not declared", None)
                    }
                    DropReason::SecureOverPlainHttp => {
                        (Code::Insecure, "a Secure cookie is not sent over plain HTTP", evidence)
                    }
                    DropReason::HardenedOverPlainHttp => {
                        let text = "the policy makes every cookie Secure, and this response is plain HTTP; add an \
                                    `exception` that is `insecure`";
                        (Code::Insecure, text, evidence)
                    }
                };
                self.emit(parsed, Event::new(Kind::HeaderDropped, code, &text).with_evidence(evidence));
            }
        }
    }

    /// Emits an event for a `Set-Cookie` header that browsers would reject. Also emits an event for a header that
    /// contains several cookies.
    fn report_browser_objections(&self, parsed: &ParsedSetCookie<'_>, host: Option<&str>) {
        if find_folded_cookie(parsed.header).is_some() {
            let reason = "this header contains several cookies, and browsers read the second one as an attribute; send \
                          one header for each cookie";
            self.emit(parsed, Event::new(Kind::HeaderReported, Code::Folded, &reason));
        }
        let Some(host) = host else { return };
        if let Err(rejection) = check(parsed, self.jar.verdict().https, host) {
            let reason = format!("browsers do not store the cookie: {rejection}");
            self.emit(parsed, Event::new(Kind::HeaderReported, rejection.code(), &reason));
        }
    }

    fn emit(&self, parsed: &ParsedSetCookie<'_>, event: Event<'_>) {
        let name = parsed.display_name();
        self.jar.emit(event.with_cookie(&name));
    }

    fn restrict_caching(&self, response: &mut HeaderMap) {
        let shared = caching::restrict(self.policy.caching(), response);
        if !shared.is_empty() {
            let names = shared.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let reason = format!("a response with a cookie allowed shared caches to store it, in {names}");
            self.jar.emit(Event::new(Kind::CachingChanged, Code::SharedCache, &reason));
        }
    }

    fn set_hsts(&self, response: &mut HeaderMap) {
        let Some(value) = self.policy.hsts_value() else { return };
        let verdict = self.jar.verdict();
        if !verdict.https || verdict.is_loopback() {
            // A server must not send an HSTS header over plain HTTP (RFC 6797 section 7.2). Browsers ignore an HSTS
            // header over plain HTTP, but scanners report an error.
            response.remove(STRICT_TRANSPORT_SECURITY);
            return;
        }
        // The HSTS header is sent for public host names only, because browsers ignore HSTS for IP addresses and
        // loopback names.
        match self.host().map(Host::is_public_name) {
            Some(true) => self.insert_hsts(response, value),
            Some(false) => drop(response.remove(STRICT_TRANSPORT_SECURITY)),
            None => {}
        }
    }

    /// Inserts one HSTS header. If the application wrote HSTS headers, browsers read only the first one (RFC 6797 8.1).
    fn insert_hsts(&self, response: &mut HeaderMap, policy_value: &HeaderValue) {
        let Some(own) = response.get(STRICT_TRANSPORT_SECURITY) else {
            response.insert(STRICT_TRANSPORT_SECURITY, policy_value.clone());
            return;
        };
        let value = match stricter_hsts(self.policy.hsts(), policy_value, own) {
            Some((value, weaker)) => {
                self.jar.emit(Event::new(Kind::HstsChanged, Code::Hsts, &weaker));
                value
            }
            None => own.clone(),
        };
        response.insert(STRICT_TRANSPORT_SECURITY, value);
    }
}

/// Returns true if the header removes a cookie that the jar sets. After a read error, the inner middleware writes a
/// header that removes the cookie. If the jar of the outer middleware sets the same cookie, the response should keep
/// only the header of the jar (6265bis 4.1.1).
fn is_replaced_removal(header: &HeaderValue, pending: &[SetCookieHeader]) -> bool {
    let removal = ParsedSetCookie::parse(header.as_bytes());
    removal.lifetime.is_expired(clock::now())
        && pending.iter().any(|set| {
            let scope = &set.identity.scope;
            let domain = scope.domain.as_deref().unwrap_or_default();
            removal.name == set.identity.name.as_str().as_bytes()
                && removal.path == Some(scope.path.as_bytes())
                && removal.partitioned == scope.partitioned
                && removal.domain.unwrap_or_default().eq_ignore_ascii_case(domain.as_bytes())
        })
}

fn namesake_reason(differences: Differences) -> String {
    format!(
        "the header has the name of a declared cookie, and is weaker than the declaration in: {differences}; set the cookie \
         with `Cookies::set`, or rename one of the two"
    )
}
