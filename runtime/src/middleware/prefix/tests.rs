//! Tests of the setting `host_prefix` on requests and responses, without a framework.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http::header::{COOKIE, SET_COOKIE};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode};

use crate::event::{Code, Event, Kind};
use crate::middleware::trusted::TrustedHeaders;
use crate::middleware::{InFlight, JarHandle, PolicyGuard};
use crate::policy::{PolicyBuilder, UndeclaredCookies};
use crate::request::head::RequestHead;
use crate::{Policy, PolicyHandle, TlsTermination, clock};

type Events = Arc<Mutex<Vec<(Kind, Code, String)>>>;

/// The policy of a test, and the events that the policy emitted.
struct Site {
    handle: PolicyHandle,
    events: Events,
    is_https: bool,
}

impl Site {
    fn new(builder: PolicyBuilder) -> Self {
        let events = Events::default();
        let seen = events.clone();
        let record = move |event: &Event<'_>| {
            let cookie = event.cookie.unwrap_or_default().to_owned();
            seen.lock().unwrap().push((event.kind, event.rule, cookie));
        };
        let policy = builder.force_https(false).hsts(false).on_event(record).build().unwrap();
        Site { handle: PolicyHandle::new(policy), events, is_https: true }
    }

    fn listing(names: &[&str]) -> Self {
        Site::new(Policy::builder().host_prefix(names.iter().copied()))
    }

    fn plain_http(self) -> Self {
        Site { is_https: false, ..self }
    }

    fn guard(&self) -> PolicyGuard {
        let termination = if self.is_https { TlsTermination::here() } else { TlsTermination::none() };
        PolicyGuard::new(self.handle.clone(), termination)
    }

    /// Sends a request through the middleware. Returns the request's headers as the application receives them.
    fn send(&self, mut headers: HeaderMap, outer: Option<JarHandle>) -> (InFlight, HeaderMap) {
        let mut request = http::Request::get("/").body(()).unwrap();
        *request.headers_mut() = headers.clone();
        request.extensions_mut().extend(
            outer
                .map(|outer| {
                    let mut extensions = Extensions::new();
                    extensions.insert(outer);
                    extensions
                })
                .unwrap_or_default(),
        );
        let (parts, ()) = request.into_parts();
        let Ok(mut in_flight) = self.guard().on_request(&RequestHead::from_parts(&parts)) else { panic!("refused") };
        in_flight.rename_cookies(&mut headers);
        (in_flight, headers)
    }

    /// Returns the `Cookie` headers that the application receives, joined with ` | `.
    fn received(&self, fields: &[&str]) -> String {
        let (mut in_flight, headers) = self.send(cookies(fields), None);
        in_flight.on_response(StatusCode::OK, &mut HeaderMap::new(), &mut Extensions::new());
        let fields: Vec<_> =
            headers.get_all(COOKIE).iter().map(|field| String::from_utf8(field.as_bytes().to_vec()).unwrap()).collect();
        fields.join(" | ")
    }

    /// Returns the `Set-Cookie` headers that the client receives.
    fn sent(&self, set_cookies: &[&str]) -> Vec<String> {
        let (mut in_flight, _) = self.send(HeaderMap::new(), None);
        let mut response = response(set_cookies);
        in_flight.on_response(StatusCode::OK, &mut response, &mut Extensions::new());
        texts(&response)
    }

    fn take_events(&self) -> Vec<(Kind, Code, String)> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }

    fn codes(&self) -> Vec<Code> {
        self.take_events().into_iter().map(|(_, code, _)| code).collect()
    }
}

fn cookies(fields: &[&str]) -> HeaderMap {
    fields.iter().map(|field| (COOKIE, HeaderValue::from_bytes(field.as_bytes()).unwrap())).collect()
}

fn response(set_cookies: &[&str]) -> HeaderMap {
    set_cookies.iter().map(|header| (SET_COOKIE, HeaderValue::from_bytes(header.as_bytes()).unwrap())).collect()
}

fn texts(response: &HeaderMap) -> Vec<String> {
    response.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap().to_owned()).collect()
}

const LAX: &str = "; Path=/; Secure; HttpOnly; SameSite=Lax";

/// Runs the test on 2026-12-01.
fn on_first_of_december(run: impl FnOnce()) {
    clock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_083_200), run);
}

fn migrating() -> Site {
    Site::new(Policy::builder().host_prefix(["id"]).accept_unprefixed_until("2026-12-24"))
}

#[test]
fn prefixed_cookie_arrives_under_its_bare_name() {
    let site = Site::listing(&["id", "PHPSESSID"]);
    for (sent, received) in [
        ("__Host-Http-id=1", "id=1"),
        ("a=1; __Host-Http-id=\"x=y\" ;b=2", "a=1; id=\"x=y\" ;b=2"),
        ("__Host-Http-PHPSESSID=2;\t__Host-Http-id=", "PHPSESSID=2;\tid="),
        // These names are neither the prefixed name nor a spelling of the bare name.
        ("__Host-Http-id", "__Host-Http-id"),
        ("__Host-Http-id =1", "__Host-Http-id =1"),
        ("__host-http-id=1", "__host-http-id=1"),
        ("%5F%5FHost-Http-id=1", "%5F%5FHost-Http-id=1"),
        ("__Host-Http-ids=1; ids=2; xid=3; i=4; =id=5; a=id", "__Host-Http-ids=1; ids=2; xid=3; i=4; =id=5; a=id"),
        ("%2569d=1", "%2569d=1"),
        ("i%d=1; i d=2", "i%d=1; i d=2"),
    ] {
        assert_eq!(site.received(&[sent]), received, "{sent}");
    }
    assert_eq!(site.codes(), []);
}

#[test]
fn bare_cookies_are_dropped_in_every_spelling() {
    let site = Site::listing(&["id"]);
    let spellings = [
        "id=e",
        "id",
        "ID=e",
        "%69d=e",
        "%49%44=e",
        "id =e",
        "id\u{a0}=e",
        "\u{3000}id=e",
        "%20id%C2%A0=e",
        " id=e",
        "id==e",
    ];
    for bare in spellings {
        for (sent, received) in [
            (bare.to_string(), ""),
            (format!("{bare}; a=1"), "a=1"),
            (format!("a=1; {bare}"), "a=1"),
            (format!("a=1; {bare};"), "a=1;"),
            (format!("a=1; {bare}; {bare}; b=2; {bare}"), "a=1; b=2"),
            (format!("{bare}; __Host-Http-id=r; {bare}"), "id=r"),
            (format!("; ;{bare} "), ""),
        ] {
            assert_eq!(site.received(&[&sent]), received, "{sent}");
        }
        assert_eq!(site.received(&[bare, "__Host-Http-id=r", "a=\u{e9}", bare]), "id=r | a=\u{e9}");
        assert_eq!(site.received(&["a=\u{e9}; b=2", bare]), "a=\u{e9}; b=2");
    }
    let events = site.take_events();
    assert!(
        events.iter().all(|(kind, _, name)| *kind == Kind::CookieRejected && name == "id" || *kind == Kind::Notice)
    );
}

/// Some frameworks reject a whole header if one byte is not ASCII.
#[test]
fn accepted_cookie_leaves_a_header_that_is_not_ascii() {
    let site = Site::listing(&["id", "PHPSESSID"]);
    for (sent, received) in [
        ("a=\u{e9}; __Host-Http-id=1; b=2", "id=1 | a=\u{e9}; b=2"),
        ("__Host-Http-id=1;\u{e9}=2; id=3", "id=1 | \u{e9}=2"),
        ("__Host-Http-id=1; a=\u{e9}; __Host-Http-PHPSESSID=2", "id=1 | PHPSESSID=2 | a=\u{e9}"),
        ("a=\u{e9}; id=3", "a=\u{e9}"),
        ("__Host-Http-id=\u{e9}", "id=\u{e9}"),
    ] {
        assert_eq!(site.received(&[sent]), received, "{sent}");
    }
    on_first_of_december(|| {
        assert_eq!(migrating().received(&["a=\u{e9}; id=old; b=1"]), "a=\u{e9}; id=old; b=1");
    });
}

#[test]
fn prefixed_name_must_come_once() {
    let site = Site::listing(&["id"]);
    for fields in [
        &["__Host-Http-id=1; __Host-Http-id=1; a=1"][..],
        &["__Host-Http-id=1; id=3", "a=1; __Host-Http-id=2"],
        &["a=1", "__Host-Http-id=1", "__Host-Http-id=1"],
    ] {
        assert_eq!(site.received(fields), "a=1", "{fields:?}");
    }
    assert_eq!(site.codes()[..2], [Code::PrefixedTwice, Code::PrefixedTwice]);
}

#[test]
fn plain_http_drops_both_names() {
    let site = Site::listing(&["id"]).plain_http();
    assert_eq!(site.received(&["id=1; a=1; __Host-Http-id=2"]), "a=1");
    let events = site.take_events();
    assert_eq!(
        events,
        [
            (Kind::CookieRejected, Code::NotHttps, "__Host-Http-id".to_owned()),
            (Kind::CookieRejected, Code::UnprefixedDropped, "id".to_owned()),
        ]
    );
}

#[test]
fn sensitive_mark_of_the_header_stays() {
    let mut headers = cookies(&["a=1; __Host-Http-id=1"]);
    headers.get_mut(COOKIE).unwrap().set_sensitive(true);
    let (_, received) = Site::listing(&["id"]).send(headers, None);
    assert!(received[COOKIE].is_sensitive());
    assert_eq!(received[COOKIE], "a=1; id=1");
}

#[test]
fn jar_reads_the_renamed_cookies() {
    #[derive(crate::Cookie)]
    #[cookie(name = "prefix-test", read_only)]
    struct Library(String);

    let site = Site::listing(&["prefix-test"]);
    let (in_flight, _) = site.send(cookies(&["prefix-test=planted; __Host-Http-prefix-test=real"]), None);
    let cookies = in_flight.jar_handle().maybe_cookies::<crate::Https>().unwrap();
    assert_eq!(cookies.get::<Library>().unwrap().0, "real");
}

#[test]
fn bare_cookie_counts_until_the_date() {
    on_first_of_december(|| {
        let site = migrating();
        for (fields, received, code) in [
            (&["a=1; id=old"][..], "a=1; id=old", Some(Code::UnprefixedAccepted)),
            (&["id=old", "a=1"], "id=old | a=1", Some(Code::UnprefixedAccepted)),
            (&["id=old; id=old"], "", Some(Code::UnprefixedDropped)),
            (&["id=old", "id=planted; a=1"], "a=1", Some(Code::UnprefixedDropped)),
            (&["id=old; ID=x"], "", Some(Code::UnprefixedDropped)),
            (&["id=old; %69d=x; a=1"], "a=1", Some(Code::UnprefixedDropped)),
            (&["%69d=x"], "", Some(Code::UnprefixedDropped)),
            (&["id"], "", Some(Code::UnprefixedDropped)),
            (&["id=old; id"], "", Some(Code::UnprefixedDropped)),
            (&["id;id="], "", Some(Code::UnprefixedDropped)),
            (&["id=old; __Host-Http-id=new"], "id=new", Some(Code::UnprefixedDropped)),
            (&["__Host-Http-id=1; __Host-Http-id=2; id=old"], "", Some(Code::UnprefixedDropped)),
            (&["__Host-Http-id=new"], "id=new", None),
        ] {
            site.take_events();
            assert_eq!(site.received(fields), received, "{fields:?}");
            assert_eq!(site.codes().last().copied(), code, "{fields:?}");
        }
        assert_eq!(migrating().plain_http().received(&["id=old; a=1"]), "a=1");
    });
}

#[test]
fn end_of_the_migration_is_reported_once() {
    let site = {
        let mut site = None;
        on_first_of_december(|| site = Some(migrating()));
        site.unwrap()
    };
    clock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_798_070_399), || {
        assert_eq!(site.received(&["id=old"]), "id=old");
        assert!(!site.codes().contains(&Code::UnprefixedEnded));
    });
    // The Unix time at which 2026-12-24 begins.
    clock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_798_070_400), || {
        for _ in 0..3 {
            assert_eq!(site.received(&["id=old"]), "");
        }
        assert_eq!(site.codes().into_iter().filter(|code| *code == Code::UnprefixedEnded).count(), 1);
        assert_eq!(site.sent(&["id=1"]), [format!("__Host-Http-id=1{LAX}")]);
    });
}

#[test]
fn name_that_never_comes_prefixed_is_reported_once() {
    // No other test uses the names in this test, because all policies of a process share the flags for a name.
    let site = Site::listing(&["never-1", "never-2"]);
    let reported = |site: &Site| site.codes().into_iter().filter(|code| *code == Code::NeverPrefixed).count();
    let other_policy = Site::listing(&["never-1"]);
    site.received(&["never-1=1; never-1=2"]);
    assert_eq!(reported(&site), 1);
    site.received(&["never-1=1"]);
    other_policy.received(&["never-1=1"]);
    assert_eq!((reported(&site), reported(&other_policy)), (0, 0));
    site.received(&["__Host-Http-never-2=1"]);
    site.received(&["never-2=1"]);
    assert_eq!(reported(&site), 0);
}

#[test]
fn header_of_a_listed_name_gets_the_prefix() {
    let site = Site::listing(&["id", "a|b"]);
    for (header, sent) in [
        ("id=1", format!("__Host-Http-id=1{LAX}")),
        (" id = x=y ;Path=/", "__Host-Http-id= x=y ;Path=/; Secure; HttpOnly; SameSite=Lax".to_owned()),
        (
            "id=1; path=/; SECURE; HttpOnly; samesite=Strict; Max-Age=60",
            "__Host-Http-id=1; path=/; SECURE; HttpOnly; samesite=Strict; Max-Age=60".to_owned(),
        ),
        (
            "id=1; SameSite=None; Partitioned",
            "__Host-Http-id=1; SameSite=None; Partitioned; Path=/; Secure; HttpOnly".to_owned(),
        ),
        ("id=1; SameSite=banana", format!("__Host-Http-id=1; SameSite=banana{LAX}")),
        ("id=; Max-Age=0", format!("__Host-Http-id=; Max-Age=0{LAX}")),
        // Browsers ignore a `Path` that does not begin with `/`, and an empty `Domain`.
        ("id=1; Path=app; Domain=", format!("__Host-Http-id=1; Path=app; Domain={LAX}")),
        ("id=1; Path=/app; Path=/", "__Host-Http-id=1; Path=/app; Path=/; Secure; HttpOnly; SameSite=Lax".to_owned()),
        ("%69d=1", format!("__Host-Http-id=1{LAX}")),
        ("a%7Cb=1", format!("__Host-Http-a|b=1{LAX}")),
        // Names that are not listed, and a name that already has the prefix.
        ("ids=1; Secure", "ids=1; Secure".to_owned()),
        ("id; Secure", "id; Secure".to_owned()),
        ("__Host-Http-id=1; Path=/; Secure; HttpOnly; SameSite=Lax", format!("__Host-Http-id=1{LAX}")),
    ] {
        assert_eq!(site.sent(&[header]), [&*sent], "{header}");
        assert_eq!(site.sent(&[&sent]), [&*sent], "a second renaming changes nothing: {header}");
    }
    site.take_events();
    assert_eq!(
        site.sent(&["id=1", "b=1; Secure", "id=2"]),
        [&*format!("__Host-Http-id=1{LAX}"), "b=1; Secure", &format!("__Host-Http-id=2{LAX}")]
    );
    assert_eq!(site.codes(), [Code::HostPrefix, Code::HostPrefix]);
}

#[test]
fn header_that_cannot_have_the_prefix_is_dropped() {
    let site = Site::listing(&["id"]);
    let long = |len: usize| format!("id={}", "x".repeat(len));
    for header in ["id=1; Domain=shop.example", "id=1; Path=/app", "id=; Path=/app; Max-Age=0", &long(4096 - 13)] {
        assert_eq!(site.sent(&["a=1; Secure", header, "b=1; Secure"]), ["a=1; Secure", "b=1; Secure"], "{header:.40}");
        assert_eq!(site.take_events(), [(Kind::HeaderDropped, Code::PrefixImpossible, "id".to_owned())]);
    }
    assert_eq!(site.sent(&[&long(4096 - 14)]).len(), 1);
    assert_eq!(site.sent(&["id=1; Domain=shop.example"]), [""; 0]);
}

#[test]
fn policy_sends_listed_names_that_it_does_not_declare() {
    for setting in [UndeclaredCookies::Observe, UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        on_first_of_december(|| {
            let builder = Policy::builder().host_prefix(["id"]).accept_unprefixed_until("2026-12-24");
            let sent = Site::new(builder.undeclared_cookies(setting)).sent(&["id=1"]);
            assert_eq!(sent.len(), 2, "{setting:?}: {sent:?}");
        });
    }
    let refuse = Policy::builder().host_prefix(["id"]).undeclared_cookies(UndeclaredCookies::Refuse);
    assert_eq!(Site::new(refuse).sent(&["a=1"]), [""; 0]);
}

#[test]
fn plain_http_response_sends_no_listed_name() {
    for setting in [UndeclaredCookies::Observe, UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        let site = Site::new(Policy::builder().host_prefix(["id"]).undeclared_cookies(setting)).plain_http();
        assert_eq!(site.sent(&["id=1"]), [""; 0], "{setting:?}");
        assert_eq!(site.codes(), [Code::Insecure], "{setting:?}");
    }
}

#[test]
fn migration_removes_the_bare_cookie() {
    on_first_of_december(|| {
        let removal =
            "id=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax".to_owned();
        let renamed = |value: &str| format!("__Host-Http-id={value}{LAX}");
        assert_eq!(migrating().sent(&["id=1"]), [renamed("1"), removal.clone()]);
        assert_eq!(migrating().sent(&["id=1", "id=2"]), [renamed("1"), renamed("2"), removal.clone()]);
        assert_eq!(
            migrating().sent(&["id=; Max-Age=0"]),
            [format!("__Host-Http-id=; Max-Age=0{LAX}"), removal.clone()]
        );
        assert_eq!(migrating().sent(&["id=1; Partitioned"])[1], format!("{removal}; Partitioned"));
        assert_eq!(migrating().sent(&["id=1; Path=/app", "a=1; Secure"]), ["a=1; Secure"]);
        assert_eq!(migrating().plain_http().sent(&["id=1"]), [""; 0]);
    });
}

#[test]
fn only_the_outermost_middleware_renames() {
    on_first_of_december(|| {
        let (outer, inner) = (migrating(), migrating());
        let (mut outer_flight, headers) = outer.send(cookies(&["__Host-Http-id=real; id=planted"]), None);
        let (mut inner_flight, headers) = inner.send(headers, Some(outer_flight.jar_handle()));
        assert_eq!(headers[COOKIE], "id=real");
        let (mut response, mut extensions) = (response(&["id=1"]), Extensions::new());
        inner_flight.on_response(StatusCode::OK, &mut response, &mut extensions);
        assert_eq!(texts(&response), ["id=1; Secure; HttpOnly; SameSite=Lax"]);
        outer_flight.on_response(StatusCode::OK, &mut response, &mut extensions);
        let sent = texts(&response);
        assert_eq!(sent[0], "__Host-Http-id=1; Secure; HttpOnly; SameSite=Lax; Path=/");
        assert!(sent[1].starts_with("id=; Path=/; Max-Age=0; ") && sent.len() == 2, "{sent:?}");
        assert!(!inner.codes().contains(&Code::NestedPrefix));
    });
}

#[test]
fn name_of_an_inner_policy_is_reported() {
    let (outer, inner) = (Site::listing(&["id"]), Site::listing(&["id", "other"]));
    let (outer_flight, headers) = outer.send(cookies(&["__Host-Http-id=1; __Host-Http-other=2"]), None);
    let (_, headers) = inner.send(headers, Some(outer_flight.jar_handle()));
    assert_eq!(headers[COOKIE], "id=1; __Host-Http-other=2");
    assert_eq!(inner.codes(), [Code::NestedPrefix]);
    // If the outer policy has no listed names, the inner policy renames the cookies.
    let without = Site::listing(&[]);
    let (without_flight, headers) = without.send(cookies(&["__Host-Http-id=1"]), None);
    let (_, headers) = outer.send(headers, Some(without_flight.jar_handle()));
    assert_eq!(headers[COOKIE], "id=1");
}

#[test]
fn second_run_for_one_request_renames_new_headers_only() {
    on_first_of_december(|| {
        let site = migrating();
        let (mut first, headers) = site.send(cookies(&["__Host-Http-id=real"]), None);
        let (mut response, mut extensions) = (response(&["id=1"]), Extensions::new());
        first.on_response(StatusCode::OK, &mut response, &mut extensions);
        let sent = texts(&response);
        // In salvo, the middleware can run twice for one request. The second run trusts the headers from the first run.
        let mut trusted = TrustedHeaders::default();
        trusted.add_all(response.get_all(SET_COOKIE).iter());
        extensions.insert(trusted);
        let (mut second, headers) = site.send(headers, Some(first.jar_handle()));
        assert_eq!(headers[COOKIE], "id=real");
        response.append(SET_COOKIE, HeaderValue::from_static("id=2"));
        second.on_response(StatusCode::OK, &mut response, &mut extensions);
        assert_eq!(texts(&response)[..2], sent);
        assert_eq!(texts(&response)[2], format!("__Host-Http-id=2{LAX}"));
    });
}

#[test]
fn events_contain_no_value() {
    let texts = Arc::new(Mutex::new(Vec::new()));
    let seen = texts.clone();
    let builder = Policy::builder().host_prefix(["id"]).accept_unprefixed_until("2020-01-01").force_https(false);
    let policy = builder.on_event(move |event| seen.lock().unwrap().push(event.to_string())).build().unwrap();
    for termination in [TlsTermination::here(), TlsTermination::none()] {
        let guard = PolicyGuard::new(policy.clone().into(), termination);
        for cookie in ["id=s3cr3t; s3cr3t; id", "__Host-Http-id=s3cr3t; __Host-Http-id=s3cr3t; %69d=s3cr3t"] {
            let mut request = http::Request::get("/").body(()).unwrap();
            *request.headers_mut() = cookies(&[cookie]);
            let (parts, ()) = request.into_parts();
            let Ok(mut in_flight) = guard.on_request(&RequestHead::from_parts(&parts)) else { panic!("refused") };
            let mut response = response(&["id=s3cr3t", "id=s3cr3t; Domain=s3cr3t", "id=s3cr3t; Path=/s3cr3t"]);
            in_flight.on_response(StatusCode::OK, &mut response, &mut Extensions::new());
        }
    }
    let texts = texts.lock().unwrap();
    assert!(texts.len() > 10 && texts.iter().all(|text| !text.contains("s3cr3t")), "{texts:#?}");
}
