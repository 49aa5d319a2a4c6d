//! The macros of [hardtack](https://docs.rs/hardtack), which exports them. Use them from there.

mod attrs;
mod check;
mod declaration;
mod deny;
mod errors;
mod expand;
mod keys;
mod model;
mod names;
mod pipeline;
mod recover;

use proc_macro::{Group, TokenStream, TokenTree};

/// Declares a cookie. By default it is `Secure`, `HttpOnly`, `SameSite=Lax` and host-only, and its name has a prefix.
///
/// The type has one of these shapes:
///
/// - A newtype, or a struct with one named field. The field's type is a `CookieValue`, or it has `Display` and
///   `FromStr`.
/// - A fieldless enum.
/// - A unit struct. Such a cookie is present, with the value `1`, or absent.
///
/// **If you rename the type, the cookie's name changes too.** Browsers then send the old cookie under the old name, and
/// your program does not read it. Write `name` for a cookie that browsers already have.
///
/// | key | value | meaning and default |
/// |---|---|---|
/// | `name` | string literal or `const` | the whole name; by default the type's name in snake case, after the strongest prefix that the other keys allow |
/// | `path` | string literal or `const` | the `Path` attribute; by default `"/"` |
/// | `domain` | string literal, `const`, or the word `policy` | the `Domain` attribute; `policy` takes the policy's `cookie_domain`; by default the cookie is host-only |
/// | `max_age` | `"90s"`, `"15m"`, `"8h"`, `"30d"`, or a `const` `Duration` | the lifetime; by default the cookie ends with the browser session |
/// | `same_site` | `Strict`, `Lax`, `None` | by default `Lax`; `None` needs a `reason` |
/// | `http_only` | `true`, `false` | by default `true`; `false` needs a `reason` |
/// | `secure` | `true`, `false` | by default `true`; `false` needs a `reason` |
/// | `partitioned` | no value | adds the `Partitioned` attribute |
/// | `reason` | string literal | why the cookie is weaker than the default |
/// | `read_only` | no value | another program owns the cookie; this one reads the value as it is, and never sets it |
/// | `json` | no value (feature `json`) | the value is the type's serde JSON, percent-encoded; the type may have any shape |
/// | `signed` | no value (feature `seal`) | clients can read the value, but cannot change it without the key |
/// | `sealed` | no value (feature `seal`) | as `signed`, and the value is encrypted |
/// | `rename_all`, and `rename` on a variant | serde's spellings | the value's text for the variants of a fieldless enum; by default `"kebab-case"` |
/// | `crate` | path | the path of this crate; by default `::hardtack` |
///
/// The prefixes are `__Host-Http-` (host-only, `Path=/`, `HttpOnly`), `__Host-` (host-only, `Path=/`) and `__Secure-`.
/// A cookie with `secure = false` has no prefix.
#[proc_macro_derive(Cookie, attributes(cookie))]
pub fn derive_cookie(input: TokenStream) -> TokenStream {
    pipeline::cookie(input.into()).into()
}

/// Makes a newtype or a fieldless enum usable as the value of a cookie.
///
/// A newtype is written as the text of its field. A variant is written as its name in kebab case. To change that, use
/// `#[cookie(rename_all = "…")]` on the enum, with one of serde's spellings, or `#[cookie(rename = "…")]` on a variant.
#[proc_macro_derive(CookieValue, attributes(cookie))]
pub fn derive_cookie_value(input: TokenStream) -> TokenStream {
    pipeline::cookie_value(input.into()).into()
}

/// Turns a struct into a typed view of a request's cookies, with a getter, a setter and a remover for each field.
///
/// For a field `session: SessionId` it generates the methods `try_session`, `set_session`, `set_session_with`,
/// `remove_session` and `remove_session_with`. They have the field's docs and visibility. A `read_only` field has only
/// the getter. The constant `SPECS` lists the declarations of all fields.
///
/// `#[cookie(…)]` on a field takes the keys of `#[derive(Cookie)]`. If the field's type derives `Cookie`, it has its
/// own declaration. Write `#[cookie(existing)]` on such a field.
///
/// The struct becomes generic over the scheme, which is `Https` by default. It converts from and into `Cookies<S>` by
/// `From`. It is `Clone`, and its `Debug` output shows names only, no values.
#[proc_macro_attribute]
pub fn cookies(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = if has_stray_bracket(item.clone()) { without_stray_brackets(item) } else { item };
    pipeline::cookies(arguments.into(), item.into()).into()
}

/// Always an error, which names `#[cookies]`. People try `#[derive(Cookies)]` first.
#[doc(hidden)]
#[proc_macro_derive(Cookies, attributes(cookie))]
pub fn derive_cookies(input: TokenStream) -> TokenStream {
    pipeline::reject_derive_cookies(input.into()).into()
}

/// Returns true if the tokens contain a closing bracket without an opening one. An editor passes such a bracket on as
/// punctuation while a user types, and `proc_macro2` panics at it. rustc never does this.
fn has_stray_bracket(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => has_stray_bracket(group.stream()),
        token => is_stray_bracket(token),
    })
}

fn without_stray_brackets(tokens: TokenStream) -> TokenStream {
    let clean = tokens.into_iter().filter(|token| !is_stray_bracket(token)).map(|token| match token {
        TokenTree::Group(group) => {
            let mut clean = Group::new(group.delimiter(), without_stray_brackets(group.stream()));
            clean.set_span(group.span());
            TokenTree::Group(clean)
        }
        token => token,
    });
    clean.collect()
}

fn is_stray_bracket(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), ')' | ']' | '}'))
}
