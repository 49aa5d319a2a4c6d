//! What a cookie was meant to be, and three readers beside it: its line word by word, the cookie crate, and the audit's
//! store. Whatever differs fails the test.

use std::time::{Duration, SystemTime};

use hardtack::audit::{Seen, set_cookie};
use hardtack::{SameSite, Spec, cookie};
use hardtack_rules::date::imf_fixdate;
use hardtack_rules::syntax;

#[derive(Debug)]
pub(crate) struct Meant {
    pub(crate) name: String,
    /// The value as it stands in the line.
    pub(crate) raw: String,
    pub(crate) path: String,
    pub(crate) domain: Option<String>,
    pub(crate) max_age: Option<u64>,
    /// In Unix seconds.
    pub(crate) expires: Option<i64>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
}

impl Meant {
    /// As it is declared.
    pub(crate) fn of(spec: &Spec, raw: &str) -> Self {
        Meant {
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

    /// A line of ours, by all three readers.
    pub(crate) fn assert_read_from(&self, line: &str) {
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        let flags = [("Secure", self.secure), ("HttpOnly", self.http_only), ("Partitioned", self.partitioned)];
        let mut expected = vec![format!("{}={}", self.name, self.raw), format!("Path={}", self.path)];
        expected.extend(self.domain.iter().map(|domain| format!("Domain={domain}")));
        expected.extend(self.max_age.map(|max_age| format!("Max-Age={max_age}")));
        expected.extend(self.expires.map(|at| format!("Expires={}", imf_fixdate(at).unwrap().escape_ascii())));
        expected.extend(flags.iter().filter(|(_, is_on)| *is_on).map(|(flag, _)| (*flag).to_owned()));
        expected.push(format!("SameSite={}", self.same_site));
        let mut found: Vec<&str> = line.split("; ").collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        self.assert_cookie(&cookie::Cookie::parse(line).unwrap());
        self.assert_stored(line, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    }

    /// As the cookie crate has it.
    pub(crate) fn assert_cookie(&self, cookie: &cookie::Cookie<'_>) {
        assert_eq!(cookie.name_value(), (self.name.as_str(), self.raw.as_str()));
        assert_eq!(cookie.path(), Some(self.path.as_str()), "{self:?}");
        assert_eq!(cookie.domain(), self.domain.as_deref(), "{self:?}");
        // `time` counts seconds in an `i64`: what is over it is the longest life there is.
        let max_age = self.max_age.map(|max_age| i64::try_from(max_age).unwrap_or(i64::MAX));
        assert_eq!(cookie.max_age().map(|it| it.whole_seconds()), max_age, "{self:?}");
        assert_eq!(cookie.expires_datetime().map(|it| it.unix_timestamp()), self.expires, "{self:?}");
        let flags = [cookie.secure(), cookie.http_only(), cookie.partitioned()].map(|flag| flag.unwrap_or(false));
        assert_eq!(flags, [self.secure, self.http_only, self.partitioned], "{self:?}");
        assert_eq!(cookie.same_site().map(|it| it.to_string()), Some(self.same_site.to_string()), "{self:?}");
    }

    /// As a browser keeps the line that it receives at this instant.
    pub(crate) fn assert_stored(&self, line: &str, now: SystemTime) {
        let host = self.domain.as_deref().unwrap_or("www.example.com").to_ascii_lowercase();
        let stored = set_cookie(line.as_bytes(), &Seen::https(&host).path("/else/where").at(now)).stored;
        let stored = stored.unwrap_or_else(|rejection| panic!("{line}: {rejection}"));
        assert_eq!((&stored.name, &stored.value, &stored.path), (&self.name, &self.raw, &self.path), "{line}");
        assert_eq!((&stored.domain, stored.host_only), (&host, self.domain.is_none()), "{line}");
        let flags = [stored.secure, stored.http_only, stored.partitioned];
        assert_eq!(flags, [self.secure, self.http_only, self.partitioned], "{line}");
        assert_eq!(stored.same_site, Some(self.same_site), "{line}");
        let limit = now + syntax::MAX_LIFE;
        let expires = match (self.max_age, self.expires) {
            (Some(0), _) => Some(SystemTime::UNIX_EPOCH),
            (Some(seconds), _) => {
                Some(now.checked_add(Duration::from_secs(seconds)).map_or(limit, |end| end.min(limit)))
            }
            (None, expires) => expires.map(|seconds| at(seconds).unwrap().min(limit)),
        };
        assert_eq!(stored.expires, expires, "{line}");
        assert_eq!(stored.is_removal(), expires.is_some_and(|end| end <= now), "{line}");
    }
}

/// Where the system has such an instant.
pub(crate) fn at(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

/// 6265bis 4.1.1, by its ranges.
pub(crate) fn is_cookie_octet(octet: u8) -> bool {
    matches!(octet, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E)
}
