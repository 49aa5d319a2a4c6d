//! An HTTP client (reqwest) and its responses.

use http::HeaderMap;
use http::header::SET_COOKIE;

/// A response, with its complete body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    /// Returns the values of the `Set-Cookie` headers, in order.
    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// Returns the value of the header `name`, or `None` if the header is missing.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A reqwest client that returns a [`Reply`] for each request.
#[derive(Clone)]
pub(crate) struct Client(pub(crate) reqwest::Client);

impl Client {
    pub(crate) async fn get(&self, url: String) -> Reply {
        Client::send(self.0.get(url)).await
    }

    /// Sends a GET request with the given headers. The list may contain a header name more than once.
    pub(crate) async fn get_with(&self, url: String, headers: &[(&str, &str)]) -> Reply {
        let request = headers.iter().fold(self.0.get(url), |request, (name, value)| request.header(*name, *value));
        Client::send(request).await
    }

    pub(crate) async fn send(request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, body: response.text().await.unwrap() }
    }
}
