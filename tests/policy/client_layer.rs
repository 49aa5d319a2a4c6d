//! Tests the layer for HTTP clients. The layer refuses requests that would send credentials over plain HTTP.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderName;
use axum::http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use hardtack::Policy;
use hardtack::event::Kind;
use hardtack::tls::Transport;
use hardtack::tower::ClientError;
use tower::{Layer as _, ServiceExt as _};

use super::{PAGE, RecordedEvent, RecordingPolicy, SECRET};
use crate::support::server::TestServer;

#[tokio::test]
async fn credentials_are_never_sent_over_plain_http() {
    // Records the requests that reached the server. For each request, the bool is true if the request came over TLS.
    // The string contains the names of the request's credential headers.
    let received = Arc::new(Mutex::new(Vec::new()));
    let sender = received.clone();
    let site = TestServer::start(Router::new().fallback(move |request: Request| async move {
        let names = [COOKIE, AUTHORIZATION].into_iter().filter(|name| request.headers().contains_key(name));
        let is_tls = request.extensions().get() == Some(&Transport::Tls);
        sender.lock().unwrap().push((is_tls, names.map(|name| name.to_string()).collect::<Vec<_>>().join(" ")));
    }))
    .await;
    let take_received = || std::mem::take(&mut *received.lock().unwrap());

    let client = site.client().0;
    let send = tower::service_fn(move |request: axum::http::Request<String>| {
        let client = client.clone();
        async move { client.execute(reqwest::Request::try_from(request)?).await }
    });
    let send_with = async |recorded: &RecordingPolicy, url: String, headers: &[(HeaderName, &str)]| {
        let request = axum::http::Request::get(url);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, *value));
        recorded.handle.client_layer().layer(send.clone()).oneshot(request.body(String::new()).unwrap()).await
    };
    let cookie = (COOKIE, "sid=opensesame");
    let bearer = (AUTHORIZATION, "Bearer opensesame");

    let recorded = RecordingPolicy::new(Policy::builder());
    for (headers, named) in [
        (&[cookie.clone()][..], "Cookie"),
        (std::slice::from_ref(&bearer), "Authorization"),
        (&[bearer.clone(), cookie.clone()], "Cookie"),
        (&[(COOKIE, "")], "Cookie"),
        (&[(PROXY_AUTHORIZATION, "Basic opensesame")], "Proxy-Authorization"),
    ] {
        let error = send_with(&recorded, site.http("/x?key=opensesame"), headers).await.unwrap_err();
        assert!(matches!(error, ClientError::Plaintext(_)), "{error:?}");
        let text = format!(
            "a request to `127.0.0.1` would carry `{named}` over plain HTTP; use an `https` URL, or add an \
             `outbound_exception` with a reason"
        );
        assert_eq!(error.to_string(), "the policy refused the request, and it was not sent");
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), text);
        assert!(!format!("{error:?}").contains(SECRET));
        let events = recorded.take_events();
        let summaries: Vec<_> = events.iter().map(RecordedEvent::summary).collect();
        assert_eq!(summaries, [(Kind::ClientRequestRefused, "", "client-request")]);
        assert_eq!(events[0].reason, text);
    }
    assert_eq!(recorded.handle.counters().get(Kind::ClientRequestRefused), 5);
    assert_eq!(take_received(), [], "no request may reach the server");

    // Credentials may be sent over TLS. Requests without credentials may be sent over plain HTTP.
    let response = send_with(&recorded, site.https("/x"), &[cookie.clone(), bearer.clone()]).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(send_with(&recorded, site.http("/x"), &[PAGE]).await.unwrap().status(), 200);
    assert_eq!(take_received(), [(true, "cookie authorization".to_owned()), (false, String::new())]);

    // An outbound exception allows credentials over plain HTTP for one host only.
    let excepting = Policy::builder().outbound_exception("127.0.0.1", "the collector speaks plain HTTP");
    let excepting = RecordingPolicy::new(excepting.outbound_exception("metrics.internal", "as does this one"));
    assert_eq!(send_with(&excepting, site.http("/x"), std::slice::from_ref(&bearer)).await.unwrap().status(), 200);
    assert_eq!(take_received(), [(false, "authorization".to_owned())]);
    let elsewhere = site.http("/x").replace("127.0.0.1", "localhost");
    assert!(matches!(
        send_with(&excepting, elsewhere, std::slice::from_ref(&bearer)).await,
        Err(ClientError::Plaintext(_))
    ));

    // The layer returns an error of the HTTP client unchanged. After a call to `apply`, the new policy applies to the
    // next request.
    let error = send_with(&recorded, "https://127.0.0.1:1/".to_owned(), &[]).await.unwrap_err();
    assert!(matches!(&error, ClientError::Client(error) if error.is_connect()), "{error:?}");
    let reason = "the collector speaks plain HTTP";
    recorded.handle.apply(Policy::builder().outbound_exception("127.0.0.1", reason).build().unwrap());
    assert_eq!(send_with(&recorded, site.http("/x"), &[bearer]).await.unwrap().status(), 200);
    assert_eq!(take_received().len(), 1);
}

#[tokio::test]
async fn credentials_need_an_https_or_wss_url() {
    let send = tower::service_fn(|_: axum::http::Request<()>| async { Ok::<_, Infallible>("sent") });
    for (url, is_sent) in [
        ("https://a.example/", true),
        ("HTTPS://a.example/", true),
        ("wss://a.example/", true),
        ("http://a.example/", false),
        ("HTTP://a.example/", false),
        ("ws://a.example/", false),
        ("ftp://a.example/", false),
        ("/without-a-scheme", false),
        ("http://[::1]:8080/", false),
        ("http://Metrics.Internal:9090/", true),
        ("http://metrics.internal.evil.example/", false),
        ("http://metrics.internal@evil.example/", false),
    ] {
        let policy = Policy::builder().outbound_exception("metrics.internal", "inside the cluster").build().unwrap();
        let request = axum::http::Request::get(url).header(AUTHORIZATION, "Bearer opensesame").body(()).unwrap();
        assert_eq!(policy.client_layer().layer(send).oneshot(request).await.is_ok(), is_sent, "{url}");
    }
}
