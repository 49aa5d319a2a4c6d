//! What every cookie that leaves must at least have, declared or foreign. A line in, a stricter one out; the stricter of
//! two is kept, and an exception names the cookie and a reason.

use core::time::Duration;
use std::time::SystemTime;

use hardtack_rules::{SameSite, syntax};

use crate::lifetime::Lifetime;
use crate::policy_error::PolicyError;
use crate::written::{Written, with_attribute};

/// Demands a `SameSite`, HttpOnly, or a life of at most so long, of every cookie that leaves.
///
/// ```
/// use std::time::Duration;
/// use hardtack::{Floor, Policy, SameSite};
///
/// let floor = Floor::new().same_site(SameSite::Strict).http_only().max_age(Duration::from_secs(86_400));
/// assert!(Policy::builder().floor(floor).exception("theme", "theme.js reads it").build().is_ok());
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Floor {
    same_site: Option<SameSite>,
    http_only: bool,
    max_age: Option<Duration>,
}

impl Floor {
    /// Demands nothing.
    pub fn new() -> Self {
        Floor::default()
    }

    /// Demands this `SameSite`, or a stricter one; `None` is the weakest, and demands nothing.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = Some(same_site);
        self
    }

    /// Demands HttpOnly.
    pub fn http_only(mut self) -> Self {
        self.http_only = true;
        self
    }

    /// Demands a life of at most so long, in whole seconds. A session cookie stays one.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        match self.max_age.map(syntax::max_age) {
            Some(Err(fault)) => Err(PolicyError::new("floor.max_age", fault.to_string())),
            Some(Ok(())) | None => Ok(()),
        }
    }

    /// The longest life that it leaves a cookie.
    #[cfg(feature = "seal")]
    pub(crate) fn longest(&self) -> Option<Duration> {
        self.max_age
    }

    pub(crate) fn is_none(&self) -> bool {
        self.same_site.is_none() && !self.http_only && self.max_age.is_none()
    }

    /// The stricter line, where this one is below the floor.
    pub(crate) fn raised(&self, line: &[u8], now: impl Fn() -> SystemTime) -> Option<Vec<u8>> {
        if self.is_none() {
            return None;
        }
        let written = Written::read(line);
        let mut out: Option<Vec<u8>> = None;
        let mut replace = |name, value: &str| {
            let raised = with_attribute(out.as_deref().unwrap_or(line), name, value.as_bytes());
            out = Some(raised);
        };
        // To write `None` where there is nothing would loosen the line.
        if let Some(least) = self.same_site.filter(|least| *least != SameSite::None) {
            // An absent or unknown one is weaker than these: browsers relax it.
            if !written.known_same_site().is_some_and(|found| found.is_at_least(least)) {
                replace("SameSite", least.as_str());
            }
        }
        if let Some(most) = self.max_age {
            if Lifetime::of(line).exceeds(most, now) {
                replace("Max-Age", &most.as_secs().to_string());
            }
        }
        if self.http_only && !written.http_only {
            let mut raised = out.unwrap_or_else(|| line.to_vec());
            raised.extend_from_slice(b"; HttpOnly");
            out = Some(raised);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::time::SystemTime;

    use super::Floor;
    use hardtack_rules::SameSite;

    fn raised(floor: &Floor, line: &str) -> Option<String> {
        let now = || SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        floor.raised(line.as_bytes(), now).map(|line| String::from_utf8(line).unwrap())
    }

    #[test]
    fn the_stricter_of_the_two_is_kept() {
        let floor = Floor::new().same_site(SameSite::Lax).http_only().max_age(Duration::from_secs(60));
        for line in [
            "a=1; SameSite=Strict; HttpOnly; Max-Age=60",
            "a=1; samesite=lax; httponly",
            "a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
            "a=1; SameSite=Lax; HttpOnly; Max-Age=-5; Expires=Fri, 31 Dec 2100 00:00:00 GMT",
        ] {
            assert_eq!(raised(&floor, line), None, "{line}");
        }
        for (line, expected) in [
            ("a=1", "a=1; SameSite=Lax; HttpOnly"),
            ("a=1; SameSite=None; HttpOnly;X=1", "a=1; SameSite=Lax; HttpOnly;X=1"),
            ("a=1; SameSite=Lax; HttpOnly; max-age=61", "a=1; SameSite=Lax; HttpOnly; max-age=60"),
            (
                "a=1; SameSite=Lax; HttpOnly; Expires=Fri, 31 Dec 2100 00:00:00 GMT",
                "a=1; SameSite=Lax; HttpOnly; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Max-Age=60",
            ),
            ("a=1; SameSite=Lax; HttpOnly; Max-Age=99999999999999999999999", "a=1; SameSite=Lax; HttpOnly; Max-Age=60"),
        ] {
            assert_eq!(raised(&floor, line).as_deref(), Some(expected), "{line}");
            assert_eq!(raised(&floor, expected), None, "{expected}");
        }
    }

    #[test]
    fn of_repeated_lives_the_last_that_can_be_read_counts() {
        let floor = Floor::new().max_age(Duration::from_secs(60));
        for line in ["a=1; Max-Age=99; Max-Age=0", "a=1; Max-Age=60; Max-Age=x", "a=1; Max-Age=x; Expires=x"] {
            assert_eq!(raised(&floor, line), None, "{line}");
        }
        for (line, expected) in [
            ("a=1; Max-Age=99; Max-Age=x", "a=1; Max-Age=60; Max-Age=60"),
            ("a=1; Max-Age=0; Max-Age=99", "a=1; Max-Age=60; Max-Age=60"),
            (
                "a=1; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Expires=never",
                "a=1; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Expires=never; Max-Age=60",
            ),
        ] {
            assert_eq!(raised(&floor, line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn the_weakest_same_site_is_written_nowhere() {
        let floor = Floor::new().same_site(SameSite::None);
        for line in ["a=1", "a=1; SameSite=banana", "a=1; SameSite=None"] {
            assert_eq!(raised(&floor, line), None, "{line}");
        }
    }
}
