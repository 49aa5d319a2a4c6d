//! What is salvo's own: hoops and catchers, its jar, sessions and CSRF, and what a client may write of the scheme.

use hardtack::salvo::PolicyHoop;
use hardtack::{
    Cookies, EventKind, ExtractError, ForceHttps, ForeignCookies, Https, Listener, Policy, PolicyHandle, ReadError,
    SetError, TrustedProxies, testing,
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

use super::routes::{append, health, routes};
use super::suite::client::Client;
use super::suite::site::{Site, certificate, exchange, is};
use super::suite::{Cart, Framework as _, NO_HTTPS, SESSION, Session, YEAR};
use super::{Salvo, serve};

// ---- A server for what follows.

impl Site {
    async fn https(service: Service) -> Site {
        Site::of(service, true).await
    }

    async fn http(service: Service) -> Site {
        Site::of(service, false).await
    }

    /// With a client that keeps its cookies.
    async fn of(service: Service, is_tls: bool) -> Site {
        let certificate = certificate();
        let served = serve(service, is_tls.then(|| certificate.clone())).await;
        Site::over(served, certificate, is_tls, |client| client.cookie_store(true))
    }
}

fn hoop() -> PolicyHoop {
    PolicyHoop::new(Policy::default(), Listener::per_connection())
}

/// The same, and plain HTTP reaches the handlers.
fn open_hoop() -> PolicyHoop {
    PolicyHoop::new(Policy::builder().force_https(false).build().unwrap(), Listener::per_connection())
}

/// The body of the answer on stream 1, of a request whose head is these octets of HPACK.
async fn ask_over_http_2(site: &Site, head: &[u8]) -> String {
    let mut socket = tokio::net::TcpStream::connect(site.served.address).await.unwrap();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // END_STREAM and END_HEADERS.
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
async fn the_scheme_of_http_2_is_the_clients_word() {
    let site = Site::http(Service::new(routes()).hoop(open_hoop())).await;
    // `:method: GET`, `:scheme: https` (7 of the static table), `:path: /proof`, `:authority: site.example`.
    let head = [&[0x82, 0x87, 0x04, 6][..], b"/proof", &[0x01, 12], b"site.example"].concat();
    assert_eq!(ask_over_http_2(&site, &head).await, "plain");
}

#[tokio::test]
async fn a_proxy_on_a_unix_socket_is_believed_where_it_is_chosen() {
    let path = std::env::temp_dir().join(format!("hardtack-salvo-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    for (proxies, scheme) in
        [(TrustedProxies::unix_only(), "https"), (TrustedProxies::new(["127.0.0.0/8", "::1"]).unwrap(), "plain")]
    {
        let policy = Policy::builder().force_https(false).build().unwrap();
        let service = Service::new(routes()).hoop(PolicyHoop::new(policy, Listener::behind(proxies)));
        let acceptor = UnixListener::new(path.clone()).bind().await;
        let server = tokio::spawn(Server::new(acceptor).serve(service));
        let request = "GET /proof HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-Proto: https\r\n\r\n";
        let answer = exchange(tokio::net::UnixStream::connect(&path).await.unwrap(), request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.ends_with(&format!("\r\n\r\n{scheme}")), "{answer}");
        server.abort();
        let _ = server.await;
        let _ = std::fs::remove_file(&path);
    }
}

// ---- Where the hoop stands.

#[tokio::test]
async fn on_a_router_it_stands_around_the_routes_alone() {
    let service = Service::new(Router::new().hoop(hoop()).push(routes()));
    let site = Site::https(service).await;
    let reply = site.get("/set").await;
    assert_eq!((reply.lines(), reply.header("strict-transport-security")), (vec![SESSION], Some(YEAR)));
    let reply = site.get("/nowhere").await;
    assert_eq!((reply.status, reply.header("strict-transport-security")), (404, None));
}

#[tokio::test]
async fn a_wrong_method_and_an_error_page_have_hsts() {
    let site = Site::https(Service::new(routes()).hoop(hoop())).await;
    let reply = Client::send(site.client.0.post(site.url("/set"))).await;
    assert_eq!((reply.status, reply.header("strict-transport-security")), (405, Some(YEAR)));
    assert_eq!(reply.header("allow"), Some("GET"));
    // The catcher's page, with what the policy wrote.
    let reply = site.get_with("/fails", &[("Accept", "text/html")]).await;
    assert_eq!(
        (reply.status, reply.lines(), reply.header("strict-transport-security")),
        (500, vec![SESSION], Some(YEAR))
    );
    assert!(reply.body.contains("Internal Server Error"), "{}", reply.body);
}

#[handler]
async fn page(res: &mut Response, ctrl: &mut FlowCtrl) {
    res.render("our own page");
    ctrl.skip_rest();
}

#[tokio::test]
async fn a_refusal_is_empty_whatever_the_catcher() {
    // No later hoop runs either, where salvo runs them for a path that there is not.
    let service = Service::new(routes()).hoop(hoop()).hoop(by_the_jar).catcher(Catcher::default().hoop(page));
    let site = Site::http(service).await;
    for path in ["/set", "/nowhere"] {
        let reply = site.get(path).await;
        assert_eq!((reply.status, reply.body.as_str(), reply.header("content-length")), (403, "", Some("0")));
        assert_eq!(reply.lines(), [""; 0]);
        let reply = site.get_with(path, &[("Accept", "text/html")]).await;
        assert_eq!((reply.status, reply.body.as_str()), (308, ""));
    }
    let service = Service::new(routes()).hoop(hoop()).catcher(Catcher::default().hoop(page));
    assert_eq!(Site::https(service).await.get("/nowhere").await.body, "our own page");
}

/// A catcher that sets cookies: one of ours, and one of its own.
#[handler]
async fn catches(cookies: Cookies, res: &mut Response) {
    let told = cookies.set(Cart(1)).map_or_else(|error| error.to_string(), |()| "set".to_owned());
    res.add_cookie(Cookie::new("seen", "404"));
    res.render(told);
}

#[tokio::test]
async fn a_catcher_that_sets_cookies_has_the_hoop_too() {
    const CART: &str = "__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax";
    // Without: the jar is closed, which is told; and what the catcher adds by itself is seen by no policy.
    let service = Service::new(routes()).hoop(hoop()).catcher(Catcher::default().hoop(catches));
    let reply = Site::https(service).await.get("/fails").await;
    assert!(reply.body.contains("had left"), "{}", reply.body);
    assert_eq!(reply.lines(), [SESSION, "seen=404"]);
    // With: both passages' lines leave, each once and as declared, under a policy that refuses all others.
    let policy = Policy::builder().foreign_cookies(ForeignCookies::Refuse).force_https(false).build().unwrap();
    for (policy, lines) in [(Policy::default(), vec![SESSION, "seen=404; Secure", CART]), (policy, vec![SESSION, CART])]
    {
        let hoop = PolicyHoop::new(policy, Listener::per_connection());
        let catcher = || Catcher::default().hoop(hoop.clone()).hoop(catches);
        let reply = Site::https(Service::new(routes()).hoop(hoop.clone()).catcher(catcher())).await.get("/fails").await;
        assert_eq!((reply.status, reply.lines(), reply.body.as_str()), (500, lines, "set"));
        let hsts: Vec<_> = reply.headers.get_all("strict-transport-security").iter().collect();
        assert_eq!(hsts, [YEAR]);
    }
    // Over plain HTTP nothing of it leaves.
    let hoop = open_hoop();
    let catcher = Catcher::default().hoop(hoop.clone()).hoop(catches);
    let reply = Site::http(Service::new(routes()).hoop(hoop).catcher(catcher)).await.get("/nowhere").await;
    assert_eq!((reply.status, reply.lines()), (403, vec![]));
}

/// A hoop between the two, which comes back when the inner one has left.
struct Between;

#[salvo::async_trait]
impl Handler for Between {
    async fn handle(&self, req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
        ctrl.call_next(req, depot, res).await;
        let set = async { between(req, depot).await }.await;
        if let Err(error) = set {
            res.render(error);
        }
    }
}

async fn between(req: &mut Request, depot: &mut Depot) -> Result<(), hardtack::salvo::Error> {
    use salvo::extract::Extractible;

    let cookies: Cookies = Cookies::extract(req, depot).await?;
    Ok(cookies.set(Cart(1))?)
}

#[tokio::test]
async fn a_policy_within_a_policy_sends_each_line_once() {
    const CART: &str = "__Host-Http-cart=1; Path=/; Secure; HttpOnly; SameSite=Lax";
    let handle = PolicyHandle::new(Policy::builder().foreign_cookies(ForeignCookies::Refuse).build().unwrap());
    let inner = Router::new().hoop(hoop()).push(routes());
    let outer = PolicyHoop::new(handle.clone(), Listener::per_connection());
    let site = Site::https(Service::new(inner).hoop(outer).hoop(Between)).await;
    let reply = site.get("/set").await;
    assert_eq!((reply.lines(), reply.body.as_str()), (vec![SESSION, CART], "set"));
    assert_eq!(handle.counters().get(EventKind::LineRefused), 0);
    // The inner one's foreign lines are foreign to the outer one, too.
    assert_eq!(site.get("/foreign").await.lines(), [CART]);
    assert_eq!(handle.counters().get(EventKind::LineRefused), 2);
    // The removal that answers an error of reading is declared.
    let planted = [("Cookie", "__Host-Http-session=mine; __Host-Http-session=planted")];
    let reply = site.get_with("/get", &planted).await;
    assert_eq!((reply.status, reply.lines().len()), (400, 2));
}

// ---- Cookies of salvo's own jar, and of its libraries.

#[handler]
async fn by_the_jar(res: &mut Response) {
    res.add_cookie(Cookie::build(("PHPSESSID", "3f 9a")).path("/forum").build());
    res.remove_cookie("old");
}

#[tokio::test]
async fn salvos_own_jar_is_hardened() {
    let routes = || Router::with_path("jar").get(by_the_jar);
    let site = Site::https(Service::new(routes()).hoop(hoop())).await;
    let reply = site.get_with("/jar", &[("Cookie", "old=1; kept=2")]).await;
    let mut lines = reply.lines();
    lines.sort_unstable();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "PHPSESSID=3f%209a; Path=/forum; Secure; HttpOnly; SameSite=Lax");
    assert!(lines[1].starts_with("old=; Max-Age=0; ") && lines[1].ends_with("; Secure"), "{lines:?}");
    assert_eq!(reply.header("cache-control"), Some("private"));
    let site = Site::http(Service::new(routes()).hoop(open_hoop())).await;
    assert_eq!(site.get("/jar").await.lines(), [""; 0]);
}

/// A hoop before the policy, that still has salvo's jar as a request begins with it.
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
async fn what_was_written_is_not_written_again() {
    let site = Site::https(Service::new(Router::with_path("jar").get(by_the_jar)).hoop(Outside).hoop(hoop())).await;
    let reply = site.get_with("/jar", &[("Cookie", "kept=2")]).await;
    assert_eq!((reply.lines().len(), reply.body.as_str()), (2, "Some(\"2\") None"));
}

const SECRET: &[u8; 64] = b"sixty-four octets for salvo's session, of no worth outside here.";

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

async fn sessions_work_over_tls(routes: Router) {
    let site = Site::https(Service::new(routes).hoop(hoop())).await;
    let reply = site.get("/sign-in").await;
    let [line] = reply.lines()[..] else { panic!("{:?}", reply.lines()) };
    assert!(line.starts_with("salvo.session.id="), "{line}");
    for attribute in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
        assert_eq!(line.matches(attribute).count(), 1, "{attribute} in {line}");
    }
    assert_eq!(reply.header("cache-control"), Some("private"));
    assert_eq!(site.get("/whoami").await.body, "Some(\"ada\"), cookie: true");
    // The removal leaves hardened, and the client's jar has nothing to send.
    let reply = site.get("/sign-out").await;
    let [line] = reply.lines()[..] else { panic!("{:?}", reply.lines()) };
    assert!(
        line.starts_with("salvo.session.id=; ") && line.contains("; Max-Age=0") && line.contains("; Secure"),
        "{line}"
    );
    assert_eq!(site.get("/whoami").await.body, "None, cookie: false");
}

#[tokio::test]
async fn sessions_in_memory_are_hardened_and_end() {
    sessions_work_over_tls(session_routes(
        SessionHandler::builder(MemoryStore::new(), SECRET).save_unchanged(false).build().unwrap(),
    ))
    .await;
}

#[tokio::test]
async fn sessions_in_a_cookie_are_hardened_and_end() {
    sessions_work_over_tls(session_routes(
        SessionHandler::builder(CookieStore::new(), SECRET).save_unchanged(false).build().unwrap(),
    ))
    .await;
}

#[tokio::test]
async fn sessions_behind_a_proxy_are_secure_and_over_plain_http_held_back() {
    // salvo leaves Secure out here: its own connection carries no TLS.
    let sessions = || SessionHandler::builder(MemoryStore::new(), SECRET).build().unwrap();
    let policy = || PolicyHandle::new(Policy::builder().force_https(false).build().unwrap());
    let bare = Site::http(Service::new(session_routes(sessions()))).await;
    assert!(!bare.get("/sign-in").await.lines()[0].contains("Secure"));

    let handle = policy();
    let behind = PolicyHoop::new(handle.clone(), Listener::behind(TrustedProxies::new(["127.0.0.1"]).unwrap()));
    let site = Site::http(Service::new(session_routes(sessions())).hoop(behind)).await;
    let reply = site.get_with("/sign-in", &[("X-Forwarded-Proto", "https")]).await;
    assert!(reply.lines()[0].ends_with("; Secure"), "{:?}", reply.lines());
    assert_eq!(handle.counters().get(EventKind::LineHardened), 1);
    let reply = site.get("/sign-in").await;
    assert_eq!((reply.status, reply.lines()), (200, vec![]));
    assert_eq!(handle.counters().get(EventKind::LineHeldBack), 1);
}

#[handler]
async fn form(depot: &mut Depot) -> Result<String, StatusError> {
    Ok(depot.csrf_token().ok_or_else(StatusError::internal_server_error)?.to_owned())
}

#[tokio::test]
async fn csrf_keeps_working() {
    let csrf = hmac_cookie_csrf(*b"thirty-two octets, of no worth..", HeaderFinder::new("x-csrf-token"));
    let service = Service::new(Router::new().hoop(csrf).get(form).post(health)).hoop(hoop());
    let site = Site::https(service).await;
    let reply = site.get("/").await;
    let [line] = reply.lines()[..] else { panic!("{:?}", reply.lines()) };
    assert_eq!(line.matches("; Secure").count(), 1, "{line}");
    let post = || site.client.0.post(site.url("/"));
    assert_eq!(Client::send(post().header("x-csrf-token", &reply.body)).await.body, "up");
    assert_eq!(Client::send(post().header("x-csrf-token", "forged")).await.status, 403);
}

// ---- What goes wrong.

#[handler]
async fn panics(cookies: Cookies, res: &mut Response) -> Result<(), SetError> {
    append(res, "PHPSESSID=3f9a");
    cookies.set(Session::new())?;
    panic!("a test's handler panics, as it should")
}

fn panicking_routes() -> Router {
    routes().push(Router::with_path("panics").get(panics))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_ends_no_other_exchange() {
    let site = Site::https(Service::new(panicking_routes()).hoop(hoop())).await;
    for _ in 0..3 {
        assert_eq!(site.get("/set").await.lines(), [SESSION]);
        assert!(site.client.0.get(site.url("/panics")).send().await.is_err());
        assert_eq!(site.get("/set").await.lines(), [SESSION]);
    }
}

#[tokio::test]
async fn a_panic_that_is_caught_leaves_strict() {
    let site = Site::https(Service::new(panicking_routes()).hoop(hoop()).hoop(CatchPanic::new())).await;
    let reply = site.get("/panics").await;
    assert_eq!((reply.status, reply.header("strict-transport-security")), (500, Some(YEAR)));
    assert_eq!(reply.lines(), ["PHPSESSID=3f9a; Secure; HttpOnly; SameSite=Lax", SESSION]);
}

/// A handler that has written of its body when it fails.
#[handler]
async fn half_way(cookies: Cookies, res: &mut Response) -> Result<(), ReadError> {
    res.headers_mut().insert("content-length", HeaderValue::from_static("8"));
    res.headers_mut().insert("content-type", HeaderValue::from_static("text/html"));
    res.render("<p>half");
    cookies.get::<Cart>().map(drop)
}

#[tokio::test]
async fn an_error_stands_in_the_place_of_what_was_written() {
    let site = Site::https(Service::new(Router::with_path("half").get(half_way)).hoop(hoop())).await;
    let reply = site.get_with("/half", &[("Cookie", "__Host-Http-cart=many")]).await;
    assert_eq!((reply.status, reply.body.as_str()), (400, "a cookie was not understood; try again"));
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[handler]
async fn asks_by_hand(req: &mut Request, depot: &mut Depot) -> Result<&'static str, ExtractError> {
    use salvo::extract::Extractible;

    let _: Https = Https::extract(req, depot).await?;
    Ok("https")
}

#[tokio::test]
async fn what_extractors_do_can_be_asked_by_hand() {
    let routes = || Router::with_path("ask").get(asks_by_hand);
    let exempt = Policy::builder().force_https(ForceHttps::on().exempt(["/ask"])).build().unwrap();
    for hoop in [open_hoop(), PolicyHoop::new(exempt, Listener::per_connection())] {
        // The refusal is the extractor's: the policy's own has no body.
        is(&Site::http(Service::new(routes()).hoop(hoop)).await.get("/ask").await, 403, &[], NO_HTTPS);
    }
    assert_eq!(Site::https(Service::new(routes()).hoop(hoop())).await.get("/ask").await.body, "https");
    assert_eq!(Site::https(Service::new(routes())).await.get("/ask").await.body, Salvo::MISSING);
}

#[test]
fn an_error_says_what_the_one_within_says() {
    let mut request = http::HeaderMap::new();
    request.insert("cookie", HeaderValue::from_static("__Host-Http-cart=many"));
    let jar: Cookies = Cookies::read(&request, testing::https());
    let (read, set) = (jar.get::<Cart>().err().unwrap(), jar.set(Session("a".repeat(5_000))).unwrap_err());
    let (read_says, set_says) = (read.to_string(), set.to_string());
    assert!(read_says.contains("`__Host-Http-cart`") && set_says.contains("`__Host-Http-session`"));
    assert_eq!(hardtack::salvo::Error::from(read).to_string(), read_says);
    assert_eq!(hardtack::salvo::Error::from(set).to_string(), set_says);
}
