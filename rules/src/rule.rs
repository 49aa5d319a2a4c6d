//! The table of all rules. Each row is an error or a lint, with an id, a sentence, a remedy and a source. The modules
//! `check` and `syntax` check whether a declaration breaks a rule.

/// The kind of a [`Rule`]. The kind determines whether a declaration may break the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleKind {
    /// hardtack always rejects the declaration. Either browsers would reject the cookie, or the header would be
    /// malformed, or two parts of the declaration contradict each other.
    Error,
    /// The cookie is weaker than the default. The declaration must give a `reason`.
    Weakening,
    /// The developer should know the effect of the declaration. The declaration may give a `reason`, but needs no
    /// `reason`.
    Notice,
}

/// Defines `Rule` from a table. A row of the table has six columns: variant, id, kind, sentence, remedy and source.
///
/// For a lint, the column `kind` also contains the setting that triggers the lint. Error messages about `HARDTACK_DENY`
/// show the setting that triggers the lint.
macro_rules! rules {
    ($($rule:ident, $id:literal, $kind:ident $(($trigger:literal))?, $sentence:literal, $remedy:literal, $source:literal;)*) => {
        /// A rule about cookies. A rule is an error or a lint.
        ///
        /// The variants are in order of precedence. If one token of a declaration breaks several rules, only the first
        /// of the broken rules is reported.
        ///
        /// ```
        /// use hardtack_rules::{Rule, RuleKind};
        ///
        /// let rule = Rule::ScriptReadable;
        /// assert_eq!((rule.id(), rule.kind()), ("script-readable", RuleKind::Weakening));
        /// assert_eq!(rule.sentence(), "`http_only = false` lets every script of the page read the cookie");
        /// assert_eq!(rule.remedy(), "remove it");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = concat!("`", $id, "`: ", $sentence, "; ", $remedy, ".\n\nSource: ", $source, ".")] $rule,)*
        }

        impl Rule {
            /// Every [`Rule`], in order of precedence.
            pub const ALL: &'static [Rule] = &[$(Rule::$rule),*];

            /// Returns the stable id of the rule, such as `prefix-host`. Reports, policies and `HARDTACK_DENY` contain
            /// this id.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Rule::$rule => $id,)* }
            }

            /// Returns the kind of the rule: `Error`, `Weakening` or `Notice`.
            #[must_use]
            pub const fn kind(self) -> RuleKind {
                match self { $(Rule::$rule => RuleKind::$kind,)* }
            }

            /// Returns a sentence that describes the mistake, without a remedy.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Rule::$rule => $sentence,)* }
            }

            /// Returns the remedy of the rule, such as `remove it`.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Rule::$rule => $remedy,)* }
            }

            /// Returns the source of the rule, such as `6265bis 5.7 step 20`.
            #[must_use]
            pub const fn source(self) -> &'static str {
                match self { $(Rule::$rule => $source,)* }
            }

            /// Returns the sentence and the remedy as one text, in the form `fact; remedy`. If the rule has the kind
            /// [`RuleKind::Weakening`], the text offers the key `reason` as a second remedy.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Rule::$rule => rules!(@text $kind $sentence, $remedy),)* }
            }

            /// Returns the setting that triggers the lint, such as `secure = false`. Returns `None` if the rule is an
            /// error.
            #[must_use]
            pub(crate) const fn lint_trigger(self) -> Option<&'static str> {
                match self { $(Rule::$rule => rules!(@trigger $kind $($trigger)?),)* }
            }
        }
    };
    (@text Weakening $sentence:literal, $remedy:literal) => {
        concat!($sentence, "; ", $remedy, ", or say why with `reason = \"…\"`")
    };
    (@text $kind:ident $sentence:literal, $remedy:literal) => {
        concat!($sentence, "; ", $remedy)
    };
    (@trigger Error) => { None };
    (@trigger $kind:ident $trigger:literal) => { Some($trigger) };
}

rules! {
    NameToken, "name-token", Error,
        "a cookie's name is an RFC 9110 token", "use letters, digits and !#$%&'*+-.^_`|~ only",
        "6265bis 4.1.1";
    PrefixSecure, "prefix-secure", Error,
        "a `__Secure-` name needs Secure", "remove `secure = false`, or use a name without a prefix",
        "6265bis 5.7 step 20";
    PrefixHost, "prefix-host", Error,
        "a `__Host-` name needs Secure, `Path=/` and no Domain", "remove what contradicts it, or use `__Secure-`",
        "6265bis 5.7 step 21";
    PrefixHttp, "prefix-http", Error,
        "a `__Http-` name needs Secure and HttpOnly", "remove what contradicts it, or use `__Secure-`",
        "layered-cookies, the `__Http-` prefix";
    PrefixHostHttp, "prefix-host-http", Error,
        "a `__Host-Http-` name needs Secure, HttpOnly, `Path=/` and no Domain",
        "remove what contradicts it, or use `__Host-` or `__Secure-`",
        "layered-cookies, the `__Host-Http-` prefix";
    PrefixCase, "prefix-case", Error,
        "the prefix is misspelt: browsers match prefixes in any letter case, servers read names exactly",
        "write `__Secure-`, `__Host-`, `__Http-` or `__Host-Http-`",
        "6265bis 5.4";
    SameSiteNoneSecure, "same-site-none-secure", Error,
        "`SameSite=None` needs Secure", "remove `secure = false`, or use `same_site = Lax`",
        "6265bis 5.7 step 19";
    PartitionedSecure, "partitioned-secure", Error,
        "`Partitioned` needs Secure", "remove `secure = false`, or `partitioned`",
        "CHIPS";
    PathSyntax, "path-syntax", Error,
        "a `path` begins with `/` and contains neither `;` nor control or non-ASCII bytes",
        "write it as the browser will see it, percent-encoded",
        "6265bis 4.1.1, 5.6";
    DomainSyntax, "domain-syntax", Error,
        "a `domain` is a host name of at least two labels", "write it as in `example.com`",
        "6265bis 4.1.1, 5.7 step 9-10";
    DuplicateAttribute, "duplicate-attribute", Error,
        "the key is written twice", "remove one of the two",
        "6265bis 4.1.1";
    DuplicateName, "duplicate-name", Error,
        "two cookies of one set have the same name", "give one of them another `name`",
        "6265bis 4.1.1";
    Size, "size", Error,
        "the name and the value are over 4096 bytes together", "keep the data on the server and its key in the cookie",
        "6265bis 5.7 step 4";
    MaxAge, "max-age", Error,
        "a `max_age` is a whole, positive number of seconds", "write it as in \"90s\", \"15m\", \"8h\" or \"30d\"",
        "6265bis 4.1.1";
    IdleTime, "idle-time", Error,
        "an `idle` is a whole, positive number of seconds", "write it as in \"15m\", \"30m\" or \"8h\"",
        "hardtack: a cookie with `idle` ends when its owner stops using it";
    IdleSeal, "idle-seal", Error,
        "`idle` needs `signed` or `sealed`, because the seal holds the time", "add one of them, or remove `idle`",
        "hardtack: without a seal, the client could choose the time";
    IdleMaxAge, "idle-max-age", Error,
        "`idle` needs a longer `max_age`, which ends the cookie in any case", "add it, as in `max_age = \"30d\"`",
        "hardtack: a cookie that is used all the time ends too";
    FormerEntry, "former-entry", Error,
        "a `formerly` entry contradicts the declaration or another entry", "correct the entry, or remove it",
        "hardtack: an entry is one earlier name or scope";
    KeyedMaxAge, "keyed-max-age", Error,
        "`keyed` needs `max_age`, because each key adds a cookie to the browser",
        "add it, as in `max_age = \"10m\"`",
        "hardtack: the cookies of a family expire";
    FamilyName, "family-name", Error,
        "the name of one cookie is inside the family of another cookie, which is `keyed`",
        "give one of them another `name`",
        "hardtack: a family contains each name that is the family's name, `.` and a key";
    DeviceBoundSeal, "device-bound-seal", Error,
        "`device_bound` needs `sealed`, because the seal holds the mark of the device", "add it, or remove `device_bound`",
        "hardtack: with a `signed` value, others could read the mark";
    DeviceBoundMaxAge, "device-bound-max-age", Error,
        "`device_bound` needs `max_age`, because the browser keeps its key after a restart",
        "add it, as in `max_age = \"30d\"`",
        "hardtack: the identifier of a device-bound session expires with the cookie";
    DeviceBoundScope, "device-bound-scope", Error,
        "a `device_bound` cookie belongs to one host, has the path \"/\" and is HttpOnly",
        "remove what contradicts it, or `device_bound`",
        "w3c/webappsec-dbsc";
    DeviceBoundTime, "device-bound-time", Error,
        "the time `every` is not longer than two minutes, so browsers would refresh with each request",
        "write it as in `device_bound(every = \"10m\")`",
        "w3c/webappsec-dbsc; Chromium refreshes two minutes before the end";
    CompanionName, "companion-name", Error,
        "the name of one cookie is the name of the companion of another cookie, which is `device_bound`",
        "give one of them another `name`",
        "hardtack: the companion of `__Host-Http-a` is `__Host-a-key`";
    IdleReason, "idle-reason", Error,
        "`reason` explains nothing here: the cookie is as strict as the default", "remove it",
        "hardtack: a reason explains a weakening";
    Insecure, "insecure", Weakening("`secure = false`"),
        "`secure = false` lets the cookie travel in clear text",
        "remove it",
        "ASVS 3.3.1, CWE-614";
    ScriptReadable, "script-readable", Weakening("`http_only = false`"),
        "`http_only = false` lets every script of the page read the cookie",
        "remove it",
        "ASVS 3.3.4, CWE-1004";
    SameSiteNone, "same-site-none", Weakening("`same_site = None`"),
        "`same_site = None` sends the cookie with every cross-site request",
        "use `Lax` or `Strict`",
        "ASVS 3.3.2, CWE-1275";
    Unprefixed, "unprefixed", Weakening("a `name` without a prefix"),
        "a name without a prefix can be set by a sibling host or over plain HTTP",
        "begin it with `__Host-Http-`, `__Host-` or `__Secure-`, write `read_only` if another program sets it",
        "ASVS 3.3.1, 6265bis 4.1.3";
    DomainWide, "domain-wide", Notice("`domain`"),
        "`domain` shares the cookie with every subdomain, each of which can also set it",
        "leave it out",
        "ASVS 3.3.3, CWE-565";
    LongLived, "long-lived", Notice("a `max_age` over 400 days"),
        "`max_age` is over 400 days, and browsers shorten it to that", "use at most \"400d\"",
        "6265bis 5.5";
    PublicSuffix, "public-suffix", Weakening("a `domain` that is a public suffix"),
        "`domain` is a public suffix: no browser stores the cookie",
        "use a domain that is registered under it",
        "6265bis 5.7 step 9";
    PartitionAlone, "partition-alone", Notice("`partitioned` without `same_site = None`"),
        "`partitioned` is of use in a cross-site frame only, where `Lax` and `Strict` cookies are not sent",
        "use `same_site = None`, or leave `partitioned` out",
        "CHIPS";
    FormerName, "former-name", Weakening("a `formerly` entry with a weaker prefix or with `unsigned`"),
        "a former name with a weaker prefix, or an `unsigned` former value, lets others choose the value until the day \
         `until`",
        "remove the entry",
        "CWE-565, 6265bis 4.1.3";
}

impl core::fmt::Display for Rule {
    /// Writes the id of the rule.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::{Rule, RuleKind};

    #[test]
    fn ids_are_distinct() {
        for (index, rule) in Rule::ALL.iter().enumerate() {
            assert!(Rule::ALL.iter().skip(index + 1).all(|other| other.id() != rule.id()), "{rule}");
        }
    }

    #[test]
    fn texts_have_a_source_and_no_full_stop() {
        for rule in Rule::ALL {
            assert!(!rule.text().ends_with('.'), "{rule}");
            assert!(!rule.source().is_empty(), "{rule}");
        }
    }

    #[test]
    fn every_error_precedes_every_lint() {
        let first_lint = Rule::ALL.iter().position(|rule| rule.kind() != RuleKind::Error);
        let last_error = Rule::ALL.iter().rposition(|rule| rule.kind() == RuleKind::Error);
        assert!(last_error < first_lint);
    }

    #[test]
    fn every_lint_and_no_error_has_a_trigger() {
        for rule in Rule::ALL {
            assert_eq!(rule.lint_trigger().is_some(), rule.kind() != RuleKind::Error, "{rule}");
        }
    }
}
