//! Converts the names of Rust items. The name of a type becomes the name of a cookie. The name of a variant becomes the
//! text in a cookie's value.

/// The spelling of variants in a cookie's value. The eight spellings are the same as in serde's `rename_all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    const TABLE: [(&'static str, Case); 8] = [
        ("lowercase", Case::Lower),
        ("UPPERCASE", Case::Upper),
        ("PascalCase", Case::Pascal),
        ("camelCase", Case::Camel),
        ("snake_case", Case::Snake),
        ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
        ("kebab-case", Case::Kebab),
        ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
    ];

    pub(crate) fn names() -> [&'static str; 8] {
        Self::TABLE.map(|(name, _)| name)
    }

    pub(crate) fn from_name(name: &str) -> Option<Case> {
        Self::TABLE.iter().find(|(known, _)| *known == name).map(|(_, case)| *case)
    }

    /// Converts the name of a variant. As in serde, each capital letter begins a new word.
    pub(crate) fn convert_variant(self, name: &str) -> String {
        let separated = |separator: char| {
            let mut text = String::new();
            for (at, letter) in name.char_indices() {
                if at > 0 && letter.is_uppercase() {
                    text.push(separator);
                }
                text.extend(letter.to_lowercase());
            }
            text
        };
        match self {
            Case::Lower => name.to_lowercase(),
            Case::Upper => name.to_uppercase(),
            Case::Pascal => name.to_owned(),
            Case::Camel => {
                let mut letters = name.chars();
                letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
            }
            Case::Snake => separated('_'),
            Case::ScreamingSnake => separated('_').to_uppercase(),
            Case::Kebab => separated('-'),
            Case::ScreamingKebab => separated('-').to_uppercase(),
        }
    }
}

/// Converts the name of a type to snake case. Several capital letters in a row are one word: `CSRFToken` becomes
/// `csrf_token`.
pub(crate) fn to_snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before)).copied();
        let after = letters.get(at + 1).copied();
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before != '_' && (!before.is_uppercase() || after.is_some_and(char::is_lowercase))
            });
        if begins_word {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Case, to_snake_case};

    #[test]
    fn types_become_snake_case() {
        for (name, expected) in [
            ("Session", "session"),
            ("SessionId", "session_id"),
            ("CSRFToken", "csrf_token"),
            ("HTTP2Session", "http2_session"),
            ("X", "x"),
            ("Old_Name", "old_name"),
            ("cart", "cart"),
        ] {
            assert_eq!(to_snake_case(name), expected);
        }
    }

    #[test]
    fn variants_are_spelled_as_in_serde() {
        let spelled = Case::names().map(|name| Case::from_name(name).unwrap().convert_variant("PtBr"));
        assert_eq!(spelled, ["ptbr", "PTBR", "PtBr", "ptBr", "pt_br", "PT_BR", "pt-br", "PT-BR"]);
        assert_eq!(Case::Kebab.convert_variant("UTF8"), "u-t-f8");
    }
}
