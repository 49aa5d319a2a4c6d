//! Spans of the generated code. rustc and editors show errors, docs and definitions at the user's tokens, but names in
//! the generated code must not resolve to names in the user's code.

use proc_macro2::{Span, TokenStream, TokenTree};

/// Returns a span at the same place that resolves as generated code.
///
/// Use it for punctuation and keywords rather than for names: an editor that looks up a user's token also finds every
/// generated name at the token's place.
pub(crate) fn generated_at(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// Moves the tokens to the place of the span. Each token still resolves as before. An error then points at that place
/// alone, because rustc points from the first to the last token of an expression.
pub(crate) fn moved_to(tokens: TokenStream, span: Span) -> TokenStream {
    let move_token = |mut token: TokenTree| {
        token.set_span(span.resolved_at(token.span()));
        token
    };
    tokens.into_iter().map(move_token).collect()
}

/// Returns the places of an expression's first and last token.
pub(crate) fn first_and_last(tokens: &TokenStream) -> (Span, Span) {
    let first = tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    let last = tokens.clone().into_iter().last().map_or_else(Span::call_site, |token| token.span());
    (generated_at(first), generated_at(last))
}
