//! Collects the errors of one macro call. Each error points at the tokens that caused the error. One build shows all
//! mistakes. This module also finds the known word that is most similar to a misspelled word.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

/// The errors of one macro call.
#[derive(Default)]
pub(crate) struct Errors {
    list: Vec<TokenStream>,
}

impl Errors {
    pub(crate) fn push(&mut self, at: Span, text: impl core::fmt::Display) {
        self.push_parse(syn::Error::new(at, text));
    }

    /// Reports an error that points at all tokens in `tokens`.
    pub(crate) fn push_on(&mut self, tokens: impl ToTokens, text: impl core::fmt::Display) {
        self.push_parse(syn::Error::new_spanned(tokens, text));
    }

    /// Reports an error whose text is an expression, such as a call of `concat!`. The error points at all tokens in
    /// `tokens`.
    pub(crate) fn push_expression_on(&mut self, tokens: &TokenStream, text: &TokenStream) {
        let span = |token: Option<TokenTree>| token.map_or_else(Span::call_site, |token| token.span());
        let first = span(tokens.clone().into_iter().next());
        let last = span(tokens.clone().into_iter().last());
        let mut call = quote_spanned!(first=> ::core::compile_error!);
        call.extend(quote_spanned!(last=> { #text }));
        self.list.push(call);
    }

    pub(crate) fn push_parse(&mut self, error: syn::Error) {
        self.list.push(error.to_compile_error());
    }

    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// Returns one `compile_error!` call for each error, followed by the generated code.
    pub(crate) fn prepend_to(self, expansion: TokenStream) -> TokenStream {
        let errors = self.list;
        quote!(#(#errors)* #expansion)
    }
}

/// Returns the word that is most similar to `text`, or `None` if no word is similar to `text`. The comparison ignores
/// letter case and separators.
pub(crate) fn nearest<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let text = plain(text);
    let (distance, word) =
        words.into_iter().map(|word| (distance(&text, &plain(word)), word)).min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + text.chars().count() / 4).then_some(word)
}

/// Returns the Levenshtein distance: the number of letters that must be added, removed or replaced to change `a` into
/// `b`.
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
    fn distance_counts_changed_letters() {
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
    fn nearest_word_ignores_case_and_separators() {
        let words = ["same_site", "http_only", "max_age"];
        assert_eq!(nearest("SameSite", words), Some("same_site"));
        assert_eq!(nearest("httponly", words), Some("http_only"));
        assert_eq!(nearest("maxage", words), Some("max_age"));
        assert_eq!(nearest("same_sit", words), Some("same_site"));
        assert_eq!(nearest("colour", words), None);
    }
}
