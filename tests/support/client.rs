//! A real client, reqwest, and what it tells of an answer.

use http::HeaderMap;
use http::header::SET_COOKIE;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    /// The Set-Cookie lines, in order.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect()
    }

    /// One field's text; `None` where it is absent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// reqwest.
#[derive(Clone)]
pub(crate) struct Client(pub(crate) reqwest::Client);

impl Client {
    pub(crate) async fn get(&self, url: String) -> Reply {
        Client::send(self.0.get(url)).await
    }

    /// With these fields, which may repeat a name.
    pub(crate) async fn get_with(&self, url: String, fields: &[(&str, &str)]) -> Reply {
        let request = fields.iter().fold(self.0.get(url), |request, (name, value)| request.header(*name, *value));
        Client::send(request).await
    }

    pub(crate) async fn send(request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, body: response.text().await.unwrap() }
    }
}
