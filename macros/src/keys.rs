//! The one table of keys: what is written after each, where it may stand, and what people write for it who come from elsewhere.

/// A key of `#[cookie(…)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Name,
    Path,
    Domain,
    MaxAge,
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
}

/// Where an attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a type that derives `Cookie`.
    Cookie,
    /// On a type that derives `CookieValue`.
    Value,
    /// On a field of a `#[cookies]` struct.
    Field,
    /// On a variant of a fieldless enum.
    Variant,
    /// In `#[cookies(…)]` itself.
    Set,
}

struct Row {
    key: Key,
    word: &'static str,
    /// What stands after the key, as one would write it.
    example: &'static str,
    places: &'static [Place],
}

const DECLARING: &[Place] = &[Place::Cookie, Place::Field];

#[rustfmt::skip]
const TABLE: &[Row] = &[
    Row { key: Key::Name, word: "name", example: "name = \"__Host-session\"", places: DECLARING },
    Row { key: Key::Path, word: "path", example: "path = \"/app\"", places: DECLARING },
    Row { key: Key::Domain, word: "domain", example: "domain = \"example.com\"", places: DECLARING },
    Row { key: Key::MaxAge, word: "max_age", example: "max_age = \"8h\"", places: DECLARING },
    Row { key: Key::SameSite, word: "same_site", example: "same_site = Strict", places: DECLARING },
    Row { key: Key::HttpOnly, word: "http_only", example: "http_only = false", places: DECLARING },
    Row { key: Key::Secure, word: "secure", example: "secure = false", places: DECLARING },
    Row { key: Key::Partitioned, word: "partitioned", example: "partitioned", places: DECLARING },
    Row { key: Key::Reason, word: "reason", example: "reason = \"…\"", places: DECLARING },
    Row { key: Key::ReadOnly, word: "read_only", example: "read_only", places: DECLARING },
    Row { key: Key::Json, word: "json", example: "json", places: DECLARING },
    Row { key: Key::Signed, word: "signed", example: "signed", places: DECLARING },
    Row { key: Key::Sealed, word: "sealed", example: "sealed", places: DECLARING },
    Row { key: Key::Existing, word: "existing", example: "existing", places: &[Place::Field] },
    Row { key: Key::RenameAll, word: "rename_all", example: "rename_all = \"snake_case\"", places: &[Place::Cookie, Place::Value] },
    Row { key: Key::Rename, word: "rename", example: "rename = \"pt-BR\"", places: &[Place::Variant] },
    Row { key: Key::Crate, word: "crate", example: "crate = ::hardtack", places: &[Place::Cookie, Place::Value, Place::Set] },
];

/// Words of other libraries and of the header itself that no spelling rule leads to their key.
const ALIASES: &[(&str, Key)] = &[
    ("expires", Key::MaxAge),
    ("expiration", Key::MaxAge),
    ("expiry", Key::MaxAge),
    ("ttl", Key::MaxAge),
    ("lifetime", Key::MaxAge),
    ("duration", Key::MaxAge),
    ("httponly", Key::HttpOnly),
    ("host", Key::Domain),
    ("key", Key::Name),
    ("cookiename", Key::Name),
    ("why", Key::Reason),
    ("because", Key::Reason),
    ("readonly", Key::ReadOnly),
];

/// Words for which there is no key, and what says the same here.
const OTHERWISE: &[(&str, &str)] = &[
    ("session", "leave `max_age` out: the cookie then ends with the browser"),
    ("persistent", "give it a life, as in `max_age = \"30d\"`"),
    ("permanent", "give it a life, as in `max_age = \"30d\"`"),
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
    ("priority", "remove it: one browser knew it, and no standard does"),
    ("version", "remove it: no browser reads it"),
    ("comment", "remove it, or say it in the docs of the type, which the inventory shows"),
    ("value", "remove it: the value is the type's field, and set while the program runs"),
    ("default", "remove it: a cookie that is absent reads as `None`"),
    ("encode", "remove it: values are percent-encoded, and come back equal"),
    ("raw", "remove it: values are percent-encoded, and come back equal"),
    ("private", "write `sealed`, which encrypts the value"),
    ("encrypted", "write `sealed`, which encrypts the value"),
];

/// What stands for a word that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meant {
    Key(&'static str),
    /// No key: what to do in place of it.
    Otherwise(&'static str),
}

impl Key {
    pub(crate) fn of(word: &str) -> Option<Key> {
        TABLE.iter().find(|row| row.word == word).map(|row| row.key)
    }

    /// The key as it is written.
    pub(crate) fn word(self) -> &'static str {
        self.row().map_or("", |row| row.word)
    }

    /// The key with a value, as one would write it.
    pub(crate) fn example(self) -> &'static str {
        self.row().map_or("", |row| row.example)
    }

    pub(crate) fn may_stand(self, place: Place) -> bool {
        self.row().is_some_and(|row| row.places.contains(&place))
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.key == self)
    }
}

/// The keys of a place, for the error of an unknown one.
pub(crate) fn words(place: Place) -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(move |row| row.places.contains(&place)).map(|row| row.word)
}

/// What a word that is no key most likely means.
pub(crate) fn meant(word: &str, place: Place) -> Option<Meant> {
    let plain = word.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let alias = ALIASES.iter().find(|(alias, key)| *alias == plain && key.may_stand(place));
    let otherwise = OTHERWISE.iter().find(|(other, _)| *other == plain && DECLARING.contains(&place));
    match (alias, otherwise) {
        (Some((_, key)), _) => Some(Meant::Key(key.word())),
        (None, Some((_, remedy))) => Some(Meant::Otherwise(remedy)),
        (None, None) => crate::errors::nearest(word, words(place)).map(Meant::Key),
    }
}

#[cfg(test)]
mod tests {
    use super::{ALIASES, Key, Meant, OTHERWISE, Place, TABLE, meant};

    #[test]
    fn every_word_finds_its_own_row() {
        for row in TABLE {
            assert_eq!(Key::of(row.word), Some(row.key));
            assert!(row.example.starts_with(row.word));
            assert!(!row.places.is_empty());
        }
        for (alias, _) in ALIASES {
            assert_eq!(Key::of(alias), None);
        }
        for (word, _) in OTHERWISE {
            assert_eq!((Key::of(word), ALIASES.iter().any(|(alias, _)| alias == word)), (None, false), "{word}");
        }
    }

    #[test]
    fn words_from_elsewhere_find_their_key() {
        assert_eq!(meant("samesite", Place::Cookie), Some(Meant::Key("same_site")));
        assert_eq!(meant("HttpOnly", Place::Cookie), Some(Meant::Key("http_only")));
        assert_eq!(meant("expires", Place::Field), Some(Meant::Key("max_age")));
        assert_eq!(meant("expires", Place::Variant), None);
        assert_eq!(meant("banana", Place::Cookie), None);
        assert!(
            matches!(meant("Host-Only", Place::Cookie), Some(Meant::Otherwise(remedy)) if remedy.contains("`domain`"))
        );
        assert_eq!(meant("session", Place::Variant), None);
    }
}
