//! Asserts that a `Set-Cookie` header describes the expected cookie. The assertions parse the header in three ways and
//! compare each result with the expected cookie. The three parsers are a simple split of the header, the cookie crate,
//! and the audit's browser model.

use std::time::{Duration, SystemTime};

use hardtack::SameSite;
use hardtack::audit::{Context, set_cookie};
use hardtack::spec::Spec;
use hardtack_rules::date::format_imf_fixdate;
use hardtack_rules::syntax;

#[derive(Debug)]
pub(crate) struct ExpectedCookie {
    pub(crate) name: String,
    /// The cookie's value, percent-encoded as in the header.
    pub(crate) raw: String,
    pub(crate) path: String,
    pub(crate) domain: Option<String>,
    pub(crate) max_age: Option<u64>,
    /// The cookie's expiry in Unix seconds.
    pub(crate) expires: Option<i64>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
}

impl ExpectedCookie {
    /// Returns the cookie of a declaration, with the encoded value in `raw`.
    pub(crate) fn from_spec(spec: &Spec, raw: &str) -> Self {
        ExpectedCookie {
            name: spec.name.to_owned(),
            raw: raw.to_owned(),
            path: spec.path.to_owned(),
            domain: spec.domain.map(str::to_owned),
            max_age: spec.max_age.map(|max_age| max_age.as_secs()),
            expires: None,
            secure: spec.secure,
            http_only: spec.http_only,
            same_site: spec.same_site,
            partitioned: spec.partitioned,
        }
    }

    /// Asserts that all three parsers find the expected cookie in the header value.
    pub(crate) fn assert_matches(&self, header: &str) {
        assert!(!header.contains(['\r', '\n', '\0']), "{header:?}");
        let flags = [("Secure", self.secure), ("HttpOnly", self.http_only), ("Partitioned", self.partitioned)];
        let mut expected = vec![format!("{}={}", self.name, self.raw), format!("Path={}", self.path)];
        expected.extend(self.domain.iter().map(|domain| format!("Domain={domain}")));
        expected.extend(self.max_age.map(|max_age| format!("Max-Age={max_age}")));
        expected.extend(self.expires.map(|at| format!("Expires={}", format_imf_fixdate(at).unwrap().escape_ascii())));
        expected.extend(flags.iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| (*flag).to_owned()));
        expected.push(format!("SameSite={}", self.same_site));
        let mut found: Vec<&str> = header.split("; ").collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        self.assert_cookie(&cookie::Cookie::parse(header).unwrap());
        self.assert_stored(header, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    }

    /// Asserts that a cookie of the cookie crate has the name, the value and the attributes of the expected cookie.
    pub(crate) fn assert_cookie(&self, cookie: &cookie::Cookie<'_>) {
        assert_eq!(cookie.name_value(), (self.name.as_str(), self.raw.as_str()));
        assert_eq!(cookie.path(), Some(self.path.as_str()), "{self:?}");
        assert_eq!(cookie.domain(), self.domain.as_deref(), "{self:?}");
        // The `time` crate stores seconds as an `i64`. If a `Max-Age` does not fit into an `i64`, the cookie crate uses
        // `i64::MAX`.
        let max_age = self.max_age.map(|max_age| i64::try_from(max_age).unwrap_or(i64::MAX));
        assert_eq!(cookie.max_age().map(|value| value.whole_seconds()), max_age, "{self:?}");
        assert_eq!(cookie.expires_datetime().map(|value| value.unix_timestamp()), self.expires, "{self:?}");
        let flags = [cookie.secure(), cookie.http_only(), cookie.partitioned()].map(|flag| flag.unwrap_or(false));
        assert_eq!(flags, [self.secure, self.http_only, self.partitioned], "{self:?}");
        assert_eq!(cookie.same_site().map(|value| value.to_string()), Some(self.same_site.to_string()), "{self:?}");
    }

    /// Asserts that a browser stores the expected cookie if the browser receives the header at the time `now`.
    pub(crate) fn assert_stored(&self, header: &str, now: SystemTime) {
        let host = self.domain.as_deref().unwrap_or("www.example.com").to_ascii_lowercase();
        let stored = set_cookie(header.as_bytes(), &Context::https(&host).path("/else/where").at(now)).stored;
        let stored = stored.unwrap_or_else(|rejection| panic!("{header}: {rejection}"));
        assert_eq!((&stored.name, &stored.value, &stored.path), (&self.name, &self.raw, &self.path), "{header}");
        assert_eq!((&stored.domain, stored.host_only), (&host, self.domain.is_none()), "{header}");
        let flags = [stored.secure, stored.http_only, stored.partitioned];
        assert_eq!(flags, [self.secure, self.http_only, self.partitioned], "{header}");
        assert_eq!(stored.same_site, Some(self.same_site), "{header}");
        let limit = now + syntax::MAX_LIFETIME;
        let expires = match (self.max_age, self.expires) {
            (Some(0), _) => Some(SystemTime::UNIX_EPOCH),
            (Some(seconds), _) => {
                Some(now.checked_add(Duration::from_secs(seconds)).map_or(limit, |end| end.min(limit)))
            }
            (None, expires) => expires.map(|seconds| system_time(seconds).unwrap().min(limit)),
        };
        assert_eq!(stored.expires, expires, "{header}");
        assert_eq!(stored.is_removal(), expires.is_some_and(|end| end <= now), "{header}");
    }
}

/// Converts Unix seconds to a `SystemTime`. Returns `None` if the platform's `SystemTime` cannot represent the time.
pub(crate) fn system_time(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

/// Returns true if the byte is in one of the ranges of `cookie-octet` (6265bis 4.1.1).
pub(crate) fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E)
}
