//! Joins the application's HSTS header and the policy's HSTS header. The result contains the stricter value of each
//! directive. The output also lists the directives in which the application's header was weaker.

use core::fmt;

use http::HeaderValue;

use crate::policy::Hsts;
use crate::wire::list::{parse_number, split_unquoted, trim};

/// The directives of an HSTS header (RFC 6797 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Directives {
    max_age: u64,
    include_subdomains: bool,
    preload: bool,
}

/// The directives in which the application's HSTS header was weaker than the policy's HSTS header. `Display` lists
/// these directives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weaker {
    /// The application's header is invalid, so browsers ignore the header.
    Invalid,
    Directives {
        max_age: bool,
        include_subdomains: bool,
        preload: bool,
    },
}

/// Joins the two headers: each directive has the stricter value. Returns `None` if each directive of the application's
/// header is at least as strict as in the policy's header. `own` is the application's header.
pub(super) fn stricter_hsts(
    policy: &Hsts,
    policy_value: &HeaderValue,
    own: &HeaderValue,
) -> Option<(HeaderValue, Weaker)> {
    let Some(own) = Directives::parse(own.as_bytes()) else { return Some((policy_value.clone(), Weaker::Invalid)) };
    let stricter = Directives {
        max_age: own.max_age.max(policy.lifetime().as_secs()),
        include_subdomains: own.include_subdomains || policy.includes_subdomains(),
        preload: own.preload || policy.allows_preload(),
    };
    if stricter == own {
        return None;
    }
    let weaker = Weaker::Directives {
        max_age: stricter.max_age != own.max_age,
        include_subdomains: stricter.include_subdomains != own.include_subdomains,
        preload: stricter.preload != own.preload,
    };
    // The conversion never fails, because the text is ASCII.
    HeaderValue::try_from(stricter.to_string()).ok().map(|value| (value, weaker))
}

impl Directives {
    /// Parses an HSTS header. Returns `None` if browsers ignore the header, because a directive occurs twice or has an
    /// invalid value, or because `max-age` is missing. Ignores unknown directives.
    fn parse(header: &[u8]) -> Option<Self> {
        let (mut max_age, mut include_subdomains, mut preload) = (None, false, false);
        for directive in split_unquoted(header, b';') {
            let mut parts = directive.splitn(2, |byte| *byte == b'=').map(trim);
            let (name, value) = (parts.next().unwrap_or_default(), parts.next());
            if name.eq_ignore_ascii_case(b"max-age") {
                let seconds = parse_number(unquoted(value?))?;
                if max_age.replace(seconds).is_some() {
                    return None;
                }
            }
            for (flag, text) in [(&mut include_subdomains, "includeSubDomains"), (&mut preload, "preload")] {
                if name.eq_ignore_ascii_case(text.as_bytes()) {
                    if *flag || value.is_some() {
                        return None;
                    }
                    *flag = true;
                }
            }
        }
        Some(Directives { max_age: max_age?, include_subdomains, preload })
    }
}

/// Removes the quotation marks around a value.
fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

impl fmt::Display for Directives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "max-age={}", self.max_age)?;
        if self.include_subdomains {
            f.write_str("; includeSubDomains")?;
        }
        if self.preload {
            f.write_str("; preload")?;
        }
        Ok(())
    }
}

impl fmt::Display for Weaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Weaker::Directives { max_age, include_subdomains, preload } = *self else {
            return f.write_str("the application's header is invalid, so the policy's header replaced it");
        };
        f.write_str("the application's header was made as strict as the policy in")?;
        let names = [(max_age, "max-age"), (include_subdomains, "includeSubDomains"), (preload, "preload")];
        let mut separator = ": ";
        for (_, name) in names.iter().filter(|(is_weaker, _)| *is_weaker) {
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Weaker, stricter_hsts};
    use crate::policy::{Hsts, Policy};
    use core::time::Duration;
    use http::HeaderValue;

    /// Returns the joined header, and the text of the event.
    fn stricter(hsts: Hsts, own: &str) -> Option<(String, String)> {
        let policy = Policy::builder().hsts(hsts).build().unwrap();
        let own = HeaderValue::from_bytes(own.as_bytes()).unwrap();
        let (value, weaker) = stricter_hsts(policy.hsts(), policy.hsts_value().unwrap(), &own)?;
        Some((value.to_str().unwrap().to_owned(), weaker.to_string()))
    }

    const YEAR: &str = "max-age=31536000";

    #[test]
    fn stricter_header_of_the_application_is_kept() {
        for own in [
            "max-age=63072000; includeSubDomains; preload",
            "max-age=31536000",
            "Max-Age = \"31536000\" ;; INCLUDESUBDOMAINS",
            "preload;max-age=99999999999999999999999;x=y",
            "max-age=31536000; x=\"; max-age=1\"",
        ] {
            assert_eq!(stricter(Hsts::one_year(), own), None, "{own}");
        }
        let strictest = Hsts::one_year().include_subdomains().preload();
        assert_eq!(stricter(strictest, "preload; includeSubDomains; max-age=31536001"), None);
        assert_eq!(stricter(Hsts::one_year().max_age(Duration::ZERO), "max-age=1"), None);
    }

    #[test]
    fn each_directive_is_the_stricter_one() {
        let subdomains = || Hsts::one_year().include_subdomains();
        for (hsts, own, expected, directives) in [
            (Hsts::one_year(), "max-age=1", YEAR, "max-age"),
            (Hsts::one_year(), "max-age=0", YEAR, "max-age"),
            (Hsts::one_year(), "max-age=1; preload", "max-age=31536000; preload", "max-age"),
            (Hsts::one_year(), "max-age=0; includeSubDomains; x=y", "max-age=31536000; includeSubDomains", "max-age"),
            (subdomains(), "max-age=63072000", "max-age=63072000; includeSubDomains", "includeSubDomains"),
            (
                subdomains().preload(),
                "max-age=5",
                "max-age=31536000; includeSubDomains; preload",
                "max-age, includeSubDomains, preload",
            ),
            (
                subdomains(),
                "max-age=99999999999999999999999",
                "max-age=18446744073709551615; includeSubDomains",
                "includeSubDomains",
            ),
        ] {
            let text = format!("the application's header was made as strict as the policy in: {directives}");
            assert_eq!(stricter(hsts, own), Some((expected.to_owned(), text)), "{own}");
        }
    }

    #[test]
    fn header_that_browsers_ignore_is_replaced() {
        for own in [
            "",
            "max-age",
            "max-age=",
            "max-age=x",
            "max-age=-1",
            "max-age=+63072000",
            "max-age=63072000s",
            "max-age=6 3",
            "max-age=\"63072000",
            "max-age=63072000, max-age=1",
            "max-age=63072000; max-age=63072000",
            "includeSubDomains; preload",
            "max-age=63072000; includeSubDomains; includesubdomains",
            "max-age=63072000; includeSubDomains=no",
            "max-age=63072000; preload; preload",
            "max age=63072000",
            "x=\"; max-age=63072000",
            "é",
        ] {
            assert_eq!(stricter(Hsts::one_year(), own), Some((YEAR.to_owned(), Weaker::Invalid.to_string())), "{own}");
        }
    }
}
