//! Tests which `Set-Cookie` headers of other code count as declared. A header counts as declared if it matches the
//! declaration or is stricter. A header that has the name of a declared cookie and does not match is a namesake.

use std::time::Duration;

use axum::Router;
use axum::http::Uri;
use axum::http::header::HOST;
use hardtack::event::Kind::{HeaderDropped, HeaderHardened, HeaderReported};
use hardtack::policy::{Baseline, Exception, PolicyBuilder, UndeclaredCookies};
use hardtack::spec::{Seal, Spec};
use hardtack::tls::Transport;
use hardtack::{
    Cookie, CookieFamily, Cookies, Policy, ReadCookie, SameSite, SetCookie, SetError, TlsTermination, testing,
};

use super::{
    HOST_NAME, Note, RecordingPolicy, SECRET, Session, new_request, respond_with_cookies, send_cookies, session,
    without_force_https,
};

/// A cookie for one application of the host.
#[derive(Cookie)]
#[cookie(name = "__Secure-sso", domain = "www.site.example", path = "/a", max_age = "1h")]
struct Sso(String);

/// The state of one sign-in attempt.
#[derive(Cookie)]
#[cookie(keyed, max_age = "10m", same_site = Strict)]
struct Flow(String);

/// The page that the user continues to read.
#[derive(Cookie)]
#[cookie(name = "__Secure-page", domain = policy, path = "/page")]
struct Page(String);

/// Cookies of another program, beside one of this program.
#[hardtack::cookies]
#[allow(dead_code, reason = "the test uses only the declarations")]
struct Old {
    #[cookie(name = "legacy_id", read_only, secure = false, http_only = false)]
    legacy: String,
    #[cookie(existing)]
    session: Session,
}

const DECLARED: &[Spec] = &[Sso::SPEC, Note::SPEC, Flow::SPEC, Page::SPEC, Session::SPEC];

fn policy(mode: UndeclaredCookies) -> PolicyBuilder {
    without_force_https().undeclared_cookies(mode).declared(DECLARED).keyring(testing::keyring())
}

const MODES: [UndeclaredCookies; 3] =
    [UndeclaredCookies::Observe, UndeclaredCookies::Harden, UndeclaredCookies::Refuse];

#[tokio::test]
async fn equal_or_stricter_header_counts_as_declared() {
    let https = testing::https();
    let note = SetCookie::new(Note(7)).with_keyring(&testing::keyring()).header_value(&https).unwrap();
    for header in [
        SetCookie::new(Sso(SECRET.to_owned())).header_value(&https).unwrap().to_str().unwrap(),
        SetCookie::new(Sso(SECRET.to_owned())).without_max_age().header_value(&https).unwrap().to_str().unwrap(),
        SetCookie::<Sso>::removal().header_value(&https).unwrap().to_str().unwrap(),
        note.to_str().unwrap(),
        // Host-only, a shorter lifetime, a stricter SameSite, another order and letter case.
        "__Secure-sso=opensesame; httponly; SECURE; samesite=strict; max-age=60; path=/a",
        "__Secure-sso=opensesame; Path=/a; Domain=.WWW.Site.example; Secure; HttpOnly; SameSite=Lax",
        "__Host-Http-flow.tab1=opensesame; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Strict",
    ] {
        for mode in MODES {
            let sent = send_cookies(policy(mode), Transport::Tls, &[header]).await;
            assert_eq!((sent.set_cookies(), sent.event_summaries()), (vec![header.to_owned()], vec![]), "{mode:?}");
        }
    }
}

#[tokio::test]
async fn each_difference_makes_a_namesake() {
    const FLAGS: &str = "; Secure; HttpOnly; SameSite=Lax";
    let sso = |attributes: &str| format!("__Secure-sso=opensesame{attributes}");
    for (header, differs, hardened) in [
        (sso(&format!("; Path=/a; Domain=site.example; Max-Age=60{FLAGS}")), "Domain", ""),
        (sso(&format!("; Path=/; Domain=site.example; Max-Age=99999999{FLAGS}")), "Domain, Path, lifetime", ""),
        (sso(&format!("; Path=/a; Expires=Fri, 31 Dec 9999 23:59:59 GMT{FLAGS}")), "lifetime", ""),
        (sso(&format!("; Path=/a/b{FLAGS}")), "Path", ""),
        (sso(FLAGS), "Path", ""),
        (sso(&format!("; Path=/a{FLAGS}; Partitioned")), "Partitioned", ""),
        (sso("; Path=/a; Secure"), "HttpOnly, SameSite", "; SameSite=Lax; HttpOnly"),
        (sso("; Path=/a; Max-Age=60"), "Secure, HttpOnly, SameSite", "; SameSite=Lax; Secure; HttpOnly"),
        (format!("__Host-Http-note=opensesame; Path=/{FLAGS}"), "seal", ""),
        (format!("__Host-Http-note=role%3Dopensesame; Path=/{FLAGS}"), "seal", ""),
        ("__Host-Http-session=opensesame; Path=/; Secure; HttpOnly".to_owned(), "SameSite", "; SameSite=Lax"),
        (
            "__Host-Http-flow.tab1=opensesame; Path=/; Max-Age=600; Secure".to_owned(),
            "HttpOnly, SameSite",
            "; SameSite=Strict; HttpOnly",
        ),
    ] {
        let name = header.split('=').next().unwrap();
        for (mode, kind) in [
            (UndeclaredCookies::Observe, HeaderReported),
            (UndeclaredCookies::Harden, HeaderHardened),
            (UndeclaredCookies::Refuse, HeaderDropped),
        ] {
            let sent = send_cookies(policy(mode), Transport::Tls, &[&header]).await;
            assert_eq!(sent.event_summaries()[0], (kind, name, "namesake"), "{header} {mode:?}");
            let reason = &sent.events[0].reason;
            assert!(reason.contains(&format!("weaker than the declaration in: {differs};")), "{header}: {reason}");
            let expected = match mode {
                UndeclaredCookies::Harden => vec![format!("{header}{hardened}")],
                UndeclaredCookies::Refuse => vec![],
                _ => vec![header.clone()],
            };
            assert_eq!(sent.set_cookies(), expected, "{mode:?}");
        }
    }
}

#[tokio::test]
async fn namesake_without_secure_is_dropped_over_http() {
    let namesake = "__Secure-sso=opensesame; Path=/a; HttpOnly; SameSite=Lax";
    for mode in [UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        let sent = send_cookies(policy(mode), Transport::Plain, &[namesake]).await;
        assert_eq!((sent.set_cookies().len(), sent.events.len()), (0, 1), "{mode:?}");
    }
}

#[tokio::test]
async fn scope_of_the_policy_is_the_declared_scope() {
    let header = |domain: &str, path: &str| {
        format!("__Secure-page=opensesame; Path={path}{domain}; Secure; HttpOnly; SameSite=Lax")
    };
    let domain = "; Domain=site.example";
    let refuse = || policy(UndeclaredCookies::Refuse);
    for (policy, header, is_declared) in [
        (refuse(), header("", "/page"), true),
        (refuse(), header(domain, "/page"), false),
        (refuse().cookie_domain("site.example"), header(domain, "/page"), true),
        (refuse().cookie_domain("site.example").base_path("/vault"), header(domain, "/vault/page"), true),
        (refuse().cookie_domain("site.example").base_path("/vault"), header(domain, "/page"), false),
    ] {
        let sent = send_cookies(policy, Transport::Tls, &[&header]).await;
        assert_eq!(sent.set_cookies().len(), usize::from(is_declared), "{header}");
    }
}

#[tokio::test]
async fn one_of_several_declarations_is_enough() {
    const MOVED: &[Spec] =
        &[Spec::new("__Secure-id").path("/old"), Spec::new("__Secure-id").path("/new").same_site(SameSite::Strict)];
    let harden = || without_force_https().declared(MOVED);
    for header in [
        "__Secure-id=opensesame; Path=/old; Secure; HttpOnly; SameSite=Lax",
        "__Secure-id=opensesame; Path=/new; Secure; HttpOnly; SameSite=Strict",
    ] {
        let sent =
            send_cookies(harden().undeclared_cookies(UndeclaredCookies::Refuse), Transport::Tls, &[header]).await;
        assert_eq!((sent.set_cookies(), sent.event_summaries()), (vec![header.to_owned()], vec![]));
    }
    // The namesake gets the attributes of the declaration with the fewest differences.
    let sent = send_cookies(harden(), Transport::Tls, &["__Secure-id=opensesame; Path=/new; Secure; HttpOnly"]).await;
    assert_eq!(sent.set_cookies(), ["__Secure-id=opensesame; Path=/new; Secure; HttpOnly; SameSite=Strict"]);
}

#[tokio::test]
async fn read_only_declaration_allows_nothing() {
    let header = "legacy_id=opensesame; Path=/; SameSite=Lax";
    let policy = |mode| without_force_https().undeclared_cookies(mode).declared(Old::SPECS);
    assert_eq!(policy(UndeclaredCookies::Harden).build().unwrap().declared().count(), 1);
    let sent = send_cookies(policy(UndeclaredCookies::Harden), Transport::Tls, &[header]).await;
    assert!(sent.set_cookies()[0].contains("; Secure"), "{:?}", sent.set_cookies());
    for (mode, transport) in [
        (UndeclaredCookies::Harden, Transport::Plain),
        (UndeclaredCookies::Refuse, Transport::Tls),
        (UndeclaredCookies::Refuse, Transport::Plain),
    ] {
        let sent = send_cookies(policy(mode), transport, &[header]).await;
        assert_eq!((sent.set_cookies().len(), sent.events.len()), (0, 1), "{mode:?}");
    }
}

#[test]
fn declared_weakening_needs_a_reason() {
    macro_rules! error {
        ($spec:expr) => {{
            const SPECS: &[Spec] = &[Session::SPEC, $spec];
            Policy::builder().declared(SPECS).build().err().map(|error| (error.key().to_owned(), error.to_string()))
        }};
    }
    for error in [
        error!(Spec::new("sid").secure(false)),
        error!(Spec::new("sid").secure(false).http_only(false).same_site(SameSite::None)),
        error!(Spec::new("__Host-sid").http_only(false)),
        error!(Spec::new("__Host-sid").same_site(SameSite::None)),
        error!(Spec::new("sid")),
    ] {
        let (key, text) = error.expect("a weakening without a reason is an error");
        assert!(key == "declared" && text.contains("sid` is refused: "), "{text}");
    }
    for error in [
        // The derive demands no reason for a `domain` either.
        error!(Spec::new("__Secure-sid").domain("site.example")),
        error!(Spec::new("__Host-sid").max_age(Duration::from_secs(60)).seal(Seal::Sealed)),
        error!(Spec::new("sid").secure(false).http_only(false).reason("a page without TLS reads it")),
        error!(Spec::new("sid").secure(false).http_only(false).read_only()),
    ] {
        assert_eq!(error, None);
    }
}

// ---- Exceptions for a family.

#[tokio::test]
async fn exception_for_a_family_covers_its_cookies() {
    async fn set(cookies: Cookies, uri: Uri) -> Result<(), SetError> {
        match uri.path() {
            "/remove" => cookies.family::<Open>().remove("tab1"),
            _ => cookies.family::<Open>().set("tab1", Open(SECRET.to_owned())),
        }
    }
    let baseline = Baseline::new().same_site(SameSite::Strict).longest_max_age(Duration::from_secs(60));
    let lax = "__Host-Http-open.tab1=opensesame; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax";
    let unchanged = "__Host-Http-open.tab1=opensesame; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax";
    for (cookie, expected) in [
        ("__Host-Http-open", unchanged),
        // The name of one cookie of the family.
        ("__Host-Http-open.tab1", unchanged),
        ("__Host-Http-open.tab2", "SameSite=Strict"),
        ("__Host-Http-ope", "SameSite=Strict"),
        ("__Host-Http-open.", "SameSite=Strict"),
    ] {
        let exception = Exception::for_cookie(cookie).everything().because("tested");
        let policy = without_force_https().baseline(baseline.clone()).exception(exception);
        let recorded = RecordingPolicy::new(policy);
        let request = new_request(Transport::Tls, "/", &[]);
        let sent = recorded.send(TlsTermination::here(), Router::new().fallback(set), request).await;
        assert!(sent.set_cookies()[0].ends_with(expected), "{cookie}: {:?}", sent.set_cookies());
        assert_eq!(sent.events.len(), usize::from(expected != unchanged), "{cookie}");
    }

    let exception = || Exception::for_cookie("__Host-Http-open").any_same_site().because("tested");
    let recorded = RecordingPolicy::new(without_force_https().baseline(baseline.clone()).exception(exception()));
    let send = |path| {
        recorded.send(TlsTermination::here(), Router::new().fallback(set), new_request(Transport::Tls, path, &[]))
    };
    assert_eq!(send("/").await.set_cookies(), [lax]);
    assert!(send("/remove").await.set_cookies()[0].ends_with("; Secure; HttpOnly; SameSite=Lax"));

    // The outer policy knows the family of the inner jar's cookie.
    let inner = without_force_https().build().unwrap().layer(TlsTermination::here());
    let routes = Router::new().fallback(set).layer(inner);
    let sent = recorded.send(TlsTermination::here(), routes, new_request(Transport::Tls, "/", &[])).await;
    assert_eq!(sent.set_cookies(), [lax]);

    // For a header of other code, only a registered declaration is a family.
    let header = "__Host-Http-open.tab1=opensesame; Path=/; Secure; HttpOnly";
    for (declared, expected) in [(&[][..], "; SameSite=Strict"), (&[Open::SPEC], "")] {
        let policy = without_force_https().baseline(Baseline::new().same_site(SameSite::Strict));
        let sent = send_cookies(policy.exception(exception()).declared(declared), Transport::Tls, &[header]).await;
        assert_eq!(sent.set_cookies(), [format!("{header}{expected}")]);
    }
}

/// The state of one sign-in attempt, which another site sends back.
#[derive(Cookie)]
#[cookie(keyed, max_age = "10m")]
struct Open(String);

// ---- The declared Domain and the request's host.

#[tokio::test]
async fn own_domain_that_is_not_the_hosts_is_reported() {
    async fn set(cookies: Cookies, uri: Uri) -> Result<(), SetError> {
        match uri.path() {
            "/remove" => cookies.remove::<Sso>(),
            "/session" => cookies.set(session()),
            _ => cookies.set(Sso(SECRET.to_owned())),
        }
    }
    for (host, path, expected) in [
        (HOST_NAME, "/set", None),
        ("a.www.site.example:8443", "/set", None),
        ("shop.other.example", "/session", None),
        ("shop.other.example", "/set", Some("shop.other.example")),
        ("shop.other.example", "/remove", Some("shop.other.example")),
        ("site.example", "/set", Some("site.example")),
        ("awww.site.example", "/set", Some("awww.site.example")),
        ("127.0.0.1:3000", "/set", Some("127.0.0.1")),
    ] {
        let recorded = RecordingPolicy::new(without_force_https());
        let request = new_request(Transport::Tls, path, &[(HOST, host)]);
        let sent = recorded.send(TlsTermination::here(), Router::new().fallback(set), request).await;
        assert_eq!(sent.set_cookies().len(), 1);
        match expected {
            None => assert_eq!(sent.event_summaries(), [], "{host}"),
            Some(host) => {
                assert_eq!(sent.event_summaries(), [(HeaderReported, "__Secure-sso", "domain-mismatch")], "{host}");
                let start = format!("`Domain=www.site.example` is neither the host `{host}` nor a parent domain of it");
                assert!(sent.events[0].reason.starts_with(&start), "{}", sent.events[0].reason);
            }
        }
    }
    // A header of other code is reported in the same way.
    let request = new_request(Transport::Tls, "/", &[(HOST, "shop.other.example")]);
    let header = b"a=opensesame; Domain=www.site.example; Secure";
    let sent = RecordingPolicy::new(without_force_https())
        .send(TlsTermination::here(), respond_with_cookies(&[header]), request)
        .await;
    assert_eq!(sent.event_summaries(), [(HeaderReported, "a", "domain-mismatch")]);
}
