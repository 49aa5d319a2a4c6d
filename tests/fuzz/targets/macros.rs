//! Tokens in, as text or grown by the grammar of declarations, through the three macros: never a panic, and what comes out
//! is whole items, with `compile_error!` among them or not. That what comes out without one compiles, `expansions` shows.
//!
//! The macros' own modules are compiled here, since a proc-macro crate exports no function. Their `proc_macro2` runs without
//! a compiler; spans are not looked at.

#![no_main]
#![allow(clippy::all, missing_docs, unreachable_pub, reason = "the modules are another crate's")]

#[path = "../../../macros/src/attrs.rs"]
mod attrs;
#[path = "../../../macros/src/check.rs"]
mod check;
#[path = "../../../macros/src/declaration.rs"]
mod declaration;
#[path = "../../../macros/src/deny.rs"]
mod deny;
#[path = "../../../macros/src/errors.rs"]
mod errors;
#[path = "../../../macros/src/expand/mod.rs"]
mod expand;
#[path = "../../../macros/src/fallback.rs"]
mod fallback;
#[path = "../../../macros/src/keys.rs"]
mod keys;
#[path = "../../../macros/src/model.rs"]
mod model;
#[path = "../../../macros/src/names.rs"]
mod names;
#[path = "../../../macros/src/pipeline.rs"]
mod pipeline;
#[path = "../../../macros/src/recover.rs"]
mod recover;

use arbitrary::Unstructured;
use hardtack_fuzz::declarations::{By, Vocabulary, declaration};
use libfuzzer_sys::fuzz_target;
use proc_macro2::{TokenStream, TokenTree};

fuzz_target!(|input: &[u8]| {
    let Some((choice, rest)) = input.split_first() else { return };
    if choice % 2 == 0 {
        let Ok(text) = std::str::from_utf8(rest) else { return };
        // `#[cookies(…)]` takes two streams.
        let (arguments, item) = text.split_once("\n---\n").unwrap_or(("", text));
        run(arguments, item, None);
    } else {
        let mut input = Unstructured::new(rest);
        let mut choose = |below: usize| input.int_in_range(0..=below - 1).unwrap_or(0);
        let grown = declaration(&mut choose, Vocabulary::Everything);
        run(&grown.arguments, &grown.item, Some(grown.by));
    }
});

/// Through one macro, or through each of them.
fn run(arguments: &str, item: &str, by: Option<By>) {
    let (Ok(arguments), Ok(item)) = (arguments.parse::<TokenStream>(), item.parse::<TokenStream>()) else { return };
    // rustc gives up at 128 brackets in each other, before any macro is asked.
    if depth(item.clone()) > 60 || depth(arguments.clone()) > 60 {
        return;
    }
    // rustc hands a macro an item that parses; an editor anything.
    let is_item = syn_full::parse2::<syn_full::Item>(item.clone()).is_ok();
    if by.is_none_or(|by| by == By::Cookie) {
        expanded(pipeline::cookie(item.clone()), is_item, &item);
    }
    if by.is_none_or(|by| by == By::CookieValue) {
        expanded(pipeline::cookie_value(item.clone()), is_item, &item);
    }
    if by.is_none_or(|by| by == By::Cookies) {
        expanded(pipeline::cookies(arguments, item.clone()), is_item, &item);
        assert!(has_error(pipeline::no_derive(item)), "a set is no derive");
    }
}

fn depth(tokens: TokenStream) -> usize {
    let groups = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => 1 + depth(group.stream()),
        _ => 0,
    });
    groups.max().unwrap_or(0)
}

fn has_error(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "compile_error",
        TokenTree::Group(group) => has_error(group.stream()),
        _ => false,
    })
}

fn expanded(out: TokenStream, is_item: bool, item: &TokenStream) {
    let parses = syn_full::parse2::<syn_full::File>(out.clone());
    match parses {
        Ok(file) => assert!(!file.items.is_empty() || item.is_empty(), "nothing for {item}"),
        // What is no item to rustc may leave as it came, with an error.
        Err(_) if !is_item && has_error(out.clone()) => {}
        Err(error) => panic!("{error}: {item}\nbecame {out}"),
    }
}
