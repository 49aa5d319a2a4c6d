//! The table of all keys. Each row contains the name of a key, an example, and the kinds of items on which the key is
//! allowed. If a user writes an unknown word, `suggestion` returns the key that the user probably meant, or advice.

/// A key of `#[cookie(…)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttributeKey {
    Name,
    Path,
    Domain,
    MaxAge,
    Idle,
    SameSite,
    HttpOnly,
    Secure,
    Partitioned,
    Reason,
    ReadOnly,
    Json,
    Signed,
    Sealed,
    Existing,
    RenameAll,
    Rename,
    Crate,
    Formerly,
    Keyed,
    DeviceBound,
    Every,
    Optional,
    Raw,
    Unsigned,
    Until,
}

/// The places where a user can write keys: the attribute of an item, and the parentheses of `formerly(…)` and
/// `device_bound(…)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A type that derives `Cookie`.
    CookieType,
    /// A type that derives `CookieValue`.
    ValueType,
    /// A field of a `#[cookies]` struct.
    Field,
    /// A variant of a fieldless enum.
    Variant,
    /// A `#[cookies]` struct. The user writes the keys in `#[cookies(…)]`.
    Set,
    /// An earlier name or scope of a cookie. The user writes the keys in `formerly(…)`.
    Former,
    /// The settings of a device-bound cookie. The user writes the keys in `device_bound(…)`.
    DeviceBound,
}

struct Row {
    key: AttributeKey,
    word: &'static str,
    /// An example of the key with a value, such as `path = "/app"`.
    example: &'static str,
    targets: &'static [Target],
}

/// The kinds of items that declare a cookie.
const DECLARING: &[Target] = &[Target::CookieType, Target::Field];

/// The places where the user can write the keys for a cookie's name and scope.
const IDENTIFYING: &[Target] = &[Target::CookieType, Target::Field, Target::Former];

const FORMER: &[Target] = &[Target::Former];

const DEVICE_BOUND: &[Target] = &[Target::DeviceBound];

#[rustfmt::skip]
const TABLE: &[Row] = &[
    Row { key: AttributeKey::Name, word: "name", example: "name = \"__Host-session\"", targets: IDENTIFYING },
    Row { key: AttributeKey::Path, word: "path", example: "path = \"/app\"", targets: IDENTIFYING },
    Row { key: AttributeKey::Domain, word: "domain", example: "domain = \"example.com\"", targets: IDENTIFYING },
    Row { key: AttributeKey::MaxAge, word: "max_age", example: "max_age = \"8h\"", targets: DECLARING },
    Row { key: AttributeKey::Idle, word: "idle", example: "idle = \"30m\"", targets: DECLARING },
    Row { key: AttributeKey::SameSite, word: "same_site", example: "same_site = Strict", targets: DECLARING },
    Row { key: AttributeKey::HttpOnly, word: "http_only", example: "http_only = false", targets: DECLARING },
    Row { key: AttributeKey::Secure, word: "secure", example: "secure = false", targets: DECLARING },
    Row { key: AttributeKey::Partitioned, word: "partitioned", example: "partitioned", targets: IDENTIFYING },
    Row { key: AttributeKey::Reason, word: "reason", example: "reason = \"…\"", targets: DECLARING },
    Row { key: AttributeKey::ReadOnly, word: "read_only", example: "read_only", targets: DECLARING },
    Row { key: AttributeKey::Json, word: "json", example: "json", targets: DECLARING },
    Row { key: AttributeKey::Signed, word: "signed", example: "signed", targets: DECLARING },
    Row { key: AttributeKey::Sealed, word: "sealed", example: "sealed", targets: DECLARING },
    Row { key: AttributeKey::Formerly, word: "formerly", example: "formerly(name = \"sid\", until = \"2027-03-01\")", targets: DECLARING },
    Row { key: AttributeKey::Keyed, word: "keyed", example: "keyed", targets: DECLARING },
    Row { key: AttributeKey::DeviceBound, word: "device_bound", example: "device_bound(every = \"10m\")", targets: DECLARING },
    Row { key: AttributeKey::Every, word: "every", example: "every = \"10m\"", targets: DEVICE_BOUND },
    Row { key: AttributeKey::Optional, word: "optional", example: "optional", targets: DEVICE_BOUND },
    Row { key: AttributeKey::Raw, word: "raw", example: "raw", targets: FORMER },
    Row { key: AttributeKey::Unsigned, word: "unsigned", example: "unsigned", targets: FORMER },
    Row { key: AttributeKey::Until, word: "until", example: "until = \"2027-03-01\"", targets: FORMER },
    Row { key: AttributeKey::Existing, word: "existing", example: "existing", targets: &[Target::Field] },
    Row { key: AttributeKey::RenameAll, word: "rename_all", example: "rename_all = \"snake_case\"", targets: &[Target::CookieType, Target::ValueType] },
    Row { key: AttributeKey::Rename, word: "rename", example: "rename = \"pt-BR\"", targets: &[Target::Variant] },
    Row { key: AttributeKey::Crate, word: "crate", example: "crate = ::hardtack", targets: &[Target::CookieType, Target::ValueType, Target::Set] },
];

/// Words from other libraries and from the `Set-Cookie` header, each with the matching key. The words are in lower case
/// and without separators.
const ALIASES: &[(&str, AttributeKey)] = &[
    ("expires", AttributeKey::MaxAge),
    ("expiration", AttributeKey::MaxAge),
    ("expiry", AttributeKey::MaxAge),
    ("ttl", AttributeKey::MaxAge),
    ("lifetime", AttributeKey::MaxAge),
    ("duration", AttributeKey::MaxAge),
    ("idletimeout", AttributeKey::Idle),
    ("idletime", AttributeKey::Idle),
    ("inactivity", AttributeKey::Idle),
    ("rolling", AttributeKey::Idle),
    ("sliding", AttributeKey::Idle),
    ("timeout", AttributeKey::Idle),
    ("httponly", AttributeKey::HttpOnly),
    ("host", AttributeKey::Domain),
    ("key", AttributeKey::Name),
    ("cookiename", AttributeKey::Name),
    ("why", AttributeKey::Reason),
    ("because", AttributeKey::Reason),
    ("readonly", AttributeKey::ReadOnly),
    ("family", AttributeKey::Keyed),
    ("dynamic", AttributeKey::Keyed),
    ("prefixmatch", AttributeKey::Keyed),
    ("dbsc", AttributeKey::DeviceBound),
    ("devicebinding", AttributeKey::DeviceBound),
    ("bound", AttributeKey::DeviceBound),
    ("bind", AttributeKey::DeviceBound),
    ("interval", AttributeKey::Every),
    ("lifetime", AttributeKey::Every),
    ("maxage", AttributeKey::Every),
    ("previously", AttributeKey::Formerly),
    ("previous", AttributeKey::Formerly),
    ("former", AttributeKey::Formerly),
    ("oldname", AttributeKey::Formerly),
    ("formername", AttributeKey::Formerly),
    ("renamed", AttributeKey::Formerly),
    ("renamedfrom", AttributeKey::Formerly),
    ("aka", AttributeKey::Formerly),
    ("alias", AttributeKey::Formerly),
    ("aliases", AttributeKey::Formerly),
    ("expires", AttributeKey::Until),
    ("expiration", AttributeKey::Until),
    ("expiry", AttributeKey::Until),
    ("deadline", AttributeKey::Until),
    ("date", AttributeKey::Until),
    ("unencoded", AttributeKey::Raw),
    ("plain", AttributeKey::Unsigned),
];

/// Words that have no matching key, each with advice for the user. The words are in lower case and without separators.
const ADVICE: &[(&str, &str)] = &[
    ("session", "leave `max_age` out: the cookie then ends with the browser"),
    ("persistent", "give it a lifetime, as in `max_age = \"30d\"`"),
    ("permanent", "give it a lifetime, as in `max_age = \"30d\"`"),
    ("prefix", "the strongest that the other keys allow is chosen; to choose another, write it into `name`"),
    ("unprefixed", "write the whole `name`, and a `reason`"),
    ("noprefix", "write the whole `name`, and a `reason`"),
    ("hostonly", "remove it: without `domain` the cookie is host-only"),
    ("insecure", "write `secure = false`, and a `reason`"),
    ("allowinsecure", "write `secure = false`, and a `reason`"),
    ("notsecure", "write `secure = false`, and a `reason`"),
    ("nothttponly", "write `http_only = false`, and a `reason`"),
    ("jsaccessible", "write `http_only = false`, and a `reason`"),
    ("scriptreadable", "write `http_only = false`, and a `reason`"),
    ("priority", "remove it: only Chromium reads it, and it is in no standard"),
    ("version", "remove it: no browser reads it"),
    ("comment", "remove it, or say it in the docs of the type, which the inventory shows"),
    ("value", "remove it: the value is the type's field, and set while the program runs"),
    ("default", "remove it: a cookie that is absent reads as `None`"),
    ("encode", "remove it: values are percent-encoded, and come back equal"),
    ("private", "write `sealed`, which encrypts the value"),
    ("encrypted", "write `sealed`, which encrypts the value"),
];

/// Words that have no matching key in `formerly(…)`, each with advice for the user.
const FORMER_ADVICE: &[(&str, &str)] = &[
    ("hostonly", "write `domain = none`"),
    ("nodomain", "write `domain = none`"),
    ("unpartitioned", "write `partitioned = false`"),
    ("encoded", "remove it: without `raw` the former value is percent-decoded"),
];

/// The suggestion for a word that is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suggestion {
    /// The key that the user probably meant.
    Key(&'static str),
    /// Advice for the user if no key has the effect that the user wants.
    Advice(&'static str),
}

impl AttributeKey {
    pub(crate) fn from_word(word: &str) -> Option<AttributeKey> {
        TABLE.iter().find(|row| row.word == word).map(|row| row.key)
    }

    pub(crate) fn as_str(self) -> &'static str {
        self.row().map_or("", |row| row.word)
    }

    /// Returns an example of the key with a value, such as `path = "/app"`.
    pub(crate) fn example(self) -> &'static str {
        self.row().map_or("", |row| row.example)
    }

    pub(crate) fn is_allowed_on(self, target: Target) -> bool {
        self.row().is_some_and(|row| row.targets.contains(&target))
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.key == self)
    }
}

/// Returns the names of all keys that are allowed on one kind of item, in the order of the table.
pub(crate) fn words_allowed_on(target: Target) -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(move |row| row.targets.contains(&target)).map(|row| row.word)
}

/// Returns the best suggestion for a word that is not a key.
pub(crate) fn suggestion(word: &str, target: Target) -> Option<Suggestion> {
    let plain = word.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let alias = ALIASES.iter().find(|(alias, key)| *alias == plain && key.is_allowed_on(target));
    let advice = match target {
        Target::CookieType | Target::Field => ADVICE,
        Target::Former => FORMER_ADVICE,
        Target::ValueType | Target::Variant | Target::Set | Target::DeviceBound => &[],
    };
    let advice = advice.iter().find(|(other, _)| *other == plain);
    match (alias, advice) {
        (Some((_, key)), _) => Some(Suggestion::Key(key.as_str())),
        (None, Some((_, advice))) => Some(Suggestion::Advice(advice)),
        (None, None) => crate::errors::nearest(word, words_allowed_on(target)).map(Suggestion::Key),
    }
}

#[cfg(test)]
mod tests {
    use super::{ADVICE, ALIASES, AttributeKey, FORMER_ADVICE, Suggestion, TABLE, Target, suggestion};

    #[test]
    fn every_word_finds_its_own_row() {
        for row in TABLE {
            assert_eq!(AttributeKey::from_word(row.word), Some(row.key));
            assert!(row.example.starts_with(row.word));
            assert!(!row.targets.is_empty());
        }
        for (alias, _) in ALIASES {
            assert_eq!(AttributeKey::from_word(alias), None);
        }
        for (word, _) in ADVICE.iter().chain(FORMER_ADVICE) {
            let is_alias = ALIASES.iter().any(|(alias, _)| alias == word);
            assert_eq!((AttributeKey::from_word(word), is_alias), (None, false), "{word}");
        }
    }

    #[test]
    fn words_of_other_libraries_find_their_key() {
        assert_eq!(suggestion("samesite", Target::CookieType), Some(Suggestion::Key("same_site")));
        assert_eq!(suggestion("HttpOnly", Target::CookieType), Some(Suggestion::Key("http_only")));
        assert_eq!(suggestion("expires", Target::Field), Some(Suggestion::Key("max_age")));
        assert_eq!(suggestion("expires", Target::Variant), None);
        assert_eq!(suggestion("banana", Target::CookieType), None);
        assert!(matches!(
            suggestion("Host-Only", Target::CookieType),
            Some(Suggestion::Advice(advice)) if advice.contains("`domain`")
        ));
        assert_eq!(suggestion("session", Target::Variant), None);
    }

    #[test]
    fn words_for_former_names_and_families_find_their_key() {
        for word in ["previously", "old_name", "former", "aka", "alias", "formely"] {
            assert_eq!(suggestion(word, Target::Field), Some(Suggestion::Key("formerly")), "{word}");
        }
        for word in ["family", "dynamic", "prefix_match", "keyd"] {
            assert_eq!(suggestion(word, Target::CookieType), Some(Suggestion::Key("keyed")), "{word}");
        }
        assert_eq!(suggestion("expires", Target::Former), Some(Suggestion::Key("until")));
        assert_eq!(suggestion("host_only", Target::Former), Some(Suggestion::Advice("write `domain = none`")));
    }
}
