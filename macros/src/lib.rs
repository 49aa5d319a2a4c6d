//! The macros of [hardtack](https://docs.rs/hardtack). Import the macros from the crate `hardtack`, which exports all
//! macros.

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
mod words;

use proc_macro::{Group, TokenStream, TokenTree};

/// Declares a cookie. By default, the cookie is host-only and has the attributes `Secure`, `HttpOnly` and
/// `SameSite=Lax`. By default, the cookie's name begins with `__Host-Http-`.
///
/// The type has one of these shapes:
///
/// - A newtype, or a struct with one named field. The field's type implements `CookieValue`, or both `Display` and
///   `FromStr`.
/// - A fieldless enum.
/// - A unit struct. The cookie is either present with the value `1` or absent.
///
/// **If you rename the type, the cookie's name changes too.** Browsers still send the cookie with the old name, but
/// your program ignores the old name. If browsers already have the cookie, keep the old name with the key `name`, or
/// declare the old name with the key `formerly`.
///
/// | key | value | meaning and default |
/// |---|---|---|
/// | `name` | string literal or `const` | the whole name, including the prefix; by default the type's name in snake case, with the strongest prefix that the other keys allow |
/// | `path` | string literal or `const` | the `Path` attribute; by default `"/"` |
/// | `domain` | string literal, `const`, or the word `policy` | the `Domain` attribute; `policy` means the policy's `cookie_domain`; by default the cookie is host-only |
/// | `max_age` | `"90s"`, `"15m"`, `"8h"`, `"30d"`, or a `const` `Duration` | the lifetime; by default the cookie ends with the browser session |
/// | `idle` | a duration such as `"30m"`, written as in `max_age` | the cookie expires if the user sends no request for this time; needs `signed` or `sealed`, and a longer `max_age` |
/// | `same_site` | `Strict`, `Lax`, `None` | by default `Lax`; `None` needs a `reason` |
/// | `http_only` | `true`, `false` | by default `true`; `false` needs a `reason` |
/// | `secure` | `true`, `false` | by default `true`; `false` needs a `reason` |
/// | `partitioned` | no value | adds the `Partitioned` attribute |
/// | `reason` | string literal | why the cookie is weaker than the default; if `name` is a `const`, a `reason` is always allowed |
/// | `read_only` | no value | another program owns the cookie; your program reads the value without decoding, and never sets the cookie |
/// | `json` | no value (feature `json`) | the value is the JSON that serde writes, percent-encoded; the type may have any shape |
/// | `signed` | no value (feature `seal`) | clients can read the value, but cannot change the value without the key |
/// | `sealed` | no value (feature `seal`) | the value is encrypted, so clients can neither read nor change the value without the key |
/// | `formerly` | parentheses, as in `formerly(name = "sid", until = "2027-03-01")` | an earlier name or scope of the cookie that browsers may still hold; up to four times |
/// | `keyed` | no value | a family of cookies: the name of each cookie is the declared name, then `.`, then a key that is known at run time; needs `max_age` |
/// | `device_bound` | no value, or parentheses, as in `device_bound(every = "10m", optional)` (feature `device-bound`) | the browser proves that it runs on the device where the user signed in; needs `sealed` and `max_age` |
/// | `rename_all`, and `rename` on a variant | serde's spellings | the text in the cookie for the variants of a fieldless enum; by default `"kebab-case"` |
/// | `crate` | path | the path of the crate `hardtack`; by default `::hardtack` |
///
/// If the declaration has no key `name`, the macro puts the strongest possible prefix before the name:
///
/// - `__Host-Http-` if the cookie is host-only and has `Path=/` and `HttpOnly`
/// - `__Host-` if the cookie is host-only and has `Path=/`
/// - `__Secure-` if the cookie is `Secure`
///
/// A cookie with `secure = false` has no prefix.
///
/// # Device-bound cookies
///
/// The parentheses of `device_bound` contain these keys. Both keys are optional.
///
/// | key | value | meaning |
/// |---|---|---|
/// | `every` | as `max_age` | the lifetime of the companion: the time after which the browser proves the device again; by default `"10m"`; more than two minutes |
/// | `optional` | no value | the cookie is also read without its companion |
///
/// # Earlier names and scopes
///
/// The program reads the former cookie if the request contains no cookie with the present name. The next `set` writes
/// the present name and removes the former cookie, and `remove` removes both cookies. The parentheses of `formerly`
/// contain these keys. If the key `name`, `domain`, `path` or `partitioned` is missing, the former cookie had the same
/// value as in the present declaration.
///
/// | key | value | meaning |
/// |---|---|---|
/// | `name` | string literal or `const` | the former name, including the prefix |
/// | `domain` | string literal, `const`, or one of the words `policy` and `none` | the former `Domain`; `none` means that the former cookie was host-only |
/// | `path` | string literal or `const` | the former `Path` |
/// | `partitioned` | no value, `true` or `false` | no value or `true` if the former cookie was partitioned, otherwise `false` |
/// | `raw` | no value | the former value was written without percent-encoding |
/// | `unsigned` | no value | the former value of a `signed` or `sealed` cookie was neither signed nor encrypted; needs a `reason` |
/// | `until` | `"2027-03-01"` | the first day, in UTC, on which the program no longer reads the former value; an entry with a former name needs `until` |
///
/// A former name with a weaker prefix than the present name needs a `reason`. Until the day `until`, an attacker can
/// set a cookie with the former name. The program then reads the attacker's value if the visitor has no cookie with the
/// present name.
///
/// An entry without `name` describes an earlier scope of the cookie. The entry contains the earlier `domain`, `path` or
/// `partitioned`. `set` and `remove` also remove the cookie from the earlier scope.
#[proc_macro_derive(Cookie, attributes(cookie))]
pub fn derive_cookie(input: TokenStream) -> TokenStream {
    pipeline::cookie(input.into()).into()
}

/// Makes a newtype or a fieldless enum usable as the value of a cookie.
///
/// For a newtype, the cookie's value is the text of the newtype's field. For an enum, the cookie's value is the name of
/// the variant in kebab case. To change the texts of all variants, use `#[cookie(rename_all = "…")]` on the enum, with
/// one of serde's spellings. To change the text of one variant, use `#[cookie(rename = "…")]` on the variant.
#[proc_macro_derive(CookieValue, attributes(cookie))]
pub fn derive_cookie_value(input: TokenStream) -> TokenStream {
    pipeline::cookie_value(input.into()).into()
}

/// Turns a struct into a typed view of a request's cookies, with getters, setters and a remover for each field.
///
/// For a field `session: SessionId`, the macro generates these methods:
///
/// - `session` reads the cookie. The method returns `None` if the cookie is absent or cannot be read.
/// - `try_session` reads the cookie, and returns an error if the cookie cannot be read.
/// - `set_session` and `set_session_with` set the cookie.
/// - `remove_session` removes the cookie.
///
/// Each method has the same docs and the same visibility as the field. If the field is `read_only`, the macro generates
/// only the two getters. If the field is `keyed`, the macro generates only `session`, which returns a `Family`.
///
/// The method `remove_all` removes the cookie of every field that is not `read_only`. The constant `SPECS` contains the
/// declarations of all fields.
///
/// `#[cookie(…)]` on a field accepts the keys of `#[derive(Cookie)]`, except `rename_all`, `rename` and `crate`. If the
/// type of a field derives `Cookie`, the type already declares the cookie. Write `#[cookie(existing)]` on a field whose
/// type derives `Cookie`. If the type is declared with `read_only` or `keyed`, repeat that key after `existing`, as in
/// `#[cookie(existing, keyed)]`.
///
/// The macro adds a type parameter to the struct: the scheme `S`, which is `Https` by default. The struct implements
/// `Clone`. `From` converts the struct to `Cookies<S>` and back. The `Debug` output of the struct contains the names of
/// the cookies, but not the values of the cookies.
#[proc_macro_attribute]
pub fn cookies(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = if has_stray_bracket(item.clone()) { without_stray_brackets(item) } else { item };
    pipeline::cookies(arguments.into(), item.into()).into()
}

/// Always reports an error that recommends `#[cookies]`, because some users try `#[derive(Cookies)]` first.
#[doc(hidden)]
#[proc_macro_derive(Cookies, attributes(cookie))]
pub fn derive_cookies(input: TokenStream) -> TokenStream {
    pipeline::reject_derive_cookies(input.into()).into()
}

/// Returns true if the tokens contain a closing bracket without an opening bracket. While a user types, an editor can
/// pass an unmatched closing bracket to the macro as a punctuation token. This token makes `proc_macro2` panic. rustc
/// never passes unmatched brackets to a macro.
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
