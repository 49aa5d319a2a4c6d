//! Tests with a browser that already holds cookies of the application. In the first test, the user signs in while the
//! page still waits for the response to a poll. In the second test, two releases run at the same time. `tests/changes`
//! has the same tests with an in-memory browser.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::Request;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Html;
use axum::routing::{get, post};
use hardtack::seal::{Key, Keyring};
use hardtack::{
    AllowedOver, Cookie, Cookies, Https, Policy, PolicyHandle, ReadCookie, ReadError, TlsTermination, testing,
};
use serde_json::json;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use super::Checks;

const HOST: &str = "app.shop.example";
pub(crate) const EMPTY_PAGE: &str = "<!doctype html><link rel=\"icon\" href=\"data:,\"><title>page</title>";

#[derive(Cookie, Debug, PartialEq)]
#[cookie(sealed, max_age = "8h")]
struct Session(String);

/// The handler of a poll.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Poll {
    /// The handler calls `get`.
    Get,
    /// The handler returns the error of `try_get` as the response.
    TryGet,
    /// If the handler cannot read the cookie, the handler removes the cookie.
    RemoveByHand,
}

/// A page polls the server while the browser holds a stale cookie. While the poll is in flight, the user signs in. Then
/// the response of the poll arrives. The user is still signed in.
///
/// Two handlers sign the user out. The first handler removes the unreadable cookie by hand. The second handler returns
/// the error of `try_get` for an expired seal or a changed value, so the response removes the cookie. These rows show
/// that the suite can fail.
pub(crate) fn a_stale_poll_does_not_undo_a_sign_in(checks: &mut Checks<'_>) {
    let keyring = Keyring::new(Key::generate());
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
    let header = |keyring: &Keyring| set_cookie_header(keyring, Session("old".into()));
    let mut changed = header(&keyring);
    // The seal begins with the version and the key's id, which together have five bytes. The test changes a byte after
    // the id.
    let behind_id = Session::SPEC.name.len() + 1 + 8;
    let other = if changed[behind_id..].starts_with('A') { "B" } else { "A" };
    changed.replace_range(behind_id..=behind_id, other);
    let stale = [
        ("sealed with a lost key", header(&Keyring::new(Key::generate())), true),
        ("not sealed", "__Host-Http-session=stale; Path=/; Secure; HttpOnly".to_owned(), true),
        ("expired", testing::at(yesterday, || header(&keyring)), false),
        ("changed", changed, false),
    ];
    let tab = checks.browser.tab();
    for (state, stale, stays_with_try_get) in stale {
        for poll in [Poll::Get, Poll::TryGet, Poll::RemoveByHand] {
            let stays = match poll {
                Poll::Get => true,
                Poll::TryGet => stays_with_try_get,
                Poll::RemoveByHand => false,
            };
            let label = format!("a cookie that is {state}, {poll:?}");
            checks.apps.run(polled_app(&keyring, poll, &stale));
            tab.clear();
            tab.navigate(&checks.apps.url(HOST, "/stale")).unwrap();
            checks.equal(format!("{label}: stored"), tab.cookies().len(), 1);
            checks.apps.take_requests();
            let seen = tab.evaluate(POLL_AND_SIGN_IN);
            let after = if stays { "new" } else { "signed out" };
            checks.equal(format!("{label}: the user before and after the poll"), seen, json!(["new", after]));

            let requests = checks.apps.take_requests();
            let position = |target: &str| requests.iter().position(|request| request.target == target).unwrap();
            let poll = &requests[position("/poll")];
            checks.equal(
                format!("{label}: the poll ends after the sign-in"),
                position("/sign-in") < position("/poll"),
                true,
            );
            let pair = stale.split(';').next().map(str::to_owned);
            checks.equal(format!("{label}: the poll's cookie"), poll.cookie.clone(), pair);
            let headers = poll.set_cookie_headers.len();
            checks.equal(format!("{label}: headers in the poll's response"), headers, usize::from(!stays));
        }
    }
}

/// A script that starts a poll and signs in. The server answers `/sign-in` after `/poll` has arrived, and answers
/// `/poll` after `/release`. Returns the user that the server
/// finds before it answers `/poll`, and the user that it finds afterwards.
const POLL_AND_SIGN_IN: &str = "(async () => {
    const text = async (url, method) => (await fetch(url, { method, cache: \"no-store\" })).text();
    const poll = text(\"/poll\", \"GET\");
    await text(\"/sign-in\", \"POST\");
    const before = await text(\"/me\", \"GET\");
    await text(\"/release\", \"POST\");
    await poll;
    return [before, await text(\"/me\", \"GET\")];
})()";

fn polled_app(keyring: &Keyring, poll: Poll, stale: &str) -> Router {
    let (arrived, released) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (is_arrived, release) = (arrived.clone(), released.clone());
    let poll = move |cookies: Cookies| async move {
        arrived.notify_one();
        released.notified().await;
        let session = match poll {
            Poll::Get => cookies.get::<Session>(),
            Poll::TryGet => cookies.try_get::<Session>()?,
            Poll::RemoveByHand => {
                let session = cookies.get::<Session>();
                if session.is_none() {
                    cookies.remove::<Session>().unwrap();
                }
                session
            }
        };
        Ok::<_, ReadError>(session.map_or("signed out".to_owned(), |it| it.0))
    };
    let sign_in = move |cookies: Cookies| async move {
        is_arrived.notified().await;
        cookies.set(Session("new".into()))
    };
    let me = |cookies: Cookies| async move { cookies.get::<Session>().map_or("signed out".to_owned(), |it| it.0) };
    let stale = HeaderValue::from_str(stale).unwrap();
    Router::new()
        .route("/poll", get(poll))
        .route("/sign-in", post(sign_in))
        .route("/me", get(me))
        .layer(policy(keyring).layer(TlsTermination::per_connection()))
        .route("/release", post(|| async move { release.notify_one() }))
        .route("/stale", get(|| async move { ([(SET_COOKIE, stale)], Html(EMPTY_PAGE)) }))
}

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", sealed, max_age = "8h")]
struct Number(u32);

#[derive(Cookie)]
#[cookie(name = "__Host-Http-session", sealed, max_age = "8h")]
struct Letter(char);

#[derive(Cookie)]
#[cookie(name = "__Secure-sid", sealed, max_age = "8h", formerly(name = "__Host-Http-session", until = "2099-01-01"))]
struct OldName(String);

#[derive(Cookie)]
#[cookie(
    name = "__Host-Http-session",
    sealed,
    max_age = "8h",
    formerly(name = "__Secure-sid", until = "2099-01-01"),
    reason = "browsers hold the old name"
)]
struct NewName(String);

/// Two releases run at the same time, and the browser's requests alternate between them. Each release has a different
/// type for the sealed cookie. No request signs the user out of the release that wrote the cookie.
///
/// If both releases declare the change with `formerly`, the user is signed in at both releases. To show that
/// the suite can fail, one release also removes the cookie that it cannot read. Then the other release's session ends.
pub(crate) fn two_releases_at_once_sign_nobody_out(checks: &mut Checks<'_>) {
    let keyring = Keyring::new(Key::generate());
    let keep: fn(&Cookies) = |_| ();
    let number = || release(&keyring, || Number(77), |it| it.0.to_string(), keep);
    let letter = |on_unreadable| release(&keyring, || Letter('x'), |it| it.0.to_string(), on_unreadable);
    let old_name = || release(&keyring, || OldName("ada".into()), |it| it.0, keep);
    let new_name = || release(&keyring, || NewName("ada".into()), |it| it.0, keep);

    const OUT: (u64, &str) = (200, "signed out");
    const ERROR: (u64, &str) = (400, "");
    let (ada, number_77, letter_x) = ((200, "ada"), (200, "77"), (200, "x"));
    // The columns are: a label, the releases, the index of the release at which the user signs in, the expected
    // responses to two rounds of requests, and the expected number of responses with a `Set-Cookie` header.
    let rows = [
        ("another type", [number(), letter(keep)], 0, [[number_77, OUT, number_77, ERROR]; 2], 0),
        ("another type, reversed", [number(), letter(keep)], 1, [[OUT, letter_x, ERROR, letter_x]; 2], 0),
        ("`formerly`", [old_name(), new_name()], 0, [[ada; 4]; 2], 0),
        ("`formerly`, reversed", [old_name(), new_name()], 1, [[ada; 4]; 2], 0),
        ("a removal by hand", [number(), letter(|cookies| cookies.remove::<Letter>().unwrap())], 0, [[OUT; 4]; 2], 2),
    ];
    let tab = checks.browser.tab();
    for (label, releases, signs_in_at, expected, removals) in rows {
        checks.apps.run(fleet(releases));
        tab.clear();
        tab.navigate(&checks.apps.url(HOST, "/page")).unwrap();
        // Each release handles one of the two requests.
        let start = if signs_in_at == 0 { ["/sign-in", "/me"] } else { ["/me", "/sign-in"] };
        let start = tab.fetch_all(&start.map(str::to_owned));
        checks.equal(format!("{label}: status of `/sign-in`"), start[signs_in_at].0, 200);
        checks.apps.take_requests();

        let round = ["/me", "/me", "/strict", "/strict"].map(str::to_owned);
        let found = tab.fetch_all(&[round.clone(), round].concat());
        let found: Vec<_> =
            found.iter().map(|(status, text)| (*status, if *status == 200 { text.as_str() } else { "" })).collect();
        checks.equal(format!("{label}: responses"), found, expected.concat());
        let requests = checks.apps.take_requests();
        let with_headers = requests.iter().filter(|request| !request.set_cookie_headers.is_empty()).count();
        checks.equal(format!("{label}: responses with a `Set-Cookie` header"), with_headers, removals);
        checks.equal(format!("{label}: cookies at the end"), tab.cookies().len(), usize::from(removals == 0));
    }
}

/// Returns one release of an application. If the handler of the release cannot read the cookie, the handler calls
/// `on_unreadable`.
fn release<T>(keyring: &Keyring, session: fn() -> T, show: fn(T) -> String, on_unreadable: fn(&Cookies)) -> Router
where
    T: Cookie + AllowedOver<Https> + 'static,
{
    let me = move |cookies: Cookies| async move {
        cookies.get::<T>().map(show).unwrap_or_else(|| {
            on_unreadable(&cookies);
            "signed out".to_owned()
        })
    };
    let strict = move |cookies: Cookies| async move {
        let session = cookies.try_get::<T>()?;
        Ok::<_, ReadError>(session.map_or("signed out".to_owned(), show))
    };
    Router::new()
        .route("/sign-in", get(move |cookies: Cookies| async move { cookies.set(session()) }))
        .route("/me", get(me))
        .route("/strict", get(strict))
        .layer(policy(keyring).layer(TlsTermination::per_connection()))
}

/// Returns an application in which requests alternate between two releases.
fn fleet(releases: [Router; 2]) -> Router {
    let count = Arc::new(AtomicUsize::new(0));
    let alternate = move |request: Request| async move {
        let [first, second] = releases;
        let release = if count.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { first } else { second };
        release.oneshot(request).await
    };
    Router::new().route("/page", get(|| async { Html(EMPTY_PAGE) })).fallback(alternate)
}

fn policy(keyring: &Keyring) -> PolicyHandle {
    PolicyHandle::new(Policy::builder().keyring(keyring.clone()).on_event(|_| {}).build().unwrap())
}

/// Returns the `Set-Cookie` header that a release with this keyring writes.
fn set_cookie_header(keyring: &Keyring, session: Session) -> String {
    let cookies = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_keyring(keyring);
    cookies.set(session).unwrap();
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    response[SET_COOKIE].to_str().unwrap().to_owned()
}
