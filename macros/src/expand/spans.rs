//! Creates the spans of the generated code. A span has two parts: a place in the source, and a context for name
//! resolution. The spans of this module have the place of a token that the user wrote, so rustc and editors show errors
//! and docs at that token. The context is the macro, so a generated name does not refer to an item in the user's code.

use proc_macro2::{Span, TokenStream, TokenTree};

/// Returns a span with the place of `span`, and with the macro as the context for name resolution.
///
/// Give the returned span to generated punctuation and keywords, but not to a generated name. `span` is the span of a
/// token that the user wrote. If a generated name had the same place as the user's token, an editor could confuse the
/// name with the token.
pub(crate) fn generated_at(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// Moves all tokens to the place of `span`. The context for name resolution of each token does not change.
///
/// rustc underlines a wrong expression from the first to the last token of the expression. After the move, the error
/// points only at the place of `span`.
pub(crate) fn moved_to(tokens: TokenStream, span: Span) -> TokenStream {
    let move_token = |mut token: TokenTree| {
        token.set_span(span.resolved_at(token.span()));
        token
    };
    tokens.into_iter().map(move_token).collect()
}

/// Returns the places of the first and the last token of an expression.
pub(crate) fn first_and_last(tokens: &TokenStream) -> (Span, Span) {
    let first = tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    let last = tokens.clone().into_iter().last().map_or_else(Span::call_site, |token| token.span());
    (generated_at(first), generated_at(last))
}
