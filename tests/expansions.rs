//! What the macros accept compiles: declarations grown from numbers, each in a module of one crate; one `cargo check` shows
//! which of them the macros refuse, a second one that rustc has nothing against the others. The grammar is that of the fuzz
//! targets, which show that the macros never panic.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic, in its helpers too"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

#[path = "fuzz/src/declarations.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets' own")]
mod declarations;
#[allow(dead_code, reason = "what several tests share")]
mod support;

use declarations::{By, Declaration, PRELUDE, Vocabulary, declaration};
use support::workspace::{Refused, Workspace};

const GROWN: u64 = 1500;

#[test]
fn what_the_macros_accept_compiles() {
    let hardtack = "hardtack = { path = \"OURS/runtime\", features = [\"seal\"] }";
    let workspace = Workspace::create("expansions", &[("grown", hardtack)]);
    let all: Vec<Declaration> = (1..=GROWN).map(grown).collect();

    let mut accepted: BTreeSet<usize> = (0..all.len()).collect();
    for (at, refused) in checked(&workspace, &all, &accepted) {
        // Where we say nothing, rustc has nothing to say.
        assert!(refused.iter().any(|refused| refused.code.is_none()), "{:#?}: {refused:#?}", all[at]);
        accepted.remove(&at);
    }
    println!("{} of {GROWN} accepted", accepted.len());
    assert!(accepted.len() > 300 && accepted.len() < all.len() - 300, "{} of {GROWN} accepted", accepted.len());
    for by in [By::Cookie, By::CookieValue, By::Cookies] {
        assert!(accepted.iter().any(|at| all[*at].by == by), "{by:?}");
    }

    // rustc looks at types only where every macro succeeded.
    if let Some((at, refused)) = checked(&workspace, &all, &accepted).pop_first() {
        panic!("{:#?}: {refused:#?}", all[at]);
    }
}

/// One declaration of a number, the same one always.
fn grown(number: u64) -> Declaration {
    // xorshift64* (Vigna), from a state that is not small.
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

/// The errors of these declarations.
fn checked(workspace: &Workspace, all: &[Declaration], these: &BTreeSet<usize>) -> BTreeMap<usize, Vec<Refused>> {
    let mut text = format!("#![allow(dead_code, non_camel_case_types)]\n{PRELUDE}");
    let mut ends = BTreeMap::new();
    for (at, grown) in all.iter().enumerate().filter(|(at, _)| these.contains(at)) {
        let Declaration { by, arguments, item } = grown;
        let attribute = match by {
            By::Cookie => "#[derive(hardtack::Cookie)]".to_owned(),
            By::CookieValue => "#[derive(hardtack::CookieValue)]".to_owned(),
            By::Cookies => format!("#[hardtack::cookies({arguments})]"),
        };
        writeln!(text, "pub mod m{at} {{\n{attribute}\n{item}\n}}").unwrap();
        ends.insert(text.lines().count(), at);
    }
    workspace.write("grown/src/lib.rs", &text);
    let mut found: BTreeMap<usize, Vec<Refused>> = BTreeMap::new();
    for refused in workspace.refused("grown", &[]) {
        let line = usize::try_from(refused.line).unwrap();
        let (_, at) = ends.range(line..).next().unwrap();
        found.entry(*at).or_default().push(refused);
    }
    found
}
