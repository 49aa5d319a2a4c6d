//! A policy as text: a file, the environment and the builder make the same one, and what is wrong in it is named.

use std::process::Command;
use std::time::Duration;

use hardtack::{Caching, Floor, ForceHttps, ForeignCookies, Hsts, Policy, SameSite};

use super::HOST_NAME;

/// Every key, in TOML.
const EVERY_KEY: &str = r#"
foreign_cookies = "observe"
session_names = ["tally", "basket_key"]
caching = "no-store"
cookie_domain = "site.example"

[force_https]
integrations = ["/api", "/hooks"]
exempt = ["/health"]
hosts = ["www.site.example", "site.example"]
https_port = 8443

[hsts]
max_age = "730d"
subdomains = true
preload = true

[floor]
same_site = "Strict"
http_only = true
max_age = "30d"

[[exceptions]]
cookie = "legacy"
reason = "the old shop reads it until March"

[[exceptions]]
cookie = "theme"
reason = "theme.js reads it"

[[outbound_exceptions]]
host = "metrics.internal"
reason = "the collector speaks plain HTTP, inside the cluster"
"#;

/// The same in the environment.
const EVERY_VARIABLE: [(&str, &str); 16] = [
    ("FOREIGN_COOKIES", "observe"),
    ("SESSION_NAMES", "tally, basket_key"),
    ("CACHING", "no-store"),
    ("COOKIE_DOMAIN", "site.example"),
    ("FORCE_HTTPS_INTEGRATIONS", "/api,/hooks"),
    ("FORCE_HTTPS_EXEMPT", "/health"),
    ("FORCE_HTTPS_HOSTS", "www.site.example,site.example"),
    ("FORCE_HTTPS_HTTPS_PORT", "8443"),
    ("HSTS_MAX_AGE", "730d"),
    ("HSTS_SUBDOMAINS", "true"),
    ("HSTS_PRELOAD", "true"),
    ("FLOOR_SAME_SITE", "Strict"),
    ("FLOOR_HTTP_ONLY", "true"),
    ("FLOOR_MAX_AGE", "30d"),
    ("EXCEPTIONS", "legacy: the old shop reads it until March; theme: theme.js reads it"),
    ("OUTBOUND_EXCEPTIONS", "metrics.internal: the collector speaks plain HTTP, inside the cluster"),
];

/// The same in Rust.
fn every_setting() -> Policy {
    const DAY: u64 = 86_400;
    let force = ForceHttps::on().integrations(["/api", "/hooks"]).exempt(["/health"]);
    let hsts = Hsts::one_year().max_age(Duration::from_secs(730 * DAY)).subdomains().preload();
    let floor = Floor::new().same_site(SameSite::Strict).http_only().max_age(Duration::from_secs(30 * DAY));
    let policy = Policy::builder()
        .force_https(force.hosts([HOST_NAME, "site.example"]).https_port(8443))
        .hsts(hsts)
        .foreign_cookies(ForeignCookies::Observe)
        .session_names(["tally", "basket_key"])
        .caching(Caching::NoStore)
        .floor(floor)
        .exception("legacy", "the old shop reads it until March")
        .exception("theme", "theme.js reads it")
        .cookie_domain("site.example")
        .outbound_exception("metrics.internal", "the collector speaks plain HTTP, inside the cluster");
    policy.build().unwrap()
}

/// What `Policy::from_env` says in a process with these variables: its `Debug`, or the error.
fn from_env(variables: &[(&str, &str)]) -> Result<String, String> {
    // The environment of a process with threads is not to be written to: this binary again.
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "text::this_process_s_environment_makes_a_policy", "--nocapture"]);
    for (name, value) in variables {
        child.env(format!("HARDTACK_POLICY_{name}"), value);
    }
    let output = child.env("HARDTACK_TEST_SAYS_MORE", "1").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |mark: &str| text.lines().find_map(|line| Some(line.split_once(mark)?.1.to_owned()));
    match (line("policy made: "), line("policy refused: ")) {
        (Some(made), _) => Ok(made),
        (None, Some(refused)) => Err(refused),
        (None, None) => panic!("{text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn this_process_s_environment_makes_a_policy() {
    let policy = Policy::from_env();
    if std::env::var_os("HARDTACK_TEST_SAYS_MORE").is_some() {
        match policy {
            Ok(policy) => println!("policy made: {policy:?}"),
            Err(error) => println!("policy refused: {error}"),
        }
        return;
    }
    // Nobody gave this process a variable of ours.
    assert_eq!(format!("{:?}", policy.unwrap()), format!("{:?}", Policy::default()));
}

#[test]
fn a_file_the_environment_and_the_builder_make_one_policy() {
    let built = format!("{:?}", every_setting());
    assert_eq!(format!("{:?}", Policy::from_toml(EVERY_KEY).unwrap()), built);
    assert_eq!(from_env(&EVERY_VARIABLE).unwrap(), built);
    // What is said differs from what is not said, key by key.
    let default = format!("{:?}", Policy::default());
    assert_ne!(built, default);
    for (name, value) in EVERY_VARIABLE.into_iter().filter(|(name, _)| *name != "HSTS_PRELOAD") {
        assert_ne!(from_env(&[(name, value)]).unwrap(), default, "{name}");
    }
    assert_eq!(from_env(&[]).unwrap(), default);
    assert_eq!(format!("{:?}", Policy::from_toml("").unwrap()), default);
}

#[test]
fn a_switch_turns_a_whole_part_off_in_each_form() {
    for (toml, variable, policy) in [
        ("force_https = false", "FORCE_HTTPS", Policy::builder().force_https(false)),
        ("hsts = false", "HSTS", Policy::builder().hsts(false)),
    ] {
        let built = format!("{:?}", policy.build().unwrap());
        assert_eq!(format!("{:?}", Policy::from_toml(toml).unwrap()), built);
        assert_eq!(from_env(&[(variable, "false")]).unwrap(), built);
    }
}

#[test]
fn what_is_wrong_in_a_file_is_named() {
    for (text, says) in [
        // Keys.
        ("force_http = true", "`force_http`: unknown; the keys are `force_https`, `force_https.integrations`, "),
        ("[hsts]\nmaxage = '1d'", "`hsts.maxage`: unknown; "),
        ("[floor]\nsecure = false", "`floor.secure`: unknown; "),
        ("[outbound]\nhttps = true", "`outbound`: unknown; "),
        ("[cookie_domain]\nname = 'x'", "`cookie_domain`: expected a text"),
        ("hsts = 1\nhsts = 2", "`line 2`: not TOML: "),
        (
            "[[exceptions]]\ncookie = 'x'\nbecause = 'y'",
            "`exceptions.because`: unknown; the keys are `cookie` and `reason`",
        ),
        ("[[exceptions]]\nhost = 'x'\nreason = 'y'", "`exceptions.host`: unknown; "),
        ("[[outbound_exceptions]]\ncookie = 'x'\nreason = 'y'", "`outbound_exceptions.cookie`: unknown; "),
        // Kinds.
        ("force_https = 'on'", "`force_https`: expected `true` or `false`"),
        ("hsts = 31536000", "`hsts`: expected `true` or `false`"),
        ("[force_https]\nexempt = '/health'", "`force_https.exempt`: expected a list of texts"),
        ("[force_https]\nintegrations = [1]", "`force_https.integrations`: expected a list of texts"),
        ("[force_https]\nhttps_port = '8443'", "`force_https.https_port`: expected a number from 1 to 65535"),
        ("[force_https]\nhttps_port = 65536", "`force_https.https_port`: expected a number from 1 to 65535"),
        ("[force_https]\nhttps_port = -1", "`force_https.https_port`: expected a number from 1 to 65535"),
        ("[hsts]\nsubdomains = 'yes'", "`hsts.subdomains`: expected `true` or `false`"),
        ("[hsts]\npreload = 1", "`hsts.preload`: expected `true` or `false`"),
        ("[hsts]\nmax_age = 365", "`hsts.max_age`: expected a duration, as in \"365d\""),
        ("session_names = 'id'", "`session_names`: expected a list of texts"),
        ("cookie_domain = true", "`cookie_domain`: expected a text"),
        ("exceptions = 'legacy'", "`exceptions`: expected names, each with a reason"),
        ("exceptions = ['legacy']", "`exceptions`: expected names, each with a reason"),
        ("[exceptions]\nlegacy = 'reason'", "`exceptions`: expected names, each with a reason"),
        ("[[exceptions]]\ncookie = 1\nreason = 'y'", "`exceptions.cookie`: expected a text"),
        // Values.
        ("foreign_cookies = 'allow'", "`foreign_cookies`: expected one of \"observe\", \"harden\", \"refuse\""),
        ("foreign_cookies = false", "`foreign_cookies`: expected one of \"observe\", "),
        ("caching = 'public'", "`caching`: expected one of \"private\", \"no-store\""),
        ("[floor]\nsame_site = 'Loose'", "`floor.same_site`: expected one of \"Strict\", \"Lax\", \"None\""),
        ("[floor]\nmax_age = 'a month'", "`floor.max_age`: "),
        ("[hsts]\nmax_age = '1.5d'", "`hsts.max_age`: "),
        ("[force_https]\nexempt = ['health']", "`force_https.exempt`: `health` does not begin with `/`; "),
        ("[force_https]\nintegrations = ['/api/*']", "`force_https.integrations`: `/api/*` is a pattern; "),
        ("[force_https]\nhosts = ['https://x']", "`force_https.hosts`: `https://x` is not a host name; "),
        ("[force_https]\nhosts = []", "`force_https.hosts`: the list is empty; "),
        ("[force_https]\nhttps_port = 0", "`force_https.https_port`: 0 is no port; "),
        ("session_names = ['']", "`session_names`: `` is refused: "),
        ("cookie_domain = '.site.example'", "`cookie_domain`: `.site.example` is refused: "),
        ("[[exceptions]]\ncookie = 'a;b'\nreason = 'y'", "`exceptions`: `a;b` is refused: "),
        (
            "[[outbound_exceptions]]\nhost = 'http://x'\nreason = 'y'",
            "`outbound_exceptions`: `http://x` is not a host name; ",
        ),
        // Contradictions.
        ("[hsts]\npreload = true", "`hsts.preload`: preload lists take a host with all its subdomains only; "),
        (
            "[hsts]\npreload = true\nsubdomains = true\nmax_age = '364d'",
            "`hsts.preload`: preload lists want one year at least; ",
        ),
        ("[[exceptions]]\ncookie = 'legacy'", "`exceptions`: the exception for `legacy` has no reason; "),
        ("[[exceptions]]\ncookie = 'legacy'\nreason = ' '", "`exceptions`: the exception for `legacy` has no reason; "),
        ("[[exceptions]]\nreason = 'y'", "`exceptions`: an exception has no `cookie`; "),
        ("[[outbound_exceptions]]\nhost = 'x'", "`outbound_exceptions`: the exception for `x` has no reason; "),
        // No TOML.
        ("caching = 'private'\n\n[hsts", "`line 3`: not TOML: "),
    ] {
        let error = Policy::from_toml(text).unwrap_err();
        assert!(error.to_string().starts_with(says), "{text}: {error}");
        assert!(says.starts_with(&format!("`{}`", error.key())), "{text}: {}", error.key());
    }
}

#[test]
fn what_is_wrong_in_the_environment_is_named() {
    for (name, value, says) in [
        (
            "FORCE_HTTP",
            "true",
            "`HARDTACK_POLICY_FORCE_HTTP`: unknown; the variables are HARDTACK_POLICY_FORCE_HTTPS, ",
        ),
        ("force_https", "true", "`HARDTACK_POLICY_force_https`: unknown; "),
        ("FORCE_HTTPS", "on", "`HARDTACK_POLICY_FORCE_HTTPS`: expected `true` or `false`"),
        (
            "FORCE_HTTPS_HTTPS_PORT",
            "https",
            "`HARDTACK_POLICY_FORCE_HTTPS_HTTPS_PORT`: expected a number from 1 to 65535",
        ),
        ("FORCE_HTTPS_EXEMPT", "/a,b", "`force_https.exempt`: `b` does not begin with `/`; "),
        ("HSTS_MAX_AGE", "forever", "`HARDTACK_POLICY_HSTS_MAX_AGE`: "),
        ("FOREIGN_COOKIES", "", "`HARDTACK_POLICY_FOREIGN_COOKIES`: expected one of \"observe\", "),
        ("FLOOR_SAME_SITE", "Loose", "`HARDTACK_POLICY_FLOOR_SAME_SITE`: expected one of \"Strict\", "),
        ("COOKIE_DOMAIN", "127.0.0.1", "`cookie_domain`: `127.0.0.1` is refused: "),
        ("EXCEPTIONS", "legacy", "`exceptions`: the exception for `legacy` has no reason; "),
        ("EXCEPTIONS", "legacy: x; theme:", "`exceptions`: the exception for `theme` has no reason; "),
        ("OUTBOUND_EXCEPTIONS", "a b: x", "`outbound_exceptions`: `a b` is not a host name; "),
        ("HSTS_PRELOAD", "true", "`hsts.preload`: preload lists take a host with all its subdomains only; "),
    ] {
        let error = from_env(&[(name, value)]).unwrap_err();
        assert!(error.starts_with(says), "{name}={value}: {error}");
    }
}
