use std::sync::{Arc, Mutex};

use http::header::{CACHE_CONTROL, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};

use crate::event::{Code, Kind};
use crate::middleware::PolicyGuard;
use crate::policy::{Exception, Hsts, Policy, PolicyBuilder, PolicyHandle, UndeclaredCookies};
use crate::request::head::RequestHead;
use crate::request::tls_termination::TlsTermination;

/// Passes a response with the given headers through the middleware. Returns the headers of the final response, and the
/// kind, the code and the reason of each event.
fn send(
    policy: PolicyBuilder,
    termination: TlsTermination,
    headers: &[(&'static str, &'static str)],
) -> (HeaderMap, Vec<(Kind, Code, String)>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = events.clone();
    let policy = policy.force_https(false).on_event(move |event| {
        seen.lock().unwrap().push((event.kind, event.rule, event.reason.to_string()));
    });
    let guard = PolicyGuard::new(PolicyHandle::new(policy.build().unwrap()), termination);
    let (parts, ()) = http::Request::get("/a").header("Host", "shop.example").body(()).unwrap().into_parts();
    let mut in_flight = guard.on_request(&RequestHead::from_parts(&parts)).ok().unwrap();
    let mut response = HeaderMap::new();
    for (name, value) in headers {
        response.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_static(value));
    }
    in_flight.on_response(http::StatusCode::OK, &mut response, &mut Extensions::new());
    let events = events.lock().unwrap().clone();
    (response, events)
}

fn cookies(policy: PolicyBuilder, termination: TlsTermination, header: &'static str) -> Vec<String> {
    let (response, _) = send(policy, termination, &[("set-cookie", header)]);
    response.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap().to_owned()).collect()
}

#[test]
fn exception_allows_only_what_it_names() {
    let nothing = || Exception::for_cookie("sid");
    let full = "sid=1; Secure; HttpOnly; SameSite=Lax";
    for (exception, https, plain) in [
        (nothing().readable_by_scripts(), Some("sid=1; Secure; SameSite=Lax"), None),
        (nothing().any_same_site(), Some("sid=1; Secure; HttpOnly"), None),
        (nothing().insecure(), Some("sid=1; HttpOnly; SameSite=Lax"), Some("sid=1; HttpOnly; SameSite=Lax")),
        (nothing().insecure().readable_by_scripts(), Some("sid=1; SameSite=Lax"), Some("sid=1; SameSite=Lax")),
        (nothing().everything(), Some("sid=1"), Some("sid=1")),
        // The names of cookies are case-sensitive.
        (Exception::for_cookie("SID").everything(), Some(full), None),
    ] {
        let policy = |mode| Policy::builder().undeclared_cookies(mode).exception(exception.clone().because("tested"));
        let sent = |mode, termination| cookies(policy(mode), termination, "sid=1");
        let is_for_sid = exception.cookie() == "sid";
        let harden = UndeclaredCookies::Harden;
        assert_eq!(sent(harden, TlsTermination::here()), Vec::from_iter(https), "{exception:?}");
        assert_eq!(sent(harden, TlsTermination::none()), Vec::from_iter(plain), "{exception:?}");
        // `Refuse` does not drop a cookie that has an exception. Instead, `Refuse` adds each missing attribute that the
        // exception does not cover.
        let refuse = UndeclaredCookies::Refuse;
        assert_eq!(sent(refuse, TlsTermination::here()), Vec::from_iter(https.filter(|_| is_for_sid)), "{exception:?}");
        assert_eq!(sent(refuse, TlsTermination::none()), Vec::from_iter(plain), "{exception:?}");
        // `Observe` sends the header unchanged.
        assert_eq!(sent(UndeclaredCookies::Observe, TlsTermination::here()), ["sid=1"], "{exception:?}");
    }
}

#[test]
fn exception_never_sends_a_secure_cookie_over_plain_http() {
    for exception in [Exception::for_cookie("sid").insecure(), Exception::for_cookie("sid").everything()] {
        let policy = Policy::builder().exception(exception.because("tested"));
        let (response, events) = send(policy, TlsTermination::none(), &[("set-cookie", "sid=1; Secure")]);
        assert!(!response.contains_key(SET_COOKIE));
        assert_eq!((events[0].0, events[0].1), (Kind::HeaderDropped, Code::Insecure));
    }
}

#[test]
fn namesake_with_an_exception_keeps_its_attribute() {
    use hardtack_rules::Spec;

    static DECLARED: &[Spec<'static>] = &[Spec::new("__Host-id")];
    let policy = |mode, exception: Exception| {
        Policy::builder().declared(DECLARED).undeclared_cookies(mode).exception(exception.because("tested"))
    };
    let scripts = || Exception::for_cookie("__Host-id").readable_by_scripts();
    let sent = |mode, header| cookies(policy(mode, scripts()), TlsTermination::here(), header);
    let without_http_only = "__Host-id=1; Path=/; Secure; SameSite=Lax";
    for mode in [UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        assert_eq!(sent(mode, without_http_only), [without_http_only], "{mode:?}");
    }
    // The exception does not allow the missing `SameSite`.
    let weaker = "__Host-id=1; Path=/; Secure";
    assert_eq!(sent(UndeclaredCookies::Harden, weaker), [without_http_only]);
    assert_eq!(sent(UndeclaredCookies::Refuse, weaker), [""; 0]);
}

#[test]
fn cookie_removes_the_targeted_headers() {
    for name in [
        "cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "vercel-cdn-cache-control",
        "surrogate-control",
        "edge-control",
        "x-accel-expires",
    ] {
        let own = [("cache-control", "public, max-age=60"), (name, "600"), ("set-cookie", "a=1; Secure")];
        let (response, events) = send(Policy::builder(), TlsTermination::here(), &own);
        assert_eq!(response[CACHE_CONTROL], "private, max-age=60");
        assert!(!response.contains_key(name), "{name}");
        let reason =
            format!("a response with a cookie allowed shared caches to store it, in `cache-control`, `{name}`");
        assert_eq!(events, [(Kind::CachingChanged, Code::SharedCache, reason)]);

        let own = [("cache-control", "private, max-age=60"), (name, "600"), ("set-cookie", "a=1; Secure")];
        let (response, events) = send(Policy::builder(), TlsTermination::here(), &own);
        assert_eq!((response.len(), &events[0].1), (3, &Code::SharedCache), "{name}");

        // The caching headers of a response without a cookie stay unchanged, even if the middleware dropped the only
        // cookie.
        for (termination, own) in [
            (TlsTermination::here(), &[(name, "600")][..]),
            (TlsTermination::none(), &[(name, "600"), ("set-cookie", "a=1; Secure")]),
        ] {
            let (response, events) = send(Policy::builder(), termination, own);
            assert_eq!(response[name], "600");
            assert!(events.iter().all(|event| event.0 != Kind::CachingChanged));
        }
    }
}

#[test]
fn stricter_hsts_is_sent_once_with_an_event() {
    const PRELOAD: &str = "max-age=63072000; includeSubDomains; preload";
    let changed = |directives: &str| {
        let reason = format!("the application's header was made as strict as the policy in: {directives}");
        vec![(Kind::HstsChanged, Code::Hsts, reason)]
    };
    for (own, expected, events) in [
        (&[][..], "max-age=31536000", vec![]),
        (&[PRELOAD], PRELOAD, vec![]),
        (&["max-age=31536000"], "max-age=31536000", vec![]),
        (&[PRELOAD, "max-age=0"], PRELOAD, vec![]),
        (&["max-age=1", PRELOAD], "max-age=31536000", changed("max-age")),
        (&["max-age=1; preload"], "max-age=31536000; preload", changed("max-age")),
    ] {
        let headers: Vec<_> = own.iter().map(|value| ("strict-transport-security", *value)).collect();
        let (response, seen) = send(Policy::builder(), TlsTermination::here(), &headers);
        assert_eq!(response.get_all(STRICT_TRANSPORT_SECURITY).iter().collect::<Vec<_>>(), [expected], "{own:?}");
        assert_eq!(seen, events, "{own:?}");
        // Over plain HTTP, the middleware sends no HSTS header.
        let (response, seen) = send(Policy::builder(), TlsTermination::none(), &headers);
        assert_eq!((response.len(), seen.len()), (0, 0), "{own:?}");
        // If HSTS is off, the middleware does not change the application's HSTS headers.
        let (response, seen) = send(Policy::builder().hsts(Hsts::off()), TlsTermination::here(), &headers);
        assert_eq!((response.get_all(STRICT_TRANSPORT_SECURITY).iter().count(), seen.len()), (own.len(), 0));
    }
}

#[cfg(any(feature = "actix", feature = "rocket"))]
#[test]
fn managed_headers_contain_each_changed_header() {
    use super::MANAGED_HEADERS;
    use crate::wire::cache_control::TARGETED_HEADERS;

    let others = ["set-cookie", "cache-control", "clear-site-data", "strict-transport-security"];
    for name in TARGETED_HEADERS.into_iter().chain(others) {
        assert_eq!(MANAGED_HEADERS.iter().filter(|managed| *managed == name).count(), 1, "{name}");
    }
    assert_eq!(MANAGED_HEADERS.len(), TARGETED_HEADERS.len() + others.len());
}
