//! Two tests of the code that the macros generate. The code that a macro generates is called its expansion.
//!
//! - `accepted_declarations_compile` checks that rustc accepts each declaration that the macros accept. The test
//!   generates declarations with the grammar of the fuzz targets. Each declaration is a module of one crate. A first
//!   `cargo check` finds the declarations that the macros reject. A second `cargo check` compiles only the accepted
//!   declarations and must succeed.
//! - `expansions_equal_their_snapshots` compares the expansions of three items with the files in `expansions/`. So a
//!   reviewer sees in `expansions/` how a change to a macro affects the generated code. `EXPANSIONS=overwrite` writes
//!   the files in `expansions/` again. Read the changes before you commit them.
//!
//! A proc-macro crate cannot export ordinary functions. So this test crate compiles the source files of the macros, and
//! calls their functions.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic, in its helpers too"
)]
#![allow(dead_code, unexpected_cfgs, reason = "the macros' modules belong to another crate")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[path = "../macros/src/attrs.rs"]
mod attrs;
#[path = "../macros/src/check.rs"]
mod check;
#[path = "../macros/src/declaration.rs"]
mod declaration;
#[path = "../macros/src/deny.rs"]
mod deny;
#[path = "../macros/src/errors.rs"]
mod errors;
#[path = "../macros/src/expand/mod.rs"]
mod expand;
#[path = "../macros/src/keys.rs"]
mod keys;
#[path = "../macros/src/model.rs"]
mod model;
#[path = "../macros/src/names.rs"]
mod names;
#[path = "../macros/src/pipeline.rs"]
mod pipeline;
#[path = "../macros/src/recover.rs"]
mod recover;
#[path = "../macros/src/words.rs"]
mod words;

#[path = "fuzz/src/declarations.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets use it too")]
mod declarations;
#[path = "support/workspace.rs"]
mod workspace;

use declarations::{Declaration, MacroKind, PRELUDE, Vocabulary, declaration};
use proc_macro2::TokenStream;
use quote::ToTokens as _;
use workspace::{CompileError, Workspace};

/// An expansion (the code that a macro generates) that is stored in a file.
struct Snapshot {
    /// The name of the file.
    name: &'static str,
    expand: fn(TokenStream) -> TokenStream,
    /// The user's code.
    code: &'static str,
}

const SNAPSHOTS: [Snapshot; 3] = [
    Snapshot {
        name: "derive",
        expand: pipeline::cookie,
        code: "#[derive(hardtack::Cookie)]
/// The session of the signed-in user.
#[cookie(max_age = \"8h\", same_site = Strict)]
struct Session(String);",
    },
    Snapshot {
        name: "constant_name",
        expand: pipeline::cookie,
        code: "#[derive(hardtack::Cookie)]
#[cookie(name = SESSION_NAME)]
struct Session(String);",
    },
    Snapshot {
        name: "set_of_two",
        expand: |item| pipeline::cookies(TokenStream::new(), item),
        code: "#[hardtack::cookies]
pub struct ShopCookies {
    /// The session of the signed-in user.
    pub session: SessionId,
    #[cookie(existing)]
    pub theme: Theme,
}",
    },
];

#[test]
fn expansions_equal_their_snapshots() {
    for Snapshot { name, expand, code } in SNAPSHOTS {
        // Remove the attribute that calls the macro, because rustc does not pass the attribute to the macro.
        let (_, item) = code.split_once('\n').unwrap();
        let expansion = syn::parse2(expand(item.parse().unwrap())).unwrap();
        let mut snapshot = String::new();
        for line in code.lines() {
            writeln!(snapshot, "// {line}").unwrap();
        }
        write!(snapshot, "\n{}", prettyplease::unparse(&expansion)).unwrap();

        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("expansions/{name}.rs"));
        if std::env::var_os("EXPANSIONS").is_some_and(|action| action == "overwrite") {
            fs::write(&file, &snapshot).unwrap();
            continue;
        }
        let stored = fs::read_to_string(&file).unwrap();
        let first = stored.lines().zip(snapshot.lines()).find(|(stored, now)| stored != now);
        assert!(stored == snapshot, "the expansion differs from {}: {first:#?}", file.display());
    }
}

/// The user's docs and the compiler's errors show the names in the signatures of public functions and impls.
#[test]
fn signatures_contain_no_reserved_name() {
    let mut signatures = 0;
    for Snapshot { name, expand, code } in SNAPSHOTS {
        let (_, item) = code.split_once('\n').unwrap();
        let expansion: syn::File = syn::parse2(expand(item.parse().unwrap())).unwrap();
        let mut items: Vec<&syn::Item> = expansion.items.iter().collect();
        while let Some(item) = items.pop() {
            match item {
                // The generated items are in the block of a `const _`.
                syn::Item::Const(constant) => {
                    if let syn::Expr::Block(block) = &*constant.expr {
                        items.extend(block.block.stmts.iter().filter_map(|statement| match statement {
                            syn::Stmt::Item(item) => Some(item),
                            _ => None,
                        }));
                    }
                }
                syn::Item::Impl(item) if !is_hidden(item) => {
                    let functions = item.items.iter().filter_map(|item| match item {
                        syn::ImplItem::Fn(function) => Some(function.sig.to_token_stream()),
                        _ => None,
                    });
                    for signature in functions.chain([item.generics.to_token_stream()]) {
                        assert!(!signature.to_string().contains("__"), "{name}: {signature}");
                        signatures += 1;
                    }
                }
                _ => {}
            }
        }
    }
    assert!(signatures > 15, "{signatures}");
}

/// Returns true if the impl is for a trait of the module `private`, which rustdoc does not show.
fn is_hidden(item: &syn::ItemImpl) -> bool {
    item.trait_.as_ref().is_some_and(|(path, _)| path.segments.iter().any(|segment| segment.ident == "private"))
}

const GENERATED: u64 = 1500;

#[test]
fn accepted_declarations_compile() {
    let hardtack = "hardtack = { path = \"HARDTACK/runtime\", features = [\"seal\"] }";
    let workspace = Workspace::create("expansions", &[("generated", hardtack)]);
    let all: Vec<Declaration> = (1..=GENERATED).map(generate).collect();

    let mut accepted: BTreeSet<usize> = (0..all.len()).collect();
    for (at, errors) in compile_errors(&workspace, &all, &accepted) {
        // At least one error of a rejected declaration must come from a macro. Errors from the macros have no error
        // code.
        assert!(errors.iter().any(|error| error.code.is_none()), "{:#?}: {errors:#?}", all[at]);
        accepted.remove(&at);
    }
    assert!(accepted.len() > 300 && accepted.len() < all.len() - 300, "{} of {GENERATED} accepted", accepted.len());
    for macro_kind in [MacroKind::Cookie, MacroKind::CookieValue, MacroKind::Cookies] {
        assert!(accepted.iter().any(|at| all[*at].macro_kind == macro_kind), "{macro_kind:?}");
    }

    // If a macro returns an error, rustc does not check types. So compile the accepted declarations again, without the
    // rejected declarations.
    if let Some((at, errors)) = compile_errors(&workspace, &all, &accepted).pop_first() {
        panic!("{:#?}: {errors:#?}", all[at]);
    }
}

/// Generates a random declaration from a number. The function always generates the same declaration for the same
/// number.
fn generate(number: u64) -> Declaration {
    // The function uses the random number generator xorshift64* (Vigna). The start value is large, because the first
    // numbers after a small start value are not random enough.
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut choose = |below: usize| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let drawn = state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).unwrap() % below
    };
    declaration(&mut choose, Vocabulary::Sound)
}

/// Compiles only the declarations whose indices are in the argument. Returns the errors of each declaration that does
/// not compile.
fn compile_errors(
    workspace: &Workspace,
    all: &[Declaration],
    indices: &BTreeSet<usize>,
) -> BTreeMap<usize, Vec<CompileError>> {
    let mut text = format!("#![allow(dead_code, non_camel_case_types)]\n{PRELUDE}");
    let mut ends = BTreeMap::new();
    for (at, declaration) in all.iter().enumerate().filter(|(at, _)| indices.contains(at)) {
        let Declaration { macro_kind, arguments, item } = declaration;
        let attribute = match macro_kind {
            MacroKind::Cookie => "#[derive(hardtack::Cookie)]".to_owned(),
            MacroKind::CookieValue => "#[derive(hardtack::CookieValue)]".to_owned(),
            MacroKind::Cookies => format!("#[hardtack::cookies({arguments})]"),
        };
        writeln!(text, "pub mod m{at} {{\n{attribute}\n{item}\n}}").unwrap();
        ends.insert(text.lines().count(), at);
    }
    workspace.write("generated/src/lib.rs", &text);
    let mut found: BTreeMap<usize, Vec<CompileError>> = BTreeMap::new();
    for error in workspace.compile_errors("generated", &[]) {
        let line = usize::try_from(error.line).unwrap();
        let (_, at) = ends.range(line..).next().unwrap();
        found.entry(*at).or_default().push(error);
    }
    found
}
