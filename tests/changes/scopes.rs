//! A changed domain or path, and a domain that differs between tenants and environments.

use hardtack::event::Code;
use hardtack::testing::Browser;
use hardtack::{Cookie, Cookies, Https, SetCookie, SetError};

use super::site::{Release, stored};

/// Signs in with the session `value`, then opens a page. Returns the session that the page sees.
macro_rules! sign_in {
    ($release:expr, $browser:expr, $session:expr) => {{
        let session = $session;
        $release.visit($browser, "/login", |cookies| cookies.set(session).unwrap());
    }};
}

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "__Secure-session", domain = "app.acme.test", max_age = "30d")]
struct Narrow(String);

/// The domain became wider, and the declaration names the earlier domain.
#[test]
fn a_named_domain_signs_in_at_the_first_attempt() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Secure-session", domain = "acme.test", max_age = "30d", formerly(domain = "app.acme.test"))]
    struct Wide(String);

    let (one, two) = (Release::new(), Release::new());
    let mut browser = Browser::new("https://app.acme.test");
    sign_in!(one, &mut browser, Narrow("one".into()));
    assert_eq!(stored(&browser), ["__Secure-session=one; .app.acme.test; /"]);

    // The second release still reads the value of the first release.
    assert_eq!(two.visit(&mut browser, "/", |cookies| cookies.get::<Wide>()), Some(Wide("one".into())));
    sign_in!(two, &mut browser, Wide("two".into()));
    assert_eq!(stored(&browser), ["__Secure-session=two; .acme.test; /"]);
    assert_eq!(two.visit(&mut browser, "/", |cookies| cookies.get::<Wide>()), Some(Wide("two".into())));
    assert_eq!(two.codes(), []);

    two.visit(&mut browser, "/logout", |cookies| cookies.remove::<Wide>().unwrap());
    assert_eq!(stored(&browser), [""; 0]);
}

/// The declaration does not name the earlier domain. The event names `formerly`, and the second attempt repairs the
/// cookie, because the earlier domain is this host.
#[test]
fn a_guessed_domain_signs_in_at_the_second_attempt() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Secure-session", domain = "acme.test", max_age = "30d")]
    struct Wide(String);

    let (one, two) = (Release::new(), Release::new());
    let mut browser = Browser::new("https://app.acme.test");
    sign_in!(one, &mut browser, Narrow("one".into()));
    sign_in!(two, &mut browser, Wide("two".into()));
    let session =
        |release: &Release, browser: &mut Browser| release.visit(browser, "/", |cookies| cookies.get::<Wide>());
    assert_eq!(session(&two, &mut browser), None);
    assert!(two.events().contains("formerly"), "the event names the remedy");
    sign_in!(two, &mut browser, Wide("three".into()));
    assert_eq!(stored(&browser), ["__Secure-session=three; .acme.test; /"]);
    assert_eq!(session(&two, &mut browser), Some(Wide("three".into())));
}

/// The earlier release set the cookie host-only.
#[test]
fn a_host_only_cookie_beside_a_domain_is_repaired() {
    #[derive(Cookie)]
    #[cookie(name = "pl_authn", reason = "the old name")]
    struct HostOnly(String);
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "pl_authn", domain = "shop.example", reason = "the old name")]
    struct Guessed(String);
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "pl_authn", domain = "shop.example", formerly(domain = none), reason = "the old name")]
    struct Named(String);

    let release = Release::new();
    let mut browser = Browser::new("https://app.shop.example");
    sign_in!(release, &mut browser, HostOnly("stale".into()));
    let mut named = browser.clone();

    sign_in!(release, &mut browser, Guessed("fresh".into()));
    assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Guessed>()), None);
    sign_in!(release, &mut browser, Guessed("fresh".into()));
    assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Guessed>()), Some(Guessed("fresh".into())));
    assert_eq!(stored(&browser), ["pl_authn=fresh; .shop.example; /"]);

    sign_in!(release, &mut named, Named("fresh".into()));
    assert_eq!(release.visit(&mut named, "/", |cookies| cookies.get::<Named>()), Some(Named("fresh".into())));
    assert_eq!(stored(&named), ["pl_authn=fresh; .shop.example; /"]);
}

/// A parent domain is removed only if the declaration or the policy names it, because another program may own the
/// cookie.
#[test]
fn an_unnamed_parent_domain_is_left_alone() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "sess", reason = "the old name")]
    struct Guessed(u64);
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "sess", formerly(domain = "shop.example"), reason = "the old name")]
    struct Named(u64);

    let release = Release::new();
    let mut browser = Browser::new("https://app.shop.example");
    browser.set("sess=abc; Domain=shop.example; Path=/");
    let mut named = browser.clone();

    sign_in!(release, &mut browser, Guessed(7));
    assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Guessed>()), None);
    assert!(release.events().contains("name that scope with `formerly(…)`"));
    assert_eq!(stored(&browser), ["sess=abc; .shop.example; /", "sess=7; app.shop.example; /"]);

    sign_in!(release, &mut named, Named(7));
    assert_eq!(release.visit(&mut named, "/", |cookies| cookies.get::<Named>()), Some(Named(7)));
    assert_eq!(stored(&named), ["sess=7; app.shop.example; /"]);
}

/// The domain depends on the tenant. Setting, removing and repairing all use the tenant's domain.
#[test]
fn a_removal_matches_the_domain_of_the_tenant() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Secure-tenant", domain = policy, max_age = "8h")]
    struct Text(String);
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Secure-tenant", domain = policy, max_age = "8h")]
    struct Number(u64);

    let tenant = |host: &str| host.split_once('.').map(|(_, domain)| domain.to_owned());
    let release = Release::with(|policy| policy.cookie_domain_for(tenant));
    for (host, domain) in [("app.acme.test", "acme.test"), ("app.initech.test", "initech.test")] {
        let mut browser = Browser::new(&format!("https://{host}"));
        sign_in!(release, &mut browser, Text("ada".into()));
        assert_eq!(stored(&browser), [format!("__Secure-tenant=ada; .{domain}; /")]);
        // The next release has another type. The user counts as signed out, and signs in again.
        assert_eq!(release.visit(&mut browser, "/me", |cookies| cookies.get::<Number>()), None);
        sign_in!(release, &mut browser, Number(7));
        assert_eq!(release.visit(&mut browser, "/me", |cookies| cookies.get::<Number>()), Some(Number(7)));
        release.visit(&mut browser, "/out", |cookies| cookies.remove::<Number>().unwrap());
        assert_eq!(stored(&browser), [""; 0]);
    }
}

/// A function that returns a domain of another site is a mistake. The cookie is host-only, and an event reports the
/// mistake.
#[test]
fn a_domain_of_another_site_is_host_only_with_an_event() {
    #[derive(Cookie)]
    #[cookie(domain = policy)]
    struct Sso(String);

    let release = Release::with(|policy| policy.cookie_domain_for(|_| Some("evil.example".to_owned())));
    let mut browser = Browser::new("https://app.acme.test");
    sign_in!(release, &mut browser, Sso("ada".into()));
    assert_eq!(stored(&browser), ["__Secure-sso=ada; app.acme.test; /"]);
    assert_eq!(release.codes(), [Code::CookieDomain]);
}

/// `domain = policy` works without a domain, with the same name.
#[test]
fn a_policy_without_a_domain_sets_host_only_cookies() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(domain = policy)]
    struct Sso(String);

    for (settings, url, domain) in [
        (None, "http://localhost:3000", "localhost"),
        (Some("none"), "http://127.0.0.1:3000", "127.0.0.1"),
        (Some("acme.test"), "https://app.acme.test", ".acme.test"),
    ] {
        let release = Release::with(|policy| match settings {
            Some(domain) => policy.cookie_domain(domain),
            None => policy,
        });
        let mut browser = Browser::new(url);
        sign_in!(release, &mut browser, Sso("ada".into()));
        assert_eq!(stored(&browser), [format!("__Secure-sso=ada; {domain}; /")], "{url}");
        assert_eq!(release.visit(&mut browser, "/", |cookies| cookies.get::<Sso>()), Some(Sso("ada".into())));
        release.visit(&mut browser, "/", |cookies| cookies.remove::<Sso>().unwrap());
        assert_eq!(stored(&browser), [""; 0], "{url}");
        assert_eq!(release.codes(), []);
    }
    let without_jar = SetCookie::new(Sso("ada".into())).header_value(&hardtack::testing::https());
    assert!(matches!(without_jar, Err(SetError::NoPolicy { cookie: "__Secure-sso", .. })), "{without_jar:?}");
}

/// A fixed domain that does not cover the host is reported.
#[test]
fn a_domain_that_does_not_cover_the_host_is_reported() {
    #[derive(Cookie)]
    #[cookie(domain = "example.com")]
    struct Sso(String);

    let release = Release::new();
    for (url, codes) in [
        ("http://localhost:3000", &[Code::DomainMismatch][..]),
        ("https://app.other.test", &[Code::DomainMismatch]),
        ("https://shop.example.com", &[]),
    ] {
        let mut browser = Browser::new(url);
        sign_in!(release, &mut browser, Sso("ada".into()));
        assert_eq!(release.codes(), codes, "{url}");
        assert_eq!(browser.stored().len(), 1 - codes.len(), "{url}");
    }
}

/// The path comes from the deployment. A removal has the same path.
#[test]
fn a_base_path_is_in_every_header_of_the_cookie() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Secure-vw_sso_binding", path = "/identity/connect/")]
    struct Binding(String);

    let old = Release::new();
    let new = Release::with(|policy| policy.base_path("/vault").former_base_path(["/"]));
    let mut browser = Browser::new("https://vault.example");
    sign_in!(new, &mut browser, Binding("bind".into()));
    assert_eq!(stored(&browser), ["__Secure-vw_sso_binding=bind; vault.example; /vault/identity/connect/"]);
    let page = "/vault/identity/connect/authorize";
    assert_eq!(new.visit(&mut browser, page, |cookies| cookies.get::<Binding>()), Some(Binding("bind".into())));
    new.visit(&mut browser, page, |cookies| cookies.remove::<Binding>().unwrap());
    assert_eq!(stored(&browser), [""; 0]);

    // Two values of one name: the handler treats the user as signed out, and the next `set` repairs.
    browser.set("__Secure-vw_sso_binding=a; Path=/vault/identity/connect/; Secure");
    browser.set("__Secure-vw_sso_binding=b; Path=/; Secure");
    assert_eq!(new.visit(&mut browser, page, |cookies| cookies.get::<Binding>()), None);
    new.visit(&mut browser, page, |cookies| cookies.set(Binding("c".into())).unwrap());
    assert_eq!(stored(&browser), ["__Secure-vw_sso_binding=c; vault.example; /vault/identity/connect/"]);

    // The application moved from the root to `/vault`. At the old path, a removal removes both cookies.
    sign_in!(old, &mut browser, Binding("old".into()));
    assert_eq!(
        old.visit(&mut browser, "/identity/connect/x", |cookies| cookies.get::<Binding>()),
        Some(Binding("old".into()))
    );
    new.visit(&mut browser, "/identity/connect/x", |cookies| cookies.remove::<Binding>().unwrap());
    assert_eq!(stored(&browser), [""; 0]);
}

/// A partitioned cookie and a cookie that is not partitioned are two cookies.
#[test]
fn partitioned_is_part_of_the_identity() {
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Host-sid")]
    struct Old(String);
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Host-sid", partitioned, same_site = None, reason = "embedded")]
    struct New(String);
    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "__Host-sid", partitioned, same_site = None, formerly(partitioned = false), reason = "embedded")]
    struct Moved(String);

    let release = Release::new();
    let mut browser = Browser::new("https://shop.example");
    sign_in!(release, &mut browser, Old("o".into()));
    let mut moved = browser.clone();
    release.visit(&mut browser, "/", |cookies| {
        cookies.set(New("n".into())).unwrap();
        cookies.remove::<Old>().unwrap();
    });
    assert_eq!(stored(&browser), ["__Host-sid=n; shop.example; /"]);
    assert!(browser.stored().iter().all(|cookie| cookie.partitioned));

    sign_in!(release, &mut moved, Moved("m".into()));
    assert_eq!(stored(&moved), ["__Host-sid=m; shop.example; /"]);
    assert_eq!(release.visit(&mut moved, "/", |cookies| cookies.get::<Moved>()), Some(Moved("m".into())));
}

/// One program runs on a parent and a child host: a `__Host-` name keeps the two instances apart.
#[test]
fn default_names_keep_hosts_apart() {
    #[derive(Cookie, Debug, PartialEq)]
    struct Session(String);

    let release = Release::new();
    let mut browser = Browser::new("https://example.com");
    sign_in!(release, &mut browser, Session("parent".into()));
    browser.visit("https://app.example.com");
    sign_in!(release, &mut browser, Session("child".into()));
    for (url, session) in [("https://example.com/", "parent"), ("https://app.example.com/", "child")] {
        let seen = release.visit(&mut browser, url, |cookies: &Cookies<Https>| cookies.get::<Session>());
        assert_eq!(seen, Some(Session(session.into())), "{url}");
    }
}
