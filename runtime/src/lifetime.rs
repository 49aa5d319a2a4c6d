//! How long a browser keeps the cookie of a line that others wrote (6265bis 5.6.1, 5.6.2, 5.7): Max-Age speaks before
//! Expires, and of each the last that can be read. A line and a moment in, an answer out.

use std::time::{Duration, SystemTime};

use hardtack_rules::date::cookie_date;

use crate::clock::unix_seconds;
use crate::written::attributes;

/// What a line says of its cookie's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lifetime {
    /// In seconds; what is below zero is none, and what overflows is longer than anything.
    pub(crate) max_age: Option<u64>,
    /// In Unix seconds.
    pub(crate) expires: Option<i64>,
}

impl Lifetime {
    pub(crate) fn of(line: &[u8]) -> Self {
        let mut lifetime = Lifetime::default();
        for (name, value) in attributes(line) {
            let value = value.unwrap_or_default();
            if name.eq_ignore_ascii_case(b"Max-Age") {
                lifetime.max_age = max_age(value).or(lifetime.max_age);
            } else if name.eq_ignore_ascii_case(b"Expires") {
                lifetime.expires = cookie_date(value).or(lifetime.expires);
            }
        }
        lifetime
    }

    /// Whether the cookie has ended by now: the line removes it.
    pub(crate) fn is_over(self, now: SystemTime) -> bool {
        match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds == 0,
            (None, Some(end)) => end <= unix_seconds(now),
            (None, None) => false,
        }
    }

    /// Whether the cookie is kept for longer than this from now on.
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

/// `-` and digits, or digits; anything else is ignored.
fn max_age(value: &[u8]) -> Option<u64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let seconds = number(digits)?;
    Some(if digits.len() < value.len() { 0 } else { seconds })
}

/// Digits alone, however many.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum: u64, digit| sum.saturating_mul(10).saturating_add(u64::from(*digit - b'0'))))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Lifetime, max_age};

    #[test]
    fn an_age_below_zero_is_none() {
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
            assert_eq!(max_age(value.as_bytes()), age, "{value}");
        }
    }

    #[test]
    fn max_age_speaks_first_and_the_last_readable_one_of_each() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for (line, is_over, exceeds_a_minute) in [
            ("a=1", false, false),
            ("a=1; Max-Age=60", false, false),
            ("a=1; Max-Age=61", false, true),
            ("a=1; Max-Age=0; Max-Age=61; Max-Age=x", false, true),
            ("a=1; Max-Age=0; Expires=Fri, 31 Dec 2100 00:00:00 GMT", true, false),
            ("a=1; Expires=Sun, 09 Sep 2001 01:46:40 GMT", true, false),
            ("a=1; Expires=Sun, 09 Sep 2001 01:46:41 GMT", false, false),
            ("a=1; Expires=Sun, 09 Sep 2001 01:47:40 GMT; Expires=never", false, false),
            ("a=1; Expires=Sun, 09 Sep 2001 01:47:41 GMT", false, true),
        ] {
            let lifetime = Lifetime::of(line.as_bytes());
            assert_eq!(lifetime.is_over(now), is_over, "{line}");
            assert_eq!(lifetime.exceeds(Duration::from_secs(60), || now), exceeds_a_minute, "{line}");
        }
    }
}
