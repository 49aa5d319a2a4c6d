//! Parses a deny list, such as the value of `HARDTACK_DENY`, and finds the forbidden arguments of a declaration. The
//! build fails for every cookie that the deny list forbids, even if the cookie's declaration has a `reason`. The input
//! is a declaration and the text of a deny list. The output is the forbidden arguments.
//!
//! The text of a deny list comes from an environment variable or from a call of `inventory().deny`. The caller of this
//! module reads the environment variable. The functions of this module do not allocate.

use core::fmt;
use core::time::Duration;

use crate::check::{Argument, find_lint};
use crate::rule::{Rule, RuleKind};
use crate::spec::{Prefix, Spec, is_equal};
use crate::syntax;

/// The name of the environment variable that contains the deny list.
pub const VARIABLE: &str = "HARDTACK_DENY";

/// A deny list: the cookie settings for which a build fails. A deny list consists of words with commas or white space
/// between the words.
///
/// | word | refuses |
/// |---|---|
/// | the id of a lint, such as `insecure` | each cookie that triggers the lint |
/// | `all` | each cookie that triggers any lint |
/// | `max-age=30d` | each cookie with a longer `max_age`, even if the cookie has a short `idle` |
/// | `-shop::pages::Theme` | nothing; this type is exempt from the list |
/// | `-shop::ShopCookies`, `-shop::ShopCookies::theme` | nothing; this set or field is exempt from the list |
///
/// An exception is `-` and the full path of a type, a set or a field. The path begins with the name of the crate, as in
/// `module_path!()`.
///
/// ```
/// use hardtack_rules::check::Argument;
/// use hardtack_rules::deny::DenyList;
/// use hardtack_rules::{Rule, Spec};
///
/// let deny = DenyList::parse("script-readable, max-age=30d -shop::pages::Theme");
/// assert_eq!(deny.invalid_words().count(), 0);
///
/// let spec = Spec::new("__Host-lang").http_only(false).reason("i18n.js reads it");
/// let violation = deny.find_violation(&spec, Argument::HttpOnly).unwrap();
/// assert_eq!((violation.rule, violation.word), (Some(Rule::ScriptReadable), "script-readable"));
/// assert_eq!(violation.to_string(), "`http_only = false` trips `script-readable`");
///
/// assert!(deny.has_exception_for("shop::pages", "Theme"));
/// assert!(!deny.has_exception_for("shop", "Theme"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DenyList<'a> {
    text: &'a str,
}

/// An argument of a declaration that a deny list forbids.
///
/// `Display` writes the mistake, such as "`http_only = false` trips `script-readable`".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation<'a> {
    /// The argument that the deny list forbids.
    pub argument: Argument,
    /// The lint that reports the argument. `rule` is `None` if the argument is a `max_age` over the limit in the deny
    /// list.
    pub rule: Option<Rule>,
    /// The word in the deny list that forbids the argument, such as `insecure`.
    pub word: &'a str,
}

impl Violation<'_> {
    /// Returns the remedy for the forbidden argument, such as `remove it`.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match (self.rule, self.argument) {
            (None, _) => "shorten it",
            // The cookie's name has no prefix because the declaration has `secure = false`. So the error names the same
            // remedy as for `insecure`.
            (Some(Rule::Unprefixed), Argument::Secure) => Rule::Insecure.remedy(),
            (Some(rule), _) => rule.remedy(),
        }
    }
}

impl fmt::Display for Violation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(rule) = self.rule else {
            return write!(f, "`max_age` is over the limit of {}", self.word.trim_start_matches("max-age="));
        };
        let setting = match (rule, self.argument) {
            (Rule::Unprefixed, Argument::Secure) => "`secure = false`, which leaves the name without a prefix,",
            (rule, _) => rule.lint_trigger().unwrap_or_default(),
        };
        write!(f, "{setting} trips `{rule}`")
    }
}

/// An invalid word of a deny list. `Display` writes the mistake and the remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidWord<'a> {
    word: &'a str,
}

impl<'a> DenyList<'a> {
    /// Parses the text of a deny list. Parsing never fails. To find mistakes in the text, call
    /// [`invalid_words`](DenyList::invalid_words).
    #[must_use]
    pub const fn parse(text: &'a str) -> Self {
        DenyList { text }
    }

    /// Returns the invalid words of the deny list.
    ///
    /// ```
    /// use hardtack_rules::deny::DenyList;
    ///
    /// let mut invalid = DenyList::parse("insecure max-age=x").invalid_words();
    /// let message = "`max-age=x`: `x` is no duration; write it as in `max-age=30d`";
    /// assert_eq!(invalid.next().unwrap().to_string(), message);
    /// assert!(invalid.next().is_none());
    /// ```
    pub fn invalid_words(self) -> impl Iterator<Item = InvalidWord<'a>> {
        self.words().filter(|word| !is_valid_word(word)).map(|word| InvalidWord { word })
    }

    /// Returns an error text if the deny list contains the word `public-suffix`. Call this method only if the feature
    /// `public-suffix` is disabled. Such a build contains no public suffix list, so no cookie would break this word.
    ///
    /// ```
    /// use hardtack_rules::deny::DenyList;
    ///
    /// let text = DenyList::parse("insecure, public-suffix").word_without_feature().unwrap();
    /// assert!(text.starts_with("`public-suffix` needs hardtack's feature `public-suffix`; "));
    /// assert_eq!(DenyList::parse("all").word_without_feature(), None);
    /// ```
    #[must_use]
    pub fn word_without_feature(self) -> Option<&'static str> {
        self.words().any(|word| word == Rule::PublicSuffix.id()).then_some(
            "`public-suffix` needs hardtack's feature `public-suffix`; in Cargo.toml, add it to the `features` of \
             `hardtack`, or remove the word",
        )
    }

    /// Returns true if the deny list contains an exception for the cookie `item` in the module `module_path`. The item
    /// is a type (`Theme`) or a field of a set (`ShopCookies::theme`). The module path begins with the name of the
    /// crate, as in `module_path!()`.
    ///
    /// An exception for a set exempts every field of the set. In the name of the crate, `-` and `_` are equal.
    ///
    /// ```
    /// use hardtack_rules::deny::DenyList;
    ///
    /// let deny = DenyList::parse("all -my-shop::pages::Theme");
    /// assert!(deny.has_exception_for("my_shop::pages", "Theme"));
    /// assert!(!deny.has_exception_for("my_shop", "Theme"));
    /// ```
    #[must_use]
    pub const fn has_exception_for(self, module_path: &str, item: &str) -> bool {
        is_exempt(self.text, module_path, item)
    }

    /// Returns true if the deny list contains an exception for a cookie with the name `item` in the crate `crate_name`.
    /// The module in the exception may be any module of this crate.
    ///
    /// Only the compiler knows the module of a type. So if this function returns true, generated code calls
    /// [`is_exempt`] with `module_path!()`.
    ///
    /// ```
    /// use hardtack_rules::deny::DenyList;
    ///
    /// let deny = DenyList::parse("all -shop::pages::Theme");
    /// assert!(deny.may_have_exception_for("shop", "Theme"));
    /// assert!(!deny.may_have_exception_for("shop", "Lang"));
    /// ```
    #[must_use]
    pub fn may_have_exception_for(self, crate_name: &str, item: &str) -> bool {
        let set = item.split_once("::").map_or(item, |(set, _)| set);
        self.exceptions().filter_map(|path| path.split_once("::")).any(|(first, rest)| {
            let is_match = ends_with_path(rest, item) || ends_with_path(rest, set);
            is_match && is_same_crate(first.as_bytes(), crate_name.as_bytes())
        })
    }

    /// Returns the path of each exception in the deny list, without the `-` at the start of the exception. The method
    /// does not check whether the paths are valid.
    pub fn exceptions(self) -> impl Iterator<Item = &'a str> {
        self.words().filter_map(|word| word.strip_prefix('-'))
    }

    /// Returns a violation if the deny list forbids the argument. Does not check whether the deny list has an exception
    /// for the cookie.
    #[must_use]
    pub fn find_violation(self, spec: &Spec<'_>, argument: Argument) -> Option<Violation<'a>> {
        if let (Argument::MaxAge, Some(max_age), false) = (argument, spec.max_age, spec.read_only) {
            if let Some((_, word)) = self.max_age_limit().filter(|(limit, _)| max_age > *limit) {
                return Some(Violation { argument, rule: None, word });
            }
        }
        let rule = find_lint(spec, argument)?;
        // A cookie that is not Secure cannot have a prefix. If the deny list forbids `insecure`, the function reports
        // `insecure`, and does not also report `unprefixed`.
        if rule == Rule::Unprefixed && !spec.secure && self.denying_word(Rule::Insecure).is_some() {
            return None;
        }
        self.denying_word(rule).map(|word| Violation { argument, rule: Some(rule), word }).or_else(|| {
            // The deny list allows `insecure`, but it may forbid `unprefixed`. With `secure = false`, a name that comes
            // from a type or field has no prefix. So a deny list with `unprefixed` forbids the cookie.
            let loses_prefix = rule == Rule::Insecure && !spec.explicit_name && Prefix::from_name(spec.name).is_none();
            let word = self.denying_word(Rule::Unprefixed).filter(|_| loses_prefix)?;
            Some(Violation { argument, rule: Some(Rule::Unprefixed), word })
        })
    }

    /// Returns a violation for a cookie whose `domain` is a public suffix. Returns `None` if the deny list allows
    /// public suffixes, or if the cookie is `read_only`.
    ///
    /// Call this function only if the `domain` is in the public suffix list. The crate `hardtack-rules` does not
    /// contain the public suffix list.
    #[must_use]
    pub fn public_suffix_violation(self, spec: &Spec<'_>) -> Option<Violation<'a>> {
        let word = self.denying_word(Rule::PublicSuffix).filter(|_| !spec.read_only)?;
        Some(Violation { argument: Argument::Domain, rule: Some(Rule::PublicSuffix), word })
    }

    /// Returns the word in the deny list that forbids the lint: the lint's id or `all`. If the deny list contains the
    /// lint's id and `all`, returns the id.
    #[must_use]
    pub fn denying_word(self, rule: Rule) -> Option<&'a str> {
        self.words().find(|word| *word == rule.id() && is_lint(rule)).or_else(|| self.words().find(|word| *word == ALL))
    }

    /// Returns the shortest `max_age` limit in the deny list, and the word in the deny list that contains the limit.
    #[must_use]
    pub fn max_age_limit(self) -> Option<(Duration, &'a str)> {
        self.words().filter_map(|word| parse_limit(word).map(|limit| (limit, word))).min_by_key(|(limit, _)| *limit)
    }

    fn words(self) -> impl Iterator<Item = &'a str> {
        self.text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty())
    }
}

const ALL: &str = "all";

fn is_lint(rule: Rule) -> bool {
    rule.kind() != RuleKind::Error
}

fn parse_limit(word: &str) -> Option<Duration> {
    syntax::parse_duration(word.strip_prefix("max-age=")?).ok()
}

fn is_valid_word(word: &str) -> bool {
    let is_path = |path: &str| {
        path.split("::").count() > 1 && path.split("::").all(is_path_segment) && relative_start(path).is_none()
    };
    word == ALL
        || parse_limit(word).is_some()
        || word.strip_prefix('-').is_some_and(is_path)
        || Rule::ALL.iter().any(|rule| is_lint(*rule) && rule.id() == word)
}

fn is_path_segment(segment: &str) -> bool {
    let name = segment.strip_prefix("r#").unwrap_or(segment);
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// Returns the first word of the path if the word is `crate`, `self` or `super`. In Rust, the meaning of `crate`,
/// `self` and `super` depends on the module. Every crate of a build reads the same deny list, so a path in the deny
/// list must begin with the crate's name.
fn relative_start(path: &str) -> Option<&str> {
    path.split("::").next().filter(|first| matches!(*first, "crate" | "self" | "super"))
}

/// Returns true if the deny list exempts the cookie `item` in the module `module_path`. The function does the same as
/// [`DenyList::has_exception_for`]. Generated code calls the function in a `const` with `module_path!()`, because only
/// the compiler knows the module of a type.
///
/// ```
/// use hardtack_rules::deny::is_exempt;
///
/// const _: () = assert!(is_exempt("all -shop::ShopCookies", "shop", "ShopCookies::theme"));
/// const _: () = assert!(!is_exempt("all -shop::Theme", "shop::pages", "Theme"));
/// ```
#[must_use]
pub const fn is_exempt(deny_list: &str, module_path: &str, item: &str) -> bool {
    let mut rest = deny_list.as_bytes();
    while let Some((word, tail)) = split_word(rest) {
        if let [b'-', path @ ..] = word {
            if is_path_of(path, module_path.as_bytes(), item.as_bytes()) {
                return true;
            }
        }
        rest = tail;
    }
    false
}

/// Returns true if `path` is the path of `item`, or the path of the set that contains `item`.
const fn is_path_of(path: &[u8], module_path: &[u8], item: &[u8]) -> bool {
    let (crate_name, mut modules) = split_path(module_path);
    let (first, mut rest) = split_path(path);
    if !is_same_crate(first, crate_name) {
        return false;
    }
    while let Some(module_tail) = modules {
        let Some(tail) = rest else { return false };
        let (module, next_modules) = split_path(module_tail);
        let (segment, next_rest) = split_path(tail);
        if !is_equal(module, segment, false) {
            return false;
        }
        (modules, rest) = (next_modules, next_rest);
    }
    let Some(tail) = rest else { return false };
    let (set, field) = split_path(item);
    match (split_path(tail), field) {
        ((segment, None), _) => is_equal(segment, set, false),
        ((segment, Some(last)), Some(field)) => {
            is_equal(segment, set, false) && matches!(split_path(last), (last, None) if is_equal(last, field, false))
        }
        ((_, Some(_)), None) => false,
    }
}

/// Returns true if the last segments of `path` are the segments of `item`.
fn ends_with_path(path: &str, item: &str) -> bool {
    let mut segments = path.rsplit("::").map(|segment| segment.strip_prefix("r#").unwrap_or(segment));
    item.rsplit("::").all(|name| segments.next() == Some(name))
}

/// Returns true if the names of two crates are equal. In the name of a crate, `-` and `_` are equal.
const fn is_same_crate(a: &[u8], b: &[u8]) -> bool {
    let (mut a, mut b) = (a, b);
    while let ([first, a_rest @ ..], [second, b_rest @ ..]) = (a, b) {
        if *first != *second && !matches!((*first, *second), (b'-', b'_') | (b'_', b'-')) {
            return false;
        }
        (a, b) = (a_rest, b_rest);
    }
    a.is_empty() && b.is_empty()
}

/// Splits the first segment off a path. Removes the `r#` of a raw identifier.
const fn split_path(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut end = 0;
    while let Some((segment, rest)) = path.split_at_checked(end) {
        match rest {
            [b':', b':', tail @ ..] => return (without_raw_mark(segment), Some(tail)),
            [] => break,
            _ => end += 1,
        }
    }
    (without_raw_mark(path), None)
}

const fn without_raw_mark(segment: &[u8]) -> &[u8] {
    match segment {
        [b'r', b'#', name @ ..] => name,
        segment => segment,
    }
}

/// Splits the first word off the text of a deny list. Returns the word and the rest of the text. Returns `None` if the
/// text contains no word.
const fn split_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = text;
    while let Some(tail) = strip_separator(rest) {
        rest = tail;
    }
    let mut end = 0;
    while let Some((word, tail)) = rest.split_at_checked(end) {
        if tail.is_empty() || strip_separator(tail).is_some() {
            return if word.is_empty() { None } else { Some((word, tail)) };
        }
        end += 1;
    }
    None
}

/// Removes one separator at the start of the text: a comma or a white space character. Returns `None` if the text does
/// not begin with a separator. A `const fn` cannot iterate over characters, so the function compares UTF-8 bytes.
const fn strip_separator(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b',' | b' ' | 0x09..=0x0D, rest @ ..]
        | [0xC2, 0x85 | 0xA0, rest @ ..]
        | [0xE1, 0x9A, 0x80, rest @ ..]
        | [0xE2, 0x80, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF, rest @ ..]
        | [0xE2, 0x81, 0x9F, rest @ ..]
        | [0xE3, 0x80, 0x80, rest @ ..] => Some(rest),
        _ => None,
    }
}

impl<'a> InvalidWord<'a> {
    /// Returns the text of the invalid word.
    #[must_use]
    pub const fn word(self) -> &'a str {
        self.word
    }
}

impl fmt::Display for InvalidWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word;
        if let Some(duration) = word.strip_prefix("max-age=") {
            return write!(f, "`{word}`: `{duration}` is no duration; write it as in `max-age=30d`");
        }
        if let Some(first) = word.strip_prefix('-').and_then(relative_start) {
            return write!(
                f,
                "`{word}`: `{first}` is another crate in each build; write the crate's name, as in `-shop::Theme`"
            );
        }
        if let Some(path) = word.strip_prefix('-') {
            return write!(f, "`{word}`: `{path}` names no cookie; write its crate too, as in `-shop::Theme`");
        }
        write!(f, "`{word}` is no lint; write ")?;
        for rule in Rule::ALL.iter().filter(|rule| is_lint(**rule)) {
            write!(f, "`{}`, ", rule.id())?;
        }
        f.write_str("`all`, `max-age=30d`, or except a cookie as in `-shop::Theme`")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::time::Duration;
    use std::string::ToString as _;
    use std::vec::Vec;

    use super::{Argument, DenyList, Violation, is_exempt};
    use crate::former::Former;
    use crate::rule::{Rule, RuleKind};
    use crate::spec::{SameSite, Spec};

    const WEAK: Spec<'_> = Spec::new("id").explicit_name().domain("example.com").http_only(false);

    fn violations(text: &'static str, spec: &Spec<'_>) -> Vec<(Argument, Option<Rule>, &'static str)> {
        let deny = DenyList::parse(text);
        assert_eq!(deny.invalid_words().count(), 0, "{text}");
        let found = Argument::ALL.iter().filter_map(|argument| deny.find_violation(spec, *argument));
        found.map(|violation| (violation.argument, violation.rule, violation.word)).collect()
    }

    #[test]
    fn an_invalid_word_is_reported_with_a_remedy() {
        let message = |text: &'static str| {
            let invalid: Vec<_> = DenyList::parse(text).invalid_words().collect();
            assert_eq!(invalid.iter().map(|invalid| invalid.word()).collect::<Vec<_>>(), [text]);
            invalid[0].to_string()
        };
        assert_eq!(message("max-age=x"), "`max-age=x`: `x` is no duration; write it as in `max-age=30d`");
        assert_eq!(message("-Theme"), "`-Theme`: `Theme` names no cookie; write its crate too, as in `-shop::Theme`");
        assert_eq!(
            message("-shop::Th!me"),
            "`-shop::Th!me`: `shop::Th!me` names no cookie; write its crate too, as in `-shop::Theme`"
        );
        assert!(message("insecur").starts_with("`insecur` is no lint; write `insecure`, "));
        assert_eq!(DenyList::parse("-my_shop::a_1::The_me -my-shop::Theme").invalid_words().count(), 0);
    }

    #[test]
    fn a_lint_is_denied_by_id_or_all() {
        let weak = WEAK.same_site(SameSite::None).max_age(Duration::from_secs(401 * 86_400));
        let plain = Spec::new("id").secure(false);
        let partitioned = Spec::new("__Host-id").partitioned();
        let former = [Former::new().name("sid")];
        let renamed = Spec::new("__Host-id").formerly(&former);
        for (spec, argument, rule) in [
            (weak, Argument::Name, Rule::Unprefixed),
            (weak, Argument::Domain, Rule::DomainWide),
            (weak, Argument::MaxAge, Rule::LongLived),
            (weak, Argument::SameSite, Rule::SameSiteNone),
            (weak, Argument::HttpOnly, Rule::ScriptReadable),
            (plain, Argument::Secure, Rule::Insecure),
            (partitioned, Argument::Partitioned, Rule::PartitionAlone),
            (renamed, Argument::Formerly, Rule::FormerName),
        ] {
            assert_eq!(violations(rule.id(), &spec), [(argument, Some(rule), rule.id())]);
            assert!(violations("all", &spec).contains(&(argument, Some(rule), "all")));
            assert_eq!(violations("public-suffix", &spec), []);
        }
        assert_eq!(violations("all", &Spec::new("__Host-Http-id").max_age(Duration::from_secs(1))), []);
        assert_eq!(violations("all", &WEAK.read_only()), []);
        assert_eq!(violations("", &weak), []);
    }

    #[test]
    fn public_suffixes_are_denied_by_id_or_all() {
        let wide = Spec::new("__Secure-id").domain("com").reason("shared by every site");
        let message = |text, spec: &Spec<'_>| {
            DenyList::parse(text).public_suffix_violation(spec).map(|violation| violation.to_string())
        };
        let sentence = "a `domain` that is a public suffix trips `public-suffix`";
        assert_eq!(message("public-suffix", &wide).as_deref(), Some(sentence));
        assert_eq!(message("all", &wide).as_deref(), Some(sentence));
        assert_eq!(message("domain-wide", &wide), None);
        assert_eq!(message("all", &wide.read_only()), None);
    }

    #[test]
    fn a_violation_is_reported_with_its_remedy() {
        for (rule, argument, message, remedy) in [
            (Rule::Insecure, Argument::Secure, "`secure = false` trips `insecure`", "remove it"),
            (Rule::ScriptReadable, Argument::HttpOnly, "`http_only = false` trips `script-readable`", "remove it"),
            (
                Rule::SameSiteNone,
                Argument::SameSite,
                "`same_site = None` trips `same-site-none`",
                "use `Lax` or `Strict`",
            ),
            (
                Rule::Unprefixed,
                Argument::Name,
                "a `name` without a prefix trips `unprefixed`",
                "begin it with `__Host-Http-`, `__Host-` or `__Secure-`, write `read_only` if another program sets it",
            ),
            (
                Rule::Unprefixed,
                Argument::Secure,
                "`secure = false`, which leaves the name without a prefix, trips `unprefixed`",
                "remove it",
            ),
            (Rule::DomainWide, Argument::Domain, "`domain` trips `domain-wide`", "leave it out"),
            (Rule::LongLived, Argument::MaxAge, "a `max_age` over 400 days trips `long-lived`", "use at most \"400d\""),
            (
                Rule::PublicSuffix,
                Argument::Domain,
                "a `domain` that is a public suffix trips `public-suffix`",
                "use a domain that is registered under it",
            ),
            (
                Rule::PartitionAlone,
                Argument::Partitioned,
                "`partitioned` without `same_site = None` trips `partition-alone`",
                "use `same_site = None`, or leave `partitioned` out",
            ),
            (
                Rule::FormerName,
                Argument::Formerly,
                "a `formerly` entry with a weaker prefix or with `unsigned` trips `former-name`",
                "remove the entry",
            ),
        ] {
            let violation = Violation { argument, rule: Some(rule), word: "all" };
            assert_eq!((violation.to_string().as_str(), violation.remedy()), (message, remedy));
        }
        let violation = Violation { argument: Argument::MaxAge, rule: None, word: "max-age=30d" };
        assert_eq!(
            (violation.to_string().as_str(), violation.remedy()),
            ("`max_age` is over the limit of 30d", "shorten it")
        );
    }

    #[test]
    fn not_secure_is_one_violation() {
        let plain = Spec::new("id").secure(false);
        assert_eq!(violations("all", &plain), [(Argument::Secure, Some(Rule::Insecure), "all")]);
        assert_eq!(violations("all", &plain.explicit_name()), [(Argument::Secure, Some(Rule::Insecure), "all")]);
        // A cookie with `secure = false` triggers `unprefixed`, whether the name comes from the type or from the key
        // `name`.
        assert_eq!(violations("unprefixed", &plain), [(Argument::Secure, Some(Rule::Unprefixed), "unprefixed")]);
        assert_eq!(
            violations("unprefixed", &plain.explicit_name()),
            [(Argument::Name, Some(Rule::Unprefixed), "unprefixed")]
        );
    }

    #[test]
    fn the_shortest_max_age_limit_applies() {
        let days = |days: u64| Spec::new("__Host-Http-id").max_age(Duration::from_secs(days * 86_400));
        assert_eq!(violations("max-age=30d", &days(30)), []);
        assert_eq!(violations("max-age=30d", &days(31)), [(Argument::MaxAge, None, "max-age=30d")]);
        assert_eq!(violations("max-age=60d max-age=24h", &days(31)), [(Argument::MaxAge, None, "max-age=24h")]);
        assert_eq!(violations("max-age=30d", &Spec::new("__Host-Http-id")), []);
        assert_eq!(violations("max-age=1s", &days(31).read_only()), []);
    }

    #[test]
    fn an_exception_is_the_whole_path() {
        let deny = DenyList::parse("all,-my-shop::Theme\n-shop::ShopCookies::lang -web::cookies::Old -all::Set");
        assert_eq!(deny.invalid_words().count(), 0);
        for (module_path, item, expected) in [
            ("my_shop", "Theme", true),
            ("my-shop", "Theme", true),
            ("my_shop", "MyTheme", false),
            ("my_shop", "Theme::light", true),
            ("my_shop::pages", "Theme", false),
            ("my_shop::Theme", "Theme", false),
            ("shop", "Theme", false),
            ("shop", "ShopCookies::lang", true),
            ("shop", "ShopCookies::theme", false),
            ("shop", "ShopCookies", false),
            ("shop::ShopCookies", "lang", true),
            ("shop::a", "ShopCookies::lang", false),
            ("web", "Old", false),
            ("web::cookies", "Old", true),
            ("web::cookies::more", "Old", false),
            ("web::other", "Old", false),
            ("web::cookies", "VeryOld", false),
            ("web::my_cookies", "Old", false),
            ("all", "Set::any", true),
            ("all::a", "Set::any", false),
            ("", "Theme", false),
        ] {
            assert_eq!(deny.has_exception_for(module_path, item), expected, "{module_path} {item}");
            assert_eq!(is_exempt(deny.text, module_path, item), expected, "{module_path} {item}");
        }
        assert!(!is_exempt("", "shop", "Theme") && !is_exempt("all", "all", "all"));
        assert!(!is_exempt("- -:: -shop -shop:: -::Theme", "shop", "Theme"));
    }

    #[test]
    fn hyphens_equal_underscores_in_crate_names_only() {
        assert!(is_exempt("-my-shop::my_pages::Theme", "my_shop::my_pages", "Theme"));
        assert!(!is_exempt("-my-shop::my-pages::Theme", "my_shop::my_pages", "Theme"));
    }

    #[test]
    fn raw_identifiers_equal_their_plain_names() {
        for text in ["-shop::type::Theme", "-shop::r#type::Theme", "-shop::r#type::r#Theme"] {
            assert_eq!(DenyList::parse(text).invalid_words().count(), 0);
            for module_path in ["shop::r#type", "shop::type"] {
                assert!(is_exempt(text, module_path, "Theme"), "{text} {module_path}");
            }
            assert!(DenyList::parse(text).may_have_exception_for("shop", "Theme"), "{text}");
        }
        assert_eq!(DenyList::parse("-shop::r#::Theme").invalid_words().count(), 1);
    }

    #[test]
    fn a_possible_exception_ignores_the_modules() {
        let deny = DenyList::parse("all -my-shop::a::b::Theme -shop::ShopCookies -web::Set::field");
        for (crate_name, item, expected) in [
            ("my_shop", "Theme", true),
            ("my_shop", "MyTheme", false),
            ("my_shop", "b", false),
            ("shop", "Theme", false),
            ("shop", "ShopCookies::any", true),
            ("shop", "ShopCookies", true),
            ("web", "Set::field", true),
            ("web", "Set::other", false),
            // A type with the name `field` in a module with the name `Set`.
            ("web", "field", true),
            ("", "Theme", false),
        ] {
            assert_eq!(deny.may_have_exception_for(crate_name, item), expected, "{crate_name} {item}");
        }
    }

    #[test]
    fn an_exception_needs_the_name_of_its_crate() {
        for word in ["-crate::Theme", "-self::Theme", "-super::pages::Theme"] {
            let invalid: Vec<_> = DenyList::parse(word).invalid_words().map(|invalid| invalid.to_string()).collect();
            let first = &word[1..word.find(':').unwrap()];
            let expected = std::format!(
                "`{word}`: `{first}` is another crate in each build; write the crate's name, as in `-shop::Theme`"
            );
            assert_eq!(invalid, [expected]);
        }
        assert_eq!(DenyList::parse("-crates::Theme -shop::superb::Theme").invalid_words().count(), 0);
    }

    #[test]
    fn both_word_splitters_agree_on_every_character() {
        for c in '\0'..='\u{ffff}' {
            let text = std::format!("-a::B{c}-c::D");
            let is_separated = DenyList::parse(&text).words().count() == 2;
            assert_eq!(is_exempt(&text, "c", "D"), is_separated, "{c:?}");
        }
        let text = " ,\u{2003}-a::B,,\u{3000}\t-c::D\u{a0}";
        assert!(is_exempt(text, "a", "B") && is_exempt(text, "c", "D"));
    }

    #[test]
    fn an_unknown_word_lists_every_valid_word() {
        let deny = DenyList::parse("insecur ALL max-age=30 -Theme -a:: prefix-host max-age -");
        let messages: Vec<_> = deny.invalid_words().map(|invalid| invalid.to_string()).collect();
        assert_eq!(messages.len(), 8, "{messages:?}");
        assert!(
            messages[0].starts_with("`insecur` is no lint; write `insecure`, `script-readable`, "),
            "{}",
            messages[0]
        );
        assert!(messages[2].contains("`30` is no duration; write it as in `max-age=30d`"), "{}", messages[2]);
        assert!(messages[3].contains("write its crate too"), "{}", messages[3]);
        for rule in Rule::ALL.iter().filter(|rule| rule.kind() != RuleKind::Error) {
            assert!(messages[0].contains(&std::format!("`{rule}`")));
            assert_eq!(DenyList::parse(rule.id()).invalid_words().count(), 0);
        }
    }
}
