//! Compares hardtack's parser of `Cookie` headers with the parsers of `cookie`, axum-extra, actix-web, Rocket, poem and
//! salvo, and with a model of RFC 6265bis. The test generates hostile headers. The headers are the same in each run,
//! because the seed is fixed. `.ci/release` sets other seeds with the variable `PARSERS_SEED`.
//!
//! - hardtack must return exactly the value that the model finds, or refuse the cookie where the model refuses it.
//! - A cookie with a prefix must come from a browser that stored the cookie under exactly this name.
//! - Each disagreement with another parser must have a reason from the tables `PARSERS` and `ROCKET` in
//!   `parsers/others.rs`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

#[path = "parsers/browser.rs"]
mod browser;
#[path = "parsers/generator.rs"]
mod generator;
#[path = "parsers/model.rs"]
mod model;
#[path = "parsers/others.rs"]
mod others;
#[path = "parsers/ours.rs"]
mod ours;

use std::collections::BTreeMap;

use generator::{Generator, Input};
use model::{Encoding, Found, Quirk, Reading};
use others::{Answer, PARSERS, Parser};

/// The names of the cookies that each parser looks up.
const NAMES: [&str; 6] = ["sid", "__Host-sid", "__Host-Http-sid", "__Secure-sid", "__Http-sid", "a"];

/// The number of generated requests. A request has up to three `Cookie` headers.
const REQUESTS: usize = 24_000;

/// Each reason in the table must explain at least this number of disagreements. Otherwise the generated headers would
/// not test the reason.
const FEWEST: usize = 20;

fn seed() -> u64 {
    std::env::var("PARSERS_SEED").map_or(6265, |seed| seed.parse().unwrap())
}

fn inputs() -> Vec<Input> {
    let mut generator = Generator::new(seed());
    let mut inputs = generator::known_attacks();
    inputs.extend(std::iter::repeat_with(|| generator.input()).take(REQUESTS));
    inputs
}

fn escaped(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// Shows a request in an error message.
fn show(input: &Input) -> String {
    let headers: Vec<_> = input.headers.iter().map(|header| format!("Cookie: {}", header.escape_ascii())).collect();
    format!("PARSERS_SEED={}\n{}\n", seed(), headers.join("\n"))
}

#[test]
fn hardtack_reads_what_the_model_reads() {
    let mut read = BTreeMap::from(["absent", "value", "refused"].map(|kind| (kind, 0)));
    for input in inputs() {
        let jar = ours::jar(&input.headers);
        for (at, name) in NAMES.iter().enumerate() {
            for encoding in [Encoding::Raw, Encoding::Percent] {
                let ours = ours::read(&jar, at, encoding);
                let expected = model::read(&input.headers, name, encoding);
                assert_eq!(ours, expected, "{name} as {encoding:?}\n{}", show(&input));
                *read.get_mut(ours.kind()).unwrap() += 1;
            }
            let all: Vec<Option<Vec<u8>>> = model::values(&input.headers, name).map(model::text).collect();
            assert_eq!(ours::read_all(&jar, at), all, "all values of {name}\n{}", show(&input));
        }
    }
    println!("{read:?}");
    assert!(read.values().all(|count| *count > REQUESTS / 20), "{read:?}");
}

/// A browser stores cookies that the application, a sibling host, a script and a network attacker set. From this
/// browser's headers, each cookie type must read only values that the browser stored under the name of the type. The
/// test leaves out names without a prefix, because a browser can store `sid=1` also as a cookie without a name.
#[test]
fn a_browser_sends_each_value_under_its_name() {
    let (mut planted, mut kept) = (0, 0);
    for input in inputs() {
        let Some(browser) = &input.browser else { continue };
        let jar = ours::jar(&input.headers);
        for (at, name) in NAMES.iter().enumerate().filter(|(_, name)| name.starts_with("__")) {
            let stored: Vec<&[u8]> = browser.values_of(name.as_bytes()).collect();
            let ours = ours::read(&jar, at, Encoding::Raw);
            match &ours {
                Found::Value(value) => assert!(stored.contains(&&**value), "{name}: {ours:?}\n{}", show(&input)),
                Found::Absent => assert!(stored.is_empty(), "{name} is hidden\n{}", show(&input)),
                Found::Refused => assert!(!stored.is_empty(), "{name}: {ours:?}\n{}", show(&input)),
            }
            // Only the application itself can set a cookie with the prefix `__Host-`. So no attacker can change the
            // value, and no attacker can make the value ambiguous.
            if name.starts_with("__Host-") {
                let own = browser.application_value(name.as_bytes());
                let expected = own.map_or(Found::Absent, |value| model::as_text(value.to_vec()));
                assert_eq!(ours, expected, "{name}\n{}", show(&input));
                kept += usize::from(own.is_some());
                planted += usize::from(browser.has_planted_cookies());
            }
        }
    }
    println!("{planted} reads beside planted cookies, {kept} cookies of the application");
    assert!(planted > REQUESTS / 10 && kept > REQUESTS / 20, "{planted} {kept}");
}

/// Tests the headers that no browser sends, too. If hardtack reads a cookie with a prefix, then a browser can send this
/// name and value only as a cookie with this name. A browser cannot send the same bytes as a nameless cookie.
#[test]
fn a_prefixed_cookie_has_one_possible_name() {
    let mut read = 0;
    for input in inputs() {
        let jar = ours::jar(&input.headers);
        for (at, name) in NAMES.iter().enumerate().filter(|(_, name)| name.starts_with("__")) {
            if let Found::Value(value) = ours::read(&jar, at, Encoding::Raw) {
                let pair = [name.as_bytes(), b"=", &value].concat();
                let names = browser::possible_names(&pair);
                assert_eq!(names, [name.as_bytes()], "{}\n{}", pair.escape_ascii(), show(&input));
                read += 1;
            }
        }
    }
    assert!(read > REQUESTS / 10, "{read}");
    // Control: a name without a prefix has two possible names, because a browser also stores `sid=1` without a name.
    assert_eq!(browser::possible_names(b"sid=1"), [&b"sid"[..], b""]);
    assert_eq!(browser::possible_names(b"__host-sid=1"), [&b"__host-sid"[..]]);
    assert!(browser::possible_names(b"__Host-sid =1").is_empty());
}

#[test]
fn each_disagreement_has_a_known_reason() {
    let inputs = inputs();
    for parser in &PARSERS {
        compare(parser, &inputs, inputs.iter().map(|input| (parser.read)(&input.headers)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_disagreement_with_rocket_has_a_known_reason() {
    let inputs = inputs();
    let answers = others::rocket::read_all(&inputs).await;
    compare(&others::ROCKET, &inputs, answers.into_iter());
}

/// Compares the answers of one parser with hardtack's answers.
fn compare<R>(parser: &Parser<R>, inputs: &[Input], answers: impl Iterator<Item = Answer>) {
    let mut disagreements: BTreeMap<Quirk, usize> = BTreeMap::new();
    let mut forged = 0;
    for (input, answer) in inputs.iter().zip(answers) {
        let jar = ours::jar(&input.headers);
        let explained = Reading::new(&input.headers, parser.encoding, parser.quirks);
        for (at, (name, theirs)) in NAMES.iter().zip(answer).enumerate() {
            let explained = explained.value(name);
            assert!(
                theirs == explained,
                "{} reads {name} as {:?}, and the table explains only {:?}\n{}",
                parser.name,
                theirs.as_deref().map(escaped),
                explained.as_deref().map(escaped),
                show(input)
            );
            if ours::read(&jar, at, parser.encoding).into_value() != theirs {
                for quirk in model::reasons(&input.headers, name, parser.encoding, parser.quirks, &theirs) {
                    *disagreements.entry(quirk).or_default() += 1;
                }
            }
            if let (Some(value), Some(browser)) = (theirs, &input.browser)
                && name.starts_with("__Host-")
                && !browser.values_of(name.as_bytes()).any(|stored| parser.value(stored).as_ref() == Some(&value))
            {
                forged += 1;
            }
        }
    }
    println!("{}: {forged} planted cookies read as cookies with the prefix `__Host-`", parser.name);
    for quirk in parser.quirks {
        let count = disagreements.get(quirk).copied().unwrap_or_default();
        println!("{}: {count} disagreements, because the parser {}", parser.name, quirk.text());
        assert!(count >= FEWEST, "{}: {count} disagreements, because the parser {}", parser.name, quirk.text());
    }
    // Control: the generated headers contain attacks that work against the parsers that decode or trim names.
    assert!(forged >= FEWEST, "{}: {forged}", parser.name);
}
