//! What becomes of the lines of others in each mode, over either scheme: hardened at their end, held back, refused or
//! told of, and never changed otherwise. What was declared is none of theirs.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::header::{COOKIE, HOST, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use hardtack::EventKind::{LineHardened, LineHeldBack, LineObserved, LineRefused};
use hardtack::audit::{self, Seen};
use hardtack::{
    AnyScheme, Cookies, EventKind, Floor, ForeignCookies, Listener, ReadError, SameSite, SetCookie, SetError,
    Transport, testing,
};
use tower::ServiceExt as _;

use crate::vectors::{self, SET_COOKIE_AUDIT, WPT_STORE, cases, text};

use super::{
    BANNER, Banner, Cart, FOREIGN, HOST_NAME, Recorded, SECRET, SESSION, SPECS, Session, THEME, Theme, foreign, open,
    request, session, setting, through,
};

#[tokio::test]
async fn over_https_each_mode_does_what_it_says_to_each_kind_of_cookie() {
    let sent = through(foreign(ForeignCookies::Observe), Transport::Tls, &FOREIGN).await;
    assert_eq!(sent.lines(), FOREIGN);
    assert_eq!(
        sent.told(),
        [
            (LineObserved, "PHPSESSID", "insecure"),
            (LineObserved, "csrftoken", "insecure"),
            (LineObserved, "lang", "insecure"),
        ]
    );
    assert_eq!(sent.told[0].reason, "lacks Secure, HttpOnly, SameSite; let the policy harden it");

    let sent = through(foreign(ForeignCookies::Harden), Transport::Tls, &FOREIGN).await;
    assert_eq!(
        sent.lines(),
        [
            "PHPSESSID=opensesame; path=/; Secure; HttpOnly; SameSite=Lax",
            "csrftoken=opensesame; Path=/; SameSite=Lax; Secure",
            "lang=opensesame; Secure",
            FOREIGN[3],
            FOREIGN[4],
        ]
    );
    assert_eq!(
        sent.told(),
        [
            (LineHardened, "PHPSESSID", "insecure"),
            (LineHardened, "csrftoken", "insecure"),
            (LineHardened, "lang", "insecure"),
        ]
    );
    assert_eq!(sent.told[0].text, "line hardened `PHPSESSID` (insecure): added Secure, HttpOnly, SameSite");

    let sent = through(foreign(ForeignCookies::Refuse), Transport::Tls, &FOREIGN).await;
    assert_eq!(sent.lines(), [FOREIGN[4]]);
    let refused: Vec<_> =
        ["PHPSESSID", "csrftoken", "lang", "sample"].map(|name| (LineRefused, name, "foreign")).into();
    assert_eq!(sent.told(), refused);
}

#[tokio::test]
async fn over_plain_http_nothing_secure_leaves_in_any_mode_and_its_evidence_is_told() {
    let excepted = "basket=opensesame; Path=/; Secure";
    let lines: Vec<_> = FOREIGN.into_iter().chain([excepted]).collect();

    let sent = through(foreign(ForeignCookies::Observe), Transport::Plain, &lines).await;
    assert_eq!(sent.lines(), [FOREIGN[0], FOREIGN[1], FOREIGN[2], FOREIGN[4]]);
    assert_eq!(
        sent.told(),
        [
            (LineObserved, "PHPSESSID", "insecure"),
            (LineObserved, "csrftoken", "insecure"),
            (LineObserved, "lang", "insecure"),
            (LineHeldBack, "sample", "insecure"),
            (LineHeldBack, "basket", "insecure"),
        ]
    );

    let sent = through(foreign(ForeignCookies::Harden), Transport::Plain, &lines).await;
    assert_eq!(sent.lines(), [FOREIGN[4]]);
    let names = ["PHPSESSID", "csrftoken", "lang", "sample", "basket"];
    assert_eq!(sent.told(), names.map(|name| (LineHeldBack, name, "insecure")));
    assert!(sent.told.iter().all(|told| told.evidence.as_deref() == Some("the connection carries no TLS")));
    assert_eq!(sent.told[0].text.matches("the connection carries no TLS").count(), 1);

    let sent = through(foreign(ForeignCookies::Refuse), Transport::Plain, &lines).await;
    assert_eq!(sent.lines(), [FOREIGN[4]]);
    assert_eq!(sent.told().last(), Some(&(LineHeldBack, "basket", "insecure")));
    assert!(sent.told()[..4].iter().all(|(kind, ..)| *kind == LineRefused));
}

#[tokio::test]
async fn with_no_exception_no_foreign_line_leaves_over_plain_http() {
    for mode in [ForeignCookies::Harden, ForeignCookies::Refuse] {
        let sent = through(open().foreign_cookies(mode), Transport::Plain, &FOREIGN).await;
        assert_eq!((sent.lines().len(), sent.told.len()), (0, FOREIGN.len()), "{mode:?}");
    }
}

#[tokio::test]
async fn an_excepted_cookie_is_neither_changed_nor_told_of() {
    for mode in [ForeignCookies::Observe, ForeignCookies::Harden, ForeignCookies::Refuse] {
        let sent = through(foreign(mode), Transport::Tls, &[FOREIGN[4]]).await;
        assert_eq!((sent.lines(), sent.told()), (vec![FOREIGN[4].to_owned()], vec![]), "{mode:?}");
        // Its namesakes in other letters are other cookies.
        let sent = through(foreign(mode), Transport::Tls, &["Basket=opensesame"]).await;
        assert_eq!(sent.told.len(), 1, "{mode:?}");
    }
}

#[tokio::test]
async fn sessions_get_http_only_and_same_site_and_tokens_stay_readable() {
    for (line, added) in [
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
        let sent = through(open().session_names(["tally"]), Transport::Tls, &[line]).await;
        assert_eq!(sent.lines(), [format!("{line}{added}")]);
        assert_eq!(sent.told.len(), usize::from(!added.is_empty()), "{line}");
    }
}

#[tokio::test]
async fn nothing_but_the_end_of_a_line_is_touched_and_twice_is_as_once() {
    let odd: [&[u8]; 15] = [
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
    let policy = open().build().unwrap();
    for line in odd {
        let layer = || policy.layer(Listener::tls());
        let once = setting(&[line]).layer(layer()).oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
        let once = once.headers()[SET_COOKIE].as_bytes().to_vec();
        let added = once.strip_prefix(line).unwrap_or_else(|| panic!("{} was changed", line.escape_ascii()));
        let known: [&[u8]; 6] = [
            b"",
            b"; Secure",
            b"; Secure; HttpOnly; SameSite=Lax",
            b"; HttpOnly; SameSite=Lax",
            b"; SameSite=Lax",
            b"; Secure; SameSite=Lax",
        ];
        assert!(known.contains(&added), "{}", once.escape_ascii());

        let twice = setting(&[line]).layer(layer()).layer(layer());
        let twice = twice.oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
        assert_eq!(twice.headers()[SET_COOKIE].as_bytes(), once, "{}", once.escape_ascii());
    }
}

#[tokio::test]
async fn what_is_sensitive_stays_sensitive() {
    let mut value = HeaderValue::from_static("sid=opensesame");
    value.set_sensitive(true);
    let routes = Router::new().fallback(move || async move { [(SET_COOKIE, value)] });
    let sent = Recorded::new(open()).ask(Listener::tls(), routes, request(Transport::Tls, "/", &[])).await;
    assert!(sent.headers[SET_COOKIE].is_sensitive());
    assert_eq!(sent.lines(), ["sid=opensesame; Secure; HttpOnly; SameSite=Lax"]);
}

#[tokio::test]
async fn lines_keep_their_order_and_the_jar_s_come_last() {
    let lines = ["b=1; Secure", "a=1", "gone=1", "a=2; Secure", "basket=1", "z=1; Secure"];
    let routes = |lines: [&'static str; 6]| {
        Router::new().fallback(move |cookies: Cookies| async move {
            cookies.set(session()).unwrap();
            let mut response = Response::new(Body::empty());
            for line in lines {
                response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(line));
            }
            response.headers_mut().append("x-other", HeaderValue::from_static("stays"));
            response
        })
    };
    let https = || request(Transport::Tls, "/", &[]);
    let hardened = Recorded::new(open()).ask(Listener::tls(), routes(lines), https()).await;
    assert_eq!(
        hardened.lines(),
        ["b=1; Secure", "a=1; Secure", "gone=1; Secure", "a=2; Secure", "basket=1; Secure", "z=1; Secure", SESSION]
    );
    let refuse = open().foreign_cookies(ForeignCookies::Refuse);
    let refuse = ["a", "b", "basket"].into_iter().fold(refuse, |policy, name| policy.exception(name, "tested"));
    let refused = Recorded::new(refuse).ask(Listener::tls(), routes(lines), https()).await;
    assert_eq!(refused.lines(), ["b=1; Secure", "a=1", "a=2; Secure", "basket=1", SESSION]);
    assert_eq!(refused.headers["x-other"], "stays");
}

// ---- Declared cookies are not foreign.

#[tokio::test]
async fn what_the_jar_wrote_leaves_as_declared_in_every_mode() {
    async fn set(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(session())?;
        cookies.set(Banner(SECRET.to_owned()))?;
        cookies.set(Theme(SECRET.to_owned()))
    }
    async fn plain(cookies: Cookies<AnyScheme>) -> Result<(), SetError> {
        cookies.set(Banner(SECRET.to_owned()))
    }
    for mode in [ForeignCookies::Observe, ForeignCookies::Harden, ForeignCookies::Refuse] {
        let recorded = Recorded::new(open().foreign_cookies(mode));
        let routes = Router::new().route("/", get(set)).route("/plain", get(plain));
        let listener = Listener::per_connection;
        let sent = recorded.ask(listener(), routes.clone(), request(Transport::Tls, "/", &[])).await;
        assert_eq!(
            (sent.lines(), sent.told()),
            (vec![SESSION.into(), BANNER.into(), THEME.into()], vec![]),
            "{mode:?}"
        );
        let sent = recorded.ask(listener(), routes, request(Transport::Plain, "/plain", &[])).await;
        assert_eq!((sent.lines(), sent.told()), (vec![BANNER.to_owned()], vec![]), "{mode:?}");
    }
}

#[tokio::test]
async fn what_a_layer_within_this_one_declared_is_not_foreign() {
    async fn set(cookies: Cookies) -> Result<(), SetError> {
        cookies.set(session())?;
        cookies.set(Theme(SECRET.to_owned()))
    }
    async fn read(cookies: Cookies) -> Result<(), ReadError> {
        cookies.get::<Cart>().map(|_| ())
    }
    let within = open().build().unwrap().layer(Listener::per_connection());
    let routes = Router::new().route("/", get(set)).route("/read", get(read)).layer(within);
    for mode in [ForeignCookies::Observe, ForeignCookies::Harden, ForeignCookies::Refuse] {
        let recorded = Recorded::new(open().foreign_cookies(mode).floor(Floor::new().same_site(SameSite::Strict)));
        let sent = recorded.ask(Listener::per_connection(), routes.clone(), request(Transport::Tls, "/", &[])).await;
        // The floor of the outer one holds for them.
        let lines = [SESSION.replace("Lax", "Strict"), THEME.replace("Lax", "Strict")];
        assert_eq!(sent.lines(), lines, "{mode:?}");
        assert!(sent.told().iter().all(|(.., rule)| *rule == "floor"), "{:?}", sent.told());

        let bad = request(Transport::Tls, "/read", &[(COOKIE, "__Host-Http-cart=opensesame")]);
        let sent = recorded.ask(Listener::per_connection(), routes.clone(), bad).await;
        assert_eq!((sent.status, sent.lines().len()), (StatusCode::BAD_REQUEST, 1), "{mode:?}");
    }
}

#[tokio::test]
async fn a_header_value_of_a_declared_cookie_is_not_foreign_where_the_policy_knows_the_declaration() {
    let https = testing::https();
    let lines = [
        SetCookie::new(session()).header_value(&https).unwrap(),
        SetCookie::new(session()).same_site(SameSite::Strict).header_value(&https).unwrap(),
        SetCookie::<Session>::removal().header_value(&https).unwrap(),
        SetCookie::new(Banner(SECRET.to_owned())).header_value(&https).unwrap(),
        SetCookie::new(Theme(SECRET.to_owned())).header_value(&https).unwrap(),
    ];
    let lines: Vec<&str> = lines.iter().map(|line| line.to_str().unwrap()).collect();
    for mode in [ForeignCookies::Observe, ForeignCookies::Harden, ForeignCookies::Refuse] {
        let sent = through(open().foreign_cookies(mode).declared(SPECS), Transport::Tls, &lines).await;
        assert_eq!((sent.lines(), sent.told()), (lines.iter().map(|&line| line.into()).collect(), vec![]), "{mode:?}");

        let sent = through(open().foreign_cookies(mode).declared(SPECS), Transport::Plain, &lines).await;
        assert_eq!(sent.lines(), [BANNER], "{mode:?}");
        assert!(sent.told().iter().all(|(kind, ..)| *kind == LineHeldBack), "{mode:?}");
    }
    let sent = through(open().foreign_cookies(ForeignCookies::Refuse), Transport::Tls, &lines).await;
    assert_eq!((sent.lines().len(), sent.told.len()), (0, 5));
}

#[tokio::test]
async fn a_declared_name_with_weaker_flags_is_foreign() {
    let weaker = [
        "__Host-Http-session=opensesame; Path=/; HttpOnly; SameSite=Lax",
        "__Host-Http-session=opensesame; Path=/; Secure; SameSite=Lax",
        "__Host-Http-session=opensesame; Path=/; Secure; HttpOnly; SameSite=None",
        "__Host-Http-session=opensesame; Path=/; Secure; HttpOnly",
        "banner=opensesame; Path=/; SameSite=Lax",
    ];
    let sent = through(open().foreign_cookies(ForeignCookies::Refuse).declared(SPECS), Transport::Tls, &weaker).await;
    assert_eq!((sent.lines().len(), sent.told.len()), (0, weaker.len()));
    let sent = through(open().declared(SPECS), Transport::Tls, &weaker).await;
    assert!(sent.lines().iter().all(|line| line.contains("; Secure")), "{:?}", sent.lines());
}

#[tokio::test]
async fn the_removal_of_a_read_error_leaves_even_where_foreign_lines_are_refused() {
    async fn read(cookies: Cookies) -> Result<String, ReadError> {
        Ok(format!("{:?}", cookies.get::<Cart>()?.map(|cart| cart.0)))
    }
    let routes = || {
        let and_more = |mut response: Response| async move {
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("legacy=opensesame"));
            response
        };
        Router::new().fallback(read).layer(axum::middleware::map_response(and_more))
    };
    let carries = [(COOKIE, "__Host-Http-cart=opensesame")];
    let removal =
        "__Host-Http-cart=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite";

    let recorded = Recorded::new(open().foreign_cookies(ForeignCookies::Refuse));
    let sent = recorded.ask(Listener::tls(), routes(), request(Transport::Tls, "/", &carries)).await;
    assert_eq!((sent.status, sent.lines()), (StatusCode::BAD_REQUEST, vec![format!("{removal}=Lax")]));
    let cart = "__Host-Http-cart";
    assert_eq!(sent.told(), [(EventKind::ReadRefused, cart, "malformed"), (LineRefused, "legacy", "foreign")]);

    let floor = Floor::new().same_site(SameSite::Strict);
    let recorded = Recorded::new(open().foreign_cookies(ForeignCookies::Refuse).floor(floor));
    let sent = recorded.ask(Listener::tls(), routes(), request(Transport::Tls, "/", &carries)).await;
    assert_eq!(sent.lines(), [format!("{removal}=Strict")]);
}

// ---- What browsers would not store.

#[tokio::test]
async fn several_cookies_in_one_field_are_told_of_without_their_values() {
    for line in [
        "a=opensesame; Path=/, b=opensesame; Secure",
        "a=opensesame, b=opensesame; Secure",
        "a=opensesame; Domain=other.example,b=opensesame; Secure",
        "a=opensesame; Domain=com, b=opensesame; Secure",
    ] {
        for mode in [ForeignCookies::Observe, ForeignCookies::Harden] {
            let sent = through(open().foreign_cookies(mode), Transport::Tls, &[line]).await;
            assert_eq!(sent.lines(), [line]);
            assert_eq!(sent.told()[0], (LineObserved, "a", "folded"), "{line}");
        }
    }
    // Nor are they told of where each has its field, commas or not.
    let line = "a=open,sesame; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Secure";
    assert_eq!(through(open(), Transport::Tls, &[line]).await.told(), []);
}

#[tokio::test]
async fn what_no_browser_stores_leaves_and_its_rule_is_told() {
    let long = format!("a={}; Secure", "x".repeat(4096));
    let latin = "a=1; Secure; Domain=b\u{fc}cher.example";
    for (line, cookie, rule) in [
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
        for mode in [ForeignCookies::Observe, ForeignCookies::Harden] {
            let sent = through(open().foreign_cookies(mode), Transport::Tls, &[line]).await;
            assert_eq!(sent.octets(), [line.as_bytes()]);
            assert_eq!(sent.told(), [(LineObserved, cookie, rule)], "{line}");
        }
    }
}

#[tokio::test]
async fn what_lacks_only_secure_to_be_stored_is_stored_once_hardened() {
    for (line, rule) in [
        ("a=opensesame; SameSite=None", "same-site-none-secure"),
        ("__Secure-a=opensesame", "prefix-secure"),
        ("__Host-a=opensesame; Path=/", "prefix-host"),
        ("__Http-a=opensesame; HttpOnly", "prefix-http"),
        ("__Host-Http-sid=opensesame; Path=/", "prefix-host-http"),
        ("a=opensesame; Partitioned", "partitioned-secure"),
    ] {
        let observed = through(open().foreign_cookies(ForeignCookies::Observe), Transport::Tls, &[line]).await;
        let told: Vec<_> = observed.told().into_iter().map(|(.., rule)| rule).collect();
        assert_eq!(told, ["insecure", rule], "{line}");

        let hardened = through(open(), Transport::Tls, &[line]).await;
        assert_eq!(hardened.told.len(), 1, "{line}");
        let stored = audit::set_cookie(hardened.octets()[0], &Seen::https(HOST_NAME)).stored;
        assert!(stored.unwrap().secure, "{line}");
    }
}

// ---- Lines that others collected.

#[tokio::test]
async fn every_line_of_the_vectors_is_stored_secure_once_hardened_or_told_why_not() {
    let mut tally = BTreeMap::<&str, usize>::new();
    let mut lines = Vec::new();
    for case in [SET_COOKIE_AUDIT, WPT_STORE].into_iter().flat_map(cases) {
        let host = match case["host"].as_str() {
            Some(host) => host.to_owned(),
            None => text(&case["set_from"]).parse::<Uri>().unwrap().host().unwrap().to_owned(),
        };
        lines.extend(vectors::lines(&case).into_iter().map(|line| (text(&case["id"]).to_owned(), host.clone(), line)));
    }
    assert!(lines.len() > 240, "{} lines", lines.len());

    let recorded = Recorded::new(open());
    for (id, host, line) in &lines {
        if HeaderValue::from_bytes(line).is_err() {
            *tally.entry("no field value").or_default() += 1;
            continue;
        }
        let asked = request(Transport::Tls, "/", &[(HOST, host)]);
        let sent = recorded.ask(Listener::per_connection(), setting(&[line]), asked).await;
        let [hardened] = sent.octets()[..] else { panic!("{id}: {:?}", sent.lines()) };
        let added = hardened.strip_prefix(&line[..]).unwrap_or_else(|| panic!("{id}: {:?}", sent.lines()));
        let added = String::from_utf8(added.to_vec()).unwrap();
        let mut rest = added.as_str();
        for addition in ["; Secure", "; HttpOnly", "; SameSite=Lax"] {
            rest = rest.strip_prefix(addition).unwrap_or(rest);
        }
        assert_eq!(rest, "", "{id}: {added}");
        let is_told = sent.told.iter().any(|told| told.kind == LineHardened);
        assert_eq!(is_told, !added.is_empty(), "{id}: {:?}", sent.told);

        match audit::set_cookie(hardened, &Seen::https(host)).stored {
            Ok(stored) => {
                assert!(stored.secure, "{id}: {stored}");
                *tally.entry("stored as Secure").or_default() += 1;
            }
            Err(rejection) => {
                let why = sent.told.iter().find(|told| told.kind == LineObserved && told.rule == rejection.id());
                assert!(why.is_some(), "{id}: {rejection}, and {:?}", sent.told);
                *tally.entry("told why not").or_default() += 1;
            }
        }
    }
    println!("{} lines: {tally:?}", lines.len());
    assert!(tally["stored as Secure"] > 150 && tally["told why not"] > 30, "{tally:?}");
}
