//! Where the generated code stands, for errors and for editors: on tokens of the user's, and not as names of theirs.

use proc_macro2::{Span, TokenStream, TokenTree};

/// The same place, for code that is not the user's own. It goes on parentheses alone: an editor that looks for what a
/// token of the user's means finds every name that stands where the token does.
pub(crate) fn beneath(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// The tokens where the span stands, each still resolved as it was: rustc joins an expression's first and last span.
pub(crate) fn at_span(tokens: TokenStream, span: Span) -> TokenStream {
    let there = |mut token: TokenTree| {
        token.set_span(span.resolved_at(token.span()));
        token
    };
    tokens.into_iter().map(there).collect()
}

/// Where an expression begins and where it ends.
pub(crate) fn ends(tokens: &TokenStream) -> (Span, Span) {
    let start = tokens.clone().into_iter().next().map_or_else(Span::call_site, |first| first.span());
    let end = tokens.clone().into_iter().last().map_or_else(Span::call_site, |last| last.span());
    (beneath(start), beneath(end))
}
