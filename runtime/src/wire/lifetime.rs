//! The lifetime of a cookie, from the `Max-Age` and the `Expires` of its `Set-Cookie` header (6265bis 5.6.1, 5.6.2,
//! 5.7). `Max-Age` has precedence over `Expires`. If a header repeats an attribute, browsers use the last valid value.

use std::time::{Duration, SystemTime};

use hardtack_rules::date::parse_cookie_date;

use super::list::parse_number;
use crate::clock::unix_seconds;

/// The values of `Max-Age` and `Expires` in a `Set-Cookie` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lifetime {
    /// The `Max-Age` in seconds. A negative `Max-Age` is stored as 0. A `Max-Age` that is too large is stored as
    /// `u64::MAX`.
    pub(crate) max_age: Option<u64>,
    /// The `Expires` in Unix seconds.
    pub(crate) expires: Option<i64>,
}

impl Lifetime {
    /// Stores the value of a `Max-Age` attribute. Ignores an invalid `Max-Age`.
    pub(crate) fn set_max_age(&mut self, value: &[u8]) {
        self.max_age = parse_max_age(value).or(self.max_age);
    }

    /// Stores the value of an `Expires` attribute. Ignores an invalid `Expires`.
    pub(crate) fn set_expires(&mut self, value: &[u8]) {
        self.expires = parse_cookie_date(value).or(self.expires);
    }

    /// Returns true if the cookie has expired. A `Set-Cookie` header with an expired lifetime removes the cookie.
    #[cfg(any(feature = "audit", feature = "_layer", feature = "testing", test))]
    pub(crate) fn is_expired(self, now: SystemTime) -> bool {
        match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds == 0,
            (None, Some(end)) => end <= unix_seconds(now),
            (None, None) => false,
        }
    }

    /// Returns true if browsers store the cookie for longer than `limit`, counted from `now`.
    pub(crate) fn exceeds(self, limit: Duration, now: impl Fn() -> SystemTime) -> bool {
        match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds > limit.as_secs(),
            (None, Some(end)) => {
                let left = end.saturating_sub(unix_seconds(now()));
                u64::try_from(left).is_ok_and(|left| left > limit.as_secs())
            }
            (None, None) => false,
        }
    }
}

/// Parses the digits of a `Max-Age`, with an optional `-` before the digits. Browsers ignore a `Max-Age` with any other
/// characters.
pub(crate) fn parse_max_age(value: &[u8]) -> Option<u64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let seconds = parse_number(digits)?;
    Some(if digits.len() < value.len() { 0 } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::parse_max_age;

    #[test]
    fn negative_max_age_is_zero() {
        for (value, age) in [
            ("0", Some(0)),
            ("-1", Some(0)),
            ("-0", Some(0)),
            ("60", Some(60)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("-", None),
            ("", None),
            ("1s", None),
        ] {
            assert_eq!(parse_max_age(value.as_bytes()), age, "{value}");
        }
    }
}
