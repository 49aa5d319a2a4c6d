//! Builds an item from the valid parts of an item that cannot be parsed as a whole. In an editor, an item often cannot
//! be parsed while the user is typing. The docs of the module `pipeline` explain why the macros still need the valid
//! parts of the item. In every case, the module `pipeline` also reports the parse error.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Data, DataStruct, DeriveInput, Field, Fields, FieldsNamed, Generics, Token, Visibility};

/// Builds a struct from the fields that can be parsed, and leaves out all other fields. Also returns the tokens after
/// the struct. If the user has not yet closed a bracket of the struct, the editor passes the file's next items to the
/// macro as a part of the struct.
pub(crate) fn recover_set(item: TokenStream) -> Option<(DeriveInput, TokenStream)> {
    let is_struct = |token: &TokenTree| is_word(token, "struct");
    let mut head: Vec<TokenTree> = match item.clone().into_iter().any(|token| is_struct(&token)) {
        true => item.into_iter().collect(),
        false => without_unclosed_groups(item, &is_struct),
    };
    let tail = head.split_off(head.iter().position(is_struct)?);
    let mut tail = tail.into_iter();
    let (Some(token), Some(TokenTree::Ident(ident))) = (tail.next(), tail.next()) else { return None };
    let braces = loop {
        match tail.next()? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break group,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => return None,
            TokenTree::Punct(end) if end.as_char() == ';' => return None,
            _ => {}
        }
    };
    let head = pieces(head).pop().unwrap_or_default();
    let body = without_unclosed_groups(braces.stream(), &begins_a_field);
    let fields = pieces(body).into_iter().filter_map(Piece::into_field);
    let input = DeriveInput {
        attrs: head.attributes,
        vis: syn::parse2(head.tokens.into_iter().collect()).unwrap_or(Visibility::Inherited),
        ident,
        generics: Generics::default(),
        data: Data::Struct(DataStruct {
            struct_token: Token![struct](token.span()),
            fields: Fields::Named(FieldsNamed {
                brace_token: syn::token::Brace(braces.span()),
                named: fields.collect(),
            }),
            semi_token: None,
        }),
    };
    Some((input, tail.collect()))
}

/// Builds a `DeriveInput` from the attributes and the name of a type that cannot be parsed as a whole. The result has
/// no fields. Returns `None` if the type has generic parameters, because the function does not read generic parameters.
pub(crate) fn recover_type(item: TokenStream) -> Option<DeriveInput> {
    let is_keyword = |token: &TokenTree| ["enum", "struct"].iter().any(|word| is_word(token, word));
    let mut head: Vec<TokenTree> = item.into_iter().collect();
    let mut tail = head.split_off(head.iter().position(is_keyword)?).into_iter();
    let (Some(token), Some(TokenTree::Ident(ident))) = (tail.next(), tail.next()) else { return None };
    if matches!(tail.next(), Some(TokenTree::Punct(angle)) if angle.as_char() == '<') {
        return None;
    }
    let data = DataStruct { struct_token: Token![struct](token.span()), fields: Fields::Unit, semi_token: None };
    Some(DeriveInput {
        attrs: pieces(head).pop().unwrap_or_default().attributes,
        vis: Visibility::Inherited,
        ident,
        generics: Generics::default(),
        data: Data::Struct(data),
    })
}

/// The attributes and tokens that probably form a field.
#[derive(Default)]
struct Piece {
    attributes: Vec<Attribute>,
    tokens: Vec<TokenTree>,
}

impl Piece {
    /// Parses the field. Ignores all tokens after the field's type.
    fn into_field(self) -> Option<Field> {
        let field = |input: ParseStream<'_>| {
            let field = Field::parse_named(input)?;
            input.parse::<TokenStream>()?;
            Ok(field)
        };
        let mut field = field.parse2(self.tokens.into_iter().collect()).ok()?;
        field.attrs = self.attributes;
        Some(field)
    }

    fn is_visibility(&self) -> bool {
        match self.tokens.as_slice() {
            [word] => is_word(word, "pub"),
            [word, TokenTree::Group(group)] => is_word(word, "pub") && group.delimiter() == Delimiter::Parenthesis,
            _ => false,
        }
    }
}

/// Splits the tokens at each place where a field can begin. A new field begins at an attribute, at `pub` or at `name:`,
/// because none of these tokens can be a part of a type. The function drops attributes that do not parse.
///
/// Commas do not show where a field ends. A comma can be missing, or a comma can be inside angle brackets.
fn pieces(tokens: Vec<TokenTree>) -> Vec<Piece> {
    let mut pieces = vec![];
    let mut piece = Piece::default();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let begins = match (&token, tokens.peek()) {
            (TokenTree::Punct(hash), Some(_)) => hash.as_char() == '#',
            // The token must be a single colon. In `::`, the first colon has the spacing `Joint`.
            (TokenTree::Ident(_), Some(TokenTree::Punct(colon))) if colon.as_char() == ':' => {
                colon.spacing() == Spacing::Alone && !piece.is_visibility()
            }
            _ => is_word(&token, "pub"),
        };
        if begins && !piece.tokens.is_empty() {
            pieces.push(core::mem::take(&mut piece));
        }
        let group = match (&token, tokens.peek()) {
            (TokenTree::Punct(hash), Some(TokenTree::Group(group))) if hash.as_char() == '#' => Some(group.clone()),
            _ => None,
        };
        let Some(group) = group else {
            piece.tokens.push(token);
            continue;
        };
        tokens.next();
        let attribute = [token, TokenTree::Group(group)].into_iter().collect();
        piece.attributes.extend(Attribute::parse_outer.parse2(attribute).unwrap_or_default());
    }
    pieces.push(piece);
    pieces
}

/// Replaces a group by its contents if a field or an item begins inside the group. In valid code, no field or item
/// begins inside a group, so the user has not closed the group's bracket yet. `begins` returns true for a token that
/// begins a field or an item.
fn without_unclosed_groups(tokens: TokenStream, begins: &impl Fn(&TokenTree) -> bool) -> Vec<TokenTree> {
    let mut flat = vec![];
    for token in tokens {
        match token {
            TokenTree::Group(group) if contains(group.stream(), begins) => {
                flat.extend(without_unclosed_groups(group.stream(), begins));
            }
            token => flat.push(token),
        }
    }
    flat
}

fn contains(tokens: TokenStream, begins: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => contains(group.stream(), begins),
        token => begins(token),
    })
}

fn begins_a_field(token: &TokenTree) -> bool {
    is_word(token, "pub") || matches!(token, TokenTree::Punct(hash) if hash.as_char() == '#')
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens as _, quote};

    use super::{recover_set, recover_type};
    use crate::pipeline;

    #[test]
    fn other_fields_survive_a_broken_field() {
        for broken in [
            quote!(pub cart),
            quote!(pub cart:),
            quote!(pub cart: &),
            quote!(pub cart: Option<),
            quote!(pub cart: cart::),
            quote!(cart(u32)),
            quote!(pub [u32]),
            quote!(pub cart u32,),
            quote!(#[cookie =]),
            quote!(cart:),
            quote!(#),
            quote!(..),
            quote!(
                fn cart() {}
            ),
        ] {
            let item = quote! {
                /// Docs.
                pub(crate) struct Shop {
                    #[cookie(max_age = "8h")]
                    session: Cow<'static, str>,
                    #broken
                    theme: Theme,
                    pub(super) lang: (Lang, &[u8])
                }
                fn trailing() {}
            };
            let (shop, trailing) = recover_set(item).unwrap();
            let syn::Data::Struct(data) = &shop.data else { panic!("{broken}: no struct") };
            let fields: Vec<_> = data.fields.iter().map(|field| field.to_token_stream().to_string()).collect();
            let expected = [
                quote!(#[cookie(max_age = "8h")] session: Cow<'static, str>),
                quote!(theme: Theme),
                quote!(pub(super) lang: (Lang, &[u8])),
            ];
            assert_eq!(fields, expected.map(|field| field.to_string()), "{broken}");
            assert_eq!((shop.attrs.len(), shop.vis.to_token_stream().to_string()), (1, "pub (crate)".to_owned()));
            assert_eq!(
                trailing.to_string(),
                quote!(
                    fn trailing() {}
                )
                .to_string()
            );
        }
    }

    #[test]
    fn unparsable_items_always_give_an_error() {
        for broken in [quote!(struct Cart { a: }), quote!(enum Lang { En De }), quote!(struct Cart(u32 u32);)] {
            for expansion in [
                pipeline::cookie(broken.clone()),
                pipeline::cookie_value(broken.clone()),
                pipeline::cookies(quote!(), broken.clone()),
                pipeline::reject_derive_cookies(broken.clone()),
            ] {
                assert!(expansion.to_string().contains("compile_error"), "{broken}: {expansion}");
            }
        }
    }

    #[test]
    fn unclosed_bracket_hides_no_fields() {
        let item = quote!(struct Shop { a: A, #[cookie(max_age = pub b: B, #[cookie(signed)] c: C,)] });
        let (shop, _) = recover_set(item).unwrap();
        let syn::Data::Struct(data) = shop.data else { panic!("no struct") };
        let names: Vec<_> = data.fields.iter().map(|field| field.ident.to_token_stream().to_string()).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn tokens_before_the_braces_hide_no_fields() {
        for before in [quote!(<'a>), quote!(<'a>: Iterator), quote!(<const N: [u8; 3]>), quote!([x]), quote!(where T:)]
        {
            let (shop, _) = recover_set(quote!(struct Shop #before { cart: Cart, b: })).unwrap();
            let syn::Data::Struct(data) = shop.data else { panic!("{before}: no struct") };
            assert_eq!(data.fields.len(), 1, "{before}");
        }
    }

    #[test]
    fn other_items_are_not_recovered() {
        for item in [
            quote!(
                fn f() {}
            ),
            quote!(
                struct Shop(A);
            ),
            quote!(
                struct Shop;
                mod m {}
            ),
            quote!(
                struct Shop(A)
                mod m {}
            ),
            quote!(struct),
        ] {
            assert!(recover_set(item.clone()).is_none(), "{item}");
        }
        assert!(
            recover_type(quote!(
                struct Shop<T>(T);
            ))
            .is_none()
        );
        assert_eq!(recover_type(quote!(#[cookie(path = "/")] enum Lang { En De })).unwrap().attrs.len(), 1);
    }
}
