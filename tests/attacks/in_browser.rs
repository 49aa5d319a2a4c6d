//! Runs the attacks in a browser. A front server ends TLS, and forwards the requests for the victims' hosts. On all
//! other hosts, and over plain HTTP, the front server responds with the attacker's pages.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, HOST, HeaderValue, SET_COOKIE};
use axum::response::{IntoResponse as _, Response};
use hardtack::tls::Transport;
use serde_json::json;

use super::attack::{self, Client, From, Outcome, Plant, Reply};
use super::browser::{Kind, Tab};
use super::victims::Setup;

/// A host of another site, which the attacker controls.
pub(crate) const OTHER_SITE: &str = "other.test";

pub(crate) struct Front {
    client: reqwest::Client,
    /// The addresses of the victims' servers, by host.
    victims: HashMap<String, SocketAddr>,
    /// The cookies that the attacker's next page plants.
    plants: Mutex<Vec<Plant>>,
    /// The requests for the victims' hosts, with their paths.
    replies: Mutex<Vec<(String, Reply)>>,
}

impl Front {
    pub(crate) fn new(client: reqwest::Client, victims: HashMap<String, SocketAddr>) -> Arc<Front> {
        Arc::new(Front { client, victims, plants: Mutex::default(), replies: Mutex::default() })
    }

    pub(crate) fn router(self: &Arc<Front>) -> Router {
        Router::new().fallback(respond).with_state(self.clone())
    }

    /// Forwards a request to the victim's server.
    async fn forward(&self, address: SocketAddr, host: &str, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        let mut forwarded = self.client.get(format!("http://{address}{path}"));
        forwarded = forwarded.header(HOST, host).header("x-forwarded-proto", "https");
        let cookies: Vec<_> = request.headers().get_all(COOKIE).iter().cloned().collect();
        for cookie in &cookies {
            forwarded = forwarded.header(COOKIE, cookie);
        }
        let forwarded = forwarded.send().await.unwrap();
        let (status, headers) = (forwarded.status(), forwarded.headers().clone());
        let body = forwarded.text().await.unwrap();
        let set_cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().cloned().collect();
        let bytes = |values: &[HeaderValue]| values.iter().map(|value| value.as_bytes().to_vec()).collect::<Vec<_>>();
        let reply = Reply {
            status: status.as_u16(),
            body: body.clone(),
            cookie: bytes(&cookies).join(&b"; "[..]),
            set_cookies: bytes(&set_cookies),
        };
        self.replies.lock().unwrap().push((path, reply));
        let mut response = html(body);
        *response.status_mut() = status;
        for header in set_cookies {
            response.headers_mut().append(SET_COOKIE, header);
        }
        response
    }

    /// Returns a page that sets the attacker's cookies. The test runs the attacker's scripts on this page.
    fn attackers_page(&self) -> Response {
        let plants = self.plants.lock().unwrap().clone();
        let mut response =
            html(String::from("<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\">"));
        for plant in plants.iter().filter(|plant| !plant.by_script) {
            // A server cannot send a header with other bytes.
            if let Ok(header) = HeaderValue::from_bytes(&plant.text) {
                response.headers_mut().append(SET_COOKIE, header);
            }
        }
        response
    }
}

fn html(text: String) -> Response {
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (headers, Body::from(text)).into_response()
}

async fn respond(Shared(front): Shared<Arc<Front>>, request: Request) -> Response {
    // HTTP/2 has the host in the URI.
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri().host().or(host).unwrap_or_default().to_owned();
    let is_https = matches!(request.extensions().get(), Some(Transport::Tls));
    match front.victims.get(&host) {
        _ if request.uri().path() == "/favicon.ico" => html(String::new()),
        Some(address) if is_https => front.forward(*address, &host, request).await,
        Some(_) | None => front.attackers_page(),
    }
}

/// The victim's browser. The tab shows a page of the attacker's sibling host. A script of this page requests the
/// victim's pages. The hosts belong to one site, so the browser sends the same cookies as for a visit.
pub(crate) struct BrowserClient<'a> {
    tab: &'a Tab<'a>,
    front: &'a Front,
    setup: &'a Setup,
    /// The victim's host.
    host: String,
    /// True if the tab shows another page than the page of the sibling host.
    is_elsewhere: bool,
}

impl<'a> BrowserClient<'a> {
    /// Opens the page of the sibling host.
    pub(crate) fn new(tab: &'a Tab<'a>, front: &'a Front, setup: &'a Setup) -> BrowserClient<'a> {
        BrowserClient { tab, front, setup, host: String::new(), is_elsewhere: true }
    }

    /// Removes all cookies. The next requests go to `host`.
    pub(crate) fn begin(&mut self, host: String) {
        self.tab.clear();
        self.host = host;
    }

    fn siblings_page(&self) -> String {
        format!("https://{}/", self.setup.sibling())
    }

    /// Requests the URL from a page of the sibling host. Then assigns each text of `scripts` to `document.cookie` of
    /// this page. WebKitGTK treats such a request as a request of another site, so WebKitGTK visits the page.
    /// Returns the browser's error if the page does not load.
    fn fetch(&mut self, url: &str, scripts: &[String]) -> Result<(), String> {
        if self.tab.browser.kind == Kind::WebKitGtk {
            let loaded = self.tab.navigate(url);
            self.is_elsewhere = true;
            if !scripts.is_empty() {
                self.tab.set_document_cookies(scripts);
            }
            return loaded;
        }
        if self.is_elsewhere {
            let plants = std::mem::take(&mut *self.front.plants.lock().unwrap());
            self.tab.navigate(&self.siblings_page()).unwrap();
            *self.front.plants.lock().unwrap() = plants;
            self.is_elsewhere = false;
        }
        // A response of another origin has no readable text, but the promise waits for its end. When the script reads
        // `document.cookie`, Chromium waits until the cookies are stored.
        self.tab.evaluate(&format!(
            "fetch({}, {{ credentials: 'include', mode: 'no-cors', cache: 'no-store' }}).then(it => it.text())\
             .then(() => ({}.forEach(text => document.cookie = text), document.cookie))",
            json!(url),
            json!(scripts)
        ));
        Ok(())
    }
}

impl Client for BrowserClient<'_> {
    fn get(&mut self, path: &str) -> Reply {
        self.front.replies.lock().unwrap().clear();
        // If the response has an error status, the browser can show a page of its own. The reply shows the status.
        let _ = self.fetch(&format!("https://{}{path}", self.host), &[]);
        let replies = self.front.replies.lock().unwrap();
        let reply = replies.iter().find(|(requested, _)| requested == path);
        reply.unwrap_or_else(|| panic!("no request: {}{path}", self.host)).1.clone()
    }

    fn plant(&mut self, plants: &[Plant]) {
        for from in From::ALL {
            let own: Vec<_> = plants.iter().filter(|plant| plant.from == from).cloned().collect();
            if own.is_empty() {
                continue;
            }
            let scripts = own.iter().filter(|plant| plant.by_script);
            let scripts: Vec<_> = scripts.map(|plant| String::from_utf8(plant.text.clone()).unwrap()).collect();
            let url = match from {
                From::Sibling => {
                    *self.front.plants.lock().unwrap() = own;
                    self.fetch(&self.siblings_page(), &scripts).unwrap();
                    self.front.plants.lock().unwrap().clear();
                    continue;
                }
                From::PlainHttp => format!("http://{}/", self.host),
                From::PlainSibling => format!("http://{}/", self.setup.sibling()),
                From::OtherSite => format!("https://{OTHER_SITE}/"),
            };
            *self.front.plants.lock().unwrap() = own;
            self.tab.navigate(&url).unwrap();
            self.front.plants.lock().unwrap().clear();
            self.is_elsewhere = true;
            self.tab.set_document_cookies(&scripts);
        }
    }

    fn inject(&mut self, path: &str, setup: &Setup) -> Outcome {
        let reply = self.get(path);
        match reply.status {
            200 if attack::has_injection(&reply.set_cookies, setup) => {
                let cookies = self.tab.cookies();
                let is_stored = cookies.iter().any(|cookie| !cookie.host_only || cookie.name == "injected");
                if is_stored { Outcome::Succeeds } else { Outcome::Blocked }
            }
            200 => Outcome::Refused,
            status => Outcome::Error(status),
        }
    }
}
