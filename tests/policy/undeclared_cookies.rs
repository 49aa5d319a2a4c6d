//! Tests undeclared cookies in each mode, over HTTPS and over plain HTTP. The layer treats the header of an undeclared
//! cookie in one of three ways:
//!
//! - The layer adds missing attributes at the end of the header.
//! - The layer drops the header.
//! - The layer only emits an event about the header.
//!
//! The layer does not change other parts of an undeclared cookie's header. The layer does not change the headers of
//! declared cookies.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::header::{COOKIE, HOST, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use hardtack::audit::{self, Context};
use hardtack::event::Kind;
use hardtack::event::Kind::{HeaderDropped, HeaderHardened, HeaderReported};
use hardtack::policy::{Baseline, Exception, UndeclaredCookies};
use hardtack::tls::Transport;
use hardtack::{AnyScheme, Cookies, ReadError, SameSite, SetCookie, SetError, TlsTermination, testing};
use tower::ServiceExt as _;

use crate::vectors::{self, SET_COOKIE_AUDIT, WPT_STORE, cases, text};

use super::{
    BANNER, Banner, HOST_NAME, NOTE_REMOVAL, Note, RecordingPolicy, SECRET, SESSION, SPECS, Session, THEME, Theme,
    UNDECLARED, new_request, policy_for_undeclared, respond_with_cookies, send_cookies, session, unreadable_note,
    without_force_https,
};

#[tokio::test]
async fn each_mode_over_https_handles_each_cookie_kind() {
    let sent = send_cookies(policy_for_undeclared(UndeclaredCookies::Observe), Transport::Tls, &UNDECLARED).await;
    assert_eq!(sent.set_cookies(), UNDECLARED);
    assert_eq!(
        sent.event_summaries(),
        [
            (HeaderReported, "PHPSESSID", "insecure"),
            (HeaderReported, "csrftoken", "insecure"),
            (HeaderReported, "lang", "insecure"),
        ]
    );
    assert_eq!(sent.events[0].reason, "it has no valid Secure, HttpOnly, SameSite; let the policy harden it");

    let sent = send_cookies(policy_for_undeclared(UndeclaredCookies::Harden), Transport::Tls, &UNDECLARED).await;
    assert_eq!(
        sent.set_cookies(),
        [
            "PHPSESSID=opensesame; path=/; Secure; HttpOnly; SameSite=Lax",
            "csrftoken=opensesame; Path=/; SameSite=Lax; Secure",
            "lang=opensesame; Secure",
            UNDECLARED[3],
            UNDECLARED[4],
        ]
    );
    assert_eq!(
        sent.event_summaries(),
        [
            (HeaderHardened, "PHPSESSID", "insecure"),
            (HeaderHardened, "csrftoken", "insecure"),
            (HeaderHardened, "lang", "insecure"),
        ]
    );
    let start = "header hardened `PHPSESSID` (insecure, GET /): added Secure, HttpOnly, SameSite; with `SameSite=Lax` ";
    assert!(sent.events[0].text.starts_with(start), "{}", sent.events[0].text);

    let sent = send_cookies(policy_for_undeclared(UndeclaredCookies::Refuse), Transport::Tls, &UNDECLARED).await;
    assert_eq!(sent.set_cookies(), [UNDECLARED[4]]);
    let refused: Vec<_> =
        ["PHPSESSID", "csrftoken", "lang", "sample"].map(|name| (HeaderDropped, name, "undeclared")).into();
    assert_eq!(sent.event_summaries(), refused);
}

#[tokio::test]
async fn no_secure_cookie_is_sent_over_plain_http() {
    let excepted = "basket=opensesame; Path=/; Secure";
    let headers: Vec<_> = UNDECLARED.into_iter().chain([excepted]).collect();

    let sent = send_cookies(policy_for_undeclared(UndeclaredCookies::Observe), Transport::Plain, &headers).await;
    assert_eq!(sent.set_cookies(), [UNDECLARED[0], UNDECLARED[1], UNDECLARED[2], UNDECLARED[4]]);
    assert_eq!(
        sent.event_summaries(),
        [
            (HeaderReported, "PHPSESSID", "insecure"),
            (HeaderReported, "csrftoken", "insecure"),
            (HeaderReported, "lang", "insecure"),
            (HeaderDropped, "sample", "insecure"),
            (HeaderDropped, "basket", "insecure"),
        ]
    );

    let sent = send_cookies(policy_for_undeclared(UndeclaredCookies::Harden), Transport::Plain, &headers).await;
    assert_eq!(sent.set_cookies(), [UNDECLARED[4]]);
    let names = ["PHPSESSID", "csrftoken", "lang", "sample", "basket"];
    assert_eq!(sent.event_summaries(), names.map(|name| (HeaderDropped, name, "insecure")));
    let evidence = Some("the connection carries no TLS");
    assert!(sent.events.iter().all(|event| event.evidence.as_deref() == evidence));
    assert_eq!(sent.events[0].text.matches("the connection carries no TLS").count(), 1);

    let sent = send_cookies(policy_for_undeclared(UndeclaredCookies::Refuse), Transport::Plain, &headers).await;
    assert_eq!(sent.set_cookies(), [UNDECLARED[4]]);
    assert_eq!(sent.event_summaries().last(), Some(&(HeaderDropped, "basket", "insecure")));
    assert!(sent.event_summaries()[..4].iter().all(|(kind, ..)| *kind == HeaderDropped));
}

#[tokio::test]
async fn plain_http_drops_cookies_without_an_exception() {
    for mode in [UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        let sent = send_cookies(without_force_https().undeclared_cookies(mode), Transport::Plain, &UNDECLARED).await;
        assert_eq!((sent.set_cookies().len(), sent.events.len()), (0, UNDECLARED.len()), "{mode:?}");
    }
}

#[tokio::test]
async fn excepted_cookies_are_unchanged_and_emit_nothing() {
    for mode in [UndeclaredCookies::Observe, UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        let sent = send_cookies(policy_for_undeclared(mode), Transport::Tls, &[UNDECLARED[4]]).await;
        assert_eq!((sent.set_cookies(), sent.event_summaries()), (vec![UNDECLARED[4].to_owned()], vec![]), "{mode:?}");
        // Cookie names are case-sensitive, so the exception for `basket` does not apply to the cookie `Basket`.
        let sent = send_cookies(policy_for_undeclared(mode), Transport::Tls, &["Basket=opensesame"]).await;
        assert_eq!(sent.events.len(), 1, "{mode:?}");
    }
}

#[tokio::test]
async fn session_names_get_http_only_and_same_site() {
    for (header, added) in [
        ("id=opensesame; Path=/; Secure", "; HttpOnly; SameSite=Lax"),
        ("ASP.NET_SessionId=opensesame; path=/; HttpOnly", "; Secure; SameSite=Lax"),
        ("_shop_session=opensesame; path=/; secure; HttpOnly", "; SameSite=Lax"),
        ("JSESSIONID=opensesame; SECURE; httponly; samesite=none", ""),
        ("sid=opensesame; Secure; HttpOnly; SameSite=nonsense", "; SameSite=Lax"),
        ("__Host-sid=opensesame; Path=/; Secure", "; HttpOnly; SameSite=Lax"),
        ("session_csrf=opensesame; Secure", "; SameSite=Lax"),
        ("XSRF-TOKEN=opensesame", "; Secure"),
        ("tally=opensesame; Secure", "; HttpOnly; SameSite=Lax"),
        ("Tally=opensesame; Secure", ""),
        ("theme=opensesame; SameSite=None", "; Secure"),
    ] {
        let sent = send_cookies(without_force_https().session_names(["tally"]), Transport::Tls, &[header]).await;
        assert_eq!(sent.set_cookies(), [format!("{header}{added}")]);
        assert_eq!(sent.events.len(), usize::from(!added.is_empty()), "{header}");
    }
}

#[tokio::test]
async fn hardening_only_appends_and_is_idempotent() {
    let unusual: [&[u8]; 15] = [
        b"a=opensesame",
        b"  a\t =\topensesame  ;  path = /x ;X-Unknown=\"y;z\" ; ; ;PRIORITY=High",
        b"a=\"opensesame, with; Max-Age=5\"; EXPIRES=Thu, 01 Jan 2099 00:00:00 GMT",
        b"a=opensesame;",
        b"a=opensesame; Secure=false",
        b"a=opensesame; secure ;SeCuRe",
        b"a=opensesame; Path=/a; Path=/b; path=/c",
        b"sess\xe9on=\xff\xfe\x80; Path=/\xc3\xa9",
        b"opensesame",
        b"opensesame; Secure",
        b"=opensesame",
        b"Secure; HttpOnly",
        b"sid=opensesame; HttpOnly; samesite=LAX; Max-Age=1e9; Partitioned",
        b"__Secure-sid=opensesame; Domain=.site.example",
        b"",
    ];
    let policy = without_force_https().build().unwrap();
    for header in unusual {
        let layer = || policy.layer(TlsTermination::here());
        let once = respond_with_cookies(&[header])
            .layer(layer())
            .oneshot(new_request(Transport::Tls, "/", &[]))
            .await
            .unwrap();
        let once = once.headers()[SET_COOKIE].as_bytes().to_vec();
        let added = once.strip_prefix(header).unwrap_or_else(|| panic!("{} was changed", header.escape_ascii()));
        let expected: [&[u8]; 6] = [
            b"",
            b"; Secure",
            b"; Secure; HttpOnly; SameSite=Lax",
            b"; HttpOnly; SameSite=Lax",
            b"; SameSite=Lax",
            b"; Secure; SameSite=Lax",
        ];
        assert!(expected.contains(&added), "{}", once.escape_ascii());

        let twice = respond_with_cookies(&[header]).layer(layer()).layer(layer());
        let twice = twice.oneshot(new_request(Transport::Tls, "/", &[])).await.unwrap();
        assert_eq!(twice.headers()[SET_COOKIE].as_bytes(), once, "{}", once.escape_ascii());
    }
}

#[tokio::test]
async fn sensitive_header_values_stay_sensitive() {
    let mut value = HeaderValue::from_static("sid=opensesame");
    value.set_sensitive(true);
    let routes = Router::new().fallback(move || async move { [(SET_COOKIE, value)] });
    let sent = RecordingPolicy::new(without_force_https())
        .send(TlsTermination::here(), routes, new_request(Transport::Tls, "/", &[]))
        .await;
    assert!(sent.headers[SET_COOKIE].is_sensitive());
    assert_eq!(sent.set_cookies(), ["sid=opensesame; Secure; HttpOnly; SameSite=Lax"]);
}

#[tokio::test]
async fn headers_keep_their_order() {
    let headers = ["b=1; Secure", "a=1", "gone=1", "a=2; Secure", "basket=1", "z=1; Secure"];
    let routes = |headers: [&'static str; 6]| {
        Router::new().fallback(move |cookies: Cookies| async move {
            cookies.set(session()).unwrap();
            let mut response = Response::new(Body::empty());
            for header in headers {
                response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(header));
            }
            response.headers_mut().append("x-other", HeaderValue::from_static("stays"));
            response
        })
    };
    let https = || new_request(Transport::Tls, "/", &[]);
    let hardened =
        RecordingPolicy::new(without_force_https()).send(TlsTermination::here(), routes(headers), https()).await;
    assert_eq!(
        hardened.set_cookies(),
        ["b=1; Secure", "a=1; Secure", "gone=1; Secure", "a=2; Secure", "basket=1; Secure", "z=1; Secure", SESSION]
    );
    let refuse = without_force_https().undeclared_cookies(UndeclaredCookies::Refuse);
    let refuse = ["a", "b", "basket"]
        .into_iter()
        .fold(refuse, |policy, name| policy.exception(Exception::for_cookie(name).everything().because("tested")));
    let refused = RecordingPolicy::new(refuse).send(TlsTermination::here(), routes(headers), https()).await;
    assert_eq!(refused.set_cookies(), ["b=1; Secure", "a=1", "a=2; Secure", "basket=1", SESSION]);
    assert_eq!(refused.headers["x-other"], "stays");
}

// ---- Declared cookies.

#[tokio::test]
async fn jar_headers_are_unchanged_in_every_mode() {
    async fn set(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(session())?;
        cookies.set(Banner(SECRET.to_owned()))?;
        cookies.set(Theme(SECRET.to_owned()))
    }
    async fn plain(cookies: Cookies<AnyScheme>) -> Result<(), SetError> {
        cookies.set(Banner(SECRET.to_owned()))
    }
    for mode in [UndeclaredCookies::Observe, UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        let recorded = RecordingPolicy::new(without_force_https().undeclared_cookies(mode));
        let routes = Router::new().route("/", get(set)).route("/plain", get(plain));
        let termination = TlsTermination::per_connection;
        let sent = recorded.send(termination(), routes.clone(), new_request(Transport::Tls, "/", &[])).await;
        assert_eq!(
            (sent.set_cookies(), sent.event_summaries()),
            (vec![SESSION.into(), BANNER.into(), THEME.into()], vec![]),
            "{mode:?}"
        );
        let sent = recorded.send(termination(), routes, new_request(Transport::Plain, "/plain", &[])).await;
        assert_eq!((sent.set_cookies(), sent.event_summaries()), (vec![BANNER.to_owned()], vec![]), "{mode:?}");
    }
}

#[tokio::test]
async fn headers_of_inner_layers_count_as_declared() {
    async fn set(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(session())?;
        cookies.set(Theme(SECRET.to_owned()))
    }
    async fn read(cookies: Cookies) -> Result<(), ReadError> {
        cookies.try_get::<Note>().map(|_| ())
    }
    let inner = without_force_https().keyring(testing::keyring()).build().unwrap();
    let inner = inner.layer(TlsTermination::per_connection());
    let routes = Router::new().route("/", get(set)).route("/read", get(read)).layer(inner);
    for mode in [UndeclaredCookies::Observe, UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        let recorded = RecordingPolicy::new(
            without_force_https().undeclared_cookies(mode).baseline(Baseline::new().same_site(SameSite::Strict)),
        );
        let sent = recorded
            .send(TlsTermination::per_connection(), routes.clone(), new_request(Transport::Tls, "/", &[]))
            .await;
        // The outer layer's baseline also applies to the cookies that the inner layer sends.
        let headers = [SESSION.replace("Lax", "Strict"), THEME.replace("Lax", "Strict")];
        assert_eq!(sent.set_cookies(), headers, "{mode:?}");
        assert!(sent.event_summaries().iter().all(|(.., rule)| *rule == "baseline"), "{:?}", sent.event_summaries());

        let unreadable = new_request(Transport::Tls, "/read", &[(COOKIE, &unreadable_note())]);
        let sent = recorded.send(TlsTermination::per_connection(), routes.clone(), unreadable).await;
        assert_eq!((sent.status, sent.set_cookies().len()), (StatusCode::BAD_REQUEST, 1), "{mode:?}");
    }
}

#[tokio::test]
async fn header_values_of_known_declarations_count_as_declared() {
    let https = testing::https();
    let headers = [
        SetCookie::new(session()).header_value(&https).unwrap(),
        SetCookie::new(session()).same_site(SameSite::Strict).header_value(&https).unwrap(),
        SetCookie::<Session>::removal().header_value(&https).unwrap(),
        SetCookie::new(Banner(SECRET.to_owned())).header_value(&https).unwrap(),
        SetCookie::new(Theme(SECRET.to_owned())).header_value(&https).unwrap(),
    ];
    let headers: Vec<&str> = headers.iter().map(|header| header.to_str().unwrap()).collect();
    for mode in [UndeclaredCookies::Observe, UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        let sent =
            send_cookies(without_force_https().undeclared_cookies(mode).declared(SPECS), Transport::Tls, &headers)
                .await;
        assert_eq!(
            (sent.set_cookies(), sent.event_summaries()),
            (headers.iter().map(|&header| header.into()).collect(), vec![]),
            "{mode:?}"
        );

        let sent =
            send_cookies(without_force_https().undeclared_cookies(mode).declared(SPECS), Transport::Plain, &headers)
                .await;
        assert_eq!(sent.set_cookies(), [BANNER], "{mode:?}");
        assert!(sent.event_summaries().iter().all(|(kind, ..)| *kind == HeaderDropped), "{mode:?}");
    }
    let sent =
        send_cookies(without_force_https().undeclared_cookies(UndeclaredCookies::Refuse), Transport::Tls, &headers)
            .await;
    assert_eq!((sent.set_cookies().len(), sent.events.len()), (0, 5));
}

#[tokio::test]
async fn weaker_header_with_a_declared_name_is_undeclared() {
    let weaker = [
        "__Host-Http-session=opensesame; Path=/; HttpOnly; SameSite=Lax",
        "__Host-Http-session=opensesame; Path=/; Secure; SameSite=Lax",
        "__Host-Http-session=opensesame; Path=/; Secure; HttpOnly; SameSite=None",
        "__Host-Http-session=opensesame; Path=/; Secure; HttpOnly",
        "banner=opensesame; Path=/; SameSite=Lax",
    ];
    let sent = send_cookies(
        without_force_https().undeclared_cookies(UndeclaredCookies::Refuse).declared(SPECS),
        Transport::Tls,
        &weaker,
    )
    .await;
    assert_eq!((sent.set_cookies().len(), sent.events.len()), (0, weaker.len()));
    let sent = send_cookies(without_force_https().declared(SPECS), Transport::Tls, &weaker).await;
    assert!(sent.set_cookies().iter().all(|header| header.contains("; Secure")), "{:?}", sent.set_cookies());
}

#[tokio::test]
async fn read_error_removal_is_sent_in_refuse_mode() {
    async fn read(cookies: Cookies) -> Result<String, ReadError> {
        Ok(format!("{:?}", cookies.try_get::<Note>()?.map(|note| note.0)))
    }
    let routes = || {
        let add_undeclared = |mut response: Response| async move {
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("legacy=opensesame"));
            response
        };
        Router::new().fallback(read).layer(axum::middleware::map_response(add_undeclared))
    };
    let unreadable = unreadable_note();
    let cookie = [(COOKIE, unreadable.as_str())];
    let refusing = || without_force_https().keyring(testing::keyring()).undeclared_cookies(UndeclaredCookies::Refuse);

    let recorded = RecordingPolicy::new(refusing());
    let sent = recorded.send(TlsTermination::here(), routes(), new_request(Transport::Tls, "/", &cookie)).await;
    assert_eq!((sent.status, sent.set_cookies()), (StatusCode::BAD_REQUEST, vec![format!("{NOTE_REMOVAL}=Lax")]));
    let note = "__Host-Http-note";
    assert_eq!(
        sent.event_summaries(),
        [(Kind::CookieRejected, note, "bad-seal"), (HeaderDropped, "legacy", "undeclared")]
    );

    let baseline = Baseline::new().same_site(SameSite::Strict);
    let recorded = RecordingPolicy::new(refusing().baseline(baseline));
    let sent = recorded.send(TlsTermination::here(), routes(), new_request(Transport::Tls, "/", &cookie)).await;
    assert_eq!(sent.set_cookies(), [format!("{NOTE_REMOVAL}=Strict")]);
}

// ---- Cookies that browsers reject.

#[tokio::test]
async fn folded_cookies_are_reported_without_values() {
    for header in [
        "a=opensesame; Path=/, b=opensesame; Secure",
        "a=opensesame, b=opensesame; Secure",
        "a=opensesame; Domain=other.example,b=opensesame; Secure",
        "a=opensesame; Domain=com, b=opensesame; Secure",
    ] {
        for mode in [UndeclaredCookies::Observe, UndeclaredCookies::Harden] {
            let sent = send_cookies(without_force_https().undeclared_cookies(mode), Transport::Tls, &[header]).await;
            assert_eq!(sent.set_cookies(), [header]);
            assert_eq!(sent.event_summaries()[0], (HeaderReported, "a", "folded"), "{header}");
        }
    }
    // A comma in a value or in a date does not start another cookie.
    let header = "a=open,sesame; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Secure";
    assert_eq!(send_cookies(without_force_https(), Transport::Tls, &[header]).await.event_summaries(), []);
}

#[tokio::test]
async fn cookies_that_browsers_reject_are_reported() {
    let long = format!("a={}; Secure", "x".repeat(4096));
    let latin = "a=1; Secure; Domain=b\u{fc}cher.example";
    for (header, cookie, rule) in [
        ("=; Secure", "(nameless)", "empty"),
        (&long, "a", "size"),
        (latin, "a", "domain-not-ascii"),
        ("a=opensesame; Secure; Domain=com", "a", "public-suffix"),
        ("a=opensesame; Secure; Domain=other.example", "a", "domain-mismatch"),
        ("__Host-a=opensesame; Secure", "__Host-a", "prefix-host"),
        ("__host-a=opensesame; Secure; Path=/; Domain=site.example", "__host-a", "prefix-host"),
        ("__Http-a=opensesame; Secure", "__Http-a", "prefix-http"),
        ("__Host-Http-a=opensesame; Secure; Path=/", "__Host-Http-a", "prefix-host-http"),
        ("=__Host-opensesame; Secure", "(nameless)", "nameless-prefix"),
    ] {
        for mode in [UndeclaredCookies::Observe, UndeclaredCookies::Harden] {
            let sent = send_cookies(without_force_https().undeclared_cookies(mode), Transport::Tls, &[header]).await;
            assert_eq!(sent.set_cookie_bytes(), [header.as_bytes()]);
            assert_eq!(sent.event_summaries(), [(HeaderReported, cookie, rule)], "{header}");
        }
    }
}

#[tokio::test]
async fn hardening_makes_cookies_storable() {
    for (header, rule) in [
        ("a=opensesame; SameSite=None", "same-site-none-secure"),
        ("__Secure-a=opensesame", "prefix-secure"),
        ("__Host-a=opensesame; Path=/", "prefix-host"),
        ("__Http-a=opensesame; HttpOnly", "prefix-http"),
        ("__Host-Http-sid=opensesame; Path=/", "prefix-host-http"),
        ("a=opensesame; Partitioned", "partitioned-secure"),
    ] {
        let observed = send_cookies(
            without_force_https().undeclared_cookies(UndeclaredCookies::Observe),
            Transport::Tls,
            &[header],
        )
        .await;
        let rules: Vec<_> = observed.event_summaries().into_iter().map(|(.., rule)| rule).collect();
        assert_eq!(rules, ["insecure", rule], "{header}");

        let hardened = send_cookies(without_force_https(), Transport::Tls, &[header]).await;
        assert_eq!(hardened.events.len(), 1, "{header}");
        let stored = audit::set_cookie(hardened.set_cookie_bytes()[0], &Context::https(HOST_NAME)).stored;
        assert!(stored.unwrap().secure, "{header}");
    }
}

// ---- The headers of the vectors.

#[tokio::test]
async fn hardened_vectors_are_stored_secure_or_reported() {
    let mut tally = BTreeMap::<&str, usize>::new();
    let mut headers = Vec::new();
    for case in [SET_COOKIE_AUDIT, WPT_STORE].into_iter().flat_map(cases) {
        let host = match case["host"].as_str() {
            Some(host) => host.to_owned(),
            None => text(&case["set_from"]).parse::<Uri>().unwrap().host().unwrap().to_owned(),
        };
        let with_id = |header| (text(&case["id"]).to_owned(), host.clone(), header);
        headers.extend(vectors::set_cookie_headers(&case).into_iter().map(with_id));
    }
    assert!(headers.len() > 240, "{} headers", headers.len());

    let recorded = RecordingPolicy::new(without_force_https());
    for (id, host, header) in &headers {
        if HeaderValue::from_bytes(header).is_err() {
            *tally.entry("not a valid header value").or_default() += 1;
            continue;
        }
        let request = new_request(Transport::Tls, "/", &[(HOST, host)]);
        let sent = recorded.send(TlsTermination::per_connection(), respond_with_cookies(&[header]), request).await;
        // A removal without a `Path` is sent twice.
        let (hardened, is_completed) = match sent.set_cookie_bytes()[..] {
            [hardened] => (hardened, false),
            [hardened, copy] if copy.starts_with(&[header, &b"; Path=/"[..]].concat()) => (hardened, true),
            _ => panic!("{id}: {:?}", sent.set_cookies()),
        };
        let added = hardened.strip_prefix(&header[..]).unwrap_or_else(|| panic!("{id}: {:?}", sent.set_cookies()));
        let added = String::from_utf8(added.to_vec()).unwrap();
        let mut rest = added.as_str();
        for addition in ["; Secure", "; HttpOnly", "; SameSite=Lax"] {
            rest = rest.strip_prefix(addition).unwrap_or(rest);
        }
        assert_eq!(rest, "", "{id}: {added}");
        let (completions, additions): (Vec<_>, Vec<_>) = sent
            .events
            .iter()
            .filter(|event| event.kind == HeaderHardened)
            .partition(|event| event.rule == "removal-path");
        assert_eq!(!completions.is_empty(), is_completed, "{id}: {:?}", sent.events);
        assert_eq!(!additions.is_empty(), !added.is_empty(), "{id}: {:?}", sent.events);

        match audit::set_cookie(hardened, &Context::https(host)).stored {
            Ok(stored) => {
                assert!(stored.secure, "{id}: {stored}");
                *tally.entry("stored as Secure").or_default() += 1;
            }
            Err(rejection) => {
                let mut events = sent.events.iter();
                let is_reported = events.any(|event| event.kind == HeaderReported && event.rule == rejection.id());
                assert!(is_reported, "{id}: {rejection}, and {:?}", sent.events);
                *tally.entry("rejected and reported").or_default() += 1;
            }
        }
    }
    println!("{} headers: {tally:?}", headers.len());
    assert!(tally["stored as Secure"] > 150 && tally["rejected and reported"] > 30, "{tally:?}");
}
