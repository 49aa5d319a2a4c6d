use super::KEYS;
use crate::policy::env::variable_name;
use crate::policy::{Exception, Policy, PolicyBuilder};

fn from(variables: &[(&str, &str)]) -> Result<Policy, String> {
    add(Policy::builder(), variables)
}

/// Adds the variables to the settings of the builder.
fn add(builder: PolicyBuilder, variables: &[(&str, &str)]) -> Result<Policy, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
    builder.with_variables(variables).and_then(PolicyBuilder::build).map_err(|error| error.to_string())
}

#[test]
fn variables_are_keys_in_upper_case() {
    let names: std::collections::HashSet<_> = KEYS.iter().map(|key| variable_name(key.name)).collect();
    assert_eq!(names.len(), KEYS.len());
    let policy = from(&[
        ("HARDTACK_POLICY_FORCE_HTTPS", "false"),
        ("HARDTACK_POLICY_FORCE_HTTPS_EXEMPT", "/health, /ready"),
        ("HARDTACK_POLICY_HSTS_MAX_AGE", "730d"),
        ("HARDTACK_POLICY_BASELINE_SAME_SITE", "strict"),
        (
            "HARDTACK_POLICY_EXCEPTIONS",
            "legacy everything: read until March; theme insecure readable_by_scripts: theme.js: reads it;",
        ),
        ("HARDTACK_DENY", "all"),
    ]);
    let policy = policy.unwrap();
    assert!(!policy.force_https().is_on());
    assert!(policy.force_https().is_exempt("/ready"));
    assert_eq!(policy.hsts_value().unwrap(), "max-age=63072000");
    let expected = [
        Exception::for_cookie("legacy").everything().because("read until March"),
        Exception::for_cookie("theme").insecure().readable_by_scripts().because("theme.js: reads it"),
    ];
    assert_eq!(policy.exceptions().collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
}

#[test]
fn invalid_variable_is_named() {
    for (name, value, text) in [
        ("HARDTACK_POLICY_FORCE_HTTP", "true", "`HARDTACK_POLICY_FORCE_HTTP`: unknown; the variables are "),
        ("HARDTACK_POLICY_HSTS", "yes", "`HARDTACK_POLICY_HSTS`: expected `true` or `false`"),
        (
            "HARDTACK_POLICY_FORCE_HTTPS_HTTPS_PORT",
            "66000",
            "`HARDTACK_POLICY_FORCE_HTTPS_HTTPS_PORT`: expected a number",
        ),
        (
            "HARDTACK_POLICY_HSTS_MAX_AGE",
            "1 year",
            "`HARDTACK_POLICY_HSTS_MAX_AGE`: a duration is one number and one unit",
        ),
        ("HARDTACK_POLICY_CACHING", "public", "`HARDTACK_POLICY_CACHING`: expected one of \"private\", \"no-store\""),
        ("HARDTACK_POLICY_EXCEPTIONS", "legacy", "`exceptions`: the exception for `legacy` allows nothing; "),
        ("HARDTACK_POLICY_EXCEPTIONS", "legacy: because", "`exceptions`: the exception for `legacy` allows nothing; "),
        ("HARDTACK_POLICY_EXCEPTIONS", "legacy everything", "`exceptions`: the exception for `legacy` has no reason; "),
        (
            "HARDTACK_POLICY_EXCEPTIONS",
            "legacy everything: a; b; c insecure: d",
            "`exceptions`: the exception for `b` allows nothing; ",
        ),
        (
            "HARDTACK_POLICY_EXCEPTIONS",
            "legacy script\u{1b}: x",
            "`HARDTACK_POLICY_EXCEPTIONS`: `script\\u{1b}` is unknown; write `insecure`, `readable_by_scripts`, \
             `any_same_site` or `everything`",
        ),
        ("HARDTACK_POLICY_EXCEPTIONS", ": x", "`exceptions`: `` is refused: "),
        (
            "HARDTACK_POLICY_FORCE_HTTPS_PAGES_ONLY",
            "no",
            "`HARDTACK_POLICY_FORCE_HTTPS_PAGES_ONLY`: expected `true` or `false`",
        ),
        (
            "HARDTACK_POLICY_FORCE_HTTPS_REDIRECT_HOST",
            "a:80",
            "`force_https.redirect_host`: `a:80` is not a host name; ",
        ),
        ("HARDTACK_POLICY_FORCE_HTTPS_EXEMPT_UNDER", "/a/*", "`force_https.exempt_under`: `/a/*` is a pattern; "),
        (
            "HARDTACK_POLICY_HSTS_PRELOAD",
            "true",
            "`hsts.preload`: preload lists accept a host only with all its subdomains",
        ),
    ] {
        let error = from(&[(name, value)]).unwrap_err();
        assert!(error.starts_with(text), "{error}");
    }
    let not_utf8 =
        Policy::builder().with_variables([("HARDTACK_POLICY_HSTS".to_owned(), None)].into_iter()).unwrap_err();
    assert_eq!(not_utf8.to_string(), "`HARDTACK_POLICY_HSTS`: not UTF-8; write it in UTF-8");
}

#[test]
fn variable_replaces_one_value_and_adds_to_a_list() {
    use crate::policy::{Baseline, Caching, ForceHttps, Hsts};

    let force = ForceHttps::on().api_paths(["/api"]).exempt(["/health"]).https_port(8443).pages_only(false);
    let builder = Policy::builder()
        .force_https(force.redirect_host("a.example").exempt_under(["/internal"]))
        .hsts(Hsts::one_year().include_subdomains().preload())
        .baseline(Baseline::new().http_only())
        .caching(Caching::NoStore)
        .session_names(["tally"])
        .exception(Exception::for_cookie("theme").insecure().because("x"))
        .cookie_domain("a.example")
        .on_event(|_| {});
    let unchanged = builder.clone().build().unwrap();
    assert_eq!(format!("{:?}", add(builder.clone(), &[]).unwrap()), format!("{unchanged:?}"));

    let policy = add(
        builder,
        &[
            ("HARDTACK_POLICY_FORCE_HTTPS_EXEMPT", "/ready"),
            ("HARDTACK_POLICY_FORCE_HTTPS_API_PATHS", "/hooks"),
            ("HARDTACK_POLICY_FORCE_HTTPS_EXEMPT_UNDER", "/metrics"),
            ("HARDTACK_POLICY_FORCE_HTTPS_PAGES_ONLY", "true"),
            ("HARDTACK_POLICY_FORCE_HTTPS_REDIRECT_HOST", "b.example"),
            ("HARDTACK_POLICY_FORCE_HTTPS_HTTPS_PORT", "9443"),
            ("HARDTACK_POLICY_HSTS_PRELOAD", "false"),
            ("HARDTACK_POLICY_HSTS_INCLUDE_SUBDOMAINS", "false"),
            ("HARDTACK_POLICY_BASELINE_HTTP_ONLY", "false"),
            ("HARDTACK_POLICY_CACHING", "private"),
            ("HARDTACK_POLICY_SESSION_NAMES", "basket"),
            ("HARDTACK_POLICY_EXCEPTIONS", "theme any_same_site: y"),
            ("HARDTACK_POLICY_COOKIE_DOMAIN", "b.example"),
        ],
    );
    let policy = policy.unwrap();
    let force = policy.force_https();
    assert_eq!(force.exempt_paths(), ["/health", "/ready"]);
    assert_eq!(force.api_prefixes(), ["/api", "/hooks"]);
    assert_eq!(force.exempt_prefixes(), ["/internal", "/metrics"]);
    assert_eq!(
        (force.is_pages_only(), force.fixed_host(), force.redirect_port()),
        (true, Some("b.example"), Some(9443))
    );
    assert_eq!(policy.hsts(), &Hsts::one_year());
    assert_eq!(policy.baseline(), &Baseline::new());
    assert_eq!(policy.caching(), Caching::Private);
    assert_eq!(policy.session_names(), ["tally", "basket"]);
    let allowed = policy.allowed(b"theme");
    assert!(allowed.insecure && allowed.any_same_site && !allowed.readable_by_scripts);
    assert_eq!(policy.cookie_domain(), Some("b.example"));
    assert!(format!("{policy:?}").contains("on_event: true"));
}

#[test]
fn first_unknown_variable_is_named() {
    let unknown = ["HARDTACK_POLICY_ZEBRA", "HARDTACK_POLICY_HSTZ", "HARDTACK_POLICY_ALPHA", "HARDTACK_POLICY_HSTS"];
    for rotation in 0..unknown.len() {
        let mut variables = unknown.map(|name| (name, "not a boolean"));
        variables.rotate_left(rotation);
        for _ in 0..2 {
            let error = from(&variables).unwrap_err();
            assert!(error.starts_with("`HARDTACK_POLICY_ALPHA`: unknown; the variables are "), "{error}");
            variables.reverse();
        }
    }
}

#[test]
fn empty_scope_variables_count_as_not_set() {
    let default = format!("{:?}", Policy::default());
    for name in ["COOKIE_DOMAIN", "BASE_PATH", "FORMER_COOKIE_DOMAIN", "FORMER_BASE_PATH"] {
        for empty in ["", " ", "\t"] {
            let policy = from(&[(&format!("HARDTACK_POLICY_{name}"), empty)]).unwrap();
            assert_eq!(format!("{policy:?}"), default, "{name}");
        }
    }
    // An empty `HARDTACK_POLICY_HSTS` is an error.
    let error = from(&[("HARDTACK_POLICY_HSTS", "")]).unwrap_err();
    assert_eq!(error, "`HARDTACK_POLICY_HSTS`: expected `true` or `false`");
    #[cfg(feature = "toml")]
    assert_eq!(Policy::from_toml("cookie_domain = ''").unwrap_err().key(), "cookie_domain");
}

#[test]
fn scope_variables_are_settings() {
    let policy = from(&[
        ("HARDTACK_POLICY_COOKIE_DOMAIN", "None"),
        ("HARDTACK_POLICY_BASE_PATH", "/vault/"),
        ("HARDTACK_POLICY_FORMER_COOKIE_DOMAIN", "old.example, none"),
        ("HARDTACK_POLICY_FORMER_BASE_PATH", "/old/,/"),
    ]);
    let policy = policy.unwrap();
    assert_eq!(policy.cookie_domain(), None);
    assert_eq!(policy.base_path(), Some("/vault"));
    assert_eq!(policy.former_cookie_domains(), ["old.example", "none"]);
    assert_eq!(policy.former_base_paths(), ["/old", "/"]);
    for (name, value, text) in [
        (
            "COOKIE_DOMAIN",
            "localhost",
            "`cookie_domain`: `localhost` is refused: the domain is a single label, which no other host shares; leave \
             `cookie_domain` out: ",
        ),
        ("BASE_PATH", "vault", "`base_path`: `vault` is refused: the path does not begin with `/`"),
        ("FORMER_COOKIE_DOMAIN", "old.example,", "`former_cookie_domain`: `` is refused: the domain is empty; "),
        ("FORMER_BASE_PATH", "/old;/", "`former_base_path`: `/old;/` is refused: "),
    ] {
        let error = from(&[(&format!("HARDTACK_POLICY_{name}"), value)]).unwrap_err();
        assert!(error.starts_with(text), "{error}");
    }
}

#[test]
fn errors_escape_control_characters() {
    let error = from(&[("HARDTACK_POLICY_\nx\u{1b}[2J", "1")]).unwrap_err();
    assert!(error.starts_with("`HARDTACK_POLICY_\\nx\\u{1b}[2J`: unknown; "), "{error}");
    #[cfg(feature = "seal")]
    {
        let error = from(&[("HARDTACK_POLICY_KEYRING_ENV", "NO\nSUCH")]).unwrap_err();
        assert!(error.starts_with("`HARDTACK_POLICY_KEYRING_ENV`: `NO\\nSUCH`: the variable is not set; "), "{error}");
    }
    #[cfg(feature = "toml")]
    for text in ["\"a\\nb\" = 1", "[[exceptions]]\n\"a\\nb\" = 1", "[hsts]\n\"a\\u001b\" = 1"] {
        let error = Policy::from_toml(text).unwrap_err().to_string();
        assert!(!error.contains(char::is_control), "{error:?}");
    }
}

#[test]
fn each_word_is_a_setting() {
    for (variable, word, shown) in [
        ("UNDECLARED_COOKIES", "observe", "Observe"),
        ("UNDECLARED_COOKIES", "Harden", "Harden"),
        ("UNDECLARED_COOKIES", "refuse", "Refuse"),
        ("CACHING", "private", "Private"),
        ("CACHING", "no-store", "NoStore"),
        ("BASELINE_SAME_SITE", "strict", "Some(Strict)"),
        ("BASELINE_SAME_SITE", "Lax", "Some(Lax)"),
        ("BASELINE_SAME_SITE", "None", "same_site: Some(None)"),
    ] {
        let policy = from(&[(&format!("HARDTACK_POLICY_{variable}"), word)]).unwrap();
        assert!(format!("{policy:?}").contains(shown), "{variable}={word}: {policy:?}");
    }
    let error = from(&[("HARDTACK_POLICY_CACHING", "public")]).unwrap_err();
    assert!(error.contains("expected one of \"private\", \"no-store\""), "{error}");
}

#[test]
fn baseline_max_age_is_in_whole_seconds() {
    let baseline = crate::policy::Baseline::new().longest_max_age(core::time::Duration::from_millis(1500));
    assert_eq!(Policy::builder().baseline(baseline).build().unwrap_err().key(), "baseline.longest_max_age");
}

#[cfg(feature = "toml")]
#[test]
fn port_is_a_decimal_number() {
    assert!(Policy::from_toml("[force_https]\nhttps_port = 8_443").is_ok());
    for port in ["0x20fb", "0o20", "0b1", "0", "65536", "-1", "'443'"] {
        let error = Policy::from_toml(&format!("[force_https]\nhttps_port = {port}")).unwrap_err();
        assert_eq!(error.key(), "force_https.https_port", "{port}");
    }
}

#[cfg(feature = "toml")]
#[test]
fn toml_errors_name_the_key() {
    let policy = Policy::from_toml(
        "undeclared_cookies = 'refuse'\n[force_https]\napi_paths = ['/api']\nhttps_port = 8_443\n[hsts]\nmax_age = '365d'\n\
         include_subdomains = true\npreload = true\n[[exceptions]]\ncookie = 'legacy'\nallow = ['any_same_site']\nreason = 'until March'",
    );
    let policy = policy.unwrap();
    assert!(policy.force_https().is_api_path("/api/x"));
    assert_eq!(policy.force_https().explicit_port(), Some(8443));
    assert_eq!(policy.hsts_value().unwrap(), "max-age=31536000; includeSubDomains; preload");
    let legacy = Exception::for_cookie("legacy").any_same_site().because("until March");
    assert_eq!(policy.exceptions().collect::<Vec<_>>(), [&legacy]);
    for (toml, text) in [
        ("a = ", "`line 1`: not TOML: "),
        ("force_https = 1", "`force_https`: expected `true` or `false`"),
        ("[force_https]\nexmpt = []", "`force_https.exmpt`: unknown; the keys are `force_https`, "),
        ("[force_https]\nexempt = 'x'", "`force_https.exempt`: expected a list of texts"),
        ("[force_https]\nexempt = ['x']", "`force_https.exempt`: `x` does not begin with `/`"),
        ("[[exceptions]]\ncookie = 'x'", "`exceptions`: the exception for `x` allows nothing; "),
        (
            "[[exceptions]]\ncookie = 'x'\nallow = []\nreason = 'y'",
            "`exceptions`: the exception for `x` allows nothing",
        ),
        ("[[exceptions]]\ncookie = 'x'\nallow = ['everything']", "`exceptions`: the exception for `x` has no reason"),
        ("[[exceptions]]\ncookie = 'x'\nallow = 'everything'", "`exceptions.allow`: expected a list of texts, as in "),
        ("[[exceptions]]\ncookie = 'x'\nallow = [1]", "`exceptions.allow`: expected a list of texts, as in "),
        (
            "[[exceptions]]\ncookie = 'x'\nallow = ['secure']",
            "`exceptions.allow`: `secure` is unknown; write `insecure`, ",
        ),
        ("exceptions = ['x']", "`exceptions`: expected exceptions, each with a cookie, "),
        ("outbound_exceptions = ['x']", "`outbound_exceptions`: expected names, each with a reason"),
        ("[[exceptions]]\nreason = 'x'", "`exceptions`: an exception has no `cookie`; name it"),
        (
            "[[exceptions]]\ncookie = 'x'\nreasn = 'y'",
            "`exceptions.reasn`: unknown; the keys are `cookie`, `allow`, `reason`",
        ),
        ("[[outbound_exceptions]]\ncookie = 'x'", "`outbound_exceptions.cookie`: unknown; the keys are `host`, "),
        ("[[outbound_exceptions]]\nhost = 1", "`outbound_exceptions.host`: expected a text"),
        ("hsts.preload = true", "`hsts.preload`: preload lists accept a host only"),
        ("[hsts]\nmax_age = 31536000", "`hsts.max_age`: expected a duration, as in \"365d\""),
    ] {
        let error = Policy::from_toml(toml).unwrap_err().to_string();
        assert!(error.starts_with(text), "{error}");
    }
}

#[cfg(feature = "seal")]
#[test]
fn keyring_comes_from_a_variable() {
    const KEY: &str = "3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/s=";
    let id = crate::seal::Key::from_base64(KEY).unwrap().id().to_string();
    let policy = from(&[("HARDTACK_POLICY_KEYRING", KEY), ("HARDTACK_POLICY_KEYRING_DEFAULT_LIFETIME", "2h")]).unwrap();
    assert_eq!(policy.keyring().unwrap().lifetime().as_secs(), 7_200);
    assert!(format!("{policy:?}").contains(&id) && !format!("{policy:?}").contains("3q2"));
    // If the environment sets only the secret keys, the keyring keeps the default lifetime from the code. If the
    // environment sets only the default lifetime, the keyring keeps the secret keys from the code.
    let hour = core::time::Duration::from_secs(3_600);
    let in_code = crate::seal::Key::generate();
    let builder = || Policy::builder().keyring(crate::seal::Keyring::new(in_code.clone()).default_lifetime(hour));
    for (variables, key, seconds) in [
        (&[("HARDTACK_POLICY_KEYRING", KEY)][..], id.clone(), 3_600),
        (&[("HARDTACK_POLICY_KEYRING_DEFAULT_LIFETIME", "2h")], in_code.id().to_string(), 7_200),
        (&[], in_code.id().to_string(), 3_600),
    ] {
        let policy = add(builder(), variables).unwrap();
        let keyring = policy.keyring().unwrap();
        assert_eq!((keyring.writer().to_string(), keyring.lifetime().as_secs()), (key, seconds));
    }
    for (name, value, text) in [
        ("HARDTACK_POLICY_KEYRING", "hunter2", "`HARDTACK_POLICY_KEYRING`: key 1: the key is not base64; "),
        (
            "HARDTACK_POLICY_KEYRING_ENV",
            "NO_SUCH_KEYS",
            "`HARDTACK_POLICY_KEYRING_ENV`: `NO_SUCH_KEYS`: the variable is not set; ",
        ),
        ("HARDTACK_POLICY_KEYRING_DEFAULT_LIFETIME", "2h", "`keyring.default_lifetime`: it needs a keyring; "),
    ] {
        let error = from(&[(name, value)]).unwrap_err();
        assert!(error.starts_with(text) && !error.contains("hunter2"), "{error}");
    }
}

#[cfg(all(feature = "seal", feature = "toml"))]
#[test]
fn toml_file_may_not_contain_keys() {
    for (toml, text) in [
        (
            "keyring = '3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZG/s='",
            "`keyring`: keys may not be written in the TOML file; name ",
        ),
        ("keyring = { env = 'NO_SUCH_KEYS' }", "`keyring.env`: `NO_SUCH_KEYS`: the variable is not set; "),
        ("[keyring]\nenv = 1", "`keyring.env`: expected the name of a variable"),
        ("[keyring]\nkey = 'x'", "`keyring.key`: unknown; the keys are "),
        ("[keyring]\ndefault_lifetime = '2h'", "`keyring.default_lifetime`: it needs a keyring"),
    ] {
        let error = Policy::from_toml(toml).unwrap_err().to_string();
        assert!(error.starts_with(text) && !error.contains("3q2"), "{error}");
    }
}
