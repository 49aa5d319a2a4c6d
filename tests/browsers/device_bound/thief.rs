//! A thief with a copy of the cookies, and a client of the thief's own.

use axum::http::{HeaderMap, Response};
use hardtack::testing::Device;
use reqwest::Client;
use tokio::runtime::Handle;

use super::super::network::Network;
use super::app::REFRESH;
use super::{AppServer, HOST, Tab};

pub(super) struct Thief {
    client: Client,
    port: u16,
    cookies: String,
}

impl Thief {
    /// Copies the cookies of the browser.
    pub(super) fn copy(tab: &Tab<'_>, network: &Network, apps: &AppServer) -> Thief {
        let pairs: Vec<_> =
            tab.cookies().into_iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        Thief::with_cookies(pairs.join("; "), network, apps)
    }

    pub(super) fn with_cookies(cookies: String, network: &Network, apps: &AppServer) -> Thief {
        let root = reqwest::Certificate::from_pem(network.authority.pem.as_bytes()).unwrap();
        let client = Client::builder().no_proxy().tls_certs_only([root]).resolve(HOST, apps.ports.https);
        Thief { client: client.build().unwrap(), port: apps.ports.https.port(), cookies }
    }

    /// Returns the answer of the application to the copied cookies.
    pub(super) fn who(&self) -> String {
        let response = self.client.get(self.url("/Session/who")).header("cookie", &self.cookies);
        block_on(async { response.send().await.unwrap().text().await.unwrap() })
    }

    /// Pays, and returns the status.
    pub(super) fn pay(&self) -> u16 {
        let response = self.client.post(self.url("/Session/pay")).header("cookie", &self.cookies);
        block_on(async { response.send().await.unwrap().status().as_u16() })
    }

    /// Sends a refresh, and returns the status and the headers.
    pub(super) fn refresh(&self, identifier: &str, proof: Option<&str>) -> (u16, HeaderMap) {
        let request = self.client.post(self.url(REFRESH)).header("cookie", &self.cookies);
        let request = request.header("sec-secure-session-id", identifier);
        let request = proof.into_iter().fold(request, |request, proof| request.header(super::PROOF, proof));
        block_on(async {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.headers().clone())
        })
    }

    /// Returns a proof of the challenge that is made with a key of the thief.
    pub(super) fn own_proof(identifier: &str, challenge: &HeaderMap) -> String {
        let mut device = Device::new();
        let offer = r#"(ES256);path="/register";challenge="none""#;
        device.register(&HeaderMap::from_iter([(
            "secure-session-registration".parse().unwrap(),
            offer.parse().unwrap(),
        )]));
        let instructions = format!(r#"{{"session_identifier":"{identifier}","refresh_url":"{REFRESH}"}}"#);
        let mut response = Response::new(instructions);
        response.headers_mut().clone_from(challenge);
        device.store(&response);
        device.refresh().unwrap().headers()[super::PROOF].to_str().unwrap().to_owned()
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.port)
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Handle::current().block_on(future)
}
