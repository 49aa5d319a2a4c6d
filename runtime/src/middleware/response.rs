//! Applies the policy to the headers of a response. The input is the application's headers and the cookie jar. The
//! output is the headers of the final response.
//!
//! The middleware adds missing attributes to the `Set-Cookie` headers that other code wrote. If the policy has a
//! baseline, the middleware can also make the existing attributes stricter. All other bytes of a header stay the same.

use core::fmt;
use std::collections::HashSet;

use hardtack_rules::SameSite;
use hardtack_rules::wire::find_folded_cookie;
use http::header::{Entry, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderValue};

use super::caching;
use super::harden::MissingAttributes;
use super::hsts::stricter_hsts;
use super::namesake::{Differences, with_declared_attributes};
use super::removals::{self, RootCookies};
use super::trusted::TrustedHeaders;
use crate::browser::check::check;
use crate::clock;
use crate::cookie::declaration::Spec;
use crate::cookie::header_value::SetCookieHeader;
use crate::cookie::scope::Identity;
use crate::event::{Code, Event, Kind};
use crate::jar::cross_site::CrossSiteNote;
use crate::jar::state::JarState;
use crate::jar::write::replace;
use crate::policy::{Allowed, Policy, UndeclaredCookies};
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
    /// True if this is the outermost hardtack middleware. Only the outermost middleware adds a missing `Path` to the
    /// headers that remove a cookie.
    pub(super) is_outermost: bool,
}

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

/// The code that wrote a `Set-Cookie` header.
#[derive(Debug, Clone, Copy)]
enum Origin {
    /// A jar wrote the header. If the jar belongs to an inner middleware, the variant contains the declared name of the
    /// cookie.
    Trusted(Option<&'static str>),
    OtherCode,
}

/// The way in which the middleware completes a `Set-Cookie` header that removes a cookie but has no `Path`.
enum Completion {
    None,
    /// The middleware only emits an event.
    Report,
    /// The middleware sends the header without a `Path`. After this header, the middleware sends this copy with
    /// `Path=/`.
    Copy(HeaderValue),
    /// The middleware sends this header with `Path=/` instead of the old header. Browsers reject the cookie's name
    /// without `Path=/`.
    InPlace(HeaderValue),
}

/// A change to one header in the list of `Set-Cookie` headers.
enum Change {
    Drop,
    /// The header removes a cookie. The middleware has added `Path=/`.
    InPlace,
    /// The header removes a cookie. After the header, the middleware sends this copy with `Path=/`.
    Copy(HeaderValue),
}

/// The middleware's action for a `Set-Cookie` header that was in the response before the jar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Keep,
    /// The header has the name of a declared cookie, but is weaker than the declaration. If `is_hardened` is true, the
    /// middleware adds the declared attributes. If `is_hardened` is false, the middleware only emits an event.
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
    /// The policy would add `Secure` to the cookie, but the request came over plain HTTP.
    HardenedOverPlainHttp,
}

/// Returns true if the response has a `Set-Cookie` header. Most responses have few headers, so comparing the names is
/// faster than a search in the map.
fn has_set_cookie(response: &HeaderMap) -> bool {
    response.keys().any(|name| *name == SET_COOKIE)
}

impl<'a> ResponseHardener<'a> {
    fn host(&self) -> Option<Host<'a>> {
        self.host.and_then(|host| host.host().ok())
    }

    /// Returns the request's host in lower case.
    pub(super) fn host_name(&self) -> Option<String> {
        self.host().map(|host| host.as_str().to_ascii_lowercase())
    }

    /// Applies the policy to the existing headers, then appends the jar's headers.
    ///
    /// `trusted` contains the response's `Set-Cookie` headers that an inner jar wrote. If the policy's baseline changes
    /// one of these headers, this function also changes the header in `trusted`.
    pub(super) fn harden(&self, response: &mut HeaderMap, trusted: &mut TrustedHeaders, pending: Vec<SetCookieHeader>) {
        let mut has_cookies = !pending.is_empty();
        if has_set_cookie(response) {
            self.harden_existing(response, trusted, &pending);
            has_cookies |= has_set_cookie(response);
        }
        if has_cookies {
            self.jar.append(pending, response);
            self.restrict_caching(response);
        }
        self.set_hsts(response);
    }

    fn harden_existing(&self, response: &mut HeaderMap, trusted: &mut TrustedHeaders, pending: &[SetCookieHeader]) {
        let Entry::Occupied(mut headers) = response.entry(SET_COOKIE) else { return };
        let host = self.host_name();
        let index = trusted.index();
        let mut pending_identities = None;
        // The places of the headers that are dropped or completed with `Path=/`, and the change at each place.
        let mut changes: Vec<(usize, Change)> = Vec::new();
        for (place, header) in headers.iter_mut().enumerate() {
            let trusted = index.find(trusted, header);
            let parsed = ParsedSetCookie::parse(header.as_bytes());
            if trusted.is_some() && is_replaced_removal(&parsed, pending, &mut pending_identities) {
                changes.push((place, Change::Drop));
                continue;
            }
            let origin = match &trusted {
                Some(trusted) => Origin::Trusted(trusted.declared_name),
                None => Origin::OtherCode,
            };
            let completion = self.completion(&parsed, header, origin);
            let mut changed = match &completion {
                Completion::InPlace(rooted) => Some(rooted.clone()),
                Completion::None | Completion::Report | Completion::Copy(_) => None,
            };
            let hardened = match &changed {
                Some(rooted) => self.harden_header(&ParsedSetCookie::parse(rooted.as_bytes()), origin, host.as_deref()),
                None => self.harden_header(&parsed, origin, host.as_deref()),
            };
            let Some(hardened) = hardened else {
                changes.push((place, Change::Drop));
                continue;
            };
            self.emit_completion(&parsed, &completion);
            match completion {
                Completion::InPlace(_) => changes.push((place, Change::InPlace)),
                Completion::Copy(copy) => changes.push((place, Change::Copy(copy))),
                Completion::None | Completion::Report => {}
            }
            if let Some(bytes) = hardened {
                replace(changed.get_or_insert_with(|| header.clone()), bytes);
            }
            if let Some(changed) = changed {
                *header = changed;
                if let Some(trusted) = trusted {
                    trusted.value.clone_from(header);
                }
            }
        }
        if changes.is_empty() {
            return;
        }
        let (_, headers) = headers.remove_entry_mult();
        for header in self.with_changes(headers.collect(), changes, pending) {
            response.append(SET_COOKIE, header);
        }
    }

    /// Applies the changes to the list of headers: omits the dropped headers, and adds the copies with `Path=/`.
    fn with_changes(
        &self,
        headers: Vec<HeaderValue>,
        changes: Vec<(usize, Change)>,
        pending: &[SetCookieHeader],
    ) -> Vec<HeaderValue> {
        let mut root_cookies = RootCookies::default();
        if changes.iter().any(|(_, change)| !matches!(change, Change::Drop)) {
            let mut places = changes.iter().map(|(place, _)| *place).peekable();
            let unchanged = headers.iter().enumerate().filter(|(place, _)| places.next_if_eq(place).is_none());
            root_cookies = RootCookies::new(unchanged.map(|(_, header)| header), pending);
        }
        let mut changes = changes.into_iter().peekable();
        let mut remaining = Vec::with_capacity(headers.len());
        for (place, header) in headers.into_iter().enumerate() {
            match changes.next_if(|(changed, _)| *changed == place).map(|(_, change)| change) {
                None => remaining.push(header),
                Some(Change::Drop) => {}
                Some(Change::InPlace) => {
                    if root_cookies.insert(&ParsedSetCookie::parse(header.as_bytes())) {
                        remaining.push(header);
                    }
                }
                Some(Change::Copy(mut copy)) => {
                    remaining.push(header);
                    let parsed = ParsedSetCookie::parse(copy.as_bytes());
                    if root_cookies.insert(&parsed) {
                        if let Some(hardened) = self.harden_copy(&parsed) {
                            replace(&mut copy, hardened);
                        }
                        remaining.push(copy);
                    }
                }
            }
        }
        remaining
    }

    /// Returns the way in which the middleware completes the header. The middleware completes a header only if the
    /// header removes a cookie and has no `Path`.
    fn completion(&self, parsed: &ParsedSetCookie<'_>, header: &HeaderValue, origin: Origin) -> Completion {
        let is_completed = self.is_outermost && matches!(origin, Origin::OtherCode) && removals::lacks_path(parsed);
        if !is_completed || self.allowed(parsed, origin).everything {
            return Completion::None;
        }
        if self.policy.undeclared_cookies() == UndeclaredCookies::Observe {
            return Completion::Report;
        }
        let rooted = removals::with_root_path(header);
        if removals::needs_root_path(parsed) { Completion::InPlace(rooted) } else { Completion::Copy(rooted) }
    }

    fn emit_completion(&self, parsed: &ParsedSetCookie<'_>, completion: &Completion) {
        let (kind, reason) = match completion {
            Completion::None => return,
            Completion::Report => (
                Kind::HeaderReported,
                "a removal without a `Path` covers one directory only; write the `Path` of the cookie",
            ),
            Completion::Copy(_) => (
                Kind::HeaderHardened,
                "a removal without a `Path` covers one directory only; sent for `/` too, because the cookie's `Path` is \
                 unknown",
            ),
            Completion::InPlace(_) => (
                Kind::HeaderHardened,
                "browsers reject a removal without a `Path` if the name begins with `__Host-`; sent for `/`",
            ),
        };
        self.emit(parsed, Event::new(kind, Code::RemovalPath, &reason));
    }

    /// Applies the treatment and the policy's baseline to one header. Returns `None` if the header is dropped,
    /// `Some(None)` if the header stays unchanged, and the new header if the header changes.
    #[allow(clippy::option_option, reason = "the outer `None` drops the header, the inner one keeps it unchanged")]
    fn harden_header(
        &self,
        parsed: &ParsedSetCookie<'_>,
        origin: Origin,
        host: Option<&str>,
    ) -> Option<Option<Vec<u8>>> {
        let treatment = self.treatment(parsed, origin);
        self.emit_treatment(parsed, treatment);
        if matches!(treatment, Treatment::Drop(_)) {
            return None;
        }
        let mut changed = self.treat(parsed, treatment);
        let allowed = self.allowed(parsed, origin);
        let stricter = match &changed {
            None => self.jar.meet_baseline(parsed, allowed),
            Some(changed) => self.jar.meet_baseline(&ParsedSetCookie::parse(changed), allowed),
        };
        if stricter.is_some() {
            changed = stricter;
        }
        if let Origin::OtherCode = origin {
            match &changed {
                None => self.report_browser_objections(parsed, host),
                Some(changed) => self.report_browser_objections(&ParsedSetCookie::parse(changed), host),
            }
        }
        Some(changed)
    }

    /// Applies the treatment and the baseline to a copy with `Path=/`. Emits no event, because the original header
    /// already caused the same events.
    fn harden_copy(&self, parsed: &ParsedSetCookie<'_>) -> Option<Vec<u8>> {
        let changed = self.treat(parsed, self.treatment(parsed, Origin::OtherCode));
        let allowed = self.allowed(parsed, Origin::OtherCode);
        let stricter = match &changed {
            None => self.jar.stricter(parsed, allowed),
            Some(changed) => self.jar.stricter(&ParsedSetCookie::parse(changed), allowed),
        };
        stricter.or(changed)
    }

    /// Returns the header with the attributes that the treatment adds. Returns `None` if the header needs no change.
    fn treat(&self, parsed: &ParsedSetCookie<'_>, treatment: Treatment) -> Option<Vec<u8>> {
        match treatment {
            Treatment::Harden(missing) => Some(missing.append_to(parsed.header)),
            Treatment::Namesake { spec, differences, is_hardened: true } => {
                self.harden_namesake(spec, parsed, differences)
            }
            Treatment::Keep | Treatment::Report(_) | Treatment::Namesake { .. } | Treatment::Drop(_) => None,
        }
    }

    /// Returns the weaknesses that the policy's exceptions allow for the cookie. An exception for the name of a family
    /// applies to each cookie of the family.
    fn allowed(&self, parsed: &ParsedSetCookie<'_>, origin: Origin) -> Allowed {
        let declared_name = match origin {
            Origin::Trusted(name) => name,
            Origin::OtherCode => self.policy.declarations(parsed.name).next().map(|spec| spec.name),
        };
        self.policy.allowed_under(parsed.name, declared_name)
    }

    /// Returns the middleware's action for a `Set-Cookie` header. The middleware drops a trusted header only if the
    /// header has `Secure` and the request came over plain HTTP.
    fn treatment(&self, parsed: &ParsedSetCookie<'_>, origin: Origin) -> Treatment {
        let allowed = self.allowed(parsed, origin);
        let is_trusted = matches!(origin, Origin::Trusted(_));
        let comparison = if is_trusted { None } else { self.compare(parsed, allowed) };
        let is_declared = comparison.is_some_and(|(_, differences)| differences.is_empty());
        let is_undeclared = !is_trusted && !is_declared && !allowed.everything;
        let setting = self.policy.undeclared_cookies();
        let is_hardened = is_undeclared && setting != UndeclaredCookies::Observe;
        // With `UndeclaredCookies::Refuse`, the policy does not drop an undeclared cookie that has an exception or is
        // listed in `host_prefix`. But the policy drops a namesake, because `comparison` contains only differences that
        // the exception does not allow.
        let is_listed = self.policy.renamed().is_some_and(|prefix| prefix.contains(parsed.name));
        let is_known = !allowed.is_nothing() || is_listed;
        let is_refused = setting == UndeclaredCookies::Refuse && (!is_known || comparison.is_some());
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
        let missing = MissingAttributes::find(parsed, self.policy, allowed);
        match missing.is_empty() {
            true => Treatment::Keep,
            false if is_hardened => Treatment::Harden(missing),
            false => Treatment::Report(missing),
        }
    }

    /// Compares the header with the declarations that have the header's cookie name. If there are several declarations,
    /// returns the declaration with the fewest differences.
    fn compare(&self, parsed: &ParsedSetCookie<'_>, allowed: Allowed) -> Option<(&'static Spec, Differences)> {
        let differences = |spec| Differences::find(spec, &self.jar.scope(spec), parsed).without(allowed);
        let comparisons = self.policy.declarations(parsed.name).map(|spec| (spec, differences(spec)));
        comparisons.min_by_key(|(_, differences)| differences.count())
    }

    /// Adds two groups of attributes to a namesake: the declared attributes, and the attributes that the policy demands
    /// for every undeclared cookie.
    fn harden_namesake(&self, spec: &Spec, parsed: &ParsedSetCookie<'_>, differences: Differences) -> Option<Vec<u8>> {
        let declared = with_declared_attributes(spec, parsed, differences);
        let header = declared.as_deref().unwrap_or(parsed.header);
        let allowed = self.allowed(parsed, Origin::OtherCode);
        let missing = MissingAttributes::find(&ParsedSetCookie::parse(header), self.policy, allowed);
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
                let emit = |reason: &dyn fmt::Display| {
                    self.emit(parsed, Event::new(Kind::HeaderHardened, missing.code(), reason));
                };
                // For a removal, the event needs no note about sign-ins, because the browser does not send the removed
                // cookie.
                if !missing.same_site() || parsed.lifetime.is_expired(clock::now()) {
                    return emit(&format_args!("added {missing}"));
                }
                let note = CrossSiteNote { name: parsed.name, same_site: SameSite::Lax };
                emit(&format_args!("added {missing}; {note}"));
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

    /// Emits an event for a `Set-Cookie` header that browsers would reject, and for a header that contains several
    /// cookies.
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
        // The middleware only sends HSTS for public host names, because browsers ignore HSTS for IP addresses and
        // loopback names.
        match self.host.map(RequestHost::is_public_name) {
            Some(true) => self.insert_hsts(response, value),
            Some(false) => drop(response.remove(STRICT_TRANSPORT_SECURITY)),
            None => {}
        }
    }

    /// Writes one HSTS header, which replaces all HSTS headers of the application. If the application wrote several
    /// HSTS headers, the function uses the first header, as browsers do (RFC 6797 8.1).
    fn insert_hsts(&self, response: &mut HeaderMap, policy_value: &HeaderValue) {
        // Most applications write no HSTS header, so one insertion is usually enough.
        let Some(own) = response.insert(STRICT_TRANSPORT_SECURITY, policy_value.clone()) else { return };
        let value = match stricter_hsts(self.policy.hsts(), policy_value, &own) {
            Some((value, weaker)) => {
                self.jar.emit(Event::new(Kind::HstsChanged, Code::Hsts, &weaker));
                value
            }
            None => own,
        };
        response.insert(STRICT_TRANSPORT_SECURITY, value);
    }
}

/// Returns true if the header removes a cookie that this middleware's jar sets. After a read error, an inner middleware
/// writes a header that removes the cookie. If the outer middleware's jar sets the same cookie, the response should
/// contain only the header that sets the cookie (6265bis 4.1.1).
fn is_replaced_removal<'a>(
    removal: &ParsedSetCookie<'_>,
    pending: &'a [SetCookieHeader],
    identities: &mut Option<HashSet<&'a Identity>>,
) -> bool {
    if pending.is_empty() || !removal.lifetime.is_expired(clock::now()) {
        return false;
    }
    let identities = identities.get_or_insert_with(|| pending.iter().map(|header| &header.identity).collect());
    Identity::from_header(removal).is_some_and(|identity| identities.contains(&identity))
}

fn namesake_reason(differences: Differences) -> String {
    format!(
        "the header has the name of a declared cookie, and is weaker than the declaration in: {differences}; set the cookie \
         with `Cookies::set`, or rename one of the two"
    )
}
