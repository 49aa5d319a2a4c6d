//! Escapes text for a terminal. Control characters could change the state of the terminal or add a false line.
//! Direction characters could change the order of the shown text.

use std::fmt;
use std::fmt::Write as _;

/// Displays text for a terminal. Three kinds of characters become escapes such as `\u{1b}`: control characters,
/// invisible characters, and characters that change the direction of the text.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .chars()
            .try_for_each(|c| if is_unsafe(c) { write!(f, "{}", c.escape_unicode()) } else { f.write_char(c) })
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::Printable;

    #[test]
    fn control_and_direction_characters_are_escaped() {
        for (text, shown) in [
            ("\u{1b}[2J\r\n\t\u{9b}31m\u{7f}", "\\u{1b}[2J\\u{d}\\u{a}\\u{9}\\u{9b}31m\\u{7f}"),
            ("a\u{202e}b\u{2066}c\u{2069}", "a\\u{202e}b\\u{2066}c\\u{2069}"),
            ("\u{2028}\u{200f}\u{61c}\u{feff}\u{200b}", "\\u{2028}\\u{200f}\\u{61c}\\u{feff}\\u{200b}"),
            ("it's \"ü\" \\ e\u{301} \u{5d0} 日本", "it's \"ü\" \\ e\u{301} \u{5d0} 日本"),
        ] {
            assert_eq!(Printable(text).to_string(), shown);
        }
    }
}
