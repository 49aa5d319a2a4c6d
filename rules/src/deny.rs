//! What a whole build refuses in any of its cookies, reason or not. In: the text of `HARDTACK_DENY` (or what a test gives
//! an inventory); out: whether a declaration breaks it, where, and by which word. Reads no environment, allocates nothing.

use core::fmt;
use core::time::Duration;

use crate::check::{Argument, lint};
use crate::rule::{Kind, Rule};
use crate::spec::{Prefix, Spec};
use crate::syntax;

/// The environment variable that a build is asked with.
pub const VARIABLE: &str = "HARDTACK_DENY";

/// A demand: words between commas or white space.
///
/// | word | refuses |
/// |---|---|
/// | a lint's id, as `insecure` | what trips the lint |
/// | `all` | what trips any lint |
/// | `max-age=30d` | a `max_age` that is longer |
/// | `-shop::Theme`, `-shop::ShopCookies::theme` | nothing: it excepts the cookie of that type or field of that crate |
///
/// ```
/// use hardtack_rules::check::Argument;
/// use hardtack_rules::deny::Demand;
/// use hardtack_rules::{Rule, Spec};
///
/// let demand = Demand::of("script-readable, max-age=30d -shop::Theme");
/// assert_eq!(demand.wrong().count(), 0);
///
/// let spec = Spec::new("__Host-lang").http_only(false).reason("i18n.js reads it");
/// let broken = demand.broken(&spec, Argument::HttpOnly).unwrap();
/// assert_eq!((broken.rule, broken.word), (Some(Rule::ScriptReadable), "script-readable"));
/// assert!(demand.excepts("shop", "Theme") && !demand.excepts("shop", "Lang"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand<'a> {
    text: &'a str,
}

/// How a declaration breaks a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken<'a> {
    /// Where.
    pub at: Argument,
    /// The lint; `None` for a limit of `max-age`.
    pub rule: Option<Rule>,
    /// The word of the demand that says so.
    pub word: &'a str,
}

impl Broken<'_> {
    /// What to write instead.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match (self.rule, self.at) {
            (None, _) => "shorten it",
            // The name is lost by what is written there.
            (Some(Rule::Unprefixed), Argument::Secure) => Rule::Insecure.remedy(),
            (Some(rule), _) => rule.remedy(),
        }
    }
}

/// What trips which lint, as in "`http_only = false` trips `script-readable`".
impl fmt::Display for Broken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(rule) = self.rule else {
            return write!(f, "`max_age` is over the limit of {}", self.word.trim_start_matches("max-age="));
        };
        let what = match (rule, self.at) {
            (Rule::Unprefixed, Argument::Secure) => "`secure = false`, which leaves the name without a prefix,",
            (rule, _) => rule.trips().unwrap_or_default(),
        };
        write!(f, "{what} trips `{rule}`")
    }
}

/// A word that means nothing. `Display` says what would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong<'a> {
    word: &'a str,
}

impl<'a> Demand<'a> {
    /// Reads nothing yet; [`wrong`](Demand::wrong) tells what cannot be read.
    #[must_use]
    pub const fn of(text: &'a str) -> Self {
        Demand { text }
    }

    /// The words that mean nothing.
    pub fn wrong(self) -> impl Iterator<Item = Wrong<'a>> {
        self.words().filter(|word| !means_something(word)).map(|word| Wrong { word })
    }

    /// Whether the cookie of this type (`Theme`) or field (`ShopCookies::theme`) of this crate is excepted.
    ///
    /// Modules between the crate and the type may be written and are not compared; `-` and `_` are one in a crate's name.
    #[must_use]
    pub fn excepts(self, krate: &str, item: &str) -> bool {
        let set = item.split_once("::").map_or(item, |(set, _)| set);
        self.exceptions().filter_map(|path| path.split_once("::")).any(|(first, rest)| {
            let is = |item: &str| rest == item || rest.strip_suffix(item).is_some_and(|before| before.ends_with("::"));
            is_same_crate(first, krate) && (is(item) || is(set))
        })
    }

    /// The paths that are excepted, as they are written.
    pub fn exceptions(self) -> impl Iterator<Item = &'a str> {
        self.words().filter_map(|word| word.strip_prefix('-'))
    }

    /// The first demand that `spec` breaks at this argument.
    #[must_use]
    pub fn broken(self, spec: &Spec<'_>, at: Argument) -> Option<Broken<'a>> {
        if let (Argument::MaxAge, Some(max_age), false) = (at, spec.max_age, spec.read_only) {
            if let Some((_, word)) = self.limit().filter(|(limit, _)| max_age > *limit) {
                return Some(Broken { at, rule: None, word });
            }
        }
        let rule = lint(spec, at)?;
        // A cookie that is not Secure cannot have a prefix: one mistake.
        if rule == Rule::Unprefixed && !spec.secure && self.word_for(Rule::Insecure).is_some() {
            return None;
        }
        self.word_for(rule).map(|word| Broken { at, rule: Some(rule), word }).or_else(|| {
            // Not Secure may be allowed, and what comes of it not.
            let loses_prefix = rule == Rule::Insecure && !spec.explicit_name && Prefix::of(spec.name).is_none();
            let word = self.word_for(Rule::Unprefixed).filter(|_| loses_prefix)?;
            Some(Broken { at, rule: Some(Rule::Unprefixed), word })
        })
    }

    /// How a `domain` that is a public suffix breaks it: of suffixes there is a list, and who has one asks.
    #[must_use]
    pub fn public_suffix(self, spec: &Spec<'_>) -> Option<Broken<'a>> {
        let word = self.word_for(Rule::PublicSuffix).filter(|_| !spec.read_only)?;
        Some(Broken { at: Argument::Domain, rule: Some(Rule::PublicSuffix), word })
    }

    /// The word that denies a lint.
    #[must_use]
    pub fn word_for(self, rule: Rule) -> Option<&'a str> {
        self.words().find(|word| *word == rule.id() && is_lint(rule)).or_else(|| self.words().find(|word| *word == ALL))
    }

    /// The strictest limit of a `max_age`, and its word.
    #[must_use]
    pub fn limit(self) -> Option<(Duration, &'a str)> {
        self.words().filter_map(|word| limit(word).map(|limit| (limit, word))).min_by_key(|(limit, _)| *limit)
    }

    fn words(self) -> impl Iterator<Item = &'a str> {
        self.text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty())
    }
}

const ALL: &str = "all";

fn is_lint(rule: Rule) -> bool {
    rule.kind() != Kind::Error
}

fn limit(word: &str) -> Option<Duration> {
    syntax::duration(word.strip_prefix("max-age=")?).ok()
}

fn means_something(word: &str) -> bool {
    let is_exception = |path: &str| path.split("::").count() > 1 && path.split("::").all(is_segment);
    word == ALL
        || limit(word).is_some()
        || word.strip_prefix('-').is_some_and(is_exception)
        || Rule::ALL.iter().any(|rule| is_lint(*rule) && rule.id() == word)
}

fn is_segment(segment: &str) -> bool {
    !segment.is_empty() && segment.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn is_same_crate(a: &str, b: &str) -> bool {
    let plain = |c: char| if c == '-' { '_' } else { c };
    a.chars().map(plain).eq(b.chars().map(plain))
}

impl<'a> Wrong<'a> {
    /// The word.
    #[must_use]
    pub const fn word(self) -> &'a str {
        self.word
    }
}

impl fmt::Display for Wrong<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word;
        if let Some(duration) = word.strip_prefix("max-age=") {
            return write!(f, "`{word}`: `{duration}` is no duration; write it as in `max-age=30d`");
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

    use super::{Argument, Broken, Demand};
    use crate::rule::{Kind, Rule};
    use crate::spec::{SameSite, Spec};

    const WEAK: Spec<'_> = Spec::new("id").explicit_name().domain("example.com").http_only(false);

    fn broken(text: &'static str, spec: &Spec<'_>) -> Vec<(Argument, Option<Rule>, &'static str)> {
        let demand = Demand::of(text);
        assert_eq!(demand.wrong().count(), 0, "{text}");
        let at = Argument::ALL.into_iter();
        at.filter_map(|at| demand.broken(spec, at).map(|broken| (at, broken.rule, broken.word))).collect()
    }

    #[test]
    fn a_word_that_means_nothing_is_told_with_what_would() {
        let said = |text: &'static str| {
            let wrong: Vec<_> = Demand::of(text).wrong().collect();
            assert_eq!(wrong.iter().map(|wrong| wrong.word()).collect::<Vec<_>>(), [text]);
            wrong[0].to_string()
        };
        assert_eq!(said("max-age=x"), "`max-age=x`: `x` is no duration; write it as in `max-age=30d`");
        assert_eq!(said("-Theme"), "`-Theme`: `Theme` names no cookie; write its crate too, as in `-shop::Theme`");
        assert_eq!(
            said("-shop::Th!me"),
            "`-shop::Th!me`: `shop::Th!me` names no cookie; write its crate too, as in `-shop::Theme`"
        );
        assert!(said("insecur").starts_with("`insecur` is no lint; write `insecure`, "));
        assert_eq!(Demand::of("-my_shop::a_1::The_me -my-shop::Theme").wrong().count(), 0);
    }

    #[test]
    fn every_lint_is_denied_by_its_id_and_by_all_and_by_no_other() {
        let weak = WEAK.same_site(SameSite::None).max_age(Duration::from_secs(401 * 86_400));
        let plain = Spec::new("id").secure(false);
        let alone = Spec::new("__Host-id").partitioned();
        for (spec, at, rule) in [
            (weak, Argument::Name, Rule::Unprefixed),
            (weak, Argument::Domain, Rule::DomainWide),
            (weak, Argument::MaxAge, Rule::LongLived),
            (weak, Argument::SameSite, Rule::SameSiteNone),
            (weak, Argument::HttpOnly, Rule::ScriptReadable),
            (plain, Argument::Secure, Rule::Insecure),
            (alone, Argument::Partitioned, Rule::PartitionAlone),
        ] {
            assert_eq!(broken(rule.id(), &spec), [(at, Some(rule), rule.id())]);
            assert!(broken("all", &spec).contains(&(at, Some(rule), "all")));
            assert_eq!(broken("public-suffix", &spec), []);
        }
        assert_eq!(broken("all", &Spec::new("__Host-Http-id").max_age(Duration::from_secs(1))), []);
        assert_eq!(broken("all", &WEAK.read_only()), []);
        assert_eq!(broken("", &weak), []);
    }

    #[test]
    fn a_public_suffix_breaks_its_word_and_all() {
        let wide = Spec::new("__Secure-id").domain("com").reason("for all of them");
        let broken = |demand, spec: &Spec<'_>| Demand::of(demand).public_suffix(spec).map(|broken| broken.to_string());
        let sentence = "a `domain` that is a public suffix trips `public-suffix`";
        assert_eq!(broken("public-suffix", &wide).as_deref(), Some(sentence));
        assert_eq!(broken("all", &wide).as_deref(), Some(sentence));
        assert_eq!(broken("domain-wide", &wide), None);
        assert_eq!(broken("all", &wide.read_only()), None);
    }

    #[test]
    fn what_is_broken_is_told_with_what_to_write() {
        for (rule, at, told, remedy) in [
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
        ] {
            let broken = Broken { at, rule: Some(rule), word: "all" };
            assert_eq!((broken.to_string().as_str(), broken.remedy()), (told, remedy));
        }
        let broken = Broken { at: Argument::MaxAge, rule: None, word: "max-age=30d" };
        assert_eq!(
            (broken.to_string().as_str(), broken.remedy()),
            ("`max_age` is over the limit of 30d", "shorten it")
        );
    }

    #[test]
    fn not_secure_is_one_mistake() {
        let plain = Spec::new("id").secure(false);
        assert_eq!(broken("all", &plain), [(Argument::Secure, Some(Rule::Insecure), "all")]);
        assert_eq!(broken("all", &plain.explicit_name()), [(Argument::Secure, Some(Rule::Insecure), "all")]);
        // Who asks for prefixes gets them, wherever the name comes from.
        assert_eq!(broken("unprefixed", &plain), [(Argument::Secure, Some(Rule::Unprefixed), "unprefixed")]);
        assert_eq!(
            broken("unprefixed", &plain.explicit_name()),
            [(Argument::Name, Some(Rule::Unprefixed), "unprefixed")]
        );
    }

    #[test]
    fn the_strictest_limit_holds_and_a_session_cookie_is_under_each() {
        let days = |days: u64| Spec::new("__Host-Http-id").max_age(Duration::from_secs(days * 86_400));
        assert_eq!(broken("max-age=30d", &days(30)), []);
        assert_eq!(broken("max-age=30d", &days(31)), [(Argument::MaxAge, None, "max-age=30d")]);
        assert_eq!(broken("max-age=60d max-age=24h", &days(31)), [(Argument::MaxAge, None, "max-age=24h")]);
        assert_eq!(broken("max-age=30d", &Spec::new("__Host-Http-id")), []);
        assert_eq!(broken("max-age=1s", &days(31).read_only()), []);
    }

    #[test]
    fn an_exception_names_crate_and_type_or_field() {
        let demand = Demand::of("all,-my-shop::Theme\n-shop::ShopCookies::lang -web::cookies::Old -all::Set");
        assert_eq!(demand.wrong().count(), 0);
        for (krate, item, excepted) in [
            ("my_shop", "Theme", true),
            ("my-shop", "Theme", true),
            ("my_shop", "MyTheme", false),
            ("shop", "Theme", false),
            ("shop", "ShopCookies::lang", true),
            ("shop", "ShopCookies::theme", false),
            ("web", "Old", true),
            ("web", "VeryOld", false),
            ("all", "Set::any", true),
            ("", "Theme", false),
        ] {
            assert_eq!(demand.excepts(krate, item), excepted, "{krate} {item}");
        }
    }

    #[test]
    fn a_wrong_word_is_told_with_all_that_would_be_right() {
        let demand = Demand::of("insecur ALL max-age=30 -Theme -a:: prefix-host max-age -");
        let told: Vec<_> = demand.wrong().map(|wrong| wrong.to_string()).collect();
        assert_eq!(told.len(), 8, "{told:?}");
        assert!(told[0].starts_with("`insecur` is no lint; write `insecure`, `script-readable`, "), "{}", told[0]);
        assert!(told[2].contains("`30` is no duration; write it as in `max-age=30d`"), "{}", told[2]);
        assert!(told[3].contains("write its crate too"), "{}", told[3]);
        for rule in Rule::ALL.iter().filter(|rule| rule.kind() != Kind::Error) {
            assert!(told[0].contains(&std::format!("`{rule}`")));
            assert_eq!(Demand::of(rule.id()).wrong().count(), 0);
        }
    }
}
