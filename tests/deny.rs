//! Runs the real cargo with `HARDTACK_DENY` on temporary crates. The tests check:
//!
//! - which declarations each lint in `HARDTACK_DENY` rejects, and which declarations the lint accepts,
//! - which token of the declaration the error underlines,
//! - which crates cargo rebuilds after a change of `HARDTACK_DENY`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic in a helper fails the test")]

#[allow(dead_code, reason = "other test binaries use more of it")]
mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};

use hardtack_rules::{Rule, RuleKind};
use support::workspace::Workspace;

/// The source code of a test crate. For each lint, the crate declares cookies that the lint rejects and similar cookies
/// that the lint accepts. The tests depend on the line numbers. The text of each `reason` is the number of the line
/// that contains the `reason`.
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
#[cookie(domain = policy)]
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

#[derive(Cookie)]
#[cookie(formerly(name = "sid", until = "2027-03-01"), reason = "84")]
struct Renamed(String);

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", until = "2027-03-01"))]
struct RenamedHost(String);
"#;

/// Creates the workspace. All tests share and change the same folder, so the guard lets only one test run at a time.
fn shop() -> (Workspace, MutexGuard<'static, ()>) {
    static LOCK: Mutex<()> = Mutex::new(());
    let guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let hardtack = "hardtack = { path = \"HARDTACK/runtime\", default-features = false }";
    let members = [("my-shop", &*format!("{hardtack}\nplain = {{ path = \"../plain\" }}")), ("plain", "")];
    let workspace = Workspace::create("deny", &members);
    workspace.write("my-shop/src/lib.rs", SHOP);
    workspace.write("plain/src/lib.rs", "pub fn nothing() {}\n");
    workspace.remove(".cargo/config.toml");
    (workspace, guard)
}

/// Builds the test crate with this value of `HARDTACK_DENY`. Returns the line and the underlined token of each error.
fn errors(demand: &str) -> Vec<(u64, String)> {
    let (shop, _guard) = shop();
    let errors = shop.compile_errors("my-shop", &[("HARDTACK_DENY", demand)]);
    errors.into_iter().map(|error| (error.line, error.tokens)).collect()
}

fn at(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(line, tokens)| (*line, (*tokens).to_owned())).collect()
}

/// The line and the underlined token of each error.
type Places = &'static [(u64, &'static str)];

const INSECURE: Places = &[(10, "false")];
const SCRIPT: Places = &[(14, "false"), (59, "false")];
const SAME_SITE: Places = &[(18, "None")];
const UNPREFIXED: Places = &[(22, "\"legacy\""), (26, "OLD")];
const DOMAIN: Places = &[(30, "domain"), (34, "domain")];
const LONG: Places = &[(38, "\"401d\""), (42, "YEARS")];
const MONTH: Places = &[(46, "\"90d\""), (50, "MONTHS")];
const ALONE: Places = &[(54, "partitioned")];
/// The errors of a cookie with two weaknesses: the cookie is not `Secure`, and the cookie's name has no prefix.
const BOTH_INSECURE: Places = &[(80, "false")];
const BOTH_UNPREFIXED: Places = &[(80, "OLD")];
const FORMER: Places = &[(84, "\"sid\"")];

#[test]
fn each_word_refuses_only_its_weakness() {
    assert_eq!(errors(""), []);
    assert_eq!(errors(" , "), []);
    let lints: &[(Rule, &[Places])] = &[
        (Rule::Insecure, &[INSECURE, BOTH_INSECURE]),
        (Rule::ScriptReadable, &[SCRIPT]),
        (Rule::SameSiteNone, &[SAME_SITE]),
        // A cookie that is not Secure cannot have a name prefix, so the lint `unprefixed` also rejects it.
        (Rule::Unprefixed, &[INSECURE, UNPREFIXED, BOTH_UNPREFIXED]),
        (Rule::DomainWide, &[DOMAIN]),
        (Rule::LongLived, &[LONG]),
        // The test `public_suffix_without_its_feature_is_an_error` covers this lint.
        (Rule::PublicSuffix, &[]),
        (Rule::PartitionAlone, &[ALONE]),
        (Rule::FormerName, &[FORMER]),
    ];
    let all: Vec<Rule> = Rule::ALL.iter().copied().filter(|rule| rule.kind() != RuleKind::Error).collect();
    assert_eq!(lints.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), all, "a lint is not tested here");
    for (rule, expected) in lints.iter().filter(|(rule, _)| *rule != Rule::PublicSuffix) {
        assert_eq!(errors(rule.id()), at(&expected.concat()), "{rule}");
    }
    assert_eq!(errors("max-age=30d"), at(&[LONG, MONTH].concat()));
    assert_eq!(errors("max-age=90d"), at(LONG));
    assert_eq!(errors("insecure,same-site-none"), at(&[INSECURE, SAME_SITE, BOTH_INSECURE].concat()));
}

#[test]
fn public_suffix_without_its_feature_is_an_error() {
    let (shop, _guard) = shop();
    for demand in ["public-suffix", "max-age=900d,public-suffix -my-shop::Banner"] {
        let errors = shop.compile_errors("my-shop", &[("HARDTACK_DENY", demand)]);
        assert_eq!(
            errors.iter().map(|error| error.text.as_str()).collect::<Vec<_>>(),
            [
                "in the environment variable `HARDTACK_DENY`, `public-suffix` needs hardtack's feature `public-suffix`; in \
              Cargo.toml, add it to the `features` of `hardtack`, or remove the word"
            ],
            "{demand}"
        );
    }
}

#[test]
fn public_suffixes_are_refused_with_the_feature() {
    let hardtack =
        "hardtack = { path = \"HARDTACK/runtime\", default-features = false, features = [\"public-suffix\"] }";
    let shop = Workspace::create("deny-suffix", &[("suffixes", hardtack)]);
    shop.write(
        "suffixes/src/lib.rs",
        r#"#![allow(dead_code)]
use hardtack::Cookie;
#[derive(Cookie)]
#[cookie(domain = "co.uk", reason = "the hosts of all our brands")]
struct Brands(u64);
#[derive(Cookie)]
#[cookie(domain = "shop.co.uk", reason = "its own hosts")]
struct Own(u64);
"#,
    );
    let errors = |demand: &str| shop.compile_errors("suffixes", &[("HARDTACK_DENY", demand)]);
    assert_eq!(errors("").len(), 0);
    assert_eq!(errors("public-suffix -suffixes::Brands").len(), 0);
    let [only] = &errors("public-suffix")[..] else { panic!("not exactly one error") };
    assert_eq!((only.line, only.tokens.as_str()), (4, "\"co.uk\""));
    assert!(only.text.starts_with("a `domain` that is a public suffix trips `public-suffix`"), "{}", only.text);
    // With `all`, every `domain` is an error. A `domain` that is a public suffix still causes only one error.
    let all = errors("all");
    assert_eq!(
        all.iter().map(|error| (error.line, &*error.tokens)).collect::<Vec<_>>(),
        [(4, "domain"), (7, "domain")]
    );
}

#[test]
fn all_refuses_each_cookie_once() {
    let everything = [
        INSECURE,
        &SCRIPT[..1],
        SAME_SITE,
        UNPREFIXED,
        DOMAIN,
        LONG,
        MONTH,
        ALONE,
        &SCRIPT[1..],
        BOTH_INSECURE,
        FORMER,
    ]
    .concat();
    assert_eq!(errors("all max-age=30d"), at(&everything));
    let without_limit: Vec<_> = everything.into_iter().filter(|place| !MONTH.contains(place)).collect();
    assert_eq!(errors("all"), at(&without_limit));
}

#[test]
fn error_names_key_lint_and_demand() {
    let (shop, _guard) = shop();
    let text = |demand: &str, line: u64| {
        let errors = shop.compile_errors("my-shop", &[("HARDTACK_DENY", demand)]);
        errors.into_iter().find(|error| error.line == line).unwrap().text
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
fn exceptions_apply_to_one_cookie() {
    assert_eq!(errors("script-readable -my_shop::Theme"), at(&SCRIPT[1..]));
    assert_eq!(errors("script-readable,-my-shop::Site::script"), at(&SCRIPT[..1]));
    assert_eq!(errors("script-readable -my-shop::Site -my-shop::Theme"), []);
    assert_eq!(errors("unprefixed -my-shop::Old -my-shop::Banner -my-shop::Both"), at(&UNPREFIXED[..1]));
    assert_eq!(errors("max-age=30d -my-shop::Months -my-shop::Ancient"), at(&[LONG[0], MONTH[0]]));
    // The exception is for a cookie of the crate `other`. The build does not contain the crate `other`.
    assert_eq!(errors("script-readable -other::Theme"), at(SCRIPT));
}

#[test]
fn an_exception_is_the_whole_path() {
    let hardtack = "hardtack = { path = \"HARDTACK/runtime\", default-features = false }";
    let shop = Workspace::create("deny-paths", &[("paths", hardtack)]);
    shop.write(
        "paths/src/lib.rs",
        r#"#![allow(dead_code)]
pub mod legacy {
    pub mod pages {
        #[derive(hardtack::Cookie)]
        #[cookie(secure = false, reason = "5")]
        struct Theme(u64);
    }
}
pub mod admin {
    const OLD: &str = "old";
    #[derive(hardtack::Cookie)]
    #[cookie(secure = false, reason = "12")]
    struct Theme(u64);
    #[derive(hardtack::Cookie)]
    #[cookie(name = OLD, reason = "15")]
    struct Old(u64);
    #[derive(hardtack::Cookie)]
    #[cookie(formerly(name = OLD, until = "2027-03-01"), reason = "18")]
    struct Former(u64);
    #[hardtack::cookies]
    struct Site {
        #[cookie(http_only = false, reason = "22")]
        script: String,
    }
}
fn function() {
    #[derive(hardtack::Cookie)]
    #[cookie(secure = false, reason = "28")]
    struct Local(u64);
}
"#,
    );
    let errors = |demand: &str| -> Vec<(u64, String)> {
        let errors = shop.compile_errors("paths", &[("HARDTACK_DENY", demand)]);
        errors.into_iter().map(|error| (error.line, error.text)).collect()
    };
    let lines = |demand: &str| errors(demand).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
    assert!(lines("").is_empty());
    let all = [5, 12, 15, 18, 22, 28];
    assert_eq!(lines("all"), all);
    // Every error contains the word that would exempt the cookie. The deny list may already exempt a type with the same
    // name in a different module.
    let same_names = "-paths::Theme -paths::Old -paths::Former -paths::Site -paths::function::Local";
    for demand in ["all".to_owned(), format!("all {same_names}")] {
        let found = errors(&demand);
        assert_eq!(found.len(), all.len(), "{demand}: {found:?}");
        for (line, text) in found {
            let (_, exception) = text.rsplit_once("except the cookie there with `").unwrap();
            let exception = exception.trim_end_matches('`');
            let is_set = exception.contains("Site");
            let others: Vec<_> = all.into_iter().filter(|other| *other != line).collect();
            assert_eq!(lines(&format!("{demand} {exception}")), others, "{exception}");
            if is_set {
                assert_eq!(lines(&format!("{demand} -paths::admin::Site")), others);
            }
        }
    }
}

#[test]
fn unknown_words_are_reported_once() {
    let (shop, _guard) = shop();
    let errors = shop.compile_errors("my-shop", &[("HARDTACK_DENY", "insecur max-age=30 -Theme")]);
    let texts: Vec<&str> = errors.iter().map(|error| error.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "in the environment variable `HARDTACK_DENY`, `insecur` is no lint; write `insecure`, `script-readable`, \
             `same-site-none`, `unprefixed`, `domain-wide`, `long-lived`, `public-suffix`, `partition-alone`, \
             `former-name`, `all`, `max-age=30d`, or except a cookie as in `-shop::Theme`",
            "in the environment variable `HARDTACK_DENY`, `max-age=30`: `30` is no duration; write it as in `max-age=30d`",
            "in the environment variable `HARDTACK_DENY`, `-Theme`: `Theme` names no cookie; write its crate too, as in \
             `-shop::Theme`",
        ]
    );
}

#[cfg(unix)]
#[test]
fn invalid_utf_8_is_reported_once() {
    use std::os::unix::ffi::OsStrExt as _;

    let (shop, _guard) = shop();
    let not_utf_8 = std::ffi::OsStr::from_bytes(b"insecure \xff");
    let check = ["check", "--offline", "-p", "my-shop"];
    let output = shop.command().args(check).env("HARDTACK_DENY", not_utf_8).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert_eq!(
        errors,
        [
            "the environment variable `HARDTACK_DENY` is not UTF-8; write there what the build refuses, as in `insecure max-age=30d`",
            "could not compile `my-shop` (lib) due to 1 previous error",
        ],
        "{stderr}"
    );
    assert_eq!(shop.compile_errors("my-shop", &[]).len(), 0, "the crate compiles again without the variable");
}

/// Runs `cargo check`. Returns the crates that cargo compiled, and true if the build succeeded.
fn check(shop: &Workspace, environment: &[(&str, &str)]) -> (Vec<String>, bool) {
    let output = shop.cargo(&["check", "--workspace"], environment);
    let stderr = String::from_utf8(output.stderr).unwrap();
    let crates = stderr.lines().filter_map(|line| line.trim_start().strip_prefix("Checking "));
    let crates = crates.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    (crates, output.status.success())
}

#[test]
fn changing_the_variable_rebuilds_only_crates_with_cookies() {
    let (shop, _guard) = shop();
    let rebuilt = |succeeds| (vec!["my-shop".to_owned()], succeeds);
    let nothing = || (Vec::new(), true);
    check(&shop, &[]);
    assert_eq!(check(&shop, &[]), nothing());
    assert_eq!(check(&shop, &[("HARDTACK_DENY", "insecure")]), rebuilt(false));
    assert_eq!(check(&shop, &[("HARDTACK_DENY", "max-age=900d")]), rebuilt(true));
    assert_eq!(check(&shop, &[("HARDTACK_DENY", "max-age=900d")]), nothing());
    assert_eq!(check(&shop, &[]), rebuilt(true));

    // A workspace can set `HARDTACK_DENY` in the table `[env]` of `.cargo/config.toml`.
    shop.write(".cargo/config.toml", "[env]\nHARDTACK_DENY = \"insecure\"\n");
    assert_eq!(check(&shop, &[]), rebuilt(false));
    shop.write(".cargo/config.toml", "[env]\nHARDTACK_DENY = \"max-age=900d\"\n");
    assert_eq!(check(&shop, &[]), rebuilt(true));
    assert_eq!(check(&shop, &[]), nothing());
    // The environment overrides a variable that `.cargo/config.toml` sets without `force`.
    shop.write(".cargo/config.toml", "[env]\nHARDTACK_DENY = \"insecure\"\n");
    assert!(check(&shop, &[("HARDTACK_DENY", "")]).1);
    // A variable that `.cargo/config.toml` sets with `force` overrides the environment.
    shop.write(".cargo/config.toml", "[env]\nHARDTACK_DENY = { value = \"insecure\", force = true }\n");
    assert_eq!(check(&shop, &[("HARDTACK_DENY", "")]), rebuilt(false));
    shop.remove(".cargo/config.toml");
    assert!(check(&shop, &[]).1);
}
