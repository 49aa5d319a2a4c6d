//! Tests how the layer completes removals of other code that have no `Path`. A browser in memory shows which cookies the
//! response removes.

use axum::Router;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use hardtack::event::Kind::{HeaderDropped, HeaderHardened, HeaderReported};
use hardtack::policy::{Baseline, Exception, PolicyBuilder, UndeclaredCookies};
use hardtack::testing::Browser;
use hardtack::tls::Transport;
use hardtack::{Cookies, ReadCookie, SameSite, SetError, TlsTermination};

use super::{
    HOST_NAME, Outcome, RecordingPolicy, SESSION, Session, new_request, respond_with_cookies, session,
    without_force_https,
};

const PATH: &str = "/account/sign-out";
const FLAGS: &str = "; Secure; HttpOnly; SameSite=Lax";

/// Sends a response with the given headers for a request to [`PATH`].
async fn sign_out(policy: PolicyBuilder, transport: Transport, headers: &[&str]) -> Outcome {
    let headers: Vec<_> = headers.iter().map(|header| header.as_bytes()).collect();
    let request = new_request(transport, PATH, &[]);
    RecordingPolicy::new(policy).send(TlsTermination::per_connection(), respond_with_cookies(&headers), request).await
}

async fn sent(policy: PolicyBuilder, headers: &[&str]) -> Vec<String> {
    sign_out(policy, Transport::Tls, headers).await.set_cookies()
}

/// Returns a browser at [`PATH`] that holds the given cookies.
fn browser(cookies: &[&str]) -> Browser {
    let mut browser = Browser::new(&format!("https://{HOST_NAME}{PATH}"));
    cookies.iter().for_each(|cookie| browser.set(cookie));
    assert_eq!(browser.stored().len(), cookies.len());
    browser
}

#[tokio::test]
async fn removal_without_a_path_is_sent_twice() {
    for removal in [
        "sid=; Max-Age=0",
        "sid=; Max-Age=-1; Path",
        "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=account",
        "sid=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0",
        "sid=; Max-Age=0; Domain=site.example",
        "sid=; Max-Age=0; Domain=.Site.Example; Path=",
    ] {
        let sent = sign_out(without_force_https(), Transport::Tls, &["b=2; Secure", removal, "c=3; Secure"]).await;
        let expected = [
            "b=2; Secure".to_owned(),
            format!("{removal}{FLAGS}"),
            format!("{removal}; Path=/{FLAGS}"),
            "c=3; Secure".to_owned(),
        ];
        assert_eq!(sent.set_cookies(), expected);
        let completed = (HeaderHardened, "sid", "removal-path");
        assert_eq!(sent.event_summaries(), [(HeaderHardened, "sid", "insecure"), completed], "{removal}");

        let domain = if removal.contains("Domain") { "; Domain=site.example" } else { "" };
        for path in ["/", "/account"] {
            let mut browser = browser(&[&format!("sid=1; Path={path}{domain}; Secure")]);
            browser.store(&sent.headers);
            assert_eq!(browser.names(), ["b", "c"], "{removal} {path}");
        }
        // A cookie of another scope stays.
        let other =
            if domain.is_empty() { "sid=1; Path=/; Domain=site.example; Secure" } else { "sid=1; Path=/; Secure" };
        let mut browser = browser(&[other]);
        browser.store(&sent.headers);
        assert_eq!(browser.stored().len(), 3, "{removal}");
    }
}

#[tokio::test]
async fn other_headers_are_not_completed() {
    for header in [
        "sid=; Max-Age=0; Path=/",
        "sid=; Max-Age=0; Path=/shop",
        "sid=; Path=/shop; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=site.example",
        "sid=1",
        "sid=1; Max-Age=60",
        "sid=; Max-Age=x",
        "sid=; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ] {
        assert_eq!(sent(without_force_https(), &[header]).await, [format!("{header}{FLAGS}")]);
    }
}

#[tokio::test]
async fn host_prefixed_removal_gets_its_path() {
    for name in ["__Host-sid", "__Host-Http-sid"] {
        let removal = format!("{name}=; Max-Age=0");
        let sent = sign_out(without_force_https(), Transport::Tls, &[&removal]).await;
        assert_eq!(sent.set_cookies(), [format!("{removal}; Path=/{FLAGS}")]);
        assert_eq!(sent.event_summaries()[1], (HeaderHardened, name, "removal-path"));
        let mut browser = browser(&[&format!("{name}=1; Path=/; Secure; HttpOnly")]);
        browser.store(&sent.headers);
        assert_eq!((browser.stored().len(), browser.rejected().len()), (0, 0));
    }
}

#[tokio::test]
async fn removal_never_removes_a_cookie_of_the_same_response() {
    async fn set(cookies: Cookies) -> Result<(HeaderMap, ()), SetError> {
        cookies.set(session())?;
        let header = HeaderValue::from_static("__Host-Http-session=; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
        Ok((HeaderMap::from_iter([(SET_COOKIE, header)]), ()))
    }
    for headers in [
        ["sid=1; Path=/", "sid=; Max-Age=0"],
        ["sid=; Max-Age=0", "sid=1; Path=/"],
        ["sid=; Max-Age=0; Path=/", "sid=; Max-Age=0"],
        ["__Host-sid=1; Path=/", "__Host-sid=1; Path=/; SameSite=Strict"],
    ] {
        let expected = headers.map(|header| match header.contains("SameSite") {
            true => format!("{header}; Secure; HttpOnly"),
            false => format!("{header}{FLAGS}"),
        });
        assert_eq!(sent(without_force_https(), &headers).await, expected);
    }
    assert_eq!(
        sent(without_force_https(), &["__Host-sid=1; Path=/", "__Host-sid=; Max-Age=0"]).await,
        [format!("__Host-sid=1; Path=/{FLAGS}")]
    );
    // A cookie with another `Domain` is another cookie.
    let headers = ["sid=1; Path=/; Domain=site.example", "sid=; Max-Age=0"];
    assert_eq!(sent(without_force_https(), &headers).await.len(), 3);
    // The jar's cookie is also a cookie of the response.
    let recorded = RecordingPolicy::new(without_force_https());
    let request = new_request(Transport::Tls, PATH, &[]);
    let response = recorded.send(TlsTermination::here(), Router::new().fallback(set), request).await;
    assert_eq!((response.status, response.set_cookies()), (StatusCode::OK, vec![SESSION.to_owned()]));
}

#[tokio::test]
async fn completed_removals_are_not_completed_again() {
    let headers = ["sid=; Max-Age=0", "__Host-id=; Max-Age=0", "a=1; Secure"];
    let once = sent(without_force_https(), &headers).await;
    assert_eq!(once.len(), 4);
    let again: Vec<&str> = once.iter().map(String::as_str).collect();
    assert_eq!(sent(without_force_https(), &again).await, once);

    // Two layers complete a removal once.
    let layer = || without_force_https().build().unwrap().layer(TlsTermination::here());
    let headers: Vec<_> = headers.iter().map(|header| header.as_bytes()).collect();
    let routes = respond_with_cookies(&headers).layer(layer());
    let recorded = RecordingPolicy::new(without_force_https());
    let nested = recorded.send(TlsTermination::here(), routes, new_request(Transport::Tls, PATH, &[])).await;
    let mut names: Vec<_> = nested.set_cookies().iter().map(|header| header.replace(FLAGS, "")).collect();
    names.sort_unstable();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[tokio::test]
async fn each_setting_completes_the_headers_that_it_sends() {
    let removal = "sid=; Max-Age=0";
    let policy = |mode| without_force_https().undeclared_cookies(mode);
    let excepted = |mode, exception: Exception| policy(mode).exception(exception.because("tested"));
    let sid = || Exception::for_cookie("sid");

    let observed = sign_out(policy(UndeclaredCookies::Observe), Transport::Tls, &[removal]).await;
    assert_eq!(observed.set_cookies(), [removal]);
    assert!(observed.event_summaries().contains(&(HeaderReported, "sid", "removal-path")), "{:?}", observed.events);

    let refused = sign_out(policy(UndeclaredCookies::Refuse), Transport::Tls, &[removal]).await;
    assert_eq!(
        (refused.set_cookies().len(), refused.event_summaries()),
        (0, vec![(HeaderDropped, "sid", "undeclared")])
    );
    assert_eq!(sent(excepted(UndeclaredCookies::Refuse, sid().any_same_site()), &[removal]).await.len(), 2);

    for mode in [UndeclaredCookies::Harden, UndeclaredCookies::Refuse] {
        assert_eq!(sent(excepted(mode, sid().everything()), &[removal]).await, [removal]);
        let plain = sign_out(excepted(mode, sid().insecure()), Transport::Plain, &[removal]).await;
        let flags = "; HttpOnly; SameSite=Lax";
        assert_eq!(plain.set_cookies(), [format!("{removal}{flags}"), format!("{removal}; Path=/{flags}")]);
    }
    let plain = sign_out(policy(UndeclaredCookies::Harden), Transport::Plain, &[removal]).await;
    assert_eq!((plain.set_cookies().len(), plain.event_summaries()), (0, vec![(HeaderDropped, "sid", "insecure")]));

    let baseline = policy(UndeclaredCookies::Harden).baseline(Baseline::new().same_site(SameSite::Strict));
    let strict = "; Secure; HttpOnly; SameSite=Strict";
    let both = [format!("{removal}{strict}"), format!("{removal}; Path=/{strict}")];
    assert_eq!(sent(baseline, &[removal]).await, both);
}

#[tokio::test]
async fn removal_of_a_declared_name_reaches_the_declared_cookie() {
    let removal = "__Secure-tab=; Max-Age=0; Secure; HttpOnly; SameSite=Lax";
    const DECLARED: &[hardtack::spec::Spec] =
        &[hardtack::spec::Spec::new("__Secure-tab").path("/").reason("a test of a removal"), Session::SPEC];
    let harden = sign_out(without_force_https().declared(DECLARED), Transport::Tls, &[removal]).await;
    assert_eq!(harden.set_cookies(), [removal.to_owned(), format!("{removal}; Path=/")]);
    let refuse = without_force_https().declared(DECLARED).undeclared_cookies(UndeclaredCookies::Refuse);
    let refused = sign_out(refuse, Transport::Tls, &[removal]).await;
    assert_eq!(refused.event_summaries(), [(HeaderDropped, "__Secure-tab", "namesake")]);
}

#[tokio::test]
async fn sensitive_removals_stay_sensitive() {
    let mut value = HeaderValue::from_static("sid=; Max-Age=0");
    value.set_sensitive(true);
    let routes = Router::new().fallback(move || async move {
        let mut response = Response::new(axum::body::Body::empty());
        response.headers_mut().insert(SET_COOKIE, value);
        response
    });
    let recorded = RecordingPolicy::new(without_force_https());
    let sent = recorded.send(TlsTermination::here(), routes, new_request(Transport::Tls, PATH, &[])).await;
    assert_eq!(sent.headers.get_all(SET_COOKIE).iter().filter(|value| value.is_sensitive()).count(), 2);
}
