//! Every error of one run, each on its own token; and the nearest of several words, for a misspelt one.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

/// The errors of one macro's run.
#[derive(Default)]
pub(crate) struct Errors {
    found: Vec<syn::Error>,
}

impl Errors {
    pub(crate) fn push(&mut self, at: Span, text: impl core::fmt::Display) {
        self.found.push(syn::Error::new(at, text));
    }

    /// On all of the tokens, from the first to the last.
    pub(crate) fn push_on(&mut self, tokens: impl ToTokens, text: impl core::fmt::Display) {
        self.found.push(syn::Error::new_spanned(tokens, text));
    }

    pub(crate) fn push_parse(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// The errors, then the expansion.
    pub(crate) fn with(self, expansion: TokenStream) -> TokenStream {
        let errors = self.found.iter().map(syn::Error::to_compile_error);
        quote!(#(#errors)* #expansion)
    }
}

/// The word that `written` most likely means: the same but for case and separators, or few letters away.
pub(crate) fn nearest<'a>(written: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let written = plain(written);
    let (distance, word) =
        words.into_iter().map(|word| (distance(&written, &plain(word)), word)).min_by_key(|(d, _)| *d)?;
    (distance <= 1 + written.chars().count() / 4).then_some(word)
}

/// How many letters must be added, dropped or replaced (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distances_count_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "ab"), 2);
        assert_eq!(distance("ab", ""), 2);
        assert_eq!(distance("flaw", "lawn"), 2);
        assert_eq!(distance("abc", "xabc"), 1);
        assert_eq!(distance("xyabc", "abc"), 2);
        assert_eq!(distance("abc", "abcde"), 2);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn the_nearest_word_forgives_case_and_separators_and_not_everything() {
        let words = ["same_site", "http_only", "max_age"];
        assert_eq!(nearest("SameSite", words), Some("same_site"));
        assert_eq!(nearest("httponly", words), Some("http_only"));
        assert_eq!(nearest("maxage", words), Some("max_age"));
        assert_eq!(nearest("same_sit", words), Some("same_site"));
        assert_eq!(nearest("colour", words), None);
    }
}
