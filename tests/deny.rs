//! `HARDTACK_DENY`, by the real cargo on crates beside ours: what each word refuses and on which token, what it lets
//! pass, and what a change of the variable compiles anew.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use more of it")]
mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};

use hardtack_rules::{Kind, Rule};
use support::workspace::Workspace;

/// One cookie for each lint, each with its reason, and their strict neighbours. The line numbers are the tests'.
const SHOP: &str = r#"#![allow(dead_code)]
use core::time::Duration;
use hardtack::Cookie;

const OLD: &str = "old";
const MONTHS: Duration = Duration::from_secs(90 * 86_400);
const YEARS: Duration = Duration::from_secs(800 * 86_400);

#[derive(Cookie)]
#[cookie(secure = false, reason = "10")]
struct Banner(bool);

#[derive(Cookie)]
#[cookie(http_only = false, reason = "14")]
struct Theme(String);

#[derive(Cookie)]
#[cookie(same_site = None, reason = "18")]
struct Map(bool);

#[derive(Cookie)]
#[cookie(name = "legacy", reason = "22")]
struct Legacy(String);

#[derive(Cookie)]
#[cookie(name = OLD, reason = "26")]
struct Old(String);

#[derive(Cookie)]
#[cookie(domain = "example.com")]
struct Sso(String);

#[derive(Cookie)]
#[cookie(domain = environment)]
struct Everywhere(String);

#[derive(Cookie)]
#[cookie(max_age = "401d")]
struct Visitor(u64);

#[derive(Cookie)]
#[cookie(max_age = YEARS)]
struct Ancient(u64);

#[derive(Cookie)]
#[cookie(max_age = "90d")]
struct Season(u64);

#[derive(Cookie)]
#[cookie(max_age = MONTHS)]
struct Months(u64);

#[derive(Cookie)]
#[cookie(partitioned)]
struct Alone(u64);

#[hardtack::cookies]
struct Site {
    #[cookie(http_only = false, reason = "59")]
    script: String,
    #[cookie(existing)]
    theme: Theme,
    #[cookie(max_age = "30d")]
    strict: String,
}

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only)]
struct Others(String);

#[derive(Cookie)]
struct Session(String);

const LOCAL: &str = "localhost";
#[derive(Cookie)]
#[cookie(name = "theirs", read_only, max_age = YEARS, domain = LOCAL)]
struct Theirs(String);

#[derive(Cookie)]
#[cookie(name = OLD, secure = false, reason = "80")]
struct Both(String);
"#;

/// The tests share one folder, and each changes it.
fn shop() -> (Workspace, MutexGuard<'static, ()>) {
    static ONE: Mutex<()> = Mutex::new(());
    let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let hardtack = "hardtack = { path = \"OURS/runtime\", default-features = false }";
    let members = [("my-shop", &*format!("{hardtack}\nplain = {{ path = \"../plain\" }}")), ("plain", "")];
    let workspace = Workspace::create("deny", &members);
    workspace.write("my-shop/src/lib.rs", SHOP);
    workspace.write("plain/src/lib.rs", "pub fn nothing() {}\n");
    workspace.remove(".cargo/config.toml");
    (workspace, alone)
}

/// Lines and tokens that a demand refuses.
fn refused(demand: &str) -> Vec<(u64, String)> {
    let (shop, _alone) = shop();
    let refused = shop.refused("my-shop", &[("HARDTACK_DENY", demand)]);
    refused.into_iter().map(|refused| (refused.line, refused.tokens)).collect()
}

fn at(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(line, tokens)| (*line, (*tokens).to_owned())).collect()
}

/// Lines and tokens.
type Places = &'static [(u64, &'static str)];

const INSECURE: Places = &[(10, "false")];
const SCRIPT: Places = &[(14, "false"), (59, "false")];
const SAME_SITE: Places = &[(18, "None")];
const UNPREFIXED: Places = &[(22, "\"legacy\""), (26, "OLD")];
const DOMAIN: Places = &[(30, "domain"), (34, "domain")];
const LONG: Places = &[(38, "\"401d\""), (42, "YEARS")];
const MONTH: Places = &[(46, "\"90d\""), (50, "MONTHS")];
const ALONE: Places = &[(54, "partitioned")];
/// A written name without a prefix, not Secure either: the second says it where both are denied.
const BOTH_INSECURE: Places = &[(80, "false")];
const BOTH_UNPREFIXED: Places = &[(80, "OLD")];

#[test]
fn each_word_refuses_its_own_reason_or_not_and_nothing_else() {
    assert_eq!(refused(""), []);
    assert_eq!(refused(" , "), []);
    let lints: &[(Rule, &[Places])] = &[
        (Rule::Insecure, &[INSECURE, BOTH_INSECURE]),
        (Rule::ScriptReadable, &[SCRIPT]),
        (Rule::SameSiteNone, &[SAME_SITE]),
        // A cookie that is not Secure can have no prefix.
        (Rule::Unprefixed, &[INSECURE, UNPREFIXED, BOTH_UNPREFIXED]),
        (Rule::DomainWide, &[DOMAIN]),
        (Rule::LongLived, &[LONG]),
        // Without its feature nobody knows one.
        (Rule::PublicSuffix, &[]),
        (Rule::PartitionAlone, &[ALONE]),
    ];
    let all: Vec<Rule> = Rule::ALL.iter().copied().filter(|rule| rule.kind() != Kind::Error).collect();
    assert_eq!(lints.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), all, "a lint without a cookie here");
    for (rule, expected) in lints {
        assert_eq!(refused(rule.id()), at(&expected.concat()), "{rule}");
    }
    assert_eq!(refused("max-age=30d"), at(&[LONG, MONTH].concat()));
    assert_eq!(refused("max-age=90d"), at(LONG));
    assert_eq!(refused("insecure,same-site-none"), at(&[INSECURE, SAME_SITE, BOTH_INSECURE].concat()));
}

#[test]
fn with_its_feature_a_public_suffix_is_refused_too() {
    let hardtack = "hardtack = { path = \"OURS/runtime\", default-features = false, features = [\"public-suffix\"] }";
    let shop = Workspace::create("deny-suffix", &[("suffixes", hardtack)]);
    shop.write(
        "suffixes/src/lib.rs",
        r#"#![allow(dead_code)]
use hardtack::Cookie;
#[derive(Cookie)]
#[cookie(domain = "co.uk", reason = "all of our brands stand under it")]
struct Brands(u64);
#[derive(Cookie)]
#[cookie(domain = "shop.co.uk", reason = "its own hosts")]
struct Own(u64);
"#,
    );
    let refused = |demand: &str| shop.refused("suffixes", &[("HARDTACK_DENY", demand)]);
    assert_eq!(refused("").len(), 0);
    assert_eq!(refused("public-suffix -suffixes::Brands").len(), 0);
    let [only] = &refused("public-suffix")[..] else { panic!("one mistake, one error") };
    assert_eq!((only.line, only.tokens.as_str()), (4, "\"co.uk\""));
    assert!(only.text.starts_with("a `domain` that is a public suffix trips `public-suffix`"), "{}", only.text);
    // That there is a domain at all says it for both.
    let all = refused("all");
    assert_eq!(
        all.iter().map(|refused| (refused.line, &*refused.tokens)).collect::<Vec<_>>(),
        [(4, "domain"), (7, "domain")]
    );
}

#[test]
fn all_refuses_each_mistake_once() {
    let everything =
        [INSECURE, &SCRIPT[..1], SAME_SITE, UNPREFIXED, DOMAIN, LONG, MONTH, ALONE, &SCRIPT[1..], BOTH_INSECURE]
            .concat();
    assert_eq!(refused("all max-age=30d"), at(&everything));
    let without_limit: Vec<_> = everything.into_iter().filter(|place| !MONTH.contains(place)).collect();
    assert_eq!(refused("all"), at(&without_limit));
}

#[test]
fn the_sentence_names_the_key_the_lint_and_the_demand() {
    let (shop, _alone) = shop();
    let text = |demand: &str, line: u64| {
        let refused = shop.refused("my-shop", &[("HARDTACK_DENY", demand)]);
        refused.into_iter().find(|refused| refused.line == line).unwrap().text
    };
    assert_eq!(
        text("all", 14),
        "`http_only = false` trips `script-readable`, which this build refuses with or without a reason: \
         `HARDTACK_DENY` has `all`; remove it, or except the cookie there with `-my_shop::Theme`"
    );
    assert_eq!(
        text("unprefixed", 26),
        "a `name` without a prefix trips `unprefixed`, which this build refuses with or without a reason: \
         `HARDTACK_DENY` has `unprefixed`; begin it with `__Host-Http-`, `__Host-` or `__Secure-`, write `read_only` if \
         another program sets it, or except the cookie there with `-my_shop::Old`"
    );
    assert_eq!(
        text("max-age=30d", 50),
        "`max_age` is over the limit of 30d, which this build refuses with or without a reason: `HARDTACK_DENY` has \
         `max-age=30d`; shorten it, or except the cookie there with `-my_shop::Months`"
    );
    assert!(text("script-readable", 59).ends_with("with `-my_shop::Site::script`"));
}

#[test]
fn an_exception_excepts_one_cookie() {
    assert_eq!(refused("script-readable -my_shop::Theme"), at(&SCRIPT[1..]));
    assert_eq!(refused("script-readable,-my-shop::Site::script"), at(&SCRIPT[..1]));
    assert_eq!(refused("script-readable -my-shop::Site -my-shop::Theme"), []);
    assert_eq!(refused("unprefixed -my-shop::Old -my-shop::Banner -my-shop::Both"), at(&UNPREFIXED[..1]));
    assert_eq!(refused("max-age=30d -my-shop::Months -my-shop::Ancient"), at(&[LONG[0], MONTH[0]]));
    // Another crate's, and no crate at all.
    assert_eq!(refused("script-readable -other::Theme"), at(SCRIPT));
}

#[test]
fn a_wrong_word_is_told_once_with_the_right_ones() {
    let (shop, _alone) = shop();
    let told = shop.refused("my-shop", &[("HARDTACK_DENY", "insecur max-age=30 -Theme")]);
    let texts: Vec<&str> = told.iter().map(|refused| refused.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "in the environment variable `HARDTACK_DENY`, `insecur` is no lint; write `insecure`, `script-readable`, \
             `same-site-none`, `unprefixed`, `domain-wide`, `long-lived`, `public-suffix`, `partition-alone`, `all`, \
             `max-age=30d`, or except a cookie as in `-shop::Theme`",
            "in the environment variable `HARDTACK_DENY`, `max-age=30`: `30` is no duration; write it as in `max-age=30d`",
            "in the environment variable `HARDTACK_DENY`, `-Theme`: `Theme` names no cookie; write its crate too, as in \
             `-shop::Theme`",
        ]
    );
}

#[cfg(unix)]
#[test]
fn what_is_not_utf_8_is_told_once() {
    use std::os::unix::ffi::OsStrExt as _;

    let (shop, _alone) = shop();
    let not_utf_8 = std::ffi::OsStr::from_bytes(b"insecure \xff");
    let check = ["check", "--offline", "-p", "my-shop"];
    let output = shop.command().args(check).env("HARDTACK_DENY", not_utf_8).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = words.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert_eq!(
        errors,
        [
            "the environment variable `HARDTACK_DENY` is not UTF-8; write there what the build refuses, as in `insecure max-age=30d`",
            "could not compile `my-shop` (lib) due to 1 previous error",
        ],
        "{words}"
    );
    assert_eq!(shop.refused("my-shop", &[]).len(), 0, "and it is compiled again without it");
}

/// What cargo compiles for a demand: the crates, and whether it succeeds.
fn checked(shop: &Workspace, environment: &[(&str, &str)]) -> (Vec<String>, bool) {
    let output = shop.cargo(&["check", "--workspace"], environment);
    let words = String::from_utf8(output.stderr).unwrap();
    let crates = words.lines().filter_map(|line| line.trim_start().strip_prefix("Checking "));
    let crates = crates.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    (crates, output.status.success())
}

#[test]
fn a_change_of_the_variable_compiles_what_has_cookies_and_nothing_else() {
    let (shop, _alone) = shop();
    let again = |succeeds| (vec!["my-shop".to_owned()], succeeds);
    let nothing = || (Vec::new(), true);
    checked(&shop, &[]);
    assert_eq!(checked(&shop, &[]), nothing());
    assert_eq!(checked(&shop, &[("HARDTACK_DENY", "insecure")]), again(false));
    assert_eq!(checked(&shop, &[("HARDTACK_DENY", "public-suffix")]), again(true));
    assert_eq!(checked(&shop, &[("HARDTACK_DENY", "public-suffix")]), nothing());
    assert_eq!(checked(&shop, &[]), again(true));

    // For a workspace: `[env]`.
    shop.write(".cargo/config.toml", "[env]\nHARDTACK_DENY = \"insecure\"\n");
    assert_eq!(checked(&shop, &[]), again(false));
    shop.write(".cargo/config.toml", "[env]\nHARDTACK_DENY = \"public-suffix\"\n");
    assert_eq!(checked(&shop, &[]), again(true));
    assert_eq!(checked(&shop, &[]), nothing());
    // An inherited variable beats the plain form...
    shop.write(".cargo/config.toml", "[env]\nHARDTACK_DENY = \"insecure\"\n");
    assert!(checked(&shop, &[("HARDTACK_DENY", "")]).1);
    // ...and not the forced one.
    shop.write(".cargo/config.toml", "[env]\nHARDTACK_DENY = { value = \"insecure\", force = true }\n");
    assert_eq!(checked(&shop, &[("HARDTACK_DENY", "")]), again(false));
    shop.remove(".cargo/config.toml");
    assert!(checked(&shop, &[]).1);
}
