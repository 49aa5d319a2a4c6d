//! What is Rocket's own: the scenarios that it makes impossible, its fairings, and what it does to a request before any of
//! them. Its cookie jar is in `jar.rs`, its guards and catchers are in `guards.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hardtack::rocket::PolicyFairing;
use hardtack::{
    AnyScheme, Cookies, ExtractError, ForceHttps, Hsts, Https, Listener, Policy, PolicyBuilder, TrustedProxies,
};
use rocket::catcher::{self, Catcher};
use rocket::config::Config;
use rocket::error::ErrorKind;
use rocket::fairing::{AdHoc, Fairing, Info, Kind};
use rocket::figment::Figment;
use rocket::http::{ContentType, Method, Status};
use rocket::local::asynchronous::Client as LocalClient;
use rocket::request::{Outcome, Request};
use rocket::response::{Responder as _, Response};
use rocket::route::{self, Route};
use rocket::{Build, Data, Rocket, catch, catchers, get, routes};

use super::suite::client::Client;
use super::suite::site::{Site, certificate};
use super::suite::tls::Certificate;
use super::suite::{Framework as _, HOST, YEAR};
use super::{RocketServer, config, launch};
use super::{banner, either, foreign, health, many, proof, read, set, strict};

// ---- Servers for all of Rocket's own.

impl Site {
    /// With a client that keeps its cookies.
    pub(super) async fn new(app: Rocket<Build>, certificate: Certificate, is_tls: bool) -> Site {
        Site::over(launch(app).await, certificate, is_tls, |client| client.cookie_store(true))
    }

    pub(super) async fn https(routes: Vec<Route>, policy: PolicyFairing) -> Site {
        let certificate = certificate();
        let app = rocket::custom(config(Some(certificate.clone()))).attach(policy).mount("/", routes);
        Site::new(app, certificate, true).await
    }

    pub(super) async fn http(routes: Vec<Route>, policy: PolicyFairing) -> Site {
        let app = rocket::custom(config(None)).attach(policy).mount("/", routes);
        Site::new(app, certificate(), false).await
    }
}

pub(super) fn fairing(policy: PolicyBuilder) -> PolicyFairing {
    PolicyFairing::new(policy.build().unwrap(), Listener::per_connection())
}

/// The default, and plain HTTP reaches the handlers.
pub(super) fn open() -> PolicyBuilder {
    Policy::builder().force_https(false)
}

pub(super) async fn local(app: Rocket<Build>) -> LocalClient {
    LocalClient::tracked(app).await.unwrap()
}

// ---- The scenarios that Rocket makes impossible.

#[tokio::test]
async fn a_field_that_is_not_utf_8_is_dropped_and_loses_nothing_else() {
    let site = Site::https(routes![read], fairing(Policy::builder())).await;
    let ask = async |fields: &[&[u8]]| {
        let url = site.url("/get");
        let request = fields.iter().fold(site.client.0.get(url), |request, field| {
            request.header("Cookie", http::HeaderValue::from_bytes(field).unwrap())
        });
        Client::send(request).await.body
    };
    // The one difference: in the other frameworks the session is read.
    assert_eq!(ask(&[b"\xFF\xFE=\x80; __Host-Http-session=s3cr3t"]).await, "None");
    // The other fields stay, and so do the other hostile shapes.
    for fields in [
        &[&b"\xFF\xFE=\x80"[..], b"__Host-Http-session=s3cr3t"][..],
        &[b"; ;;=;==; __Host-Http-session=s3cr3t; ="],
        &[b"__host-http-session=no; %5F_Host-Http-session=no; __Host-Http-session=s3cr3t"],
        &[b"a=\"1; __Host-Http-session=s3cr3t; b=2\""],
    ] {
        assert_eq!(ask(fields).await, "Some(Session(\"s3cr3t\"))", "{fields:?}");
    }
}

#[get("/legacy")]
pub(super) fn legacy(cookies: Option<Cookies<AnyScheme>>, session: Result<Https, ExtractError>) -> &'static str {
    if cookies.is_some() && session.is_ok() { "https" } else { "plain" }
}

#[tokio::test]
async fn an_application_without_the_policy_does_not_launch() {
    let aborted = async |routes: Vec<Route>| {
        let error = rocket::custom(config(None)).mount("/", routes).ignite().await.unwrap_err();
        let ErrorKind::SentinelAborts(sentries) = error.kind() else { panic!("{error}") };
        sentries.iter().map(|sentry| sentry.type_name.to_owned()).collect::<Vec<_>>()
    };
    for (route, guard) in [
        (routes![set], "hardtack::cookies::Cookies"),
        (routes![either], "hardtack::cookies::Cookies<hardtack::scheme::AnyScheme>"),
        (routes![banner], "hardtack::cookies::Cookies<hardtack::scheme::PlainHttp>"),
        (routes![many], "rocket::suite::SiteCookies"),
        (routes![strict], "hardtack::scheme::Https"),
        // Rocket makes `None` of the guard's error: a handler would never know.
        (routes![proof], "core::option::Option<hardtack::scheme::Https>"),
    ] {
        assert_eq!(aborted(route).await, [guard]);
    }
    assert_eq!(aborted(routes![legacy]).await.len(), 2);
    // What takes none of ours launches.
    rocket::custom(config(None)).mount("/", routes![health, foreign]).ignite().await.unwrap();
}

#[tokio::test]
async fn the_log_says_what_to_add() {
    if std::env::var_os("LAUNCHES_WITHOUT_THE_POLICY").is_some() {
        let _ =
            rocket::custom(config(None)).mount("/", routes![proof]).ignite().await.map_err(|error| error.to_string());
        return;
    }
    let this = std::env::current_exe().unwrap();
    let output = std::process::Command::new(this)
        .args(["--exact", "own::the_log_says_what_to_add", "--nocapture"])
        .env("LAUNCHES_WITHOUT_THE_POLICY", "1")
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains(RocketServer::MISSING), "{log}");
}

/// A route that Rocket's sentinels do not see into.
fn by_hand_guarded<'r>(request: &'r Request<'_>, _: Data<'r>) -> route::BoxFuture<'r> {
    Box::pin(async move {
        // Nothing is asserted here: Rocket makes a 500 of a panic, which is the status that is expected.
        let (status, words) = match (request.guard::<Option<Https>>().await, request.guard::<Cookies>().await) {
            (Outcome::Success(None), Outcome::Error((status, error))) => (status, error.public()),
            _ => (Status::Ok, "allowed"),
        };
        let body = std::io::Cursor::new(words);
        route::Outcome::Success(Response::build().status(status).sized_body(None, body).finalize())
    })
}

#[tokio::test]
async fn a_route_by_hand_without_the_policy_is_refused_when_it_is_asked() {
    let client = local(rocket::custom(config(None)).mount("/", [Route::new(Method::Get, "/", by_hand_guarded)])).await;
    let response = client.get("/").dispatch().await;
    assert_eq!(response.status(), Status::InternalServerError);
    assert_eq!(response.headers().get("Set-Cookie").count(), 0);
    assert_eq!(response.into_string().await.unwrap(), RocketServer::MISSING);
}

// ---- Redirects, refusals and Shield: no handler, no catcher, nothing of the application's.

#[tokio::test]
async fn shields_hsts_ends_as_one_field() {
    let certificate = certificate();
    for (policy, field) in [
        (Policy::builder(), YEAR),
        (Policy::builder().hsts(Hsts::one_year().subdomains()), "max-age=31536000; includeSubDomains"),
    ] {
        // In a release profile over TLS Shield sends one by itself.
        let config = Config { profile: Config::RELEASE_PROFILE, ..config(Some(certificate.clone())) };
        let figment = Figment::from(config).select(Config::RELEASE_PROFILE);
        let app = rocket::custom(figment).attach(fairing(policy)).mount("/", routes![health]);
        let site = Site::new(app, certificate.clone(), true).await;
        let reply = site.get("/health").await;
        let fields: Vec<_> = reply.headers.get_all("strict-transport-security").iter().collect();
        assert_eq!(fields, [field]);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
}

/// Counts every handler and catcher that runs.
fn counted() -> (Rocket<Build>, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let runs =
        |request: &Request<'_>| request.rocket().state::<Arc<AtomicUsize>>().unwrap().fetch_add(1, Ordering::SeqCst);
    #[derive(Clone)]
    struct Counts<F>(F);
    #[rocket::async_trait]
    impl<F: Fn(&Request<'_>) -> usize + Clone + Send + Sync + 'static> route::Handler for Counts<F> {
        async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> route::Outcome<'r> {
            self.0(request);
            route::Outcome::from(request, "ran")
        }
    }
    #[rocket::async_trait]
    impl<F: Fn(&Request<'_>) -> usize + Clone + Send + Sync + 'static> catcher::Handler for Counts<F> {
        async fn handle<'r>(&self, _: Status, request: &'r Request<'_>) -> catcher::Result<'r> {
            self.0(request);
            "caught".respond_to(request)
        }
    }
    let methods =
        [Method::Get, Method::Head, Method::Post, Method::Put, Method::Delete, Method::Options, Method::Connect];
    let routes: Vec<_> = methods.iter().map(|method| Route::ranked(-100, *method, "/<_..>", Counts(runs))).collect();
    let catchers = vec![Catcher::new(None, Counts(runs))];
    let app = rocket::custom(config(None)).manage(count.clone()).mount("/", routes).register("/", catchers);
    (app, count)
}

#[tokio::test]
async fn nothing_of_the_applications_runs_for_a_redirect_or_a_refusal() {
    let (app, count) = counted();
    let site = Site::new(app.attach(fairing(Policy::builder())), certificate(), false).await;
    let page = ("Accept", "text/html");
    for (method, target, answer, location) in [
        ("GET", "/a?b=c", 308, Some("https://www.site.example/a?b=c")),
        ("HEAD", "/a?b=c", 308, Some("https://www.site.example/a?b=c")),
        ("GET", "//evil.example/x", 308, Some("https://www.site.example//evil.example/x")),
        ("GET", "/%2e%2e/%00?%ff", 308, Some("https://www.site.example/%2e%2e/%00?%ff")),
        ("GET", "/a{b}|c^", 308, Some("https://www.site.example/a{b}|c^")),
        ("GET", "/a?", 308, Some("https://www.site.example/a?")),
        ("POST", "/a", 403, None),
        ("DELETE", "/a", 403, None),
        ("OPTIONS", "/a", 403, None),
    ] {
        let fields = format!("Host: {HOST}\r\nAccept: text/html\r\nConnection: close");
        let said = site.raw(&format!("{method} {target} HTTP/1.1\r\n{fields}\r\n\r\n")).await;
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {answer} ")), "{method} {target}: {head}");
        let found = head.lines().find_map(|line| line.strip_prefix("location: "));
        assert_eq!((found, body), (location, ""), "{method} {target}");
        assert!(
            !head.contains("\ncontent-type") && !head.contains("set-cookie") && !head.contains("transfer-encoding"),
            "{head}"
        );
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
    // The nearest that passes: the same application under the same policy, exempt.
    let (app, count) = counted();
    let policy = Policy::builder().force_https(ForceHttps::on().exempt(["/a"]));
    let site = Site::new(app.attach(fairing(policy)), certificate(), false).await;
    assert_eq!(site.get_with("/a", &[page]).await.body, "ran");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nobody_reaches_the_route_of_the_answers() {
    let ask = async |site: &Site, request: &str| {
        let said = site.raw(&format!("{request}\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")).await;
        said.lines().next().unwrap_or_default().to_owned()
    };
    let site = Site::http(routes![health], fairing(open())).await;
    // As if the route were not there.
    assert_eq!(ask(&site, "CONNECT /health HTTP/1.1").await, "HTTP/1.1 404 Not Found");
    assert_eq!(ask(&site, "CONNECT http://site.example/health HTTP/1.1").await, "HTTP/1.1 404 Not Found");
    assert_eq!(ask(&site, "CONNECT site.example:443 HTTP/1.1").await, "HTTP/1.1 400 Bad Request");
    let site = Site::http(routes![health], fairing(Policy::builder())).await;
    assert_eq!(ask(&site, "CONNECT /health HTTP/1.1").await, "HTTP/1.1 403 Forbidden");
    assert_eq!(ask(&site, "OPTIONS * HTTP/1.1").await, "HTTP/1.1 403 Forbidden");
    // An application's own route for the method runs, and a form may choose the method.
    let (app, count) = counted();
    let site = Site::new(app.attach(fairing(open())), certificate(), false).await;
    let form = site.client.0.post(site.url("/a"));
    let form = form.header("Content-Type", "application/x-www-form-urlencoded").body("_method=connect");
    assert_eq!((Client::send(form).await.body.as_str(), count.load(Ordering::SeqCst)), ("ran", 1));
}

#[tokio::test]
async fn a_form_that_calls_itself_a_get_is_no_page() {
    let (app, count) = counted();
    let site = Site::new(app.attach(fairing(Policy::builder())), certificate(), false).await;
    for body in ["_method=get", "_method=head&card=4111", "%5Fmethod=get"] {
        let form = site.client.0.post(site.url("/a")).header("Accept", "text/html");
        let form = form.header("Content-Type", "application/x-www-form-urlencoded").body(body);
        let reply = Client::send(form).await;
        assert_eq!((reply.status, reply.header("location"), reply.body.as_str()), (403, None, ""));
    }
    // What makes it one is a form with a body, and neither alone.
    for (kind, body) in [("application/x-www-form-urlencoded", ""), ("text/plain", "_method=get")] {
        let page = site.client.0.get(site.url("/a")).header("Accept", "text/html");
        let reply = Client::send(page.header("Content-Type", kind).body(body)).await;
        assert_eq!(reply.status, 308, "{kind}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// Makes a GET of every request, answers in bodies, and sets cookies: what fairings of others do.
struct Meddler(&'static str);

#[rocket::async_trait]
impl Fairing for Meddler {
    fn info(&self) -> Info {
        Info { name: "meddler", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        request.set_method(Method::Get);
        request.set_uri("/health".try_into().unwrap());
    }

    async fn on_response<'r>(&self, _: &'r Request<'_>, response: &mut Response<'r>) {
        response.adjoin_raw_header("Set-Cookie", self.0);
        response.set_raw_header("Location", "http://evil.example/");
        response.set_raw_header("Strict-Transport-Security", "max-age=1");
        response.set_header(ContentType::HTML);
        response.set_sized_body(None, std::io::Cursor::new("<h1>oops</h1>"));
    }
}

/// A fairing that attaches a fairing at launch, and so on: what Rocket's users call stages.
fn stages(deep: u8) -> AdHoc {
    AdHoc::on_ignite("stage", move |app| async move {
        if deep == 1 { app.attach(Meddler("deep=1")) } else { app.attach(stages(deep - 1)) }
    })
}

#[tokio::test]
async fn other_fairings_change_no_judgement_and_have_no_last_word() {
    let (app, count) = counted();
    let app = app.attach(fairing(Policy::builder())).attach(Meddler("near=1")).attach(stages(3));
    let site = Site::new(app, certificate(), false).await;
    let reply = Client::send(site.client.0.post(site.url("/a")).header("Accept", "text/html")).await;
    assert_eq!((reply.status, reply.lines(), reply.body.as_str()), (403, vec![], ""));
    assert_eq!((reply.header("strict-transport-security"), reply.header("content-type")), (None, None));
    let reply = site.get_with("/a", &[("Accept", "text/html")]).await;
    assert_eq!((reply.status, reply.lines(), reply.body.as_str()), (308, vec![], ""));
    let locations: Vec<_> = reply.headers.get_all("location").iter().collect();
    assert_eq!(locations, ["https://www.site.example/a"]);
    assert_eq!(count.load(Ordering::SeqCst), 0);

    let certificate = certificate();
    let app = rocket::custom(config(Some(certificate.clone()))).attach(fairing(Policy::builder()));
    let app = app.attach(stages(3)).attach(Meddler("near=1")).mount("/", routes![health]);
    let site = Site::new(app, certificate, true).await;
    assert_eq!(site.get("/health").await.lines(), ["near=1; Secure", "deep=1; Secure"]);
}

// ---- Two policies, two protocols, one peer.

#[tokio::test]
async fn of_two_policies_either_may_refuse_and_no_handler_runs() {
    for policies in [[open(), Policy::builder()], [Policy::builder(), open()]] {
        let (app, count) = counted();
        let app = policies.into_iter().map(fairing).fold(app, Rocket::attach);
        let site = Site::new(app, certificate(), false).await;
        let reply = site.get("/a").await;
        assert_eq!((reply.status, reply.body.as_str(), count.load(Ordering::SeqCst)), (403, "", 0));
    }
}

#[tokio::test]
async fn the_host_of_http_2_without_tls_is_its_authority() {
    let site = Site::http(routes![set], fairing(Policy::builder())).await;
    let client = site.another(reqwest::ClientBuilder::http2_prior_knowledge);
    let response = client.0.get(site.url("/set?a=b")).header("Accept", "text/html").send().await.unwrap();
    assert_eq!((response.version(), response.status().as_u16()), (http::Version::HTTP_2, 308));
    assert_eq!(response.headers()["location"], "https://www.site.example/set?a=b");
}

#[tokio::test]
async fn the_peer_is_the_sockets_whatever_ip_header_says() {
    let proxy = Listener::behind(TrustedProxies::new(["10.0.0.1"]).unwrap());
    let config = Config { ip_header: Some("X-Real-IP".into()), ..config(None) };
    let policy = PolicyFairing::new(open().build().unwrap(), proxy);
    let site = Site::new(rocket::custom(config).attach(policy).mount("/", routes![set]), certificate(), false).await;
    let reply = site.get_with("/set", &[("X-Real-IP", "10.0.0.1"), ("X-Forwarded-Proto", "https")]).await;
    assert_eq!((reply.status, reply.lines()), (403, vec![]));
}

/// What a catcher's guard was told.
#[derive(Default)]
struct Told(Mutex<Option<ExtractError>>);

#[catch(400)]
async fn bad(request: &Request<'_>) -> &'static str {
    let asked = request.guard::<Cookies>().await.failed();
    *request.rocket().state::<Told>().unwrap().0.lock().unwrap() = asked.map(|(_, error)| error);
    "bad"
}

#[tokio::test]
async fn what_rocket_cannot_parse_passes_no_fairing_and_has_no_jar() {
    let app = rocket::custom(config(None)).attach(fairing(Policy::builder())).register("/", catchers![bad]);
    let app = app.manage(Told::default()).ignite().await.unwrap();
    let client = LocalClient::tracked(app).await.unwrap();
    let response = client.get("no path at all").dispatch().await;
    assert_eq!(response.status(), Status::BadRequest);
    let told = client.rocket().state::<Told>().unwrap().0.lock().unwrap().take().unwrap();
    assert!(told.public().starts_with("Rocket takes a request that it cannot parse past its fairings"), "{told}");

    let site = Site::http(routes![health], fairing(Policy::builder())).await;
    let said = site.raw(&format!("QUERY / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")).await;
    assert!(said.starts_with("HTTP/1.1 400 ") && !said.contains("set-cookie"), "{said}");
}
