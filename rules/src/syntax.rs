//! The grammar: octet classes, names, paths, domains, durations, dates. One argument in, nothing or its fault out.

use core::fmt;
use core::time::Duration;

use crate::rule::Rule;
use crate::spec::{Prefix, begins};

/// Octets of a name and a value together (6265bis 5.7 step 4).
pub const MAX_PAIR: usize = 4096;
/// Octets of one attribute's value (6265bis 5.6).
pub const MAX_ATTRIBUTE: usize = 1024;
/// Octets of a host name (RFC 1123 2.1).
const MAX_DOMAIN: usize = 253;
/// Octets of one label of a host name.
const MAX_LABEL: usize = 63;
/// Browsers shorten a life to this, 34 560 000 seconds (6265bis 5.5).
pub const MAX_LIFE: Duration = Duration::from_secs(400 * 86_400);

/// One broken rule, with what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The rule that is broken.
    pub rule: Rule,
    /// What is wrong and what to write instead: `fact; remedy`.
    pub text: &'static str,
    /// The octet that broke it, where one did.
    pub octet: Option<u8>,
}

impl Fault {
    /// The rule is broken, and nothing more is known.
    #[must_use]
    pub const fn general(rule: Rule) -> Fault {
        Fault { rule, text: rule.text(), octet: None }
    }

    pub(crate) const fn because(rule: Rule, text: &'static str) -> Fault {
        Fault { rule, text, octet: None }
    }

    const fn found(self, octet: u8) -> Fault {
        Fault { rule: self.rule, text: self.text, octet: Some(octet) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)?;
        match self.octet {
            None => Ok(()),
            Some(b' ') => f.write_str(" (found a space)"),
            Some(octet) if octet.is_ascii_graphic() => write!(f, " (found `{}`)", char::from(octet)),
            Some(octet) if !octet.is_ascii() => f.write_str(" (found a letter or sign outside ASCII)"),
            Some(octet) => write!(f, " (found the octet 0x{octet:02X})"),
        }
    }
}

/// Whether the octet may stand in a cookie's name: RFC 9110's `tchar`.
#[must_use]
pub const fn is_tchar(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(
            octet,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// Whether the octet may stand in a cookie's value: 6265bis 4.1.1's `cookie-octet`.
#[must_use]
pub const fn is_cookie_octet(octet: u8) -> bool {
    octet.is_ascii_graphic() && !matches!(octet, b'"' | b',' | b';' | b'\\')
}

/// Whether the octet may stand in an attribute's value: 6265bis 4.1.1's `av-octet`.
#[must_use]
pub const fn is_av_octet(octet: u8) -> bool {
    matches!(octet, 0x20..=0x3A | 0x3C..=0x7E)
}

/// Whether the octet makes a browser drop a whole Set-Cookie line (6265bis 5.6 step 1).
#[must_use]
pub const fn is_line_control(octet: u8) -> bool {
    matches!(octet, 0x00..=0x08 | 0x0A..=0x1F | 0x7F)
}

/// Checks a name: `name-token`, `prefix-case`, `size`.
///
/// # Errors
///
/// The first rule that the name breaks.
pub const fn name(name: &str) -> Result<(), Fault> {
    let mut rest = name.as_bytes();
    if rest.is_empty() {
        return Err(Fault::because(Rule::NameToken, "the name is empty; write one, as in `__Host-session`"));
    }
    while let [octet, tail @ ..] = rest {
        if matches!(*octet, b'=' | b';') {
            return Err(Fault::because(
                Rule::NameToken,
                "the name holds a value or attributes too; write the name alone, and each attribute as its own key",
            ));
        }
        if !is_tchar(*octet) {
            return Err(Fault::general(Rule::NameToken).found(*octet));
        }
        rest = tail;
    }
    if begins(name.as_bytes(), b"__HostHttp-", true) {
        return Err(Fault::because(
            Rule::PrefixCase,
            "the prefix `__HostHttp-` was withdrawn, and browsers ignore it; write `__Host-Http-`",
        ));
    }
    if let Some(prefix) = Prefix::of_any_case(name.as_bytes()) {
        let exact = prefix.as_str();
        if !begins(name.as_bytes(), exact.as_bytes(), false) {
            return Err(Fault::because(
                Rule::PrefixCase,
                match prefix {
                    Prefix::HostHttp => misspelt!("__Host-Http-"),
                    Prefix::Host => misspelt!("__Host-"),
                    Prefix::Http => misspelt!("__Http-"),
                    Prefix::Secure => misspelt!("__Secure-"),
                },
            ));
        }
        if name.len() == exact.len() {
            return Err(Fault::because(
                Rule::NameToken,
                "the name is a prefix and nothing else; write a name after it, as in `__Host-session`",
            ));
        }
        // `__Host-http-x` is `__Host-` to a server and `__Host-Http-` to a browser.
        if matches!(prefix, Prefix::Host) && begins(name.as_bytes(), b"__Host-Http-", true) {
            return Err(Fault::because(Rule::PrefixCase, misspelt!("__Host-Http-")));
        }
    }
    if name.len() > MAX_PAIR {
        return Err(Fault::because(
            Rule::Size,
            "the name is over 4096 octets, and browsers drop the cookie; shorten it",
        ));
    }
    Ok(())
}

macro_rules! misspelt {
    ($prefix:literal) => {
        concat!(
            "the prefix is in other letter case: browsers match it in any case, servers read names exactly; write `",
            $prefix,
            "`"
        )
    };
}
use misspelt;

/// Checks the name of a cookie that somebody else sets: any that a browser can send.
///
/// # Errors
///
/// `name-token`, where no `Cookie` header can carry the name.
pub const fn foreign_name(name: &str) -> Result<(), Fault> {
    const TEXT: &str = "no `Cookie` header can carry this name; write it as the other side sends it";
    let all = name.as_bytes();
    match all {
        [] | [b' ' | b'\t', ..] | [.., b' ' | b'\t'] => return Err(Fault::because(Rule::NameToken, TEXT)),
        _ => {}
    }
    let mut rest = all;
    while let [octet, tail @ ..] = rest {
        if is_line_control(*octet) || matches!(*octet, b';' | b'=') {
            return Err(Fault::because(Rule::NameToken, TEXT).found(*octet));
        }
        rest = tail;
    }
    Ok(())
}

/// Checks a `Path`: `path-syntax`.
///
/// # Errors
///
/// The fault, where it is not a path.
pub const fn path(path: &str) -> Result<(), Fault> {
    let mut rest = path.as_bytes();
    match rest {
        [b'/', .., b' '] => {
            return Err(Fault::because(
                Rule::PathSyntax,
                "the path ends with a space, which browsers cut off; remove it, or write `%20`",
            ));
        }
        [b'/', ..] => {}
        [] => return Err(Fault::because(Rule::PathSyntax, "the path is empty; write \"/\" for the whole host")),
        _ => {
            return Err(Fault::because(
                Rule::PathSyntax,
                "the path does not begin with `/`, and browsers would ignore it; write it from the root, as in \"/app\"",
            ));
        }
    }
    while let [octet, tail @ ..] = rest {
        if !is_av_octet(*octet) {
            return Err(Fault::general(Rule::PathSyntax).found(*octet));
        }
        rest = tail;
    }
    if path.len() > MAX_ATTRIBUTE {
        return Err(Fault::because(
            Rule::PathSyntax,
            "the path is over 1024 octets, and browsers would ignore it; use a shorter one",
        ));
    }
    Ok(())
}

/// Checks a `Domain`: `domain-syntax`.
///
/// # Errors
///
/// The fault, where it is not a host name of at least two labels.
pub const fn domain(domain: &str) -> Result<(), Fault> {
    macro_rules! fault {
        ($text:literal) => {
            Err(Fault::because(Rule::DomainSyntax, $text))
        };
    }
    let all = domain.as_bytes();
    match all {
        [] => return fault!("the domain is empty; leave the key out for a host-only cookie"),
        [b'.', ..] => return fault!("the domain begins with a dot, which browsers ignore; remove the dot"),
        [.., b'.'] => return fault!("the domain ends with a dot, which matches no host; remove the dot"),
        _ => {}
    }
    if all.len() > MAX_DOMAIN {
        return fault!("the domain is over 253 octets, longer than any host name; write a shorter one");
    }
    let (mut rest, mut label, mut labels, mut digits, mut before) = (all, 0, 1, true, b'.');
    while let [octet, tail @ ..] = rest {
        match *octet {
            b'.' if label == 0 => return fault!("the domain has an empty label; remove one of the two dots"),
            b'.' if before == b'-' => return fault!("a label of the domain ends with a hyphen; remove it"),
            b'.' => {
                labels += 1;
                label = 0;
                digits = true;
            }
            b'-' if label == 0 => return fault!("a label of the domain begins with a hyphen; remove it"),
            b':' | b'[' => {
                return fault!(
                    "the domain holds a scheme, a port or an IP address; write the host name alone, as in `example.com`"
                );
            }
            octet if !octet.is_ascii() => {
                return fault!("the domain is not ASCII; write its A-label, as in `xn--bcher-kva.example`");
            }
            octet if octet.is_ascii_alphanumeric() || octet == b'-' => {
                label += 1;
                digits = digits && octet.is_ascii_digit();
                if label > MAX_LABEL {
                    return fault!("a label of the domain is over 63 octets, longer than any host's; shorten it");
                }
            }
            octet => {
                return Err(Fault::because(
                    Rule::DomainSyntax,
                    "a domain holds letters, digits, hyphens and dots only; write a host name, as in `example.com`",
                )
                .found(octet));
            }
        }
        before = *octet;
        rest = tail;
    }
    if before == b'-' {
        return fault!("a label of the domain ends with a hyphen; remove it");
    }
    // A last label of digits only makes the whole an IPv4 address or nothing.
    if digits {
        return fault!("the domain is an IP address; leave the key out for a host-only cookie");
    }
    if labels == 1 {
        return fault!("the domain is a single label, which no other host shares; leave the key out");
    }
    Ok(())
}

/// A `Domain` that is given while the server runs is a public suffix. The list itself is not the book's.
pub const PUBLIC_SUFFIX: Fault = Fault::because(
    Rule::PublicSuffix,
    "the domain is a public suffix, and no browser stores the cookie; give a domain that is registered under it",
);

/// Checks a declared `Max-Age`: whole seconds, and a life at all.
///
/// # Errors
///
/// `max-age`, where it is not.
pub const fn max_age(max_age: Duration) -> Result<(), Fault> {
    if max_age.is_zero() {
        return Err(Fault::because(
            Rule::MaxAge,
            "a `max_age` of zero removes the cookie as it is set; leave the key out for a session cookie",
        ));
    }
    whole_seconds(max_age)
}

/// Checks a `Max-Age` that may be zero, as one that is given while a server runs.
///
/// # Errors
///
/// `max-age`, where it has a fraction of a second.
pub const fn whole_seconds(max_age: Duration) -> Result<(), Fault> {
    if max_age.subsec_nanos() != 0 {
        return Err(Fault::because(
            Rule::MaxAge,
            "`max_age` is not a whole number of seconds; use `Duration::from_secs`",
        ));
    }
    Ok(())
}

/// Reads `"90s"`, `"15m"`, `"8h"` or `"30d"`.
///
/// # Errors
///
/// `max-age`, where the text is none of these or over `u64::MAX` seconds.
pub const fn duration(text: &str) -> Result<Duration, Fault> {
    const FAULT: Fault = Fault::because(
        Rule::MaxAge,
        "a duration is one number and one unit (`s`, `m`, `h`, `d`); write it as in \"90s\", \"15m\", \"8h\" or \"30d\"",
    );
    const LONG: Fault =
        Fault::because(Rule::MaxAge, "the duration is over 2^64 seconds; browsers keep no cookie for over 400 days");
    let (mut digits, unit) = match text.as_bytes() {
        [digits @ .., b's'] => (digits, 1),
        [digits @ .., b'm'] => (digits, 60),
        [digits @ .., b'h'] => (digits, 3_600),
        [digits @ .., b'd'] => (digits, 86_400),
        _ => return Err(FAULT),
    };
    if digits.is_empty() {
        return Err(FAULT);
    }
    let mut number: u64 = 0;
    while let [digit, tail @ ..] = digits {
        if !digit.is_ascii_digit() {
            return Err(FAULT);
        }
        number = match number.checked_mul(10) {
            Some(tens) => match tens.checked_add((*digit - b'0') as u64) {
                Some(sum) => sum,
                None => return Err(LONG),
            },
            None => return Err(LONG),
        };
        digits = tail;
    }
    match number.checked_mul(unit) {
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => Err(LONG),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::{String, ToString as _};

    use super::*;

    /// Each text, and how its fault begins; nothing where it has none.
    fn faults(of: fn(&str) -> Result<(), Fault>, rule: Rule, cases: &[(&str, &str)]) {
        for (text, begin) in cases {
            match of(text) {
                Ok(()) => assert_eq!(*begin, "", "{text:?}"),
                Err(fault) => {
                    assert!(!begin.is_empty() && fault.to_string().contains(begin), "{text:?}: {fault}");
                    assert!(fault.rule == rule || fault.rule != Rule::NameToken, "{text:?}: {:?}", fault.rule);
                }
            }
        }
    }

    #[test]
    fn the_classes_of_octets_are_those_of_the_grammar() {
        let of = |is: fn(u8) -> bool| (0..=u8::MAX).filter(|octet| is(*octet)).map(char::from).collect::<String>();
        let alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let sorted = |text: &str| {
            let mut all: std::vec::Vec<char> = text.chars().collect();
            all.sort_unstable();
            all.into_iter().collect::<String>()
        };
        let tchars = sorted(&(String::from(alphanumeric) + "!#$%&'*+-.^_`|~"));
        assert_eq!(of(is_tchar), tchars);
        assert_eq!(of(is_cookie_octet), sorted(&(tchars + "()/:<=>?@[]{}")));
        assert_eq!(of(is_av_octet), sorted(&(of(is_cookie_octet) + " \",\\")));
        let controls: String =
            (0..=31).filter(|octet| *octet != 9).chain([127]).map(|octet: u8| char::from(octet)).collect();
        assert_eq!(of(is_line_control), controls);
    }

    #[test]
    fn what_was_found_is_shown_so_that_it_can_be_seen() {
        let shown = |octet| Fault::general(Rule::NameToken).found(octet).to_string();
        let text = Rule::NameToken.text();
        assert_eq!(Fault::general(Rule::NameToken).to_string(), text);
        assert_eq!(shown(b' '), String::from(text) + " (found a space)");
        assert_eq!(shown(b','), String::from(text) + " (found `,`)");
        assert_eq!(shown(0xC3), String::from(text) + " (found a letter or sign outside ASCII)");
        assert_eq!(shown(9), String::from(text) + " (found the octet 0x09)");
    }

    #[test]
    fn a_name_is_a_token_with_an_exact_prefix_or_none() {
        let misspelt = "the prefix is in other letter case";
        faults(
            name,
            Rule::NameToken,
            &[
                ("sid", ""),
                ("__Host-sid", ""),
                ("__Host-Http-sid", ""),
                ("__Secure-sid", ""),
                ("__Http-sid", ""),
                ("", "the name is empty"),
                ("a=b", "holds a value or attributes"),
                ("a;b", "holds a value or attributes"),
                ("a b", "(found a space)"),
                ("a\u{e9}", "(found a letter or sign outside ASCII)"),
                ("__HOST-sid", misspelt),
                ("__secure-sid", misspelt),
                ("__http-sid", misspelt),
                ("__Host-http-sid", "write `__Host-Http-`"),
                ("__hostHTTP-sid", "was withdrawn"),
                ("__Host-", "a prefix and nothing else"),
                ("__Secure-", "a prefix and nothing else"),
            ],
        );
        assert_eq!(name(&"n".repeat(4096)), Ok(()));
        assert_eq!(name(&"n".repeat(4097)).unwrap_err().rule, Rule::Size);
    }

    #[test]
    fn a_name_of_others_is_what_a_cookie_header_can_carry() {
        for good in ["a", "a b", "a\tb", "\u{e9}", "a,b", "\"a\""] {
            assert_eq!(foreign_name(good), Ok(()), "{good:?}");
        }
        for (bad, octet) in [("a=b", b'='), ("a;b", b';'), ("a\nb", b'\n'), ("a\u{7f}", 0x7f)] {
            assert_eq!(foreign_name(bad).unwrap_err().octet, Some(octet), "{bad:?}");
        }
        for bad in ["", " a", "\ta", "a ", "a\t"] {
            assert_eq!(foreign_name(bad).unwrap_err().octet, None, "{bad:?}");
        }
    }

    #[test]
    fn a_path_begins_at_the_root_and_is_sent_as_it_is_written() {
        faults(
            path,
            Rule::PathSyntax,
            &[
                ("/", ""),
                ("/app", ""),
                ("/a b", ""),
                ("", "the path is empty"),
                ("app", "does not begin with `/`"),
                ("/app ", "ends with a space"),
                ("/a;b", "(found `;`)"),
                ("/a\tb", "(found the octet 0x09)"),
                ("/\u{e9}", "outside ASCII"),
            ],
        );
        let long = |octets: usize| String::from("/") + &"p".repeat(octets - 1);
        assert_eq!(path(&long(1024)), Ok(()));
        assert!(path(&long(1025)).unwrap_err().text.starts_with("the path is over 1024 octets"));
    }

    #[test]
    fn a_domain_is_a_host_name_that_other_hosts_share() {
        faults(
            domain,
            Rule::DomainSyntax,
            &[
                ("example.com", ""),
                ("a.b.example.com", ""),
                ("xn--bcher-kva.example", ""),
                ("1.example2", ""),
                ("a1.1a", ""),
                ("a-b.example", ""),
                ("", "the domain is empty"),
                (".example.com", "begins with a dot"),
                ("example.com.", "ends with a dot"),
                ("a..b", "an empty label"),
                ("-a.example", "begins with a hyphen"),
                ("a.-b", "begins with a hyphen"),
                ("a-.example", "ends with a hyphen"),
                ("example.a-", "ends with a hyphen"),
                ("https://example.com", "a scheme, a port or an IP address"),
                ("[::1]", "a scheme, a port or an IP address"),
                ("b\u{fc}cher.example", "is not ASCII"),
                ("a_b.example", "(found `_`)"),
                ("a b.example", "(found a space)"),
                ("192.0.2.7", "is an IP address"),
                ("1a.2", "is an IP address"),
                ("localhost", "a single label"),
            ],
        );
        let label = |octets: usize| "l".repeat(octets) + ".example";
        assert_eq!(domain(&label(63)), Ok(()));
        assert!(domain(&label(64)).unwrap_err().text.starts_with("a label of the domain is over 63 octets"));
        // Four labels of 62 octets, their dots, and the rest.
        let long = |rest: usize| ("l".repeat(62) + ".").repeat(4).replacen('l', "", 3) + &"e".repeat(rest);
        assert_eq!((long(4).len(), domain(&long(4))), (253, Ok(())));
        assert!(domain(&long(5)).unwrap_err().text.starts_with("the domain is over 253 octets"));
    }

    #[test]
    fn a_life_is_whole_seconds_and_not_none() {
        assert!(max_age(Duration::ZERO).unwrap_err().text.contains("of zero removes the cookie"));
        assert!(max_age(Duration::from_millis(1500)).unwrap_err().text.contains("not a whole number"));
        assert_eq!(max_age(Duration::from_secs(1)), Ok(()));
        assert_eq!(MAX_LIFE.as_secs(), 34_560_000);
    }

    #[test]
    fn a_duration_is_one_number_and_one_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("8h", 28_800), ("30d", 2_592_000), ("0s", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("18446744073709551615s"), Ok(Duration::from_secs(u64::MAX)));
        for text in ["", "s", "8", "8 h", "-8h", "1h30m", "8H", "1.5h"] {
            assert!(duration(text).unwrap_err().text.starts_with("a duration is one number"), "{text}");
        }
        for text in ["18446744073709551616s", "184467440737095516160s", "307445734561825861m"] {
            assert!(duration(text).unwrap_err().text.starts_with("the duration is over 2^64"), "{text}");
        }
    }
}
