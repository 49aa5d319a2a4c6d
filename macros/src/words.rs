//! Chooses the names of generated items that rustdoc and rustc show to users. A short name such as `S` reads well. But
//! if the user's struct refers to an item with the name `S`, a generated `S` would hide this item. So a chosen name
//! never occurs in the struct.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::DeriveInput;
use syn::ext::IdentExt as _;

/// The words of a `#[cookies]` struct and of the struct's attributes.
pub(crate) struct Words {
    words: HashSet<String>,
    /// True if the struct contains a call of a macro. The expansion of the macro can contain any word.
    has_macro: bool,
}

impl Words {
    /// Collects the words of the struct and of the path of the crate `hardtack`.
    pub(crate) fn new(input: &DeriveInput, krate: &TokenStream) -> Words {
        let mut words = Words { words: HashSet::new(), has_macro: false };
        words.add(input.to_token_stream());
        words.add(krate.clone());
        words
    }

    fn add(&mut self, tokens: TokenStream) {
        let mut follows_word = false;
        for token in tokens {
            let is_word = matches!(token, TokenTree::Ident(_));
            match token {
                TokenTree::Ident(word) => {
                    self.words.insert(word.unraw().to_string());
                }
                TokenTree::Group(group) => self.add(group.stream()),
                TokenTree::Punct(mark) => self.has_macro |= mark.as_char() == '!' && follows_word,
                TokenTree::Literal(_) => {}
            }
            follows_word = is_word;
        }
    }

    /// Returns the first candidate that does not occur in the struct. If all candidates occur in the struct or if the
    /// struct contains a macro call, returns `fallback`, a name that users do not write.
    pub(crate) fn unused(&self, candidates: &[&str], fallback: &str) -> Ident {
        let is_unused = |name: &&&str| !self.has_macro && !self.words.contains(**name);
        let name = candidates.iter().find(is_unused).map_or(fallback, |name| *name);
        Ident::new(name, Span::call_site())
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::Words;

    fn unused(struct_: &syn::DeriveInput) -> String {
        Words::new(struct_, &quote!(::hardtack)).unused(&["S", "Scheme"], "__Scheme").to_string()
    }

    #[test]
    fn chosen_name_does_not_occur_in_the_struct() {
        assert_eq!(
            unused(&parse_quote!(
                struct Shop {
                    cart: u32,
                }
            )),
            "S"
        );
        assert_eq!(
            unused(&parse_quote!(
                struct Shop {
                    cart: Vec<(u8, shop::S)>,
                }
            )),
            "Scheme"
        );
        assert_eq!(
            unused(&parse_quote!(
                struct Shop {
                    #[cookie(path = S::PATH)]
                    cart: u32,
                }
            )),
            "Scheme"
        );
        assert_eq!(
            unused(&parse_quote!(
                struct S {
                    scheme: r#Scheme,
                }
            )),
            "__Scheme"
        );
        assert_eq!(
            unused(&parse_quote!(
                struct Shop {
                    cart: cart_type!(),
                }
            )),
            "__Scheme"
        );
        assert_eq!(
            unused(&parse_quote!(
                struct Shop {
                    #[cfg(not(a))]
                    cart: fn() -> !,
                }
            )),
            "S"
        );
    }
}
