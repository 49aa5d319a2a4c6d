//! Tests the settings of a policy. A TOML file, environment variables and the builder must make equal policies. The
//! error for an invalid setting must name the key of the setting.

use std::process::Command;
use std::time::Duration;

use hardtack::policy::{Baseline, Caching, Exception, ForceHttps, Hsts, UndeclaredCookies};
use hardtack::{Policy, SameSite};

use super::HOST_NAME;

/// Every setting of a policy, as a TOML file.
const EVERY_KEY: &str = r#"
undeclared_cookies = "observe"
session_names = ["tally", "basket_key"]
caching = "no-store"
cookie_domain = "site.example"
base_path = "/vault"
former_cookie_domain = ["old.example", "none"]
former_base_path = ["/old", "/"]

[force_https]
api_paths = ["/api", "/hooks"]
exempt = ["/health"]
exempt_under = ["/internal"]
pages_only = false
redirect_host = "site.example"
hosts = ["www.site.example", "site.example"]
https_port = 8443

[hsts]
max_age = "730d"
include_subdomains = true
preload = true

[baseline]
same_site = "Strict"
http_only = true
longest_max_age = "30d"

[[exceptions]]
cookie = "legacy"
allow = ["everything"]
reason = "the old shop reads it until March"

[[exceptions]]
cookie = "theme"
allow = ["readable_by_scripts", "any_same_site"]
reason = "theme.js reads it"

[[outbound_exceptions]]
host = "metrics.internal"
reason = "the collector speaks plain HTTP, inside the cluster"
"#;

/// The settings of `EVERY_KEY`, as environment variables.
const EVERY_VARIABLE: [(&str, &str); 22] = [
    ("UNDECLARED_COOKIES", "observe"),
    ("SESSION_NAMES", "tally, basket_key"),
    ("CACHING", "no-store"),
    ("COOKIE_DOMAIN", "site.example"),
    ("BASE_PATH", "/vault"),
    ("FORMER_COOKIE_DOMAIN", "old.example, none"),
    ("FORMER_BASE_PATH", "/old,/"),
    ("FORCE_HTTPS_API_PATHS", "/api,/hooks"),
    ("FORCE_HTTPS_EXEMPT", "/health"),
    ("FORCE_HTTPS_EXEMPT_UNDER", "/internal"),
    ("FORCE_HTTPS_PAGES_ONLY", "false"),
    ("FORCE_HTTPS_REDIRECT_HOST", "site.example"),
    ("FORCE_HTTPS_HOSTS", "www.site.example,site.example"),
    ("FORCE_HTTPS_HTTPS_PORT", "8443"),
    ("HSTS_MAX_AGE", "730d"),
    ("HSTS_INCLUDE_SUBDOMAINS", "true"),
    ("HSTS_PRELOAD", "true"),
    ("BASELINE_SAME_SITE", "Strict"),
    ("BASELINE_HTTP_ONLY", "true"),
    ("BASELINE_LONGEST_MAX_AGE", "30d"),
    (
        "EXCEPTIONS",
        "legacy everything: the old shop reads it until March; \
         theme readable_by_scripts any_same_site: theme.js reads it",
    ),
    ("OUTBOUND_EXCEPTIONS", "metrics.internal: the collector speaks plain HTTP, inside the cluster"),
];

/// Returns a policy with the settings of `EVERY_KEY`, made with the builder.
fn every_setting() -> Policy {
    const DAY: u64 = 86_400;
    let force = ForceHttps::on().api_paths(["/api", "/hooks"]).exempt(["/health"]);
    let force = force.exempt_under(["/internal"]).pages_only(false).redirect_host("site.example");
    let theme = Exception::for_cookie("theme").readable_by_scripts().any_same_site();
    let hsts = Hsts::one_year().max_age(Duration::from_secs(730 * DAY)).include_subdomains().preload();
    let baseline =
        Baseline::new().same_site(SameSite::Strict).http_only().longest_max_age(Duration::from_secs(30 * DAY));
    let policy = Policy::builder()
        .force_https(force.hosts([HOST_NAME, "site.example"]).https_port(8443))
        .hsts(hsts)
        .undeclared_cookies(UndeclaredCookies::Observe)
        .session_names(["tally", "basket_key"])
        .caching(Caching::NoStore)
        .baseline(baseline)
        .exception(Exception::for_cookie("legacy").everything().because("the old shop reads it until March"))
        .exception(theme.because("theme.js reads it"))
        .cookie_domain("site.example")
        .base_path("/vault")
        .former_cookie_domain(["old.example", "none"])
        .former_base_path(["/old", "/"])
        .outbound_exception("metrics.internal", "the collector speaks plain HTTP, inside the cluster");
    policy.build().unwrap()
}

/// Calls `Policy::from_env` in a child process that has the variables in `variables`. Returns the policy's `Debug`
/// text, or the error.
fn from_env(variables: &[(&str, &str)]) -> Result<String, String> {
    // A process with threads must not change its environment variables. So the function runs this test binary again in
    // a child process that has the variables.
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "settings::environment_of_this_process_makes_a_policy", "--nocapture"]);
    for (name, value) in variables {
        child.env(format!("HARDTACK_POLICY_{name}"), value);
    }
    let output = child.env("HARDTACK_TEST_CHILD", "1").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |mark: &str| text.lines().find_map(|line| Some(line.split_once(mark)?.1.to_owned()));
    match (line("policy: "), line("policy error: ")) {
        (Some(policy), _) => Ok(policy),
        (None, Some(error)) => Err(error),
        (None, None) => panic!("{text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn environment_of_this_process_makes_a_policy() {
    let policy = Policy::from_env();
    if std::env::var_os("HARDTACK_TEST_CHILD").is_some() {
        match policy {
            Ok(policy) => println!("policy: {policy:?}"),
            Err(error) => println!("policy error: {error}"),
        }
        return;
    }
    // The parent process has no `HARDTACK_POLICY_…` variable.
    assert_eq!(format!("{:?}", policy.unwrap()), format!("{:?}", Policy::default()));
}

#[test]
fn toml_environment_and_builder_make_equal_policies() {
    let built = format!("{:?}", every_setting());
    assert_eq!(format!("{:?}", Policy::from_toml(EVERY_KEY).unwrap()), built);
    assert_eq!(from_env(&EVERY_VARIABLE).unwrap(), built);
    // Each setting alone makes a policy that differs from the default policy.
    let default = format!("{:?}", Policy::default());
    assert_ne!(built, default);
    for (name, value) in EVERY_VARIABLE.into_iter().filter(|(name, _)| *name != "HSTS_PRELOAD") {
        assert_ne!(from_env(&[(name, value)]).unwrap(), default, "{name}");
    }
    assert_eq!(from_env(&[]).unwrap(), default);
    assert_eq!(format!("{:?}", Policy::from_toml("").unwrap()), default);
}

#[test]
fn cookies_are_host_only_in_each_form() {
    let none = format!("{:?}", Policy::builder().cookie_domain("none").build().unwrap());
    assert_eq!(format!("{:?}", Policy::from_toml("cookie_domain = 'none'").unwrap()), none);
    assert_eq!(from_env(&[("COOKIE_DOMAIN", "none")]).unwrap(), none);
    assert_eq!(Policy::from_toml("cookie_domain = 'none'").unwrap().cookie_domain(), None);
    // A deployment may pass a variable without a value.
    assert_eq!(from_env(&[("COOKIE_DOMAIN", "")]).unwrap(), format!("{:?}", Policy::default()));
}

#[test]
fn false_turns_off_a_part_in_each_form() {
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
fn toml_errors_name_the_key() {
    for (text, message) in [
        // Keys.
        ("force_http = true", "`force_http`: unknown; the keys are `force_https`, `force_https.api_paths`, "),
        ("[hsts]\nmaxage = '1d'", "`hsts.maxage`: unknown; "),
        ("[baseline]\nsecure = false", "`baseline.secure`: unknown; "),
        ("[outbound]\nhttps = true", "`outbound`: unknown; "),
        ("[cookie_domain]\nname = 'x'", "`cookie_domain`: expected a text"),
        ("hsts = 1\nhsts = 2", "`line 2`: not TOML: "),
        (
            "[[exceptions]]\ncookie = 'x'\nbecause = 'y'",
            "`exceptions.because`: unknown; the keys are `cookie`, `allow`, `reason`",
        ),
        ("[[exceptions]]\nhost = 'x'\nreason = 'y'", "`exceptions.host`: unknown; "),
        ("[[outbound_exceptions]]\ncookie = 'x'\nreason = 'y'", "`outbound_exceptions.cookie`: unknown; "),
        // Types.
        ("force_https = 'on'", "`force_https`: expected `true` or `false`"),
        ("hsts = 31536000", "`hsts`: expected `true` or `false`"),
        ("[force_https]\nexempt = '/health'", "`force_https.exempt`: expected a list of texts"),
        ("[force_https]\napi_paths = [1]", "`force_https.api_paths`: expected a list of texts"),
        ("[force_https]\nhttps_port = '8443'", "`force_https.https_port`: expected a number from 1 to 65535"),
        ("[force_https]\nhttps_port = 65536", "`force_https.https_port`: expected a number from 1 to 65535"),
        ("[force_https]\nhttps_port = -1", "`force_https.https_port`: expected a number from 1 to 65535"),
        ("[hsts]\ninclude_subdomains = 'yes'", "`hsts.include_subdomains`: expected `true` or `false`"),
        ("[hsts]\npreload = 1", "`hsts.preload`: expected `true` or `false`"),
        ("[hsts]\nmax_age = 365", "`hsts.max_age`: expected a duration, as in \"365d\""),
        ("session_names = 'id'", "`session_names`: expected a list of texts"),
        ("cookie_domain = true", "`cookie_domain`: expected a text"),
        ("base_path = 1", "`base_path`: expected a text"),
        ("former_cookie_domain = 'old.example'", "`former_cookie_domain`: expected a list of texts"),
        ("former_base_path = [1]", "`former_base_path`: expected a list of texts"),
        ("exceptions = 'legacy'", "`exceptions`: expected exceptions, each with "),
        ("exceptions = ['legacy']", "`exceptions`: expected exceptions, each with "),
        ("[exceptions]\nlegacy = 'reason'", "`exceptions`: expected exceptions, each with "),
        ("[[exceptions]]\ncookie = 1\nreason = 'y'", "`exceptions.cookie`: expected a text"),
        // Values.
        ("undeclared_cookies = 'allow'", "`undeclared_cookies`: expected one of \"observe\", \"harden\", \"refuse\""),
        ("undeclared_cookies = false", "`undeclared_cookies`: expected one of \"observe\", "),
        ("caching = 'public'", "`caching`: expected one of \"private\", \"no-store\""),
        ("[baseline]\nsame_site = 'Loose'", "`baseline.same_site`: expected one of \"Strict\", \"Lax\", \"None\""),
        ("[baseline]\nlongest_max_age = 'a month'", "`baseline.longest_max_age`: "),
        ("[hsts]\nmax_age = '1.5d'", "`hsts.max_age`: "),
        ("[force_https]\nexempt = ['health']", "`force_https.exempt`: `health` does not begin with `/`; "),
        ("[force_https]\napi_paths = ['/api/*']", "`force_https.api_paths`: `/api/*` is a pattern; "),
        ("[force_https]\nhosts = ['https://x']", "`force_https.hosts`: `https://x` is not a host name; "),
        ("[force_https]\nhosts = []", "`force_https.hosts`: the list is empty; "),
        ("[force_https]\nhttps_port = 0", "`force_https.https_port`: 0 is not a port; "),
        ("session_names = ['']", "`session_names`: `` is refused: "),
        ("cookie_domain = '.site.example'", "`cookie_domain`: `.site.example` is refused: "),
        ("cookie_domain = ''", "`cookie_domain`: `` is refused: the domain is empty; leave `cookie_domain` out: "),
        ("former_cookie_domain = ['none', '1.2.3.4']", "`former_cookie_domain`: `1.2.3.4` is refused: "),
        ("base_path = 'vault'", "`base_path`: `vault` is refused: the path does not begin with `/`"),
        ("former_base_path = ['/a/../b']", "`former_base_path`: `/a/../b` is refused: the path has a dot segment, "),
        ("[[exceptions]]\ncookie = 'a;b'\nreason = 'y'", "`exceptions`: `a;b` is refused: "),
        (
            "[[outbound_exceptions]]\nhost = 'http://x'\nreason = 'y'",
            "`outbound_exceptions`: `http://x` is not a host name; ",
        ),
        // Contradictions.
        ("[hsts]\npreload = true", "`hsts.preload`: preload lists accept a host only with all its subdomains; "),
        (
            "[hsts]\npreload = true\ninclude_subdomains = true\nmax_age = '364d'",
            "`hsts.preload`: preload lists accept one year or more; ",
        ),
        (
            "[[exceptions]]\ncookie = 'legacy'\nallow = ['everything']",
            "`exceptions`: the exception for `legacy` has no reason; ",
        ),
        (
            "[[exceptions]]\ncookie = 'legacy'\nallow = ['everything']\nreason = ' '",
            "`exceptions`: the exception for `legacy` has no reason; ",
        ),
        (
            "[[exceptions]]\ncookie = 'legacy'\nreason = 'y'",
            "`exceptions`: the exception for `legacy` allows nothing; ",
        ),
        (
            "[[exceptions]]\ncookie = 'x'\nallow = 'insecure'\nreason = 'y'",
            "`exceptions.allow`: expected a list of texts",
        ),
        ("[[exceptions]]\ncookie = 'x'\nallow = ['all']\nreason = 'y'", "`exceptions.allow`: "),
        ("[[exceptions]]\nreason = 'y'", "`exceptions`: an exception has no `cookie`; "),
        ("[[outbound_exceptions]]\nhost = 'x'", "`outbound_exceptions`: the exception for `x` has no reason; "),
        // TOML syntax.
        ("caching = 'private'\n\n[hsts", "`line 3`: not TOML: "),
    ] {
        let error = Policy::from_toml(text).unwrap_err();
        assert!(error.to_string().starts_with(message), "{text}: {error}");
        assert!(message.starts_with(&format!("`{}`", error.key())), "{text}: {}", error.key());
    }
}

#[test]
fn environment_errors_name_the_variable() {
    for (name, value, message) in [
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
        ("UNDECLARED_COOKIES", "", "`HARDTACK_POLICY_UNDECLARED_COOKIES`: expected one of \"observe\", "),
        ("BASELINE_SAME_SITE", "Loose", "`HARDTACK_POLICY_BASELINE_SAME_SITE`: expected one of \"Strict\", "),
        (
            "COOKIE_DOMAIN",
            "127.0.0.1",
            "`cookie_domain`: `127.0.0.1` is refused: the domain is an IP address; leave `cookie_domain` out: ",
        ),
        ("BASE_PATH", "/a;b", "`base_path`: `/a;b` is refused: "),
        ("FORMER_COOKIE_DOMAIN", "none,localhost", "`former_cookie_domain`: `localhost` is refused: "),
        ("FORMER_BASE_PATH", "/old,//", "`former_base_path`: `//` is refused: the path has an empty segment; "),
        ("EXCEPTIONS", "legacy everything", "`exceptions`: the exception for `legacy` has no reason; "),
        (
            "EXCEPTIONS",
            "legacy insecure: x; theme insecure:",
            "`exceptions`: the exception for `theme` has no reason; ",
        ),
        ("EXCEPTIONS", "legacy: x", "`exceptions`: the exception for `legacy` allows nothing; "),
        ("EXCEPTIONS", "legacy all: x", "`HARDTACK_POLICY_EXCEPTIONS`: "),
        ("FORCE_HTTPS_PAGES_ONLY", "no", "`HARDTACK_POLICY_FORCE_HTTPS_PAGES_ONLY`: expected `true` or `false`"),
        ("FORCE_HTTPS_EXEMPT_UNDER", "/a/{id}", "`force_https.exempt_under`: `/a/{id}` is a pattern; "),
        ("FORCE_HTTPS_REDIRECT_HOST", "https://x", "`force_https.redirect_host`: `https://x` is not a host name; "),
        ("OUTBOUND_EXCEPTIONS", "a b: x", "`outbound_exceptions`: `a b` is not a host name; "),
        ("HSTS_PRELOAD", "true", "`hsts.preload`: preload lists accept a host only with all its subdomains; "),
    ] {
        let error = from_env(&[(name, value)]).unwrap_err();
        assert!(error.starts_with(message), "{name}={value}: {error}");
    }
}
