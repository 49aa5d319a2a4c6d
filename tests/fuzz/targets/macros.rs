//! Runs the three macros on text from the input, or on generated declarations. The target checks that the macros never
//! panic, and that their output parses as items. The test `expansions` also compiles the output of macros that report
//! no error.
//!
//! This crate compiles the source files of the macros crate, because a proc-macro crate cannot export functions. In a
//! fuzz target, `proc_macro2` cannot use the compiler's tokens and spans. So the target does not check spans.

#![no_main]
#![allow(clippy::all, missing_docs, unreachable_pub, reason = "the modules belong to another crate")]

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
#[path = "../../../macros/src/words.rs"]
mod words;

use arbitrary::Unstructured;
use hardtack_fuzz::declarations::{MacroKind, Vocabulary, declaration};
use libfuzzer_sys::fuzz_target;
use proc_macro2::{TokenStream, TokenTree};

fuzz_target!(|input: &[u8]| {
    let Some((choice, rest)) = input.split_first() else { return };
    if choice % 2 == 0 {
        let Ok(text) = std::str::from_utf8(rest) else { return };
        // `#[cookies(…)]` receives two token streams: its arguments and the item.
        let (arguments, item) = text.split_once("\n---\n").unwrap_or(("", text));
        run(arguments, item, None);
    } else {
        let mut input = Unstructured::new(rest);
        let mut choose = |below: usize| input.int_in_range(0..=below - 1).unwrap_or(0);
        let generated = declaration(&mut choose, Vocabulary::Everything);
        run(&generated.arguments, &generated.item, Some(generated.macro_kind));
    }
});

/// Runs one macro. If `macro_kind` is `None`, runs all three macros.
fn run(arguments: &str, item: &str, macro_kind: Option<MacroKind>) {
    let (Ok(arguments), Ok(item)) = (arguments.parse::<TokenStream>(), item.parse::<TokenStream>()) else { return };
    // Before rustc runs a macro, rustc rejects code with more than 128 nested brackets.
    if depth(item.clone()) > 60 || depth(arguments.clone()) > 60 {
        return;
    }
    // rustc passes only valid items to a macro. An editor also passes incomplete code to a macro.
    let is_item = syn_full::parse2::<syn_full::Item>(item.clone()).is_ok();
    let runs = |kind| macro_kind.is_none_or(|only| only == kind);
    if runs(MacroKind::Cookie) {
        check_expansion(pipeline::cookie(item.clone()), is_item, &item);
    }
    if runs(MacroKind::CookieValue) {
        check_expansion(pipeline::cookie_value(item.clone()), is_item, &item);
    }
    if runs(MacroKind::Cookies) {
        check_expansion(pipeline::cookies(arguments, item.clone()), is_item, &item);
        assert!(has_error(pipeline::reject_derive_cookies(item)), "`derive` on a set must be an error");
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

/// Checks that an expansion parses as items. If the code is incomplete and the macro reports an error, the expansion
/// does not have to parse.
fn check_expansion(out: TokenStream, is_item: bool, item: &TokenStream) {
    let parses = syn_full::parse2::<syn_full::File>(out.clone());
    match parses {
        Ok(file) => assert!(!file.items.is_empty() || item.is_empty(), "empty expansion of {item}"),
        Err(_) if !is_item && has_error(out.clone()) => {}
        Err(error) => panic!("{error}: {item}\nexpands to {out}"),
    }
}
