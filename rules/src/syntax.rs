//! The grammar: octet classes, names, paths, domains, durations. (Dates are in `date`.) One argument in, nothing or its fault out.

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
    // The longest in any case: `__Host-http-x` is `__Host-` to a server and `__Host-Http-` to a browser.
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
    let (mut rest, mut label, mut single, mut digits, mut before) = (all, 0, true, true, b'.');
    while let [octet, tail @ ..] = rest {
        match *octet {
            b'.' if label == 0 => return fault!("the domain has an empty label; remove one of the two dots"),
            b'.' if before == b'-' => return fault!("a label of the domain ends with a hyphen; remove it"),
            b'.' => {
                single = false;
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
    if single {
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

    use core::time::Duration;
    use std::string::{String, ToString as _};

    use super::{
        Fault, MAX_LIFE, domain, duration, foreign_name, is_av_octet, is_cookie_octet, is_line_control, is_tchar,
        max_age, name, path, whole_seconds,
    };
    use crate::rule::Rule;

    /// Whether a text is refused with this rule and these words, or taken where there are none.
    fn judged(given: &str, result: Result<(), Fault>, rule: Rule, words: &str) {
        match result {
            Ok(()) => assert_eq!(words, "", "`{given}` is taken"),
            Err(fault) => {
                assert_eq!(fault.rule, rule, "`{given}`");
                assert!(!words.is_empty() && fault.to_string().contains(words), "`{given}`: {fault}");
            }
        }
    }

    #[test]
    fn each_octet_has_its_classes() {
        // RFC 9110 5.6.2, and 6265bis 4.1.1 and 5.6, as they are written there.
        for octet in 0..=u8::MAX {
            let tchar = octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
            assert_eq!(is_tchar(octet), tchar, "{octet:#x}");
            let cookie_octet = octet == 0x21
                || (0x23..=0x2B).contains(&octet)
                || (0x2D..=0x3A).contains(&octet)
                || (0x3C..=0x5B).contains(&octet)
                || (0x5D..=0x7E).contains(&octet);
            assert_eq!(is_cookie_octet(octet), cookie_octet, "{octet:#x}");
            let control = octet.is_ascii_control();
            assert_eq!(is_av_octet(octet), octet.is_ascii() && !control && octet != b';', "{octet:#x}");
            assert_eq!(is_line_control(octet), control && octet != b'\t', "{octet:#x}");
        }
    }

    #[test]
    fn a_fault_shows_what_it_found() {
        for (octet, shown) in [
            (b' ', " (found a space)"),
            (b'!', " (found `!`)"),
            (b'~', " (found `~`)"),
            (b'\n', " (found the octet 0x0A)"),
            (0x7F, " (found the octet 0x7F)"),
            (0x80, " (found a letter or sign outside ASCII)"),
        ] {
            let fault = Fault::general(Rule::PathSyntax).found(octet);
            assert_eq!(fault.to_string().strip_prefix(Rule::PathSyntax.text()), Some(shown));
        }
        assert_eq!(Fault::general(Rule::PathSyntax).to_string(), Rule::PathSyntax.text());
    }

    #[test]
    fn a_name_is_a_token() {
        for (text, words) in [
            ("a", ""),
            ("Aa0!#$%&'*+-.^_`|~", ""),
            ("", "is empty"),
            ("a=b", "a value or attributes"),
            ("a;", "a value or attributes"),
            ("a b", "(found a space)"),
            ("a\t", "0x09"),
            ("a,", "(found `,`)"),
            ("\"a\"", "(found `\"`)"),
            ("\u{e9}", "outside ASCII"),
        ] {
            judged(text, name(text), Rule::NameToken, words);
        }
    }

    #[test]
    fn a_prefix_is_spelt_exactly_and_stands_before_a_name() {
        for (text, words) in [
            ("__Host-a", ""),
            ("__Secure-a", ""),
            ("__Http-a", ""),
            ("__Host-Http-a", ""),
            ("__Host-Httpa", ""),
            ("__Hosta", ""),
            ("_Host-a", ""),
            ("__host-a", "write `__Host-`"),
            ("__HOST-", "write `__Host-`"),
            ("__secure-a", "write `__Secure-`"),
            ("__hTTP-a", "write `__Http-`"),
            ("__Host-http-a", "write `__Host-Http-`"),
            ("__host-Http-a", "write `__Host-Http-`"),
            ("__HostHttp-a", "was withdrawn"),
            ("__hosthttp-a", "was withdrawn"),
        ] {
            judged(text, name(text), Rule::PrefixCase, words);
        }
        for text in ["__Host-", "__Secure-", "__Http-", "__Host-Http-"] {
            judged(text, name(text), Rule::NameToken, "a prefix and nothing else");
        }
    }

    #[test]
    fn a_name_has_4096_octets_at_most() {
        for (length, words) in [(4_095, ""), (4_096, ""), (4_097, "over 4096"), (5_000, "over 4096")] {
            judged("a…", name(&"a".repeat(length)), Rule::Size, words);
        }
    }

    #[test]
    fn a_foreign_name_is_what_a_browser_can_send() {
        for (text, words) in [
            ("a", ""),
            ("a b", ""),
            ("a\tb", ""),
            ("a,\"\\", ""),
            ("\u{e9}", ""),
            ("__host-a", ""),
            ("", "can carry"),
            (" ", "can carry"),
            (" a", "can carry"),
            ("a ", "can carry"),
            ("\ta", "can carry"),
            ("a\t", "can carry"),
            ("a;b", "(found `;`)"),
            ("a=b", "(found `=`)"),
            ("a\nb", "0x0A"),
            ("a\u{7f}", "0x7F"),
        ] {
            judged(text, foreign_name(text), Rule::NameToken, words);
        }
    }

    #[test]
    fn a_path_is_written_from_the_root() {
        for (text, words) in [
            ("/", ""),
            ("/app", ""),
            ("/a b", ""),
            ("/%20", ""),
            ("", "is empty"),
            ("app", "does not begin with `/`"),
            ("app ", "does not begin with `/`"),
            (" /", "does not begin with `/`"),
            ("/ ", "ends with a space"),
            ("/a ", "ends with a space"),
            ("/a;b", "(found `;`)"),
            ("/a\t", "0x09"),
            ("/\u{e9}", "outside ASCII"),
        ] {
            judged(text, path(text), Rule::PathSyntax, words);
        }
        for (length, words) in [(1_023, ""), (1_024, ""), (1_025, "over 1024"), (2_000, "over 1024")] {
            judged("/…", path(&"/".repeat(length)), Rule::PathSyntax, words);
        }
    }

    #[test]
    fn a_domain_is_a_host_name_of_two_labels_at_least() {
        for (text, words) in [
            ("example.com", ""),
            ("a.b.c.d", ""),
            ("a-b.c--d.example", ""),
            ("1.example", ""),
            ("1.2.3.4a", ""),
            ("1.2.3.a4", ""),
            ("EXAMPLE.com", ""),
            ("xn--bcher-kva.example", ""),
            ("", "is empty"),
            (".", "begins with a dot"),
            (".example.com", "begins with a dot"),
            ("example.com.", "ends with a dot"),
            ("a..example", "an empty label"),
            ("-a.example", "begins with a hyphen"),
            ("a.-example", "begins with a hyphen"),
            ("a-.example", "ends with a hyphen"),
            ("a.example-", "ends with a hyphen"),
            ("example.com:443", "a scheme, a port"),
            ("https://example.com", "a scheme, a port"),
            ("[::1]", "a scheme, a port"),
            ("b\u{fc}cher.example", "A-label"),
            ("a_b.example", "(found `_`)"),
            ("a b.example", "(found a space)"),
            ("127.0.0.1", "an IP address"),
            ("2130706433", "an IP address"),
            ("example.1", "an IP address"),
            ("localhost", "a single label"),
            ("l0calhost", "a single label"),
        ] {
            judged(text, domain(text), Rule::DomainSyntax, words);
        }
    }

    #[test]
    fn a_domain_is_no_longer_than_a_host_name() {
        for (length, words) in [(62, ""), (63, ""), (64, "over 63 octets"), (70, "over 63 octets")] {
            judged("label", domain(&("a".repeat(length) + ".example")), Rule::DomainSyntax, words);
        }
        for (length, words) in [(252, ""), (253, ""), (254, "over 253 octets"), (300, "over 253 octets")] {
            let text: String = "abc.".chars().cycle().take(length - 2).chain("yz".chars()).collect();
            judged(&text, domain(&text), Rule::DomainSyntax, words);
        }
    }

    #[test]
    fn a_declared_life_is_whole_seconds_and_a_zero_is_given_while_the_server_runs() {
        let second = Duration::from_secs(1);
        assert_eq!((max_age(second), whole_seconds(second)), (Ok(()), Ok(())));
        judged("0", max_age(Duration::ZERO), Rule::MaxAge, "removes the cookie");
        judged("0", whole_seconds(Duration::ZERO), Rule::MaxAge, "");
        for fraction in [Duration::from_nanos(1), Duration::from_millis(1_500)] {
            judged("a fraction", max_age(fraction), Rule::MaxAge, "whole number of seconds");
            judged("a fraction", whole_seconds(fraction), Rule::MaxAge, "whole number of seconds");
        }
        // 6265bis 5.5 gives the figure in days.
        assert_eq!((MAX_LIFE, Ok(MAX_LIFE)), (Duration::from_secs(34_560_000), duration("400d")));
    }

    #[test]
    fn a_duration_is_one_number_and_one_unit() {
        for (text, seconds) in [
            ("0s", 0),
            ("90s", 90),
            ("015m", 900),
            ("8h", 28_800),
            ("30d", 2_592_000),
            ("18446744073709551615s", u64::MAX),
            ("213503982334601d", u64::MAX / 86_400 * 86_400),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for (text, words) in [
            ("", "one number and one unit"),
            ("s", "one number and one unit"),
            ("30", "one number and one unit"),
            ("30w", "one number and one unit"),
            ("1h30m", "one number and one unit"),
            ("-1s", "one number and one unit"),
            ("+1s", "one number and one unit"),
            (" 1s", "one number and one unit"),
            ("1 s", "one number and one unit"),
            ("/s", "one number and one unit"),
            (":s", "one number and one unit"),
            ("18446744073709551616s", "over 2^64"),
            ("184467440737095516150s", "over 2^64"),
            ("213503982334602d", "over 2^64"),
        ] {
            judged(text, duration(text).map(|_| ()), Rule::MaxAge, words);
        }
    }
}
