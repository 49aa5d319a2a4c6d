//! Tests of salvo's own features: middleware, catchers, the cookie jar, sessions, CSRF protection and scheme detection.
//! salvo calls a middleware a hoop.

use hardtack::event::Kind;
use hardtack::policy::{ForceHttps, UndeclaredCookies};
use hardtack::salvo::PolicyHoop;
use hardtack::seal::{Key, Keyring};
use hardtack::{
    Cookies, ExtractError, Https, Policy, PolicyHandle, ReadError, SetError, TlsTermination, TrustedProxies, testing,
};
use salvo::catcher::Catcher;
use salvo::conn::UnixListener;
use salvo::csrf::{CsrfDepotExt, HeaderFinder, hmac_cookie_csrf};
use salvo::http::cookie::Cookie;
use salvo::http::header::HeaderValue;
use salvo::prelude::{
    CatchPanic, Depot, FlowCtrl, Handler, Listener as _, Request, Response, Router, Server, Service, StatusError,
    Writer, handler,
};
use salvo::session::{CookieStore, MemoryStore, SessionDepotExt, SessionHandler};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::routes::{append_set_cookie, health, routes};
use super::serve;
use super::suite::client::Client;
use super::suite::site::{Site, assert_reply, certificate, send_and_read_to_end, without_reason};
use super::suite::{Cart, HTTPS_ONLY, INTERNAL_ERROR, NOTE_REMOVAL, ONE_YEAR_HSTS, SESSION, Session, unreadable_note};

// ---- Helpers.

impl Site {
    async fn https(service: Service) -> Site {
        Site::start(service, true).await
    }

    async fn http(service: Service) -> Site {
        Site::start(service, false).await
    }

    /// Serves the service. The test's client stores cookies.
    async fn start(service: Service, is_tls: bool) -> Site {
        let certificate = certificate();
        let server = serve(service, is_tls.then(|| certificate.clone())).await;
        Site::from_server(server, certificate, is_tls, |client| client.cookie_store(true))
    }
}

fn hoop() -> PolicyHoop {
    PolicyHoop::new(Policy::default(), TlsTermination::per_connection())
}

/// Returns a middleware (salvo calls it a hoop) with the default policy, but without `force_https`. Without
/// `force_https`, plain HTTP requests reach the handlers.
fn hoop_allowing_http() -> PolicyHoop {
    PolicyHoop::new(Policy::builder().force_https(false).build().unwrap(), TlsTermination::per_connection())
}

/// Sends an HTTP/2 request with the given HPACK-encoded head. Returns the body of the response.
async fn send_http_2(site: &Site, head: &[u8]) -> String {
    let mut socket = tokio::net::TcpStream::connect(site.server.address).await.unwrap();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // The flags are END_STREAM and END_HEADERS.
    let headers = [0, 0, u8::try_from(head.len()).unwrap(), 1, 5, 0, 0, 0, 1];
    socket.write_all(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..], &headers, head].concat()).await.unwrap();
    loop {
        let mut frame = [0; 9];
        socket.read_exact(&mut frame).await.unwrap();
        let mut payload = vec![0; usize::from(frame[1]) << 8 | usize::from(frame[2])];
        socket.read_exact(&mut payload).await.unwrap();
        if frame[3] == 0 && !payload.is_empty() {
            return String::from_utf8(payload).unwrap();
        }
    }
}

#[tokio::test]
async fn http_2_scheme_pseudo_header_cannot_claim_https() {
    let site = Site::http(Service::new(routes()).hoop(hoop_allowing_http())).await;
    // `:method: GET`, `:scheme: https` (index 7 of the static table), `:path: /proof`, `:authority: site.example`.
    let head = [&[0x82, 0x87, 0x04, 6][..], b"/proof", &[0x01, 12], b"site.example"].concat();
    assert_eq!(send_http_2(&site, &head).await, "plain");
}

#[tokio::test]
async fn unix_socket_is_trusted_only_when_configured() {
    let path = std::env::temp_dir().join(format!("hardtack-salvo-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    for (proxies, scheme) in
        [(TrustedProxies::unix_socket(), "https"), (TrustedProxies::new(["127.0.0.0/8", "::1"]).unwrap(), "plain")]
    {
        let policy = Policy::builder().force_https(false).build().unwrap();
        let service = Service::new(routes()).hoop(PolicyHoop::new(policy, TlsTermination::at_proxy(proxies)));
        let acceptor = UnixListener::new(path.clone()).bind().await;
        let server = tokio::spawn(Server::new(acceptor).serve(service));
        let request = "GET /proof HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-Proto: https\r\n\r\n";
        let response =
            send_and_read_to_end(tokio::net::UnixStream::connect(&path).await.unwrap(), request.as_bytes()).await;
        let response = String::from_utf8(response).unwrap();
        assert!(response.ends_with(&format!("\r\n\r\n{scheme}")), "{response}");
        server.abort();
        let _ = server.await;
        let _ = std::fs::remove_file(&path);
    }
}

// ---- The position of the hoop.

#[tokio::test]
async fn hoop_on_a_router_covers_its_routes_only() {
    let service = Service::new(Router::new().hoop(hoop()).push(routes()));
    let site = Site::https(service).await;
    let reply = site.get("/set").await;
    assert_eq!((reply.set_cookies(), reply.header("strict-transport-security")), (vec![SESSION], Some(ONE_YEAR_HSTS)));
    let reply = site.get("/nowhere").await;
    assert_eq!((reply.status, reply.header("strict-transport-security")), (404, None));
}

#[tokio::test]
async fn error_pages_have_hsts() {
    let site = Site::https(Service::new(routes()).hoop(hoop())).await;
    let reply = Client::send(site.client.0.post(site.url("/set"))).await;
    assert_eq!((reply.status, reply.header("strict-transport-security")), (405, Some(ONE_YEAR_HSTS)));
    assert_eq!(reply.header("allow"), Some("GET"));
    // The catcher creates the error page. The response with the error page still has the policy's headers.
    let reply = site.get_with("/fails", &[("Accept", "text/html")]).await;
    assert_eq!(
        (reply.status, reply.set_cookies(), reply.header("strict-transport-security")),
        (500, vec![SESSION], Some(ONE_YEAR_HSTS))
    );
    assert!(reply.body.contains("Internal Server Error"), "{}", reply.body);
}

#[handler]
async fn page(res: &mut Response, ctrl: &mut FlowCtrl) {
    res.render("our own page");
    ctrl.skip_rest();
}

#[tokio::test]
async fn refusal_keeps_its_body_despite_a_catcher() {
    // salvo also runs the middleware of a service for unknown paths. After the policy has refused a request, salvo must
    // not run the next middleware.
    let service = Service::new(routes()).hoop(hoop()).hoop(set_by_jar).catcher(Catcher::default().hoop(page));
    let site = Site::http(service).await;
    for path in ["/set", "/nowhere"] {
        let reply = site.get(path).await;
        assert_eq!((reply.status, without_reason(&reply.body)), (403, HTTPS_ONLY));
        assert_eq!(reply.set_cookies(), [""; 0]);
        let reply = site.get_with(path, &[("Accept", "text/html")]).await;
        assert_eq!((reply.status, reply.body.as_str()), (308, ""));
    }
    let service = Service::new(routes()).hoop(hoop()).catcher(Catcher::default().hoop(page));
    assert_eq!(Site::https(service).await.get("/nowhere").await.body, "our own page");
}

/// This catcher sets two cookies: a declared cookie, and a cookie in salvo's jar.
#[handler]
async fn catches(cookies: Cookies, res: &mut Response) {
    let result = cookies.set(Cart(1)).map_or_else(|error| error.to_string(), |()| "set".to_owned());
    res.add_cookie(Cookie::new("seen", "404"));
    res.render(result);
}

#[tokio::test]
async fn catcher_that_sets_cookies_needs_the_hoop() {
    const CART: &str = "__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax";
    // The policy's middleware is not added to this service's catcher. So the catcher cannot set a declared cookie. The
    // policy does not harden the cookie that the catcher sets in salvo's jar.
    let service = Service::new(routes()).hoop(hoop()).catcher(Catcher::default().hoop(catches));
    let reply = Site::https(service).await.get("/fails").await;
    assert!(reply.body.contains("was sent"), "{}", reply.body);
    assert_eq!(reply.set_cookies(), [SESSION, "seen=404"]);
    // The policy's middleware is added to this service's catcher. The handler and the catcher each set a declared
    // cookie. Each declared cookie is sent once. Even a policy that refuses undeclared cookies sends both declared
    // cookies.
    let policy = Policy::builder().undeclared_cookies(UndeclaredCookies::Refuse).force_https(false).build().unwrap();
    for (policy, set_cookies) in
        [(Policy::default(), vec![SESSION, "seen=404; Secure", CART]), (policy, vec![SESSION, CART])]
    {
        let hoop = PolicyHoop::new(policy, TlsTermination::per_connection());
        let catcher = || Catcher::default().hoop(hoop.clone()).hoop(catches);
        let reply = Site::https(Service::new(routes()).hoop(hoop.clone()).catcher(catcher())).await.get("/fails").await;
        assert_eq!((reply.status, reply.set_cookies(), reply.body.as_str()), (500, set_cookies, "set"));
        let hsts: Vec<_> = reply.headers.get_all("strict-transport-security").iter().collect();
        assert_eq!(hsts, [ONE_YEAR_HSTS]);
    }
    // Over plain HTTP, the response sets no cookie.
    let hoop = hoop_allowing_http();
    let catcher = Catcher::default().hoop(hoop.clone()).hoop(catches);
    let reply = Site::http(Service::new(routes()).hoop(hoop).catcher(catcher)).await.get("/nowhere").await;
    assert_eq!((reply.status, reply.set_cookies()), (403, vec![]));
}

/// A middleware (salvo calls it a hoop) between two policies. The middleware sets a cookie after the inner policy has
/// finished.
struct Between;

#[salvo::async_trait]
impl Handler for Between {
    async fn handle(&self, req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
        ctrl.call_next(req, depot, res).await;
        let result = set_cart(req, depot).await;
        if let Err(error) = result {
            res.render(error);
        }
    }
}

async fn set_cart(req: &mut Request, depot: &mut Depot) -> Result<(), hardtack::salvo::Error> {
    use salvo::extract::Extractible;

    let cookies: Cookies = Cookies::extract(req, depot).await?;
    Ok(cookies.set(Cart(1))?)
}

#[tokio::test]
async fn nested_policies_send_each_cookie_once() {
    const CART: &str = "__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax";
    let keyring = Keyring::new(Key::generate());
    let builder = || Policy::builder().keyring(keyring.clone());
    let handle = PolicyHandle::new(builder().undeclared_cookies(UndeclaredCookies::Refuse).build().unwrap());
    let inner_hoop = PolicyHoop::new(builder().build().unwrap(), TlsTermination::per_connection());
    let inner = Router::new().hoop(inner_hoop).push(routes());
    let outer = PolicyHoop::new(handle.clone(), TlsTermination::per_connection());
    let site = Site::https(Service::new(inner).hoop(outer).hoop(Between)).await;
    let reply = site.get("/set").await;
    assert_eq!((reply.set_cookies(), reply.body.as_str()), (vec![SESSION, CART], "set"));
    assert_eq!(handle.counters().get(Kind::HeaderDropped), 0);
    // If a cookie is undeclared for the inner policy, the outer policy also treats the cookie as undeclared.
    assert_eq!(site.get("/undeclared").await.set_cookies(), [CART]);
    assert_eq!(handle.counters().get(Kind::HeaderDropped), 2);
    // After a read error, the response contains a header that removes the unreadable cookie. The outer policy drops
    // undeclared cookies, but does not drop the header that removes the cookie.
    let reply = site.get_with("/unseal", &[("Cookie", &unreadable_note(&keyring))]).await;
    assert_eq!((reply.status, reply.set_cookies()), (400, vec![NOTE_REMOVAL, CART]));
}

// ---- The cookies of salvo's jar and of its libraries.

#[handler]
async fn set_by_jar(res: &mut Response) {
    res.add_cookie(Cookie::build(("PHPSESSID", "3f 9a")).path("/forum").build());
    res.remove_cookie("old");
}

#[tokio::test]
async fn cookies_of_salvos_jar_are_hardened() {
    let routes = || Router::with_path("jar").get(set_by_jar);
    let site = Site::https(Service::new(routes()).hoop(hoop())).await;
    let reply = site.get_with("/jar", &[("Cookie", "old=1; kept=2")]).await;
    let mut set_cookies = reply.set_cookies();
    set_cookies.sort_unstable();
    assert_eq!(set_cookies.len(), 3, "{set_cookies:?}");
    assert_eq!(set_cookies[0], "PHPSESSID=3f%209a; Path=/forum; Secure; HttpOnly; SameSite=Lax");
    // salvo's header that removes a cookie has no `Path`, so the policy sends the header twice.
    for (removal, end) in set_cookies[1..].iter().zip(["GMT; Path=/; Secure", "GMT; Secure"]) {
        assert!(removal.starts_with("old=; Max-Age=0; ") && removal.ends_with(end), "{set_cookies:?}");
    }
    assert_eq!(reply.header("cache-control"), Some("private"));
    let site = Site::http(Service::new(routes()).hoop(hoop_allowing_http())).await;
    assert_eq!(site.get("/jar").await.set_cookies(), [""; 0]);
}

/// A middleware (salvo calls it a hoop) that wraps the policy. The middleware returns the cookies that are in salvo's
/// jar after the policy has finished.
struct Outside;

#[salvo::async_trait]
impl Handler for Outside {
    async fn handle(&self, req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
        ctrl.call_next(req, depot, res).await;
        let text =
            format!("{:?} {:?}", res.cookie("kept").map(Cookie::value), res.cookie("PHPSESSID").map(Cookie::value));
        res.render(text);
    }
}

#[tokio::test]
async fn jar_cookies_are_not_written_twice() {
    let site = Site::https(Service::new(Router::with_path("jar").get(set_by_jar)).hoop(Outside).hoop(hoop())).await;
    let reply = site.get_with("/jar", &[("Cookie", "kept=2")]).await;
    assert_eq!((reply.set_cookies().len(), reply.body.as_str()), (3, "Some(\"2\") None"));
}

const SECRET: &[u8; 64] = b"sixty-four bytes for salvo's session, of no worth outside tests.";

#[handler]
async fn sign_in(depot: &mut Depot) -> Result<&'static str, StatusError> {
    let session = depot.session_mut().ok_or_else(StatusError::internal_server_error)?;
    session.insert("user", "ada").map_err(|_| StatusError::internal_server_error())?;
    Ok("signed in")
}

#[handler]
async fn whoami(req: &Request, depot: &Depot) -> String {
    let user: Option<String> = depot.session().and_then(|session| session.get("user"));
    format!("{user:?}, cookie: {}", req.headers().contains_key("cookie"))
}

#[handler]
async fn sign_out(depot: &mut Depot) {
    if let Some(session) = depot.session_mut() {
        session.destroy();
    }
}

fn session_routes(sessions: impl Handler) -> Router {
    Router::new()
        .hoop(sessions)
        .push(Router::with_path("sign-in").get(sign_in))
        .push(Router::with_path("whoami").get(whoami))
        .push(Router::with_path("sign-out").get(sign_out))
}

async fn assert_sessions_work(routes: Router) {
    let site = Site::https(Service::new(routes).hoop(hoop())).await;
    let reply = site.get("/sign-in").await;
    let [set_cookie] = reply.set_cookies()[..] else { panic!("{:?}", reply.set_cookies()) };
    assert!(set_cookie.starts_with("salvo.session.id="), "{set_cookie}");
    for attribute in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
        assert_eq!(set_cookie.matches(attribute).count(), 1, "{attribute} in {set_cookie}");
    }
    assert_eq!(reply.header("cache-control"), Some("private"));
    assert_eq!(site.get("/whoami").await.body, "Some(\"ada\"), cookie: true");
    // The policy also adds attributes to the header that removes the session cookie. After the sign-out, the client
    // sends no session cookie.
    let reply = site.get("/sign-out").await;
    let [set_cookie] = reply.set_cookies()[..] else { panic!("{:?}", reply.set_cookies()) };
    assert!(
        set_cookie.starts_with("salvo.session.id=; ")
            && set_cookie.contains("; Max-Age=0")
            && set_cookie.contains("; Secure"),
        "{set_cookie}"
    );
    assert_eq!(site.get("/whoami").await.body, "None, cookie: false");
}

#[tokio::test]
async fn memory_sessions_are_hardened_and_end() {
    assert_sessions_work(session_routes(
        SessionHandler::builder(MemoryStore::new(), SECRET).save_unchanged(false).build().unwrap(),
    ))
    .await;
}

#[tokio::test]
async fn cookie_sessions_are_hardened_and_end() {
    assert_sessions_work(session_routes(
        SessionHandler::builder(CookieStore::new(), SECRET).save_unchanged(false).build().unwrap(),
    ))
    .await;
}

#[tokio::test]
async fn sessions_behind_a_proxy_are_secure_or_dropped() {
    // Without the policy, salvo omits Secure, because the connection to salvo does not use TLS.
    let sessions = || SessionHandler::builder(MemoryStore::new(), SECRET).build().unwrap();
    let policy = || PolicyHandle::new(Policy::builder().force_https(false).build().unwrap());
    let without_policy = Site::http(Service::new(session_routes(sessions()))).await;
    assert!(!without_policy.get("/sign-in").await.set_cookies()[0].contains("Secure"));

    let handle = policy();
    let behind = PolicyHoop::new(handle.clone(), TlsTermination::at_proxy(TrustedProxies::new(["127.0.0.1"]).unwrap()));
    let site = Site::http(Service::new(session_routes(sessions())).hoop(behind)).await;
    let reply = site.get_with("/sign-in", &[("X-Forwarded-Proto", "https")]).await;
    assert!(reply.set_cookies()[0].ends_with("; Secure"), "{:?}", reply.set_cookies());
    assert_eq!(handle.counters().get(Kind::HeaderHardened), 1);
    let reply = site.get("/sign-in").await;
    assert_eq!((reply.status, reply.set_cookies()), (200, vec![]));
    assert_eq!(handle.counters().get(Kind::HeaderDropped), 1);
}

#[handler]
async fn form(depot: &mut Depot) -> Result<String, StatusError> {
    Ok(depot.csrf_token().ok_or_else(StatusError::internal_server_error)?.to_owned())
}

#[tokio::test]
async fn csrf_protection_still_works() {
    let csrf = hmac_cookie_csrf(*b"thirty-two bytes, of no worth...", HeaderFinder::new("x-csrf-token"));
    let service = Service::new(Router::new().hoop(csrf).get(form).post(health)).hoop(hoop());
    let site = Site::https(service).await;
    let reply = site.get("/").await;
    let [set_cookie] = reply.set_cookies()[..] else { panic!("{:?}", reply.set_cookies()) };
    assert_eq!(set_cookie.matches("; Secure").count(), 1, "{set_cookie}");
    let post = || site.client.0.post(site.url("/"));
    assert_eq!(Client::send(post().header("x-csrf-token", &reply.body)).await.body, "up");
    assert_eq!(Client::send(post().header("x-csrf-token", "forged")).await.status, 403);
}

// ---- Panics and errors.

#[handler]
async fn panics(cookies: Cookies, res: &mut Response) -> Result<(), SetError> {
    append_set_cookie(res, "PHPSESSID=3f9a");
    cookies.set(Session::new())?;
    panic!("on purpose, in a test")
}

fn panicking_routes() -> Router {
    routes().push(Router::with_path("panics").get(panics))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panic_ends_only_its_own_request() {
    let site = Site::https(Service::new(panicking_routes()).hoop(hoop())).await;
    for _ in 0..3 {
        assert_eq!(site.get("/set").await.set_cookies(), [SESSION]);
        assert!(site.client.0.get(site.url("/panics")).send().await.is_err());
        assert_eq!(site.get("/set").await.set_cookies(), [SESSION]);
    }
}

#[tokio::test]
async fn caught_panic_is_a_hardened_response() {
    let site = Site::https(Service::new(panicking_routes()).hoop(hoop()).hoop(CatchPanic::new())).await;
    let reply = site.get("/panics").await;
    assert_eq!((reply.status, reply.header("strict-transport-security")), (500, Some(ONE_YEAR_HSTS)));
    assert_eq!(reply.set_cookies(), ["PHPSESSID=3f9a; Secure; HttpOnly; SameSite=Lax", SESSION]);
}

/// A handler that fails after it has written a part of the body.
#[handler]
async fn half_way(cookies: Cookies, res: &mut Response) -> Result<(), ReadError> {
    res.headers_mut().insert("content-length", HeaderValue::from_static("8"));
    res.headers_mut().insert("content-type", HeaderValue::from_static("text/html"));
    res.render("<p>half");
    cookies.try_get::<Cart>().map(drop)
}

#[tokio::test]
async fn error_replaces_a_partial_body() {
    let site = Site::https(Service::new(Router::with_path("half").get(half_way)).hoop(hoop())).await;
    let reply = site.get_with("/half", &[("Cookie", "__Host-Http-cart=many")]).await;
    assert_eq!((reply.status, reply.body.as_str()), (400, "a cookie was not understood; try again"));
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[handler]
async fn extracts_by_hand(req: &mut Request, depot: &mut Depot) -> Result<&'static str, ExtractError> {
    use salvo::extract::Extractible;

    let _: Https = Https::extract(req, depot).await?;
    Ok("https")
}

#[tokio::test]
async fn extractors_can_be_called_by_hand() {
    let routes = || Router::with_path("ask").get(extracts_by_hand);
    let exempt = Policy::builder().force_https(ForceHttps::on().exempt(["/ask"])).build().unwrap();
    for hoop in [hoop_allowing_http(), PolicyHoop::new(exempt, TlsTermination::per_connection())] {
        // The response has a body, so an extractor refused the request. If the policy had refused the request, the
        // response would have no body.
        assert_reply(&Site::http(Service::new(routes()).hoop(hoop)).await.get("/ask").await, 403, &[], HTTPS_ONLY);
    }
    assert_eq!(Site::https(Service::new(routes()).hoop(hoop())).await.get("/ask").await.body, "https");
    assert_eq!(Site::https(Service::new(routes())).await.get("/ask").await.body, INTERNAL_ERROR);
}

#[test]
fn error_displays_its_inner_error() {
    let mut request = http::HeaderMap::new();
    request.insert("cookie", HeaderValue::from_static("__Host-Http-cart=many"));
    let jar: Cookies = Cookies::from_headers(&request, testing::https());
    let (read, set) = (jar.try_get::<Cart>().err().unwrap(), jar.set(Session("a".repeat(5_000))).unwrap_err());
    let (read_message, set_message) = (read.to_string(), set.to_string());
    assert!(read_message.contains("`__Host-Http-cart`") && set_message.contains("`__Host-Http-session`"));
    assert_eq!(hardtack::salvo::Error::from(read).to_string(), read_message);
    assert_eq!(hardtack::salvo::Error::from(set).to_string(), set_message);
}
