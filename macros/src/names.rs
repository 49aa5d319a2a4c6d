//! Names in Rust's case in, names in the wire's case out.

/// How a variant is spelt: serde's eight, by serde's own rules.
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
    const SPELT: [(&'static str, Case); 8] = [
        ("lowercase", Case::Lower),
        ("UPPERCASE", Case::Upper),
        ("PascalCase", Case::Pascal),
        ("camelCase", Case::Camel),
        ("snake_case", Case::Snake),
        ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
        ("kebab-case", Case::Kebab),
        ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
    ];

    pub(crate) fn words() -> [&'static str; 8] {
        Self::SPELT.map(|(word, _)| word)
    }

    pub(crate) fn of(word: &str) -> Option<Case> {
        Self::SPELT.iter().find(|(known, _)| *known == word).map(|(_, case)| *case)
    }

    /// The variant's name in this case. Each capital begins a word.
    pub(crate) fn variant(self, name: &str) -> String {
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

/// A type's name in snake case, as a reader would split it: `CSRFToken` is `csrf_token`.
pub(crate) fn snake(name: &str) -> String {
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
    use super::{Case, snake};

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
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn variants_are_spelt_as_serde_spells_them() {
        let spelt: Vec<_> = Case::words().iter().map(|word| Case::of(word).unwrap().variant("PtBr")).collect();
        assert_eq!(spelt, ["ptbr", "PTBR", "PtBr", "ptBr", "pt_br", "PT_BR", "pt-br", "PT-BR"]);
        assert_eq!(Case::Kebab.variant("UTF8"), "u-t-f8");
    }
}
