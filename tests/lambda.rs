//! AWS Lambda: events of API Gateway, function URLs, the Application Load Balancer and VPC Lattice. The crate
//! `lambda_http` makes a request from each event, and an answer for the event's source from each response.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

use axum::Router;
use axum::routing::get;
use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination, TrustedProxies};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Request, Service as _};
use serde_json::{Value, json};

const HOST: &str = "shop.example";

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(http_only = false, reason = "the name is short in the test")]
struct Session(String);

/// The number of things in the cart.
#[derive(Cookie)]
struct Cart(u32);

const SET_COOKIES: [&str; 2] = [
    "__Host-session=s3cr3t; Path=/; Secure; SameSite=Lax",
    "__Host-Http-cart=7; Path=/; Secure; HttpOnly; SameSite=Lax",
];

async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session("s3cr3t".to_owned()))?;
    cookies.set(Cart(7))?;
    Ok("signed in")
}

fn in_uri() -> TlsTermination {
    TlsTermination::in_uri()
}

fn any_proxy() -> TlsTermination {
    TlsTermination::at_proxy(TrustedProxies::any())
}

/// An event of API Gateway's REST API (payload format 1.0). The event has each header twice.
fn rest_api(headers: &[(&str, &str)]) -> Value {
    json!({
        "resource": "/{proxy+}",
        "path": "/sign-in",
        "httpMethod": "GET",
        "headers": single(headers),
        "multiValueHeaders": multiple(headers),
        "requestContext": {
            "resourcePath": "/{proxy+}",
            "httpMethod": "GET",
            "stage": "$default",
            "requestTimeEpoch": 1_583_798_639_428_u64,
            "identity": { "sourceIp": "203.0.113.7" },
        },
        "isBase64Encoded": false,
    })
}

/// An event of API Gateway's HTTP API (payload format 2.0). A function URL sends the same format.
fn http_api(headers: &[(&str, &str)]) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/sign-in",
        "rawQueryString": "",
        "headers": single(headers),
        "requestContext": {
            "stage": "$default",
            "http": { "method": "GET", "path": "/sign-in", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7" },
            "timeEpoch": 1_588_804_615_616_u64,
        },
        "isBase64Encoded": false,
    })
}

/// An event of the Application Load Balancer.
fn load_balancer(headers: &[(&str, &str)]) -> Value {
    json!({
        "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop/1" } },
        "httpMethod": "GET",
        "path": "/sign-in",
        "queryStringParameters": {},
        "headers": single(headers),
        "body": "",
        "isBase64Encoded": false,
    })
}

/// An event of the Application Load Balancer, if the target group has the attribute `lambda.multi_value_headers.enabled`.
fn load_balancer_with_multi_value_headers(headers: &[(&str, &str)]) -> Value {
    let mut event = load_balancer(headers);
    let fields = event.as_object_mut().unwrap();
    fields.remove("headers");
    fields.insert("multiValueHeaders".to_owned(), multiple(headers));
    event
}

/// An event of VPC Lattice (version 2).
fn vpc_lattice(headers: &[(&str, &str)]) -> Value {
    json!({
        "version": "2.0",
        "path": "/sign-in",
        "method": "GET",
        "headers": multiple(headers),
        "requestContext": {
            "serviceNetworkArn": "arn:aws:vpc-lattice:eu-west-1:1:servicenetwork/sn-1",
            "serviceArn": "arn:aws:vpc-lattice:eu-west-1:1:service/svc-1",
            "targetGroupArn": "arn:aws:vpc-lattice:eu-west-1:1:targetgroup/tg-1",
            "region": "eu-west-1",
            "timeEpoch": "1724875399456789",
        },
        "isBase64Encoded": false,
    })
}

fn single(headers: &[(&str, &str)]) -> Value {
    headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

fn multiple(headers: &[(&str, &str)]) -> Value {
    headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect()
}

fn request(event: &Value) -> Request {
    lambda_http::request::from_str(&event.to_string()).unwrap()
}

type Source = (&'static str, fn(&[(&str, &str)]) -> Value);

/// The sources whose requests have an absolute URI.
const SOURCES: [Source; 4] = [
    ("REST API", rest_api),
    ("HTTP API", http_api),
    ("load balancer", load_balancer),
    ("load balancer, multi-value headers", load_balancer_with_multi_value_headers),
];

fn is_https(termination: &TlsTermination, event: &Value) -> bool {
    let (parts, _) = request(event).into_parts();
    termination.detect(&parts, None).is_ok()
}

#[test]
fn x_forwarded_proto_decides() {
    for (source, event) in SOURCES {
        for (proto, https) in [("https", true), ("http", false)] {
            let event = event(&[("host", HOST), ("x-forwarded-proto", proto), ("x-forwarded-for", "203.0.113.7")]);
            println!("{source} {proto} {} {}", request(&event).uri(), is_https(&in_uri(), &event));
            assert_eq!(is_https(&any_proxy(), &event), https, "{source}: {proto}");
        }
    }
}
#[tokio::test]
async fn answers() {
    for (source, event) in SOURCES {
        for proto in ["https", "http"] {
            let event = event(&[("host", HOST), ("x-forwarded-proto", proto), ("x-forwarded-for", "203.0.113.7")]);
            println!("{source} {proto} {}", answer(any_proxy(), &event).await);
        }
    }
}
async fn answer(termination: TlsTermination, event: &Value) -> Value {
    let app = Router::new().route("/sign-in", get(sign_in)).layer(Policy::default().layer(termination));
    let payload: LambdaRequest = serde_json::from_value(event.clone()).unwrap();
    let response = Adapter::from(app).call(LambdaEvent::new(payload, lambda_http::Context::default())).await.unwrap();
    serde_json::to_value(response).unwrap()
}
