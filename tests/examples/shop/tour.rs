//! The tour starts the shop on free ports and sends requests to the shop. The tour prints each request and each
//! response, and explains what the response proves. The tour fails if a response is not as expected. The tour prints
//! cookie values, and shortens sealed values. A real program must not print cookie values.

use std::error::Error;
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, COOKIE, HeaderName, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Request};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum_server::Handle;
use hardtack::event::Kind;
use hardtack::policy::{Baseline, ForceHttps, Hsts};
use hardtack::seal::{Key, Keyring};
use hardtack::testing::{self, Device};
use hardtack::{AnyScheme, Cookies, Policy, PolicyHandle, SameSite};
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::{Client, RequestBuilder, StatusCode, Url};

use crate::tls::Certificate;
use crate::{Lang, Ports, Shop, app, routes, serve, tls_config};

/// The host is not `localhost`, because clients treat `localhost` as secure even over plain HTTP. So a tour on
/// `localhost` would prove less.
const HOST: &str = "shop.test";
const HTML: &str = "text/html,*/*;q=0.8";
const FORM: &str = "application/x-www-form-urlencoded";
const SESSION_ID: HeaderName = HeaderName::from_static("sec-secure-session-id");
const EXPIRED: &str = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let certificate = Certificate::for_names(&[HOST])?;
    let stop = Handle::new();

    let ports = Ports::listen(0, 0)?;
    let (https_port, http_port) = ports.numbers()?;
    let force = ForceHttps::on().https_port(https_port).api_paths(["/api"]);
    let keyring = Keyring::new(Key::generate());
    let policy = PolicyHandle::new(Policy::builder().force_https(force.clone()).keyring(keyring.clone()).build()?);
    // The tour moves the clock of this server forward, instead of waiting for ten minutes.
    let clock = Clock::default();
    let strict = app(routes().merge(more_routes()), &policy).layer(from_fn_with_state(clock.clone(), run_at));
    let strict = tokio::spawn(serve(strict, tls_config(&certificate).await?, ports, stop.clone()));

    let ports = Ports::listen(0, 0)?;
    let (_, open_port) = ports.numbers()?;
    let lenient = PolicyHandle::new(Policy::builder().force_https(ForceHttps::off()).build()?);
    let open = app(routes().merge(more_routes()), &lenient);
    let open = tokio::spawn(serve(open, tls_config(&certificate).await?, ports, stop.clone()));

    let https = format!("https://{HOST}:{https_port}");
    let http = format!("http://{HOST}:{http_port}");
    let plain = format!("http://{HOST}:{open_port}");
    println!("The shop is running. Lines that begin with `hardtack:` are the server's log.\n");
    println!("  {https}   the shop over TLS");
    println!("  {http}    the shop over plain HTTP");
    println!("  {plain}    the shop over plain HTTP, with a policy in which `force_https` is off");

    let mut tour = Tour::new(&certificate)?;
    over_tls(&mut tour, &https).await?;
    stolen_cookies(&mut tour, &https, &clock).await?;
    over_plain_http(&mut tour, &http, https_port).await?;
    without_force_https(&mut tour, &plain).await?;
    cookies_of_other_code(&mut tour, &https).await?;
    unreadable_cookies(&mut tour, &https).await?;
    sign_out(&mut tour, &https).await?;
    let stricter = Policy::builder().force_https(force).keyring(keyring);
    let stricter = stricter.baseline(Baseline::new().same_site(SameSite::Strict));
    apply_policy(&mut tour, &https, &policy, stricter.hsts(Hsts::one_year().include_subdomains()).build()?).await?;

    tour.step("Stop the server");
    stop.shutdown();
    strict.await??;
    open.await??;
    let closed = Client::builder().no_proxy().build()?.get(format!("http://127.0.0.1:{http_port}/")).send().await;
    tour.check(closed.is_err_and(|error| error.is_connect()), "the port is closed");
    tour.end()
}

/// Returns routes that only the tour needs. The handlers of the tour's routes try to do things that hardtack prevents.
fn more_routes() -> Router<Arc<Shop>> {
    Router::new()
        // This handler runs over both schemes, so `set` checks the scheme at run time. Only for the tour, the handler
        // sends the error's text to the client. If the handler returned the error with `?`, the response would have the
        // status 403 and no details.
        .route(
            "/either",
            get(|cookies: Cookies<AnyScheme>| async move {
                match cookies.set(Lang::De) {
                    Ok(()) => "set".to_owned(),
                    Err(error) => format!("not set: {error}"),
                }
            }),
        )
        // Old code that writes the header by hand.
        .route("/legacy", get(|| async { ([(SET_COOKIE, "legacy=1; Secure")], "from old code") }))
        // A session library that does not use hardtack. The response of the session library allows a shared cache to
        // store the session cookie.
        .route(
            "/forum",
            get(|| async {
                let headers = [(SET_COOKIE, "PHPSESSID=3f9a; path=/forum"), (CACHE_CONTROL, "public, max-age=60")];
                (headers, "from the forum")
            }),
        )
}

async fn over_tls(tour: &mut Tour, https: &str) -> Result<(), Box<dyn Error>> {
    tour.step("Sign in over TLS");
    let form = "name=Ada+%3Cada%40shop.test%3E&lang=de";
    let reply = tour.send(tour.client.post(format!("{https}/sign-in")).header(CONTENT_TYPE, FORM).body(form)).await?;
    tour.check(reply.status == StatusCode::SEE_OTHER, "signed in, and redirected to the page");
    let (session, theme, lang) = match reply.set_cookies.as_slice() {
        [session, lang, theme] => (session.as_str(), theme.as_str(), lang.as_str()),
        _ => ("", "", ""),
    };
    let sealed = session.strip_prefix("__Host-Http-session=").and_then(|rest| rest.split(';').next());
    let sealed = sealed.unwrap_or_default();
    tour.check(
        session == format!("__Host-Http-session={sealed}; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict")
            && sealed.len() > 100,
        "the session cookie, declared in one line:\n\
         sealed           the value is encrypted; nobody can read or change it\n\
         Secure           browsers send it over TLS only\n\
         HttpOnly         scripts cannot read it\n\
         SameSite=Strict  browsers do not send it with requests from other sites\n\
         Max-Age=28800    it expires after 8 hours\n\
         Path=/           browsers send it to all pages of this host\n\
         no Domain        browsers do not send it to other hosts of the site\n\
         __Host-Http-     browsers that know the prefix reject the cookie if Secure, HttpOnly or Path=/ is missing,\n\
         \u{20}                or if it has a Domain",
    );
    tour.check(
        theme == "__Host-theme=light; Path=/; Max-Age=31536000; Secure; SameSite=Lax",
        "the theme cookie: its declaration allows scripts to read it, with a reason; so it has no HttpOnly, and the \
         prefix `__Host-`",
    );
    tour.check(
        lang == "__Host-Http-lang=de; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax",
        "the language cookie: only Max-Age is declared, all other attributes are defaults",
    );

    tour.step("Visit the page again");
    let reply = tour.send(tour.client.get(format!("{https}/")).header(ACCEPT, HTML)).await?;
    tour.check(
        reply.body.contains("Willkommen an Bord, Ada &lt;ada@shop.test&gt;."),
        "the visitor is recognised, and the name is escaped",
    );
    tour.check(reply.set_cookies.is_empty(), "no cookie is set again");

    tour.step("Choose a theme");
    let request = tour.client.post(format!("{https}/theme")).header(CONTENT_TYPE, FORM).body("theme=dark");
    let reply = tour.send(request).await?;
    tour.check(
        reply.set_cookies == ["__Host-theme=dark; Path=/; Max-Age=31536000; Secure; SameSite=Lax"],
        "one `Set-Cookie` header, for one cookie",
    );
    let reply = tour.send(tour.client.get(format!("{https}/api/me"))).await?;
    tour.check(
        reply.status == StatusCode::OK && reply.body == "Ada <ada@shop.test>",
        "the API recognises the visitor too",
    );
    Ok(())
}

/// A thief copies the cookies of a browser with device-bound sessions. The tour plays the browser: `testing::Device`
/// has the browser's key, and the tour sends the two requests that Chrome and Edge send by themselves.
async fn stolen_cookies(tour: &mut Tour, https: &str, clock: &Clock) -> Result<(), Box<dyn Error>> {
    tour.step("Sign in with a browser that has device-bound sessions");
    let form = "name=Ada+%3Cada%40shop.test%3E&lang=de";
    let request = tour.client.post(format!("{https}/sign-in")).header(CONTENT_TYPE, FORM).body(form);
    let reply = tour.send(request).await?;
    let mut device = Device::new();
    let registration = device.register(&reply.headers);
    tour.check(
        registration.is_some(),
        "the response to a sign-in offers a registration; other browsers ignore the offer",
    );
    let Some(registration) = registration else { return Ok(()) };

    tour.step("The browser makes a key, and registers it");
    let reply = tour.send_for(&mut device, https, &registration, None).await?;
    let (companion, session) = match reply.set_cookies.as_slice() {
        [companion, session] => (companion.as_str(), session.as_str()),
        _ => ("", ""),
    };
    tour.check(
        reply.status == StatusCode::OK
            && companion.starts_with("__Host-session-key=")
            && companion.ends_with("; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Strict"),
        "hardtack answers the registration, and sets a second cookie that lives for ten minutes: the companion",
    );
    tour.check(
        session.starts_with("__Host-Http-session="),
        "the session cookie is set again: from now on, it counts only together with a valid companion",
    );
    let reply = tour.send(tour.client.post(format!("{https}/api/order"))).await?;
    tour.check(
        reply.status == StatusCode::OK,
        "the visitor orders; the handler takes `Bound<Session>`, so it needs a proof",
    );

    tour.step("A thief copies the cookies");
    let stolen = tour.jar.cookies(&Url::parse(https)?).ok_or("the client has no cookies")?;
    let thief = Tour::client(&tour.certificate)?.build()?;
    let reply = tour.send(thief.get(format!("{https}/api/me")).header(COOKIE, &stolen)).await?;
    tour.check(reply.status == StatusCode::OK, "the copy works, but only until the companion expires");

    tour.step("Ten minutes later");
    clock.advance(601);
    let reply = tour.send(thief.get(format!("{https}/api/me")).header(COOKIE, &stolen)).await?;
    tour.check(reply.status == StatusCode::UNAUTHORIZED, "the companion has expired, so the thief is signed out");
    let reply = tour.send(thief.post(format!("{https}/api/order")).header(COOKIE, &stolen)).await?;
    tour.check(reply.status == StatusCode::FORBIDDEN, "`Bound<Session>` refuses the thief");

    tour.step("The thief asks for a new companion");
    // The session identifier is in no cookie. This thief has read it in another way.
    let Some(refresh) = device.refresh() else { return Err("no session is registered".into()) };
    let mut without_key = Request::post(refresh.uri().path()).body(())?;
    without_key.headers_mut().extend(refresh.headers().get("sec-secure-session-id").map(|id| (SESSION_ID, id.clone())));
    let reply = tour.send_for(&mut Device::new(), https, &without_key, Some((&thief, &stolen))).await?;
    tour.check(reply.is_refused(), "the server wants a proof, and the thief has no key");

    tour.step("The visitor's browser asks for a new companion");
    let reply = tour.send_for(&mut device, https, &refresh, None).await?;
    tour.check(reply.is_refused(), "the last proof is too old; the response has a new challenge");
    let Some(refresh) = device.refresh() else { return Err("the session has ended".into()) };
    let reply = tour.send_for(&mut device, https, &refresh, None).await?;
    tour.check(
        reply.status == StatusCode::OK
            && matches!(&*reply.set_cookies, [cookie] if cookie.starts_with("__Host-session-key=")),
        "the browser signs the challenge with its key, and gets a new companion",
    );
    let reply = tour.send(tour.client.get(format!("{https}/api/me"))).await?;
    tour.check(
        reply.status == StatusCode::OK && reply.body == "Ada <ada@shop.test>",
        "the visitor is still signed in, and has noticed nothing",
    );
    Ok(())
}

async fn over_plain_http(tour: &mut Tour, http: &str, https_port: u16) -> Result<(), Box<dyn Error>> {
    tour.step("Request a page over plain HTTP");
    let reply = tour.send(tour.client.get(format!("{http}/?from=plain")).header(ACCEPT, HTML)).await?;
    tour.check(reply.status == StatusCode::PERMANENT_REDIRECT, "a page request is redirected before a handler runs");
    let same = format!("https://{HOST}:{https_port}/?from=plain");
    tour.check(reply.location == Some(same), "to the same URL over https");

    tour.step("Call an API over plain HTTP");
    let reply = tour.send(tour.client.get(format!("{http}/api/me")).header(ACCEPT, HTML)).await?;
    tour.check(
        reply.is_refused() && reply.location.is_none(),
        "an API request is refused, not redirected: a program that sends secrets in plain text must fail visibly",
    );

    tour.step("Sign in over plain HTTP");
    let request = tour.client.post(format!("{http}/sign-in")).header(CONTENT_TYPE, FORM).body("name=Eve&lang=en");
    let reply = tour.send(request).await?;
    tour.check(reply.is_refused(), "a form is refused: its content was already sent in plain text");

    tour.step("Forge `X-Forwarded-Proto: https`");
    let request = tour.client.post(format!("{http}/sign-in")).header("X-Forwarded-Proto", "https");
    let reply = tour.send(request.header(CONTENT_TYPE, FORM).body("name=Eve&lang=en")).await?;
    tour.check(
        reply.is_refused(),
        "the header is ignored, because the server has no trusted proxy: any client can send it",
    );
    Ok(())
}

async fn without_force_https(tour: &mut Tour, plain: &str) -> Result<(), Box<dyn Error>> {
    tour.step("Without `force_https`: a handler that takes `Cookies<AnyScheme>` sets a Secure cookie");
    let reply = tour.send(tour.client.get(format!("{plain}/either"))).await?;
    tour.check(reply.status == StatusCode::OK, "the handler ran, and its response was sent");
    tour.check(
        reply.body.starts_with("not set: `__Host-Http-lang` is a Secure cookie and cannot be sent over plain HTTP")
            && reply.set_cookies.is_empty(),
        "`set` returned `SetError::NotHttps` with the evidence, and the response has no `Set-Cookie` header",
    );
    let reply = tour.send(tour.client.get(format!("{plain}/either")).header("X-Forwarded-Proto", "https")).await?;
    tour.check(
        reply.body.starts_with("not set") && reply.set_cookies.is_empty(),
        "a forged `X-Forwarded-Proto` changes nothing",
    );

    tour.step("Without `force_https`: request a handler that takes `Cookies`");
    let reply = tour.send(tour.client.get(format!("{plain}/")).header(ACCEPT, HTML)).await?;
    tour.check(
        reply.is_refused() && reply.body == "this page works over HTTPS only",
        "the extractor refuses the request before the handler runs: the client gets a short text, the log the evidence",
    );

    tour.step("Without `force_https`: old code writes `Set-Cookie: legacy=1; Secure` by hand");
    let reply = tour.send(tour.client.get(format!("{plain}/legacy"))).await?;
    tour.check(
        reply.status == StatusCode::OK && reply.body == "from old code" && reply.set_cookies.is_empty(),
        "the layer dropped the `Set-Cookie` header and sent the rest of the response",
    );
    Ok(())
}

async fn cookies_of_other_code(tour: &mut Tour, https: &str) -> Result<(), Box<dyn Error>> {
    tour.step("A session library sets a cookie without attributes");
    let reply = tour.send(tour.client.get(format!("{https}/forum"))).await?;
    tour.check(
        reply.set_cookies == ["PHPSESSID=3f9a; path=/forum; Secure; HttpOnly; SameSite=Lax"],
        "the policy added the missing attributes and changed nothing else",
    );
    tour.check(reply.header("cache-control") == "private, max-age=60", "no shared cache may store the response");
    tour.check(
        reply.header("strict-transport-security") == "max-age=31536000",
        "browsers use only https for this host from now on",
    );
    Ok(())
}

async fn apply_policy(
    tour: &mut Tour,
    https: &str,
    handle: &PolicyHandle,
    policy: Policy,
) -> Result<(), Box<dyn Error>> {
    tour.step("Apply a stricter policy to the running server: `SameSite=Strict` for every cookie, HSTS for subdomains");
    handle.apply(policy);
    let reply = tour.send(tour.client.get(format!("{https}/forum"))).await?;
    tour.check(
        reply.set_cookies == ["PHPSESSID=3f9a; path=/forum; Secure; HttpOnly; SameSite=Strict"]
            && reply.header("strict-transport-security") == "max-age=31536000; includeSubDomains",
        "the next request is handled under the new policy",
    );
    let reply =
        tour.send(tour.client.post(format!("{https}/theme")).header(CONTENT_TYPE, FORM).body("theme=light")).await?;
    tour.check(
        reply.set_cookies == ["__Host-theme=light; Path=/; Max-Age=31536000; Secure; SameSite=Strict"],
        "the policy makes a declared cookie stricter too",
    );
    let hardened = handle.counters().get(Kind::HeaderHardened);
    tour.check(hardened == 4, &format!("there is a counter for each kind of event: {hardened} headers were hardened"));
    Ok(())
}

async fn unreadable_cookies(tour: &mut Tour, https: &str) -> Result<(), Box<dyn Error>> {
    let other = Tour::client(&tour.certificate)?.build()?;

    tour.step("Send a theme that does not exist");
    let reply = tour.send(other.get(format!("{https}/")).header(COOKIE, "__Host-theme=purple")).await?;
    tour.check(reply.status == StatusCode::OK, "status 200: a cookie that cannot be read counts as absent");
    tour.check(reply.set_cookies.is_empty(), "a read changes nothing; the next `set` repairs the cookie");

    tour.step("Send two sessions, as if another host had planted one");
    let twice = "__Host-Http-session=mine; __Host-Http-session=planted";
    let reply = tour.send(other.get(format!("{https}/")).header(COOKIE, twice)).await?;
    tour.check(reply.status == StatusCode::OK, "status 200: neither value is used, so the visitor is signed out");
    tour.check(reply.set_cookies.is_empty(), "a read changes nothing; the next sign-in repairs the cookie");
    Ok(())
}

async fn sign_out(tour: &mut Tour, https: &str) -> Result<(), Box<dyn Error>> {
    tour.step("Sign out");
    let url = Url::parse(https)?;
    tour.check(tour.jar.cookies(&url).is_some(), "before the request, the client stores the cookies");
    let reply = tour.send(tour.client.post(format!("{https}/sign-out"))).await?;
    tour.check(
        reply.set_cookies
            == [
                format!("__Host-session-key=; Path=/; {EXPIRED}; Secure; HttpOnly; SameSite=Strict"),
                format!("__Host-Http-session=; Path=/; {EXPIRED}; Secure; HttpOnly; SameSite=Strict"),
                format!("__Host-theme=; Path=/; {EXPIRED}; Secure; SameSite=Lax"),
                format!("__Host-Http-lang=; Path=/; {EXPIRED}; Secure; HttpOnly; SameSite=Lax"),
            ],
        "each removal has the attributes of its declaration; otherwise browsers would not remove the cookie",
    );
    tour.check(tour.jar.cookies(&url).is_none(), "the client has no cookie left");
    let reply = tour.send(tour.client.get(format!("{https}/api/me"))).await?;
    tour.check(reply.status == StatusCode::UNAUTHORIZED, "the visitor is signed out");
    Ok(())
}

/// Returns the text for the terminal. Shortens sealed values and proofs, which are long base64 texts.
fn shortened(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let is_base64 = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let mut short = String::new();
    for word in text.split_inclusive(|character| !is_base64(character)) {
        let (base64, rest) = match word.find(|character| !is_base64(character)) {
            Some(end) => word.split_at(end),
            None => (word, ""),
        };
        match base64.get(..24) {
            Some(start) if base64.len() > 56 => short.extend([start, "…", rest]),
            _ => short.push_str(word),
        }
    }
    short
}

/// The clock of the server that the tour moves forward.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// Handles a request at the time of the clock.
async fn run_at(State(clock): State<Clock>, request: axum::extract::Request, next: Next) -> Response {
    let mut response = Box::pin(next.run(request));
    poll_fn(move |context| {
        let time = SystemTime::now() + Duration::from_secs(clock.0.load(Ordering::Relaxed));
        testing::at(time, || response.as_mut().poll(context))
    })
    .await
}

/// A visitor of the shop: a client with a cookie store. The visitor also counts the checks that fail.
struct Tour {
    certificate: Certificate,
    client: Client,
    jar: Arc<Jar>,
    steps: u32,
    failures: u32,
}

/// The parts of a response that a step checks.
struct Reply {
    status: StatusCode,
    location: Option<String>,
    set_cookies: Vec<String>,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn is_refused(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && self.set_cookies.is_empty()
    }
}

impl Tour {
    fn new(certificate: &Certificate) -> Result<Self, Box<dyn Error>> {
        let jar = Arc::new(Jar::default());
        let client = Tour::client(certificate)?.cookie_provider(jar.clone()).build()?;
        Ok(Tour { certificate: certificate.clone(), client, jar, steps: 0, failures: 0 })
    }

    /// Returns the builder of a client that resolves the shop's host name to loopback.
    fn client(certificate: &Certificate) -> reqwest::Result<reqwest::ClientBuilder> {
        Ok(certificate.client()?.resolve(HOST, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
    }

    fn step(&mut self, title: &str) {
        self.steps += 1;
        println!("\n{:2}. {title}", self.steps);
    }

    /// Sends a request, and prints the request and its response.
    async fn send(&self, request: RequestBuilder) -> Result<Reply, Box<dyn Error>> {
        let (client, request) = request.build_split();
        let request = request?;
        println!("    > {} {}", request.method(), request.url());
        for (name, value) in request.headers() {
            println!("    > {name}: {}", shortened(value.as_bytes()));
        }
        if let (None, Some(cookies)) = (request.headers().get(COOKIE), self.jar.cookies(request.url())) {
            println!("    > cookie: {}", shortened(cookies.as_bytes()));
        }
        if let Some(body) = request.body().and_then(reqwest::Body::as_bytes) {
            println!("    > {}", String::from_utf8_lossy(body));
        }
        let response = client.execute(request).await?;
        let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let reply = Reply {
            status: response.status(),
            location: response.headers().get(LOCATION).map(text),
            set_cookies: response.headers().get_all(SET_COOKIE).iter().map(text).collect(),
            headers: response.headers().clone(),
            body: response.text().await?,
        };
        println!("    < {}", reply.status);
        if let Some(location) = &reply.location {
            println!("    < location: {location}");
        }
        for header in &reply.set_cookies {
            println!("    < set-cookie: {}", shortened(header.as_bytes()));
        }
        for name in
            ["secure-session-registration", "secure-session-challenge", "cache-control", "strict-transport-security"]
        {
            if !reply.header(name).is_empty() {
                println!("    < {name}: {}", shortened(reply.header(name).as_bytes()));
            }
        }
        match reply.body.lines().collect::<Vec<_>>().as_slice() {
            [] => {}
            [line] => println!("    < {}", shortened(line.as_bytes())),
            lines => println!("    < (a page of {} lines)", lines.len()),
        }
        Ok(reply)
    }

    /// Sends a request that the device has made. The argument `thief` contains the client and the cookies of a thief.
    /// If there is a thief, the thief sends the request. The device reads the response.
    async fn send_for(
        &self,
        device: &mut Device,
        https: &str,
        request: &Request<()>,
        thief: Option<(&Client, &HeaderValue)>,
    ) -> Result<Reply, Box<dyn Error>> {
        let url = format!("{https}{}", request.uri().path());
        let builder = match thief {
            Some((client, cookies)) => client.post(url).header(COOKIE, cookies),
            None => self.client.post(url),
        };
        let reply = self.send(builder.headers(request.headers().clone())).await?;
        let mut response = axum::http::Response::new(reply.body.clone());
        *response.status_mut() = reply.status;
        response.headers_mut().clone_from(&reply.headers);
        device.store(&response);
        Ok(reply)
    }

    fn check(&mut self, is_true: bool, statement: &str) {
        let verdict = if is_true { "ok" } else { "FAILED" };
        self.failures += u32::from(!is_true);
        println!("    {verdict}: {}", statement.replace('\n', "\n        "));
    }

    fn end(self) -> Result<(), Box<dyn Error>> {
        if self.failures > 0 {
            return Err(format!("\n{} checks of the tour failed", self.failures).into());
        }
        println!("\nAll {} steps succeeded.", self.steps);
        Ok(())
    }
}
