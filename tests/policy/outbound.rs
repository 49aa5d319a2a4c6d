//! Our own requests: none carries credentials over plain HTTP.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderName;
use axum::http::header::{AUTHORIZATION, COOKIE};
use hardtack::{EventKind, OutboundError, Policy, Transport};
use tower::{Layer as _, ServiceExt as _};

use super::{PAGE, Recorded, SECRET, Told};
use crate::support::server::Served;

#[tokio::test]
async fn no_request_of_ours_carries_credentials_over_plain_http() {
    // What reached the server: its port's scheme, and which of the fields it came with.
    let reached = Arc::new(Mutex::new(Vec::new()));
    let keep = reached.clone();
    let site = Served::start(Router::new().fallback(move |request: Request| async move {
        let carries = [COOKIE, AUTHORIZATION].into_iter().filter(|name| request.headers().contains_key(name));
        let is_tls = request.extensions().get() == Some(&Transport::Tls);
        keep.lock().unwrap().push((is_tls, carries.map(|name| name.to_string()).collect::<Vec<_>>().join(" ")));
    }))
    .await;
    let reached = || std::mem::take(&mut *reached.lock().unwrap());

    let client = site.client().0;
    let send = tower::service_fn(move |request: axum::http::Request<String>| {
        let client = client.clone();
        async move { client.execute(reqwest::Request::try_from(request)?).await }
    });
    let ask = async |recorded: &Recorded, url: String, fields: &[(HeaderName, &str)]| {
        let request = fields.iter().fold(axum::http::Request::get(url), |it, (name, value)| it.header(name, *value));
        recorded.handle.outbound().layer(send.clone()).oneshot(request.body(String::new()).unwrap()).await
    };
    let cookie = (COOKIE, "sid=opensesame");
    let bearer = (AUTHORIZATION, "Bearer opensesame");

    let recorded = Recorded::new(Policy::builder());
    for (fields, named) in [
        (&[cookie.clone()][..], "Cookie"),
        (std::slice::from_ref(&bearer), "Authorization"),
        (&[bearer.clone(), cookie.clone()], "Cookie"),
        (&[(COOKIE, "")], "Cookie"),
    ] {
        let error = ask(&recorded, site.http("/x?key=opensesame"), fields).await.unwrap_err();
        assert!(matches!(error, OutboundError::ClearText(_)), "{error:?}");
        let text = format!(
            "a request to `127.0.0.1` would carry `{named}` over plain HTTP; use an `https` URL, or except the host \
             with a reason"
        );
        assert_eq!(error.to_string(), text);
        assert!(!format!("{error:?}").contains(SECRET));
        let told = recorded.take();
        assert_eq!(told.iter().map(Told::brief).collect::<Vec<_>>(), [(EventKind::OutboundRefused, "", "outbound")]);
        assert_eq!(told[0].reason, text);
    }
    assert_eq!(recorded.handle.counters().get(EventKind::OutboundRefused), 4);
    assert_eq!(reached(), [], "nothing left");

    // Over TLS they pass, and so does what carries neither.
    let answer = ask(&recorded, site.https("/x"), &[cookie.clone(), bearer.clone()]).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(ask(&recorded, site.http("/x"), &[PAGE]).await.unwrap().status(), 200);
    assert_eq!(reached(), [(true, "cookie authorization".to_owned()), (false, String::new())]);

    // A host with a reason, and only that one.
    let excepting = Policy::builder().outbound_exception("127.0.0.1", "the collector speaks plain HTTP");
    let excepting = Recorded::new(excepting.outbound_exception("metrics.internal", "as does this one"));
    assert_eq!(ask(&excepting, site.http("/x"), std::slice::from_ref(&bearer)).await.unwrap().status(), 200);
    assert_eq!(reached(), [(false, "authorization".to_owned())]);
    let elsewhere = site.http("/x").replace("127.0.0.1", "localhost");
    assert!(matches!(
        ask(&excepting, elsewhere, std::slice::from_ref(&bearer)).await,
        Err(OutboundError::ClearText(_))
    ));

    // The client's own errors stay the client's, and an applied policy counts at once.
    let refused = ask(&recorded, "https://127.0.0.1:1/".to_owned(), &[]).await.unwrap_err();
    assert!(matches!(&refused, OutboundError::Client(error) if error.is_connect()), "{refused:?}");
    let reason = "the collector speaks plain HTTP";
    recorded.handle.apply(Policy::builder().outbound_exception("127.0.0.1", reason).build().unwrap());
    assert_eq!(ask(&recorded, site.http("/x"), &[bearer]).await.unwrap().status(), 200);
    assert_eq!(reached().len(), 1);
}

#[tokio::test]
async fn only_https_and_wss_may_carry_our_credentials() {
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
        assert_eq!(policy.outbound().layer(send).oneshot(request).await.is_ok(), is_sent, "{url}");
    }
}
