//! Checks the syntax of one argument of a declaration: a name, a path, a domain or a duration. The input is the
//! argument's value. The output is `Ok` or a [`Fault`]. The module `date` checks dates.

use core::fmt;
use core::time::Duration;

use crate::rule::Rule;
use crate::spec::{Prefix, starts_with};

/// The largest size of a name and a value together, in bytes (6265bis 5.7 step 4). If the name and the value together
/// exceed this limit, browsers reject the cookie.
pub const MAX_NAME_VALUE_BYTES: usize = 4096;
/// The largest size of one attribute's value, in bytes (6265bis 5.6). Browsers ignore an attribute whose value is
/// larger than this limit.
pub const MAX_ATTRIBUTE_BYTES: usize = 1024;
/// The largest size of a host name, in bytes (RFC 1123 2.1).
const MAX_DOMAIN_BYTES: usize = 253;
/// The largest size of one label of a host name, in bytes (RFC 1035 2.3.4).
const MAX_LABEL_BYTES: usize = 63;
/// The longest lifetime of a cookie: 400 days, or 34 560 000 seconds (6265bis 5.5). Browsers shorten a longer lifetime
/// to 400 days.
pub const MAX_LIFETIME: Duration = Duration::from_secs(400 * 86_400);

/// The error of a check in this crate. A fault contains the broken rule, and a text that describes the mistake and the
/// remedy.
///
/// ```
/// use hardtack_rules::Rule;
/// use hardtack_rules::syntax::check_path;
///
/// let fault = check_path("/a;b").unwrap_err();
/// assert_eq!((fault.rule, fault.byte), (Rule::PathSyntax, Some(b';')));
/// assert_eq!(fault.to_string(), format!("{} (found `;`)", fault.text));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The rule that the argument breaks.
    pub rule: Rule,
    /// The error text, in the form `fact; remedy`.
    pub text: &'static str,
    /// The byte that broke the rule. `byte` is `None` if no single byte broke the rule.
    pub byte: Option<u8>,
}

impl Fault {
    /// Returns a fault for the rule. The fault has the text of [`Rule::text`].
    #[must_use]
    pub const fn from_rule(rule: Rule) -> Fault {
        Fault::new(rule, rule.text())
    }

    pub(crate) const fn new(rule: Rule, text: &'static str) -> Fault {
        Fault { rule, text, byte: None }
    }

    const fn with_byte(self, byte: u8) -> Fault {
        Fault { rule: self.rule, text: self.text, byte: Some(byte) }
    }

    /// Replaces the text of the fault, and keeps the rule and the byte of the fault.
    pub(crate) const fn with_text(self, text: &'static str) -> Fault {
        Fault { rule: self.rule, text, byte: self.byte }
    }
}

impl fmt::Display for Fault {
    /// Writes the error text. If a single byte broke the rule, the text also shows this byte.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)?;
        match self.byte {
            None => Ok(()),
            Some(b' ') => f.write_str(" (found a space)"),
            Some(byte) if byte.is_ascii_graphic() => write!(f, " (found `{}`)", char::from(byte)),
            Some(byte) if !byte.is_ascii() => f.write_str(" (found a letter or sign outside ASCII)"),
            Some(byte) => write!(f, " (found the byte 0x{byte:02X})"),
        }
    }
}

/// Returns true if the byte is allowed in a cookie's name (`tchar` of RFC 9110).
#[must_use]
pub const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// Returns true if the byte is allowed in a cookie's value (`cookie-octet` of 6265bis 4.1.1).
#[must_use]
pub const fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

/// Returns true if the byte is allowed in an attribute's value (`av-octet` of 6265bis 4.1.1).
#[must_use]
pub const fn is_av_octet(byte: u8) -> bool {
    matches!(byte, 0x20..=0x3A | 0x3C..=0x7E)
}

/// Returns true if browsers reject every `Set-Cookie` header that contains the byte (6265bis 5.6 step 1).
#[must_use]
pub const fn is_forbidden_control(byte: u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0A..=0x1F | 0x7F)
}

/// Checks the name of a cookie that the program sets.
///
/// # Errors
///
/// Returns a fault with the first broken rule: `name-token`, `prefix-case` or `size`.
///
/// ```
/// use hardtack_rules::Rule;
/// use hardtack_rules::syntax::check_name;
///
/// assert_eq!(check_name("__Host-session"), Ok(()));
/// assert_eq!(check_name("__host-session").unwrap_err().rule, Rule::PrefixCase);
/// assert_eq!(check_name("a b").unwrap_err().byte, Some(b' '));
/// ```
pub const fn check_name(name: &str) -> Result<(), Fault> {
    let mut rest = name.as_bytes();
    if rest.is_empty() {
        return Err(Fault::new(Rule::NameToken, "the name is empty; write one, as in `__Host-session`"));
    }
    while let [byte, tail @ ..] = rest {
        if matches!(*byte, b'=' | b';') {
            return Err(Fault::new(
                Rule::NameToken,
                "the name holds a value or attributes too; write the name alone, and each attribute as its own key",
            ));
        }
        if !is_tchar(*byte) {
            return Err(Fault::from_rule(Rule::NameToken).with_byte(*byte));
        }
        rest = tail;
    }
    if starts_with(name.as_bytes(), b"__HostHttp-", true) {
        return Err(Fault::new(
            Rule::PrefixCase,
            "the prefix `__HostHttp-` was withdrawn, and browsers ignore it; write `__Host-Http-`",
        ));
    }
    // Like browsers, this search for a prefix ignores letter case. For example, browsers find the prefix `__Host-Http-`
    // in `__Host-http-x`, but servers find only `__Host-`.
    if let Some(prefix) = Prefix::from_name_any_case(name.as_bytes()) {
        let exact = prefix.as_str();
        if !starts_with(name.as_bytes(), exact.as_bytes(), false) {
            return Err(Fault::new(
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
            return Err(Fault::new(
                Rule::NameToken,
                "the name is a prefix and nothing else; write a name after it, as in `__Host-session`",
            ));
        }
    }
    if name.len() > MAX_NAME_VALUE_BYTES {
        return Err(Fault::new(Rule::Size, "the name is over 4096 bytes, and browsers reject the cookie; shorten it"));
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

/// Checks the name of a cookie that another program or library sets. The function accepts every name that browsers can
/// send.
///
/// # Errors
///
/// Returns a fault of the rule `name-token` if a `Cookie` header cannot contain the name.
///
/// ```
/// use hardtack_rules::syntax::{check_name, check_undeclared_name};
///
/// assert!(check_undeclared_name("my cookie").is_ok() && check_name("my cookie").is_err());
/// assert!(check_undeclared_name("a=b").is_err());
/// ```
pub const fn check_undeclared_name(name: &str) -> Result<(), Fault> {
    const TEXT: &str = "no `Cookie` header can carry this name; write the name as the other program sends it";
    match name.as_bytes() {
        [] | [b' ' | b'\t', ..] | [.., b' ' | b'\t'] => return Err(Fault::new(Rule::NameToken, TEXT)),
        _ => {}
    }
    let mut rest = name.as_bytes();
    while let [byte, tail @ ..] = rest {
        if is_forbidden_control(*byte) || matches!(*byte, b';' | b'=') {
            return Err(Fault::new(Rule::NameToken, TEXT).with_byte(*byte));
        }
        rest = tail;
    }
    Ok(())
}

/// Checks the value of a `Path` attribute.
///
/// # Errors
///
/// Returns a fault of the rule `path-syntax` in these cases:
///
/// - The path does not begin with `/`.
/// - The path contains an invalid byte.
/// - The path ends with a space.
/// - The path is longer than 1024 bytes.
///
/// ```
/// use hardtack_rules::syntax::check_path;
///
/// assert_eq!(check_path("/app"), Ok(()));
/// assert!(check_path("app").is_err());
/// ```
pub const fn check_path(path: &str) -> Result<(), Fault> {
    let mut rest = path.as_bytes();
    match rest {
        [b'/', .., b' '] => {
            return Err(Fault::new(
                Rule::PathSyntax,
                "the path ends with a space, which browsers cut off; remove it, or write `%20`",
            ));
        }
        [b'/', ..] => {}
        [] => return Err(Fault::new(Rule::PathSyntax, "the path is empty; write \"/\" for the whole host")),
        _ => {
            return Err(Fault::new(
                Rule::PathSyntax,
                "the path does not begin with `/`, and browsers would ignore it; write it from the root, as in \"/app\"",
            ));
        }
    }
    while let [byte, tail @ ..] = rest {
        if !is_av_octet(*byte) {
            return Err(Fault::from_rule(Rule::PathSyntax).with_byte(*byte));
        }
        rest = tail;
    }
    if path.len() > MAX_ATTRIBUTE_BYTES {
        return Err(Fault::new(
            Rule::PathSyntax,
            "the path is over 1024 bytes, and browsers would ignore it; use a shorter one",
        ));
    }
    Ok(())
}

/// Checks the value of a `Domain` attribute.
///
/// # Errors
///
/// Returns a fault of the rule `domain-syntax` if the domain is not a host name with at least two labels.
///
/// ```
/// use hardtack_rules::syntax::check_domain;
///
/// assert_eq!(check_domain("example.com"), Ok(()));
/// assert!(check_domain("localhost").is_err());
/// assert!(check_domain(".example.com").is_err());
/// ```
pub const fn check_domain(domain: &str) -> Result<(), Fault> {
    macro_rules! fault {
        ($text:literal) => {
            Err(Fault::new(Rule::DomainSyntax, $text))
        };
    }
    let all = domain.as_bytes();
    match all {
        [] => return fault!("the domain is empty; leave the key out for a host-only cookie"),
        [b'.', ..] => return fault!("the domain begins with a dot, which browsers ignore; remove the dot"),
        [.., b'.'] => return fault!("the domain ends with a dot, which matches no host; remove the dot"),
        _ => {}
    }
    if all.len() > MAX_DOMAIN_BYTES {
        return fault!("the domain is over 253 bytes, longer than any host name; write a shorter one");
    }
    // A label is the text between two dots. `label_bytes` and `only_digits` describe the current label. `single_label`
    // is true until the first dot.
    let (mut rest, mut label_bytes, mut single_label, mut only_digits, mut previous) = (all, 0, true, true, b'.');
    while let [byte, tail @ ..] = rest {
        match *byte {
            b'.' if label_bytes == 0 => return fault!("the domain has an empty label; remove one of the two dots"),
            b'.' if previous == b'-' => return fault!("a label of the domain ends with a hyphen; remove it"),
            b'.' => {
                single_label = false;
                label_bytes = 0;
                only_digits = true;
            }
            b'-' if label_bytes == 0 => return fault!("a label of the domain begins with a hyphen; remove it"),
            b':' | b'[' => {
                return fault!(
                    "the domain holds a scheme, a port or an IP address; write the host name alone, as in `example.com`"
                );
            }
            byte if !byte.is_ascii() => {
                return fault!("the domain is not ASCII; write its A-label, as in `xn--bcher-kva.example`");
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                label_bytes += 1;
                only_digits = only_digits && byte.is_ascii_digit();
                if label_bytes > MAX_LABEL_BYTES {
                    return fault!("a label of the domain is over 63 bytes, longer than any host's; shorten it");
                }
            }
            byte => {
                return Err(Fault::new(
                    Rule::DomainSyntax,
                    "a domain holds letters, digits, hyphens and dots only; write a host name, as in `example.com`",
                )
                .with_byte(byte));
            }
        }
        previous = *byte;
        rest = tail;
    }
    if previous == b'-' {
        return fault!("a label of the domain ends with a hyphen; remove it");
    }
    // A label is the text between two dots. If the last label of a host contains only digits, URL parsers read the host
    // as an IPv4 address or reject the host.
    if only_digits {
        return fault!("the domain is an IP address; leave the key out for a host-only cookie");
    }
    if single_label {
        return fault!("the domain is a single label, which no other host shares; leave the key out");
    }
    Ok(())
}

/// The fault for a `Domain` that is a public suffix. A setter of the crate `hardtack` looks up the domain in the public
/// suffix list at run time, because the crate `hardtack-rules` does not contain the public suffix list.
pub const PUBLIC_SUFFIX: Fault = Fault::new(
    Rule::PublicSuffix,
    "the domain is a public suffix, and no browser stores the cookie; give a domain that is registered under it",
);

/// Checks the `Max-Age` of a declaration. Only a positive number of whole seconds is valid.
///
/// # Errors
///
/// Returns a fault of the rule `max-age` if the duration is zero or has a fraction of a second.
///
/// ```
/// use core::time::Duration;
/// use hardtack_rules::syntax::check_max_age;
///
/// assert_eq!(check_max_age(Duration::from_secs(90)), Ok(()));
/// assert!(check_max_age(Duration::ZERO).is_err());
/// assert!(check_max_age(Duration::from_millis(90)).is_err());
/// ```
pub const fn check_max_age(max_age: Duration) -> Result<(), Fault> {
    if max_age.is_zero() {
        return Err(Fault::new(
            Rule::MaxAge,
            "a `max_age` of zero removes the cookie as it is set; leave the key out for a session cookie",
        ));
    }
    check_whole_seconds(max_age)
}

/// Checks a `Max-Age` that the program sets while the server runs. Zero is valid, because a `Max-Age` of zero removes
/// the cookie.
///
/// # Errors
///
/// Returns a fault of the rule `max-age` if the duration has a fraction of a second.
pub const fn check_whole_seconds(max_age: Duration) -> Result<(), Fault> {
    if max_age.subsec_nanos() != 0 {
        return Err(Fault::new(Rule::MaxAge, "`max_age` is not a whole number of seconds; use `Duration::from_secs`"));
    }
    Ok(())
}

/// Parses a duration such as `15m`. A duration is one number and one unit. The unit is `s`, `m`, `h` or `d`.
///
/// # Errors
///
/// Returns a fault of the rule `max-age` if the text is not one number and one unit, or if the duration is longer than
/// `u64::MAX` seconds.
///
/// ```
/// use core::time::Duration;
/// use hardtack_rules::syntax::parse_duration;
///
/// assert_eq!(parse_duration("15m"), Ok(Duration::from_secs(900)));
/// assert!(parse_duration("1h30m").is_err());
/// ```
pub const fn parse_duration(text: &str) -> Result<Duration, Fault> {
    const SYNTAX: Fault = Fault::new(
        Rule::MaxAge,
        "a duration is one number and one unit (`s`, `m`, `h`, `d`); write it as in \"90s\", \"15m\", \"8h\" or \"30d\"",
    );
    const TOO_LONG: Fault =
        Fault::new(Rule::MaxAge, "the duration is over 2^64 seconds; browsers keep no cookie for over 400 days");
    let (mut digits, unit) = match text.as_bytes() {
        [digits @ .., b's'] => (digits, 1),
        [digits @ .., b'm'] => (digits, 60),
        [digits @ .., b'h'] => (digits, 3_600),
        [digits @ .., b'd'] => (digits, 86_400),
        _ => return Err(SYNTAX),
    };
    if digits.is_empty() {
        return Err(SYNTAX);
    }
    let mut number: u64 = 0;
    while let [digit, tail @ ..] = digits {
        if !digit.is_ascii_digit() {
            return Err(SYNTAX);
        }
        number = match number.checked_mul(10) {
            Some(tens) => match tens.checked_add((*digit - b'0') as u64) {
                Some(sum) => sum,
                None => return Err(TOO_LONG),
            },
            None => return Err(TOO_LONG),
        };
        digits = tail;
    }
    match number.checked_mul(unit) {
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => Err(TOO_LONG),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::time::Duration;
    use std::string::{String, ToString as _};

    use super::{
        Fault, MAX_LIFETIME, check_domain, check_max_age, check_name, check_path, check_undeclared_name,
        check_whole_seconds, is_av_octet, is_cookie_octet, is_forbidden_control, is_tchar, parse_duration,
    };
    use crate::rule::Rule;

    /// Asserts that the result is a fault with the rule `rule`, and that the fault's text contains `words`. If `words`
    /// is empty, asserts that the result is `Ok`.
    fn assert_result(input: &str, result: Result<(), Fault>, rule: Rule, words: &str) {
        match result {
            Ok(()) => assert_eq!(words, "", "`{input}` is accepted"),
            Err(fault) => {
                assert_eq!(fault.rule, rule, "`{input}`");
                assert!(!words.is_empty() && fault.to_string().contains(words), "`{input}`: {fault}");
            }
        }
    }

    #[test]
    fn every_byte_has_its_classes() {
        // The expected classes of bytes come from the grammars of RFC 9110 5.6.2 and of 6265bis 4.1.1 and 5.6.
        for byte in 0..=u8::MAX {
            let tchar = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            assert_eq!(is_tchar(byte), tchar, "{byte:#x}");
            let is_in_cookie_octet = byte == 0x21
                || (0x23..=0x2B).contains(&byte)
                || (0x2D..=0x3A).contains(&byte)
                || (0x3C..=0x5B).contains(&byte)
                || (0x5D..=0x7E).contains(&byte);
            assert_eq!(is_cookie_octet(byte), is_in_cookie_octet, "{byte:#x}");
            let control = byte.is_ascii_control();
            assert_eq!(is_av_octet(byte), byte.is_ascii() && !control && byte != b';', "{byte:#x}");
            assert_eq!(is_forbidden_control(byte), control && byte != b'\t', "{byte:#x}");
        }
    }

    #[test]
    fn a_fault_shows_the_byte() {
        for (byte, shown) in [
            (b' ', " (found a space)"),
            (b'!', " (found `!`)"),
            (b'~', " (found `~`)"),
            (b'\n', " (found the byte 0x0A)"),
            (0x7F, " (found the byte 0x7F)"),
            (0x80, " (found a letter or sign outside ASCII)"),
        ] {
            let fault = Fault::from_rule(Rule::PathSyntax).with_byte(byte);
            assert_eq!(fault.to_string().strip_prefix(Rule::PathSyntax.text()), Some(shown));
        }
        assert_eq!(Fault::from_rule(Rule::PathSyntax).to_string(), Rule::PathSyntax.text());
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
            assert_result(text, check_name(text), Rule::NameToken, words);
        }
    }

    #[test]
    fn a_prefix_is_spelt_exactly_before_a_name() {
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
            assert_result(text, check_name(text), Rule::PrefixCase, words);
        }
        for text in ["__Host-", "__Secure-", "__Http-", "__Host-Http-"] {
            assert_result(text, check_name(text), Rule::NameToken, "a prefix and nothing else");
        }
    }

    #[test]
    fn a_name_has_at_most_4096_bytes() {
        for (length, words) in [(4_095, ""), (4_096, ""), (4_097, "over 4096"), (5_000, "over 4096")] {
            assert_result("a…", check_name(&"a".repeat(length)), Rule::Size, words);
        }
    }

    #[test]
    fn an_undeclared_name_fits_a_cookie_header() {
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
            assert_result(text, check_undeclared_name(text), Rule::NameToken, words);
        }
    }

    #[test]
    fn a_path_begins_at_the_root() {
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
            assert_result(text, check_path(text), Rule::PathSyntax, words);
        }
        for (length, words) in [(1_023, ""), (1_024, ""), (1_025, "over 1024"), (2_000, "over 1024")] {
            assert_result("/…", check_path(&"/".repeat(length)), Rule::PathSyntax, words);
        }
    }

    #[test]
    fn a_domain_has_at_least_two_labels() {
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
            assert_result(text, check_domain(text), Rule::DomainSyntax, words);
        }
    }

    #[test]
    fn a_domain_has_at_most_253_bytes() {
        for (length, words) in [(62, ""), (63, ""), (64, "over 63 bytes"), (70, "over 63 bytes")] {
            assert_result("label", check_domain(&("a".repeat(length) + ".example")), Rule::DomainSyntax, words);
        }
        for (length, words) in [(252, ""), (253, ""), (254, "over 253 bytes"), (300, "over 253 bytes")] {
            let text: String = "abc.".chars().cycle().take(length - 2).chain("yz".chars()).collect();
            assert_result(&text, check_domain(&text), Rule::DomainSyntax, words);
        }
    }

    #[test]
    fn a_declared_max_age_is_positive_whole_seconds() {
        let second = Duration::from_secs(1);
        assert_eq!((check_max_age(second), check_whole_seconds(second)), (Ok(()), Ok(())));
        assert_result("0", check_max_age(Duration::ZERO), Rule::MaxAge, "removes the cookie");
        assert_result("0", check_whole_seconds(Duration::ZERO), Rule::MaxAge, "");
        for fraction in [Duration::from_nanos(1), Duration::from_millis(1_500)] {
            assert_result("a fraction", check_max_age(fraction), Rule::MaxAge, "whole number of seconds");
            assert_result("a fraction", check_whole_seconds(fraction), Rule::MaxAge, "whole number of seconds");
        }
        // 6265bis 5.5 gives the longest lifetime of a cookie in days.
        assert_eq!((MAX_LIFETIME, Ok(MAX_LIFETIME)), (Duration::from_secs(34_560_000), parse_duration("400d")));
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
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
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
            assert_result(text, parse_duration(text).map(|_| ()), Rule::MaxAge, words);
        }
    }
}
