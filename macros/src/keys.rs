//! The one table of keys: what each takes, where it may stand, and what people write for it who come from elsewhere.

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
    ("why", Key::Reason),
    ("because", Key::Reason),
    ("readonly", Key::ReadOnly),
];

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

/// The key that a word most likely means.
pub(crate) fn meant(word: &str, place: Place) -> Option<&'static str> {
    let lower: String = word.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == lower).map(|(_, key)| *key);
    match alias {
        Some(key) if key.may_stand(place) => Some(key.word()),
        _ => crate::errors::nearest(word, words(place)),
    }
}

#[cfg(test)]
mod tests {
    use super::{ALIASES, Key, Place, TABLE, meant};

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
    }

    #[test]
    fn words_from_elsewhere_find_their_key() {
        assert_eq!(meant("samesite", Place::Cookie), Some("same_site"));
        assert_eq!(meant("HttpOnly", Place::Cookie), Some("http_only"));
        assert_eq!(meant("expires", Place::Field), Some("max_age"));
        assert_eq!(meant("expires", Place::Variant), None);
        assert_eq!(meant("banana", Place::Cookie), None);
    }
}
