//! The macros of [hardtack](https://docs.rs/hardtack). Use them from there.

mod attrs;
mod check;
mod declaration;
mod deny;
mod errors;
mod expand;
mod fallback;
mod keys;
mod model;
mod names;
mod pipeline;
mod recover;

use proc_macro::{Group, TokenStream, TokenTree};

/// Declares a cookie: `Secure`, `HttpOnly`, `SameSite=Lax`, host-only and prefixed, unless it says otherwise.
///
/// The type is a newtype or a struct of one named field (over a `CookieValue`, or anything with `Display` and
/// `FromStr`), a fieldless enum, or a unit struct, which is present with the value `1`.
///
/// **Renaming the type renames its cookie**, and browsers then send the old one to nobody: give a `name` to what is
/// already out there.
///
/// | key | value | default |
/// |---|---|---|
/// | `name` | string literal or `const` | the strongest prefix that the other keys allow, and the type's name in snake case |
/// | `path` | string literal or `const` | `"/"` |
/// | `domain` | string literal, `const`, or the word `environment` | none: host-only |
/// | `max_age` | `"90s"`, `"15m"`, `"8h"`, `"30d"`, or a `const` `Duration` | none: until the browser closes |
/// | `same_site` | `Strict`, `Lax`, `None` | `Lax`; `None` wants a `reason` |
/// | `http_only` | `true`, `false` | `true`; `false` wants a `reason` |
/// | `secure` | `true`, `false` | `true`; `false` wants a `reason` |
/// | `partitioned` | alone | off |
/// | `reason` | string literal | why the cookie is weaker than the default |
/// | `read_only` | alone | off; a cookie that somebody else sets: read as it is, never set |
/// | `json` | alone (feature `json`) | off; the value is the type's serde JSON, percent-encoded, whatever its shape |
/// | `signed` | alone (feature `seal`) | off; readable, and nobody without the key can change it |
/// | `sealed` | alone (feature `seal`) | off; encrypted too |
/// | `rename_all`, and `rename` on a variant | serde's spellings | `"kebab-case"`, for a fieldless enum |
/// | `crate` | path | `::hardtack` |
///
/// The prefixes are `__Host-Http-` (host-only, `Path=/`, HttpOnly), `__Host-` (host-only, `Path=/`) and `__Secure-`;
/// a cookie with `secure = false` has none.
#[proc_macro_derive(Cookie, attributes(cookie))]
pub fn derive_cookie(input: TokenStream) -> TokenStream {
    pipeline::cookie(input.into()).into()
}

/// Makes a newtype or a fieldless enum the value of a cookie.
///
/// A newtype has its field's text. A variant has its name in kebab case; `#[cookie(rename_all = "…")]` on the enum and
/// `#[cookie(rename = "…")]` on a variant say otherwise, in serde's spellings.
#[proc_macro_derive(CookieValue, attributes(cookie))]
pub fn derive_cookie_value(input: TokenStream) -> TokenStream {
    pipeline::cookie_value(input.into()).into()
}

/// Turns a struct of fields into a typed view of a request's cookies, with a getter, a setter and a remover for each.
///
/// For a field `session: SessionId` it writes `session`, `set_session`, `set_session_with`, `remove_session` and
/// `remove_session_with`, with the field's docs and visibility. `#[cookie(…)]` on a field takes the keys of
/// `#[derive(Cookie)]`; `#[cookie(existing)]` says that the field's type derives `Cookie` and brings its own
/// declaration. `SPECS` lists all the declarations.
///
/// The struct becomes generic over the scheme, `Https` by default; it is `From<Cookies<S>>`, and `Cookies<S>` is `From` it;
/// it is `Clone`, and its `Debug` shows names only.
#[proc_macro_attribute]
pub fn cookies(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = if has_stray(item.clone()) { without_stray(item) } else { item };
    pipeline::cookies(arguments.into(), item.into()).into()
}

/// Says that `#[cookies]` is an attribute: `#[derive(Cookies)]` is what people try first.
#[doc(hidden)]
#[proc_macro_derive(Cookies, attributes(cookie))]
pub fn derive_cookies(input: TokenStream) -> TokenStream {
    pipeline::no_derive(input.into()).into()
}

/// Whether there is a bracket that closes nothing: an editor passes it on as punctuation, rustc never does, and
/// `proc_macro2` panics at it.
fn has_stray(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => has_stray(group.stream()),
        token => is_stray(token),
    })
}

fn without_stray(tokens: TokenStream) -> TokenStream {
    let whole = tokens.into_iter().filter(|token| !is_stray(token)).map(|token| match token {
        TokenTree::Group(group) => {
            let mut whole = Group::new(group.delimiter(), without_stray(group.stream()));
            whole.set_span(group.span());
            TokenTree::Group(whole)
        }
        token => token,
    });
    whole.collect()
}

fn is_stray(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), ')' | ']' | '}'))
}
