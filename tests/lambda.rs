//! Sends events of AWS Lambda through an axum application: events of API Gateway, and events of the Application Load
//! Balancer. The crate `lambda_http` converts each event to a request, and each response to an answer. The events have
//! the formats in the documentation of AWS.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a helper fails the test")]

use axum::Router;
use axum::routing::get;
use hardtack::policy::ForceHttps;
use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination, TrustedProxies};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Service as _};
use serde_json::{Value, json};

const HOST: (&str, &str) = ("host", "shop.example");
const HTTPS: (&str, &str) = ("x-forwarded-proto", "https");
const HTTP: (&str, &str) = ("x-forwarded-proto", "http");
const PAGE: (&str, &str) = ("accept", "text/html");
const HEALTH_CHECK: (&str, &str) = ("user-agent", "ELB-HealthChecker/2.0");

const SET_SESSION: &str = "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax";
const SET_CART: &str = "__Host-Http-cart=7; Path=/; Secure; HttpOnly; SameSite=Lax";

/// The session of the signed-in user.
#[derive(Cookie)]
struct Session(String);

/// The number of things in the cart.
#[derive(Cookie)]
struct Cart(u32);

async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session("s3cr3t".to_owned()))?;
    cookies.set(Cart(7))?;
    Ok("signed in")
}

async fn cart(cookies: Cookies) -> String {
    let signed_in = cookies.get::<Session>().is_some();
    let count = cookies.get::<Cart>().map_or(0, |Cart(count)| count);
    format!("signed in: {signed_in}, {count} in the cart")
}

type Headers<'a> = &'a [(&'a str, &'a str)];

/// A source of events. Each event source has its own format for requests and answers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    /// API Gateway, REST API (payload format 1.0).
    RestApi,
    /// API Gateway, HTTP API (payload format 2.0). A function URL has the same format.
    HttpApi,
    LoadBalancer,
    /// A load balancer whose target group has the attribute `lambda.multi_value_headers.enabled`.
    LoadBalancerWithMultiValueHeaders,
}

use Source::{HttpApi, LoadBalancer, LoadBalancerWithMultiValueHeaders, RestApi};

const SOURCES: [Source; 4] = [RestApi, HttpApi, LoadBalancer, LoadBalancerWithMultiValueHeaders];

impl Source {
    /// Returns the event of a GET request.
    fn event(self, path: &str, headers: Headers<'_>) -> Value {
        let mut single: Value = headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let multiple: Value = headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
        let load_balancer = json!({ "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop/1" });
        match self {
            RestApi => json!({
                "resource": "/{proxy+}",
                "path": path,
                "httpMethod": "GET",
                "headers": single,
                "multiValueHeaders": multiple,
                "requestContext": { "httpMethod": "GET", "stage": "$default", "identity": { "sourceIp": "203.0.113.7" } },
                "isBase64Encoded": false,
            }),
            HttpApi => json!({
                "version": "2.0",
                "routeKey": "$default",
                "rawPath": path,
                "rawQueryString": "",
                // API Gateway moves the cookies from the header `Cookie` to a list.
                "cookies": single.as_object_mut().unwrap().remove("cookie").map(cookie_list),
                "headers": single,
                "requestContext": {
                    "stage": "$default",
                    "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7" },
                },
                "isBase64Encoded": false,
            }),
            LoadBalancer => json!({
                "requestContext": { "elb": load_balancer },
                "httpMethod": "GET",
                "path": path,
                "queryStringParameters": {},
                "headers": single,
                "body": "",
                "isBase64Encoded": false,
            }),
            LoadBalancerWithMultiValueHeaders => json!({
                "requestContext": { "elb": load_balancer },
                "httpMethod": "GET",
                "path": path,
                "multiValueQueryStringParameters": {},
                "multiValueHeaders": multiple,
                "body": "",
                "isBase64Encoded": false,
            }),
        }
    }

    /// Returns the values of the header `name` that the event source reads from the answer.
    fn header(self, answer: &Value, name: &str) -> Vec<String> {
        let values = match self {
            HttpApi if name == "set-cookie" => &answer["cookies"],
            HttpApi | LoadBalancer => &answer["headers"][name],
            RestApi | LoadBalancerWithMultiValueHeaders => &answer["multiValueHeaders"][name],
        };
        match values {
            Value::Null => vec![],
            Value::String(value) => vec![value.clone()],
            values => values.as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect(),
        }
    }
}

fn cookie_list(header: Value) -> Value {
    header.as_str().unwrap().split("; ").collect()
}

fn any_proxy() -> TlsTermination {
    TlsTermination::at_proxy(TrustedProxies::any())
}

fn is_https(termination: &TlsTermination, event: &Value) -> bool {
    let (parts, _) = lambda_http::request::from_str(&event.to_string()).unwrap().into_parts();
    termination.detect(&parts, None).is_ok()
}

/// Returns the answer of an application behind the policy.
async fn answer_under(policy: Policy, event: &Value) -> Value {
    let health = get(|| async { "healthy" });
    let routes = Router::new().route("/sign-in", get(sign_in)).route("/cart", get(cart)).route("/health", health);
    let app = routes.layer(policy.layer(any_proxy()));
    let request: LambdaRequest = serde_json::from_value(event.clone()).unwrap();
    let response = Adapter::from(app).call(LambdaEvent::new(request, lambda_http::Context::default())).await.unwrap();
    serde_json::to_value(response).unwrap()
}

async fn answer(event: &Value) -> Value {
    answer_under(Policy::default(), event).await
}

#[test]
fn trusting_any_proxy_fits_every_source() {
    for source in SOURCES {
        let detect = |headers: Headers<'_>| is_https(&any_proxy(), &source.event("/cart", headers));
        assert!(detect(&[HOST, HTTPS]), "{source:?}");
        assert!(detect(&[HTTPS]), "{source:?}, no host");
        assert!(!detect(&[HOST, HTTP]), "{source:?}");
        assert!(!detect(&[HOST]), "{source:?}, no header");
        assert!(!detect(&[HOST, ("forwarded", "proto=https")]), "{source:?}, another header");
    }
}

/// `lambda_http` writes the scheme into the URI. The guide names the three situations in which the scheme is wrong or
/// missing.
#[test]
fn in_uri_fits_some_sources_only() {
    for source in SOURCES {
        let detect = |headers: Headers<'_>| is_https(&TlsTermination::in_uri(), &source.event("/cart", headers));
        // With multi-value headers, the URI has no host and no scheme.
        let has_scheme = source != LoadBalancerWithMultiValueHeaders;
        assert_eq!(detect(&[HOST, HTTPS]), has_scheme, "{source:?}");
        assert!(!detect(&[HOST, HTTP]), "{source:?}");
        // Without the header, `lambda_http` assumes `https`.
        assert_eq!(detect(&[HOST]), has_scheme, "{source:?}, no header");
        assert!(!detect(&[HTTPS]), "{source:?}, no host");
    }
}

#[tokio::test]
async fn cookies_arrive_in_both_directions() {
    for source in SOURCES {
        let reply = answer(&source.event("/sign-in", &[HOST, HTTPS])).await;
        assert_eq!((&reply["statusCode"], &reply["body"]), (&json!(200), &json!("signed in")), "{source:?}");
        assert_eq!(source.header(&reply, "strict-transport-security"), ["max-age=31536000"], "{source:?}");
        // A load balancer without multi-value headers reads one value of each header.
        let expected: &[&str] = if source == LoadBalancer { &[SET_SESSION] } else { &[SET_SESSION, SET_CART] };
        assert_eq!(source.header(&reply, "set-cookie"), expected, "{source:?}");

        let cookies = ("cookie", "__Host-Http-session=s3cr3t; __Host-Http-cart=7");
        let reply = answer(&source.event("/cart", &[HOST, HTTPS, cookies])).await;
        assert_eq!(reply["body"], "signed in: true, 7 in the cart", "{source:?}");
    }
}

#[tokio::test]
async fn plain_http_is_redirected_or_refused() {
    for source in SOURCES {
        let page = answer(&source.event("/sign-in", &[HOST, HTTP, PAGE])).await;
        assert_eq!(page["statusCode"], 308, "{source:?}");
        assert_eq!(source.header(&page, "location"), ["https://shop.example/sign-in"], "{source:?}");
        let api = answer(&source.event("/sign-in", &[HOST, HTTP])).await;
        assert_eq!((&api["statusCode"], &api["body"]), (&json!(403), &json!("this page works over HTTPS only")));
        for reply in [page, api] {
            assert_eq!(source.header(&reply, "set-cookie"), [""; 0], "{source:?}");
        }
    }
}

#[tokio::test]
async fn events_without_host_are_handled() {
    for source in SOURCES {
        let reply = answer(&source.event("/cart", &[HTTPS])).await;
        assert_eq!(reply["statusCode"], 200, "{source:?}");
        // If the request has no host, the policy can redirect only to its setting `redirect_host`.
        let event = source.event("/cart", &[HTTP, PAGE]);
        assert_eq!(answer(&event).await["statusCode"], 403, "{source:?}");
        let fixed = Policy::builder().force_https(ForceHttps::on().redirect_host("shop.example")).build().unwrap();
        let reply = answer_under(fixed, &event).await;
        assert_eq!(reply["statusCode"], 308, "{source:?}");
        assert_eq!(source.header(&reply, "location"), ["https://shop.example/cart"], "{source:?}");
    }
}

/// The event of the load balancer's health check has neither a host nor `X-Forwarded-Proto`.
#[tokio::test]
async fn health_check_needs_an_exempt_path() {
    for source in [LoadBalancer, LoadBalancerWithMultiValueHeaders] {
        let event = source.event("/health", &[HEALTH_CHECK]);
        assert_eq!(answer(&event).await["statusCode"], 403, "{source:?}");
        let exempt = Policy::builder().force_https(ForceHttps::on().exempt(["/health"])).build().unwrap();
        assert_eq!(answer_under(exempt, &event).await["statusCode"], 200, "{source:?}");
    }
}
