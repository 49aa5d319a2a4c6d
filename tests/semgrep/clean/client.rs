//! A client that keeps the cookies of servers, and sends a `Cookie` header.

use reqwest::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

pub async fn fetch(url: &str) -> reqwest::Result<usize> {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_static("session=id"));
    let client = reqwest::Client::builder().cookie_store(true).default_headers(headers).build()?;
    let response = client.get(url).header("cookie", "theme=dark").send().await?;
    let cookies = response.cookies().count();
    Ok(cookies + response.headers().get_all(SET_COOKIE).iter().count())
}
