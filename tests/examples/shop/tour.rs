//! The tour: starts the shop on free ports, is its own client, says in words what it sees, and fails where anything is
//! not as expected. The values are made up, so that they can be printed.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::routing::get;
use axum_server::Handle;
use hardtack::{AnyScheme, Cookies, EventKind, Floor, ForceHttps, Hsts, Policy, PolicyHandle, SameSite};
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::{Client, RequestBuilder, StatusCode, Url};

use crate::tls::Certificate;
use crate::{Lang, Ports, Shop, app, routes, serve, tls_config};

/// Not `localhost`: clients treat that one as secure over plain HTTP, and the tour would prove less.
const HOST: &str = "shop.test";
const HTML: &str = "text/html,*/*;q=0.8";
const FORM: &str = "application/x-www-form-urlencoded";
const GONE: &str = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let certificate = Certificate::for_names(&[HOST])?;
    let stop = Handle::new();

    let ports = Ports::listen(0, 0)?;
    let (https_port, http_port) = ports.numbers()?;
    let force = ForceHttps::on().https_port(https_port).integrations(["/api"]);
    let policy = PolicyHandle::new(Policy::builder().force_https(force.clone()).build()?);
    let strict = app(routes().merge(more_routes()), &policy);
    let strict = tokio::spawn(serve(strict, tls_config(&certificate).await?, ports, stop.clone()));

    let ports = Ports::listen(0, 0)?;
    let (_, open_port) = ports.numbers()?;
    let lenient = PolicyHandle::new(Policy::builder().force_https(ForceHttps::off()).build()?);
    let open = app(routes().merge(more_routes()), &lenient);
    let open = tokio::spawn(serve(open, tls_config(&certificate).await?, ports, stop.clone()));

    let https = format!("https://{HOST}:{https_port}");
    let http = format!("http://{HOST}:{http_port}");
    let plain = format!("http://{HOST}:{open_port}");
    println!("The shop is open for a tour. Lines that begin with `hardtack:` are the server's log.\n");
    println!("  {https}   over TLS");
    println!("  {http}    the same application over plain HTTP");
    println!("  {plain}    an application over plain HTTP whose policy has `force_https` off");

    let mut tour = Tour::new(&certificate)?;
    over_tls(&mut tour, &https).await?;
    over_plain_http(&mut tour, &http, https_port).await?;
    without_force_https(&mut tour, &plain).await?;
    cookies_of_others(&mut tour, &https).await?;
    unreadable(&mut tour, &https).await?;
    signing_out(&mut tour, &https).await?;
    let stricter = Policy::builder().force_https(force).floor(Floor::new().same_site(SameSite::Strict));
    applied(&mut tour, &https, &policy, stricter.hsts(Hsts::one_year().subdomains()).build()?).await?;

    tour.step("Close the shop");
    stop.shutdown();
    strict.await??;
    open.await??;
    let closed = Client::builder().no_proxy().build()?.get(format!("http://127.0.0.1:{http_port}/")).send().await;
    tour.proves(closed.is_err_and(|error| error.is_connect()), "nobody listens any more");
    tour.end()
}

/// What the tour needs and a shop does not: handlers that try what hardtack refuses.
fn more_routes() -> Router<Arc<Shop>> {
    Router::new()
        // A handler that runs over either scheme and asks while it runs. That the client reads the error is for the
        // tour; `?` would answer 403 and no more.
        .route(
            "/either",
            get(|cookies: Cookies<AnyScheme>| async move {
                match cookies.set(Lang::De) {
                    Ok(()) => "set".to_owned(),
                    Err(error) => format!("not set: {error}"),
                }
            }),
        )
        // Old code that writes its own line, with the flag appended by hand.
        .route("/legacy", get(|| async { ([(SET_COOKIE, "legacy=1; Secure")], "from old code") }))
        // A session library that knows nothing of us, and would let a shared cache keep its cookie.
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
    let answer = tour.ask(tour.client.post(format!("{https}/sign-in")).header(CONTENT_TYPE, FORM).body(form)).await?;
    tour.proves(answer.status == StatusCode::SEE_OTHER, "signed in, and sent back to the page");
    let (session, theme, lang) = match answer.set_cookie.as_slice() {
        [session, lang, theme] => (session.as_str(), theme.as_str(), lang.as_str()),
        _ => ("", "", ""),
    };
    let id = session.strip_prefix("__Host-Http-session=").and_then(|rest| rest.split(';').next()).unwrap_or_default();
    tour.proves(
        session == format!("__Host-Http-session={id}; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict")
            && id.len() == 32,
        "the session, from one line of declaration:\n\
         Secure           it travels over TLS only\n\
         HttpOnly         no script reads it\n\
         SameSite=Strict  no other site's link or form brings it along\n\
         Max-Age=28800    it ends after 8 hours\n\
         Path=/, and no Domain: this host and no sibling\n\
         __Host-Http-     a browser that knows the prefix drops the line if any of this is missing",
    );
    tour.proves(
        theme == "__Host-theme=light; Path=/; Max-Age=31536000; Secure; SameSite=Lax",
        "the theme: for a script, by declaration and with a reason; hence `__Host-` and no HttpOnly",
    );
    tour.proves(
        lang == "__Host-Http-lang=de; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax",
        "the language: two lines of declaration, all else is the default",
    );

    tour.step("Come back");
    let answer = tour.ask(tour.client.get(format!("{https}/")).header(ACCEPT, HTML)).await?;
    tour.proves(answer.body.contains("Willkommen an Bord, Ada &lt;ada@shop.test&gt;."), "known again, name escaped");
    tour.proves(answer.set_cookie.is_empty(), "nothing is set again");

    tour.step("Choose a theme");
    let request = tour.client.post(format!("{https}/theme")).header(CONTENT_TYPE, FORM).body("theme=dark");
    let answer = tour.ask(request).await?;
    tour.proves(
        answer.set_cookie == ["__Host-theme=dark; Path=/; Max-Age=31536000; Secure; SameSite=Lax"],
        "one line, for one cookie",
    );
    let answer = tour.ask(tour.client.get(format!("{https}/api/me"))).await?;
    tour.proves(answer.status == StatusCode::OK && answer.body == "Ada <ada@shop.test>", "a program is known as well");
    Ok(())
}

async fn over_plain_http(tour: &mut Tour, http: &str, https_port: u16) -> Result<(), Box<dyn Error>> {
    tour.step("Ask for a page over plain HTTP");
    let answer = tour.ask(tour.client.get(format!("{http}/?from=plain")).header(ACCEPT, HTML)).await?;
    tour.proves(answer.status == StatusCode::PERMANENT_REDIRECT, "a page is redirected before any handler runs");
    let same = format!("https://{HOST}:{https_port}/?from=plain");
    tour.proves(answer.location == Some(same), "to the same URL over https");

    tour.step("Call an API over plain HTTP");
    let answer = tour.ask(tour.client.get(format!("{http}/api/me")).header(ACCEPT, HTML)).await?;
    tour.proves(
        answer.is_refused() && answer.location.is_none(),
        "an integration is refused and not redirected: a program that sends secrets in the clear must not seem to work",
    );

    tour.step("Sign in over plain HTTP");
    let request = tour.client.post(format!("{http}/sign-in")).header(CONTENT_TYPE, FORM).body("name=Eve&lang=en");
    let answer = tour.ask(request).await?;
    tour.proves(answer.is_refused(), "a form is refused: its content has travelled in the clear already");

    tour.step("Forge `X-Forwarded-Proto: https`");
    let request = tour.client.post(format!("{http}/sign-in")).header("X-Forwarded-Proto", "https");
    let answer = tour.ask(request.header(CONTENT_TYPE, FORM).body("name=Eve&lang=en")).await?;
    tour.proves(answer.is_refused(), "a header that anybody can write is believed of nobody: no proxy was named");
    Ok(())
}

async fn without_force_https(tour: &mut Tour, plain: &str) -> Result<(), Box<dyn Error>> {
    tour.step("Without `force_https`: set a Secure cookie from a handler that takes `Cookies<AnyScheme>`");
    let answer = tour.ask(tour.client.get(format!("{plain}/either"))).await?;
    tour.proves(answer.status == StatusCode::OK, "the handler ran, and its response went on");
    tour.proves(
        answer.body.starts_with("not set: `__Host-Http-lang` is a Secure cookie and cannot be sent over plain HTTP")
            && answer.set_cookie.is_empty(),
        "`set` returned `SetError::NotHttps` with the evidence, and no Set-Cookie left",
    );
    let answer = tour.ask(tour.client.get(format!("{plain}/either")).header("X-Forwarded-Proto", "https")).await?;
    tour.proves(
        answer.body.starts_with("not set") && answer.set_cookie.is_empty(),
        "nor with a forged `X-Forwarded-Proto`",
    );

    tour.step("Without `force_https`: ask a handler that takes `Cookies`");
    let answer = tour.ask(tour.client.get(format!("{plain}/")).header(ACCEPT, HTML)).await?;
    tour.proves(
        answer.is_refused() && answer.body == "this page works over HTTPS only",
        "the extractor refuses before the handler runs; the client gets a plain sentence, the log the evidence",
    );

    tour.step("Without `force_https`: let old code write `Set-Cookie: legacy=1; Secure` by hand");
    let answer = tour.ask(tour.client.get(format!("{plain}/legacy"))).await?;
    tour.proves(
        answer.status == StatusCode::OK && answer.body == "from old code" && answer.set_cookie.is_empty(),
        "the layer held the line back, and the page went on",
    );
    Ok(())
}

async fn cookies_of_others(tour: &mut Tour, https: &str) -> Result<(), Box<dyn Error>> {
    tour.step("Let a session library set a cookie as careless as in 1999");
    let answer = tour.ask(tour.client.get(format!("{https}/forum"))).await?;
    tour.proves(
        answer.set_cookie == ["PHPSESSID=3f9a; path=/forum; Secure; HttpOnly; SameSite=Lax"],
        "the policy hardened what it lacked and touched no other octet",
    );
    tour.proves(answer.header("cache-control") == "private, max-age=60", "and no shared cache keeps it");
    tour.proves(
        answer.header("strict-transport-security") == "max-age=31536000",
        "and the browser uses https for this host from now on",
    );
    Ok(())
}

async fn applied(tour: &mut Tour, https: &str, handle: &PolicyHandle, policy: Policy) -> Result<(), Box<dyn Error>> {
    tour.step("Apply a stricter policy to the running server: `SameSite=Strict` for every cookie, HSTS for subdomains");
    handle.apply(policy);
    let answer = tour.ask(tour.client.get(format!("{https}/forum"))).await?;
    tour.proves(
        answer.set_cookie == ["PHPSESSID=3f9a; path=/forum; Secure; HttpOnly; SameSite=Strict"]
            && answer.header("strict-transport-security") == "max-age=31536000; includeSubDomains",
        "the next request sees all of it",
    );
    let answer =
        tour.ask(tour.client.post(format!("{https}/theme")).header(CONTENT_TYPE, FORM).body("theme=light")).await?;
    tour.proves(
        answer.set_cookie == ["__Host-theme=light; Path=/; Max-Age=31536000; Secure; SameSite=Strict"],
        "a declared cookie is raised too: a policy is only ever stricter",
    );
    let hardened = handle.counters().get(EventKind::LineHardened);
    tour.proves(hardened == 4, &format!("a counter for each kind of event: {hardened} lines hardened so far"));
    Ok(())
}

async fn unreadable(tour: &mut Tour, https: &str) -> Result<(), Box<dyn Error>> {
    let other = Tour::client(&tour.certificate)?.build()?;

    tour.step("Send a theme that is none");
    let answer = tour.ask(other.get(format!("{https}/")).header(COOKIE, "__Host-theme=purple")).await?;
    tour.proves(answer.status == StatusCode::BAD_REQUEST, "400: the request is at fault");
    tour.proves(
        answer.set_cookie == [format!("__Host-theme=; Path=/; {GONE}; Secure; SameSite=Lax")],
        "with the removal of that cookie: a value that is no longer understood locks nobody out",
    );

    tour.step("Send a session twice, as when another host tossed one in");
    let twice = "__Host-Http-session=mine; __Host-Http-session=planted";
    let answer = tour.ask(other.get(format!("{https}/")).header(COOKIE, twice)).await?;
    tour.proves(answer.status == StatusCode::BAD_REQUEST, "400: none of the two is believed");
    tour.proves(
        answer.set_cookie == [format!("__Host-Http-session=; Path=/; {GONE}; Secure; HttpOnly; SameSite=Strict")],
        "and the name is cleared",
    );
    Ok(())
}

async fn signing_out(tour: &mut Tour, https: &str) -> Result<(), Box<dyn Error>> {
    tour.step("Sign out");
    let url = Url::parse(https)?;
    tour.proves(tour.jar.cookies(&url).is_some(), "before, the client's store holds the three cookies");
    let answer = tour.ask(tour.client.post(format!("{https}/sign-out"))).await?;
    tour.proves(
        answer.set_cookie
            == [
                format!("__Host-Http-session=; Path=/; {GONE}; Secure; HttpOnly; SameSite=Strict"),
                format!("__Host-theme=; Path=/; {GONE}; Secure; SameSite=Lax"),
                format!("__Host-Http-lang=; Path=/; {GONE}; Secure; HttpOnly; SameSite=Lax"),
            ],
        "each removal has the attributes of its declaration, or a browser would keep the cookie",
    );
    tour.proves(tour.jar.cookies(&url).is_none(), "the client's store is empty");
    let answer = tour.ask(tour.client.get(format!("{https}/api/me"))).await?;
    tour.proves(answer.status == StatusCode::UNAUTHORIZED, "and nobody is signed in");
    Ok(())
}

/// The visitor: a client with a cookie store, and a count of what was not as expected.
struct Tour {
    certificate: Certificate,
    client: Client,
    jar: Arc<Jar>,
    steps: u32,
    failures: u32,
}

/// What a step looks at.
struct Answer {
    status: StatusCode,
    location: Option<String>,
    set_cookie: Vec<String>,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn is_refused(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && self.set_cookie.is_empty()
    }
}

impl Tour {
    fn new(certificate: &Certificate) -> Result<Self, Box<dyn Error>> {
        let jar = Arc::new(Jar::default());
        let client = Tour::client(certificate)?.cookie_provider(jar.clone()).build()?;
        Ok(Tour { certificate: certificate.clone(), client, jar, steps: 0, failures: 0 })
    }

    /// One that finds the host on loopback; the port is the URL's.
    fn client(certificate: &Certificate) -> reqwest::Result<reqwest::ClientBuilder> {
        Ok(certificate.client()?.resolve(HOST, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
    }

    fn step(&mut self, title: &str) {
        self.steps += 1;
        println!("\n{:2}. {title}", self.steps);
    }

    /// Sends a request and prints both sides: what matters of them.
    async fn ask(&self, request: RequestBuilder) -> Result<Answer, Box<dyn Error>> {
        let (client, request) = request.build_split();
        let request = request?;
        println!("    > {} {}", request.method(), request.url());
        for (name, value) in request.headers() {
            println!("    > {name}: {}", String::from_utf8_lossy(value.as_bytes()));
        }
        if let (None, Some(cookies)) = (request.headers().get(COOKIE), self.jar.cookies(request.url())) {
            println!("    > cookie: {}", String::from_utf8_lossy(cookies.as_bytes()));
        }
        if let Some(body) = request.body().and_then(reqwest::Body::as_bytes) {
            println!("    > {}", String::from_utf8_lossy(body));
        }
        let response = client.execute(request).await?;
        let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let answer = Answer {
            status: response.status(),
            location: response.headers().get(LOCATION).map(text),
            set_cookie: response.headers().get_all(SET_COOKIE).iter().map(text).collect(),
            headers: response.headers().clone(),
            body: response.text().await?,
        };
        println!("    < {}", answer.status);
        if let Some(location) = &answer.location {
            println!("    < location: {location}");
        }
        for line in &answer.set_cookie {
            println!("    < set-cookie: {line}");
        }
        for name in ["cache-control", "strict-transport-security"] {
            if !answer.header(name).is_empty() {
                println!("    < {name}: {}", answer.header(name));
            }
        }
        match answer.body.lines().collect::<Vec<_>>().as_slice() {
            [] => {}
            [line] => println!("    < {line}"),
            lines => println!("    < a page of {} lines", lines.len()),
        }
        Ok(answer)
    }

    fn proves(&mut self, holds: bool, what: &str) {
        let verdict = if holds { "ok" } else { "NOT SO" };
        self.failures += u32::from(!holds);
        println!("    {verdict}: {}", what.replace('\n', "\n        "));
    }

    fn end(self) -> Result<(), Box<dyn Error>> {
        if self.failures > 0 {
            return Err(format!("\n{} of what the tour wanted to prove did not hold", self.failures).into());
        }
        println!("\nAll {} steps went as expected.", self.steps);
        Ok(())
    }
}
