//! Writes the `Set-Cookie` headers of a jar into a response. If a header is weaker than the policy's baseline, this
//! file makes the header stricter.

use core::fmt;
use std::time::SystemTime;

use hardtack_rules::{SameSite, session_names};
use http::header::{HeaderName, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use super::cross_site::CrossSiteNote;
use super::state::JarState;
use crate::clock;
use crate::cookie::header_value::SetCookieHeader;
use crate::event::{Code, Event, Kind};
use crate::policy::{Allowed, Baseline};
use crate::wire::set_cookie::{ParsedSetCookie, with_attribute};

pub(crate) const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

impl JarState {
    /// Closes the jar and appends the jar's headers to the response.
    pub(crate) fn write(&self, response: &mut HeaderMap) {
        self.reissue_used(response);
        self.append_clear_site_data(response);
        #[cfg(feature = "device-bound")]
        let pending = self.close_with_stale_companions(response);
        #[cfg(not(feature = "device-bound"))]
        let pending = self.close();
        self.append(pending, response);
    }

    /// Adds `Clear-Site-Data` to the response, if a handler called `clear_site_data`. Browsers ignore the header over
    /// plain HTTP.
    pub(crate) fn append_clear_site_data(&self, response: &mut HeaderMap) {
        let Some(set_cookies) = self.take_clear_site_data() else { return };
        if !self.verdict().https {
            let reason = "`Clear-Site-Data` is only sent over HTTPS, because browsers ignore it over plain HTTP; call \
                          `clear_site_data` in a handler that takes `Cookies` or `Cookies<Https>`";
            let event = Event::new(Kind::Notice, Code::NotHttps, &reason);
            return self.emit(event.with_evidence(Some(self.verdict().evidence)));
        }
        response.append(CLEAR_SITE_DATA, HeaderValue::from_static("\"cookies\", \"storage\""));
        for cookie in &set_cookies {
            let reason = "a response with `Clear-Site-Data` also sets the cookie, and Chromium removes the cookie at once; \
                          set it in the next response";
            let event = Event::new(Kind::Mistake, Code::ClearSiteData, &reason);
            self.emit(event.with_cookie(cookie));
        }
    }

    /// Appends the `Set-Cookie` headers of a jar to the response.
    pub(crate) fn append(&self, headers: Vec<SetCookieHeader>, response: &mut HeaderMap) {
        // Reserves space for the headers Set-Cookie, Cache-Control and HSTS, and for a Content-Length that the framework
        // adds later, so that the header map does not grow a second time. The number of `Set-Cookie` headers does not
        // matter: the map stores all `Set-Cookie` headers under one key. If the map cannot grow, `try_reserve` does
        // nothing.
        let _ = response.try_reserve(4);
        let has_baseline = self.policy().is_some_and(|current| !current.policy.baseline().is_empty());
        for mut header in headers {
            if has_baseline {
                let parsed = ParsedSetCookie::parse(header.value.as_bytes());
                let allowed = self.allowed(parsed.name, header.declared_name);
                if let Some(stricter) = self.meet_baseline(&parsed, allowed) {
                    replace(&mut header.value, stricter);
                }
            }
            response.append(SET_COOKIE, header.value);
        }
    }

    /// Returns the weaknesses that the policy's exceptions allow for a declared cookie.
    fn allowed(&self, cookie: &[u8], declared_name: &str) -> Allowed {
        let policy = self.policy().map(|current| &current.policy);
        policy.map(|policy| policy.allowed_under(cookie, Some(declared_name))).unwrap_or_default()
    }

    /// If a header is weaker than the policy's baseline, emits an event and returns a stricter header. Returns `None`
    /// if the header already meets the policy's baseline, or if the policy's exceptions allow every weakness of the
    /// header. `allowed` contains the weaknesses that the exceptions allow for the cookie.
    pub(crate) fn meet_baseline(&self, parsed: &ParsedSetCookie<'_>, allowed: Allowed) -> Option<Vec<u8>> {
        let stricter = self.stricter(parsed, allowed)?;
        let name = parsed.display_name();
        let emit = |reason: &dyn fmt::Display| {
            self.emit(Event::new(Kind::HeaderHardened, Code::Baseline, reason).with_cookie(&name));
        };
        const REASON: &str = "tightened to the policy's baseline";
        match broken_same_site(parsed, &stricter) {
            None => emit(&REASON),
            Some(same_site) => {
                let note = CrossSiteNote { name: parsed.name, same_site };
                emit(&format_args!("{REASON}; {note}"));
            }
        }
        Some(stricter)
    }

    /// Returns the same header as [`meet_baseline`](JarState::meet_baseline), but emits no event.
    pub(crate) fn stricter(&self, parsed: &ParsedSetCookie<'_>, allowed: Allowed) -> Option<Vec<u8>> {
        let baseline = self.policy()?.policy.baseline();
        if baseline.is_empty() { None } else { tighten(baseline, parsed, allowed, clock::now) }
    }
}

/// Returns the new `SameSite` value if the change can break requests from other sites. This is possible if the old
/// header had `SameSite=None`, or if the cookie holds the state of a sign-in. Returns `None` if `SameSite` did not
/// change.
fn broken_same_site(parsed: &ParsedSetCookie<'_>, stricter: &[u8]) -> Option<SameSite> {
    let (old, new) = (parsed.known_same_site(), ParsedSetCookie::parse(stricter).known_same_site());
    let is_for_other_sites = old == Some(SameSite::None) || session_names::is_sign_in_state(parsed.name);
    new.filter(|_| old != new && is_for_other_sites)
}

/// Replaces the bytes of a header value. If the old header value is marked as sensitive, the new header value is marked
/// as sensitive too.
pub(crate) fn replace(header: &mut HeaderValue, bytes: Vec<u8>) {
    // `try_from` does not fail, because `bytes` consists of ASCII text and of bytes from a valid header value.
    if let Ok(mut value) = HeaderValue::try_from(bytes) {
        value.set_sensitive(header.is_sensitive());
        *header = value;
    }
}

/// Returns the header with the attributes that the policy's baseline demands. Returns `None` if the header already
/// meets the policy's baseline. Does not change a weakness that `allowed` contains.
fn tighten(
    baseline: &Baseline,
    parsed: &ParsedSetCookie<'_>,
    allowed: Allowed,
    now: impl Fn() -> SystemTime,
) -> Option<Vec<u8>> {
    if allowed.everything {
        return None;
    }
    let mut out: Option<Vec<u8>> = None;
    let mut set = |name, value: &str| {
        out = Some(with_attribute(out.as_deref().unwrap_or(parsed.header), name, value.as_bytes()));
    };
    // Never adds `SameSite=None`, because a header without `SameSite` is stricter.
    if let Some(min) = baseline.min_same_site().filter(|min| *min != SameSite::None && !allowed.any_same_site) {
        // If `SameSite` is missing or has an unknown value, browsers protect the cookie less than with `SameSite=Lax`.
        if !parsed.known_same_site().is_some_and(|found| found.is_at_least(min)) {
            set("SameSite", min.as_str());
        }
    }
    if let Some(limit) = baseline.max_age_limit() {
        if parsed.lifetime.exceeds(limit, now) {
            set("Max-Age", &limit.as_secs().to_string());
        }
    }
    if baseline.demands_http_only() && !parsed.http_only && !allowed.readable_by_scripts {
        let mut header = out.unwrap_or_else(|| parsed.header.to_vec());
        header.extend_from_slice(b"; HttpOnly");
        out = Some(header);
    }
    out
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::time::SystemTime;

    use super::tighten;
    use crate::policy::{Allowed, Baseline};
    use crate::wire::set_cookie::ParsedSetCookie;
    use hardtack_rules::SameSite;

    fn tightened(baseline: &Baseline, header: &str) -> Option<String> {
        tightened_except(baseline, Allowed::default(), header)
    }

    fn tightened_except(baseline: &Baseline, allowed: Allowed, header: &str) -> Option<String> {
        let now = || SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        tighten(baseline, &ParsedSetCookie::parse(header.as_bytes()), allowed, now)
            .map(|header| String::from_utf8(header).unwrap())
    }

    #[test]
    fn stricter_attribute_is_kept() {
        let baseline = Baseline::new().same_site(SameSite::Lax).http_only().longest_max_age(Duration::from_secs(60));
        for header in [
            "a=1; SameSite=Strict; HttpOnly; Max-Age=60",
            "a=1; samesite=lax; httponly",
            "a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
            "a=1; SameSite=Lax; HttpOnly; Max-Age=-5; Expires=Fri, 31 Dec 2100 00:00:00 GMT",
        ] {
            assert_eq!(tightened(&baseline, header), None, "{header}");
        }
        for (header, expected) in [
            ("a=1", "a=1; SameSite=Lax; HttpOnly"),
            ("a=1; SameSite=None; HttpOnly;X=1", "a=1; SameSite=Lax; HttpOnly;X=1"),
            ("a=1; SameSite=Lax; HttpOnly; max-age=61", "a=1; SameSite=Lax; HttpOnly; max-age=60"),
            (
                "a=1; SameSite=Lax; HttpOnly; Expires=Fri, 31 Dec 2100 00:00:00 GMT",
                "a=1; SameSite=Lax; HttpOnly; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Max-Age=60",
            ),
            ("a=1; SameSite=Lax; HttpOnly; Max-Age=99999999999999999999999", "a=1; SameSite=Lax; HttpOnly; Max-Age=60"),
        ] {
            assert_eq!(tightened(&baseline, header).as_deref(), Some(expected), "{header}");
            assert_eq!(tightened(&baseline, expected), None, "{expected}");
        }
    }

    #[test]
    fn exception_allows_only_its_attributes() {
        let baseline = Baseline::new().same_site(SameSite::Strict).http_only().longest_max_age(Duration::from_secs(60));
        let nothing = Allowed::default();
        const HEADER: &str = "a=1; Max-Age=99";
        for (allowed, expected) in [
            (nothing, Some("a=1; Max-Age=60; SameSite=Strict; HttpOnly")),
            (Allowed { insecure: true, ..nothing }, Some("a=1; Max-Age=60; SameSite=Strict; HttpOnly")),
            (Allowed { readable_by_scripts: true, ..nothing }, Some("a=1; Max-Age=60; SameSite=Strict")),
            (Allowed { any_same_site: true, ..nothing }, Some("a=1; Max-Age=60; HttpOnly")),
            (
                Allowed { insecure: true, readable_by_scripts: true, any_same_site: true, ..nothing },
                Some("a=1; Max-Age=60"),
            ),
            (Allowed { everything: true, ..nothing }, None),
        ] {
            assert_eq!(tightened_except(&baseline, allowed, HEADER).as_deref(), expected, "{allowed:?}");
        }
    }

    #[test]
    fn last_valid_lifetime_counts() {
        let baseline = Baseline::new().longest_max_age(Duration::from_secs(60));
        for header in ["a=1; Max-Age=99; Max-Age=0", "a=1; Max-Age=60; Max-Age=x", "a=1; Max-Age=x; Expires=x"] {
            assert_eq!(tightened(&baseline, header), None, "{header}");
        }
        for (header, expected) in [
            ("a=1; Max-Age=99; Max-Age=x", "a=1; Max-Age=60; Max-Age=60"),
            ("a=1; Max-Age=0; Max-Age=99", "a=1; Max-Age=60; Max-Age=60"),
            (
                "a=1; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Expires=never",
                "a=1; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Expires=never; Max-Age=60",
            ),
        ] {
            assert_eq!(tightened(&baseline, header).as_deref(), Some(expected), "{header}");
        }
    }

    #[test]
    fn same_site_none_is_never_written() {
        let baseline = Baseline::new().same_site(SameSite::None);
        for header in ["a=1", "a=1; SameSite=banana", "a=1; SameSite=None"] {
            assert_eq!(tightened(&baseline, header), None, "{header}");
        }
    }
}
