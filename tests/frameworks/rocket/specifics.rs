//! Tests of Rocket's own features: other fairings, and requests that Rocket changes or rejects before the fairings run.
//! Some tests cover the scenarios in which Rocket behaves differently from the other frameworks. The tests of Rocket's
//! cookie jar are in `jar.rs`. The tests of Rocket's guards and catchers are in `guards.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hardtack::event::Code;
use hardtack::policy::{ForceHttps, Hsts, PolicyBuilder};
use hardtack::rocket::PolicyFairing;
use hardtack::{AnyScheme, Cookies, ExtractError, Https, Policy, TlsTermination, TrustedProxies};
use rocket::catcher::{self, Catcher};
use rocket::config::{Config, LogLevel};
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
use super::suite::site::{Site, certificate, without_reason};
use super::suite::tls::Certificate;
use super::suite::{HOST, HTTPS_ONLY, INTERNAL_ERROR, ONE_YEAR_HSTS};
use super::{banner, either, health, many, proof, read, set, strict, undeclared};
use super::{config, launch};

// ---- Helpers.

impl Site {
    /// Launches the application. The test's client stores cookies.
    pub(super) async fn new(app: Rocket<Build>, certificate: Certificate, is_tls: bool) -> Site {
        Site::from_server(launch(app).await, certificate, is_tls, |client| client.cookie_store(true))
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
    PolicyFairing::new(policy.build().unwrap(), TlsTermination::per_connection())
}

/// Returns the default policy without `force_https`, so plain HTTP requests reach the handlers.
pub(super) fn policy_allowing_http() -> PolicyBuilder {
    Policy::builder().force_https(false)
}

pub(super) async fn local(app: Rocket<Build>) -> LocalClient {
    LocalClient::tracked(app).await.unwrap()
}

// ---- The scenarios that differ.

#[tokio::test]
async fn cookie_header_without_utf_8_is_ignored() {
    let site = Site::https(routes![read], fairing(Policy::builder())).await;
    let send = async |headers: &[&[u8]]| {
        let url = site.url("/get");
        let request = headers.iter().fold(site.client.0.get(url), |request, header| {
            request.header("Cookie", http::HeaderValue::from_bytes(header).unwrap())
        });
        Client::send(request).await.body
    };
    // Rocket ignores a `Cookie` header that is not UTF-8. The other frameworks still read the session cookie in this
    // header.
    assert_eq!(send(&[b"\xFF\xFE=\x80; __Host-Http-session=s3cr3t"]).await, "None");
    // If the session cookie is in a second `Cookie` header, Rocket reads the session cookie. Rocket also reads the
    // other `Cookie` headers of the scenario.
    for headers in [
        &[&b"\xFF\xFE=\x80"[..], b"__Host-Http-session=s3cr3t"][..],
        &[b"; ;;=;==; __Host-Http-session=s3cr3t; ="],
        &[b"__host-http-session=no; %5F_Host-Http-session=no; __Host-Http-session=s3cr3t"],
        &[b"a=\"1; __Host-Http-session=s3cr3t; b=2\""],
    ] {
        assert_eq!(send(headers).await, "Some(Session(\"s3cr3t\"))", "{headers:?}");
    }
}

#[get("/legacy")]
pub(super) fn legacy(cookies: Option<Cookies<AnyScheme>>, https: Result<Https, ExtractError>) -> &'static str {
    if cookies.is_some() && https.is_ok() { "https" } else { "plain" }
}

#[tokio::test]
async fn application_without_a_policy_does_not_launch() {
    let aborted = async |routes: Vec<Route>| {
        let error = rocket::custom(config(None)).mount("/", routes).ignite().await.unwrap_err();
        let ErrorKind::SentinelAborts(sentries) = error.kind() else { panic!("{error}") };
        sentries.iter().map(|sentry| sentry.type_name.to_owned()).collect::<Vec<_>>()
    };
    for (route, guard) in [
        (routes![set], "hardtack::jar::cookies::Cookies"),
        (routes![either], "hardtack::jar::cookies::Cookies<hardtack::request::scheme::AnyScheme>"),
        (routes![banner], "hardtack::jar::cookies::Cookies<hardtack::request::scheme::PlainHttp>"),
        (routes![many], "rocket::suite::SiteCookies"),
        (routes![strict], "hardtack::request::scheme::Https"),
        // Rocket would turn the guard's error into `None`. So the handler could not notice that the policy is missing.
        (routes![proof], "core::option::Option<hardtack::request::scheme::Https>"),
    ] {
        assert_eq!(aborted(route).await, [guard]);
    }
    assert_eq!(aborted(routes![legacy]).await.len(), 2);
    // An application without hardtack's guards launches.
    rocket::custom(config(None)).mount("/", routes![health, undeclared]).ignite().await.unwrap();
}

#[tokio::test]
async fn log_names_the_missing_fairing() {
    if std::env::var_os("LAUNCHES_WITHOUT_THE_POLICY").is_some() {
        // The feature `rocket` also sends the events to the `log` crate. Rocket's own logger prints the events of the
        // `log` crate.
        let config = Config { log_level: LogLevel::Normal, ..config(None) };
        let _ = rocket::custom(config).mount("/", routes![proof]).ignite().await.map_err(|error| error.to_string());
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "specifics::log_names_the_missing_fairing", "--nocapture"])
        .env("LAUNCHES_WITHOUT_THE_POLICY", "1")
        .output()
        .unwrap();
    let log = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let remedy = "add `.attach(PolicyFairing::new(policy, tls_termination))` to the `Rocket`";
    assert!(log.contains(remedy), "{log}");
}

/// A handler that calls the guards in its body. At launch, Rocket's sentinels cannot find the guards that the handler
/// calls.
fn manual_guard<'r>(request: &'r Request<'_>, _: Data<'r>) -> route::BoxFuture<'r> {
    Box::pin(async move {
        // The handler `manual_guard` contains no assertions. A failed assertion would cause the status 500, which is
        // also the expected status.
        let (status, message) = match (request.guard::<Option<Https>>().await, request.guard::<Cookies>().await) {
            (Outcome::Success(None), Outcome::Error((status, error))) => (status, error.client_message()),
            _ => (Status::Ok, "allowed"),
        };
        let body = std::io::Cursor::new(message);
        route::Outcome::Success(Response::build().status(status).sized_body(None, body).finalize())
    })
}

#[tokio::test]
async fn manual_guard_without_a_policy_is_refused() {
    let client = local(rocket::custom(config(None)).mount("/", [Route::new(Method::Get, "/", manual_guard)])).await;
    let response = client.get("/").dispatch().await;
    assert_eq!(response.status(), Status::InternalServerError);
    assert_eq!(response.headers().get("Set-Cookie").count(), 0);
    assert_eq!(response.into_string().await.unwrap(), INTERNAL_ERROR);
}

// ---- Redirects, refusals and Rocket's Shield.

#[tokio::test]
async fn policy_replaces_the_hsts_of_shield() {
    let certificate = certificate();
    for (policy, hsts) in [
        (Policy::builder(), ONE_YEAR_HSTS),
        (Policy::builder().hsts(Hsts::one_year().include_subdomains()), "max-age=31536000; includeSubDomains"),
    ] {
        // In the release profile, Shield also sends HSTS over TLS.
        let config = Config { profile: Config::RELEASE_PROFILE, ..config(Some(certificate.clone())) };
        let figment = Figment::from(config).select(Config::RELEASE_PROFILE);
        let app = rocket::custom(figment).attach(fairing(policy)).mount("/", routes![health]);
        let site = Site::new(app, certificate.clone(), true).await;
        let reply = site.get("/health").await;
        let values: Vec<_> = reply.headers.get_all("strict-transport-security").iter().collect();
        assert_eq!(values, [hsts]);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
}

/// Creates an application that counts the calls of its handlers and catchers.
fn counting_app() -> (Rocket<Build>, Arc<AtomicUsize>) {
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
async fn redirects_and_refusals_run_no_application_code() {
    let (app, count) = counting_app();
    let site = Site::new(app.attach(fairing(Policy::builder())), certificate(), false).await;
    let page = ("Accept", "text/html");
    for (method, target, status, location) in [
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
        let headers = format!("Host: {HOST}\r\nAccept: text/html\r\nConnection: close");
        let response = site.send_raw(&format!("{method} {target} HTTP/1.1\r\n{headers}\r\n\r\n")).await;
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {target}: {head}");
        let found = head.lines().find_map(|line| line.strip_prefix("location: "));
        let text = if status == 403 { HTTPS_ONLY } else { "" };
        assert_eq!((found, without_reason(body)), (location, text), "{method} {target}");
        assert!(
            head.contains("\ncontent-type") == (status == 403)
                && !head.contains("set-cookie")
                && !head.contains("transfer-encoding"),
            "{head}"
        );
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
    // A plain HTTP request reaches the handler of an exempt path.
    let (app, count) = counting_app();
    let policy = Policy::builder().force_https(ForceHttps::on().exempt(["/a"]));
    let site = Site::new(app.attach(fairing(policy)), certificate(), false).await;
    assert_eq!(site.get_with("/a", &[page]).await.body, "ran");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn internal_route_cannot_be_requested() {
    let send = async |site: &Site, request: &str| {
        let response = site.send_raw(&format!("{request}\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")).await;
        response.lines().next().unwrap_or_default().to_owned()
    };
    let site = Site::http(routes![health], fairing(policy_allowing_http())).await;
    // hardtack adds an internal CONNECT route. The route must not change the application's responses to CONNECT
    // requests.
    assert_eq!(send(&site, "CONNECT /health HTTP/1.1").await, "HTTP/1.1 404 Not Found");
    assert_eq!(send(&site, "CONNECT http://site.example/health HTTP/1.1").await, "HTTP/1.1 404 Not Found");
    assert_eq!(send(&site, "CONNECT site.example:443 HTTP/1.1").await, "HTTP/1.1 400 Bad Request");
    let site = Site::http(routes![health], fairing(Policy::builder())).await;
    assert_eq!(send(&site, "CONNECT /health HTTP/1.1").await, "HTTP/1.1 403 Forbidden");
    assert_eq!(send(&site, "OPTIONS * HTTP/1.1").await, "HTTP/1.1 403 Forbidden");
    // An application can have its own CONNECT route. In this test, a form changes the method of a POST request to
    // CONNECT.
    let (app, count) = counting_app();
    let site = Site::new(app.attach(fairing(policy_allowing_http())), certificate(), false).await;
    let form = site.client.0.post(site.url("/a"));
    let form = form.header("Content-Type", "application/x-www-form-urlencoded").body("_method=connect");
    assert_eq!((Client::send(form).await.body.as_str(), count.load(Ordering::SeqCst)), ("ran", 1));
}

#[tokio::test]
async fn form_with_method_override_is_not_redirected() {
    let (app, count) = counting_app();
    let site = Site::new(app.attach(fairing(Policy::builder())), certificate(), false).await;
    for body in ["_method=get", "_method=head&card=4111", "%5Fmethod=get"] {
        let form = site.client.0.post(site.url("/a")).header("Accept", "text/html");
        let form = form.header("Content-Type", "application/x-www-form-urlencoded").body(body);
        let reply = Client::send(form).await;
        assert_eq!((reply.status, reply.header("location"), without_reason(&reply.body)), (403, None, HTTPS_ONLY));
    }
    // A form overrides the method only if the request has a form body. The two requests of this loop have no form body.
    // The first request has the content type of a form, but no body. The second request has a body that is not a form.
    for (content_type, body) in [("application/x-www-form-urlencoded", ""), ("text/plain", "_method=get")] {
        let page = site.client.0.get(site.url("/a")).header("Accept", "text/html");
        let reply = Client::send(page.header("Content-Type", content_type).body(body)).await;
        assert_eq!(reply.status, 308, "{content_type}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// Turns every request into a GET request. Also overwrites the headers and the body of every response.
struct OverwritingFairing(&'static str);

#[rocket::async_trait]
impl Fairing for OverwritingFairing {
    fn info(&self) -> Info {
        Info { name: "overwriting", kind: Kind::Request | Kind::Response }
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

/// Returns a stage, which is a fairing that attaches another fairing at ignition. `depth` is the number of nested
/// stages.
fn stages(depth: u8) -> AdHoc {
    AdHoc::on_ignite("stage", move |app| async move {
        if depth == 1 { app.attach(OverwritingFairing("deep=1")) } else { app.attach(stages(depth - 1)) }
    })
}

#[tokio::test]
async fn other_fairings_cannot_bypass_the_policy() {
    let (app, count) = counting_app();
    let app = app.attach(fairing(Policy::builder())).attach(OverwritingFairing("near=1")).attach(stages(3));
    let site = Site::new(app, certificate(), false).await;
    let reply = Client::send(site.client.0.post(site.url("/a")).header("Accept", "text/html")).await;
    assert_eq!((reply.status, reply.set_cookies(), without_reason(&reply.body)), (403, vec![], HTTPS_ONLY));
    let headers = (reply.header("strict-transport-security"), reply.header("content-type"));
    assert_eq!(headers, (None, Some("text/plain; charset=utf-8")));
    let reply = site.get_with("/a", &[("Accept", "text/html")]).await;
    assert_eq!((reply.status, reply.set_cookies(), reply.body.as_str()), (308, vec![], ""));
    let locations: Vec<_> = reply.headers.get_all("location").iter().collect();
    assert_eq!(locations, ["https://www.site.example/a"]);
    assert_eq!(count.load(Ordering::SeqCst), 0);

    let certificate = certificate();
    let app = rocket::custom(config(Some(certificate.clone()))).attach(fairing(Policy::builder()));
    let app = app.attach(stages(3)).attach(OverwritingFairing("near=1")).mount("/", routes![health]);
    let site = Site::new(app, certificate, true).await;
    assert_eq!(site.get("/health").await.set_cookies(), ["near=1; Secure", "deep=1; Secure"]);
}

// ---- Nested policies, HTTP/2, the peer, and requests that Rocket rejects.

#[tokio::test]
async fn either_of_two_policies_can_refuse() {
    for policies in [[policy_allowing_http(), Policy::builder()], [Policy::builder(), policy_allowing_http()]] {
        let (app, count) = counting_app();
        let app = policies.into_iter().map(fairing).fold(app, Rocket::attach);
        let site = Site::new(app, certificate(), false).await;
        let reply = site.get("/a").await;
        assert_eq!((reply.status, without_reason(&reply.body), count.load(Ordering::SeqCst)), (403, HTTPS_ONLY, 0));
    }
}

#[tokio::test]
async fn http_2_redirect_uses_the_authority() {
    let site = Site::http(routes![set], fairing(Policy::builder())).await;
    let client = site.new_client(reqwest::ClientBuilder::http2_prior_knowledge);
    let response = client.0.get(site.url("/set?a=b")).header("Accept", "text/html").send().await.unwrap();
    assert_eq!((response.version(), response.status().as_u16()), (http::Version::HTTP_2, 308));
    assert_eq!(response.headers()["location"], "https://www.site.example/set?a=b");
}

#[tokio::test]
async fn ip_header_does_not_change_the_peer() {
    let proxy = TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.1"]).unwrap());
    let config = Config { ip_header: Some("X-Real-IP".into()), ..config(None) };
    let policy = PolicyFairing::new(policy_allowing_http().build().unwrap(), proxy);
    let site = Site::new(rocket::custom(config).attach(policy).mount("/", routes![set]), certificate(), false).await;
    let reply = site.get_with("/set", &[("X-Real-IP", "10.0.0.1"), ("X-Forwarded-Proto", "https")]).await;
    assert_eq!((reply.status, reply.set_cookies()), (403, vec![]));
}

/// Contains the guard's error, which a catcher reads.
#[derive(Default)]
struct GuardError(Mutex<Option<ExtractError>>);

#[catch(400)]
async fn bad(request: &Request<'_>) -> &'static str {
    let failed = request.guard::<Cookies>().await.failed();
    *request.rocket().state::<GuardError>().unwrap().0.lock().unwrap() = failed.map(|(_, error)| error);
    "bad"
}

#[tokio::test]
async fn unparsable_request_has_no_jar() {
    let app = rocket::custom(config(None)).attach(fairing(Policy::builder())).register("/", catchers![bad]);
    let app = app.manage(GuardError::default()).ignite().await.unwrap();
    let client = LocalClient::tracked(app).await.unwrap();
    let response = client.get("no path at all").dispatch().await;
    assert_eq!(response.status(), Status::BadRequest);
    let error = client.rocket().state::<GuardError>().unwrap().0.lock().unwrap().take().unwrap();
    assert_eq!(error.client_message(), INTERNAL_ERROR);
    assert!(error.to_string().starts_with("Rocket could not parse this request and ran no fairing"), "{error}");

    let site = Site::http(routes![health], fairing(Policy::builder())).await;
    let response = site.send_raw(&format!("QUERY / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")).await;
    assert!(response.starts_with("HTTP/1.1 400 ") && !response.contains("set-cookie"), "{response}");
}

// ---- Catchers that the policy does not check.

/// A catcher that sets a cookie by hand.
struct SetsCookie;

impl<'r> rocket::response::Responder<'r, 'static> for SetsCookie {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        Response::build().raw_header("Set-Cookie", "sid=1").ok()
    }
}

#[catch(400)]
fn for_400() -> SetsCookie {
    SetsCookie
}

#[catch(default)]
fn for_every_status() -> SetsCookie {
    SetsCookie
}

#[catch(404)]
fn for_404() -> SetsCookie {
    SetsCookie
}

#[tokio::test]
async fn catchers_for_400_are_reported_at_launch() {
    let reports = async |app: Rocket<Build>| {
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = events.clone();
        let policy = Policy::builder().on_event(move |event| {
            assert_eq!((event.kind, event.rule), (hardtack::event::Kind::Notice, Code::UncheckedCatcher));
            seen.lock().unwrap().push(event.to_string());
        });
        app.attach(fairing(policy)).ignite().await.unwrap();
        events.lock().unwrap().clone()
    };
    let text = |catcher: &str| {
        format!(
            "notice (unchecked-catcher): the catcher {catcher} also responds to requests that Rocket cannot parse, such \
             as a request with an unknown method; Rocket runs no fairing for them, so the policy does not change the \
             catcher's response; set no cookies in this catcher"
        )
    };
    let app = || rocket::custom(config(None)).mount("/", routes![health]);
    assert_eq!(reports(app()).await, [""; 0]);
    assert_eq!(reports(app().register("/", catchers![for_404])).await, [""; 0]);
    let both = app().register("/", catchers![for_400]).register("/api", catchers![for_every_status]);
    let both = reports(both).await;
    assert_eq!(
        both,
        [text("`for_400` for the status 400 at `/`"), text("`for_every_status` for every status at `/api`")]
    );
    // A fairing that is attached later can register a catcher too.
    let stage = AdHoc::on_ignite("stage", |app| async { app.register("/", catchers![for_400]) });
    let stage = AdHoc::on_ignite("outer stage", move |app| async move { app.attach(stage) });
    assert_eq!(reports(app().attach(stage)).await, [text("`for_400` for the status 400 at `/`")]);
}

/// Tests a limit that the security page describes: Rocket runs no fairing for a request that it cannot parse.
#[tokio::test]
async fn unknown_method_reaches_a_catcher_unchecked() {
    let app = rocket::custom(config(None)).attach(fairing(Policy::builder())).mount("/", routes![health]);
    let site = Site::new(app.register("/", catchers![for_400, for_404]), certificate(), false).await;
    let send = async |line: &str| {
        site.send_raw(&format!("{line} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")).await
    };
    let unchecked = send("BREW /nowhere").await;
    assert!(unchecked.contains("\r\nset-cookie: sid=1\r\n"), "{unchecked}");
    // The policy refuses a request that Rocket can parse, and no catcher runs.
    let refused = send("GET /nowhere").await;
    assert!(refused.starts_with("HTTP/1.1 403 ") && !refused.contains("set-cookie"), "{refused}");
}
