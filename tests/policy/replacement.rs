//! Tests a policy that is replaced while requests run. Each request uses only one policy. A request must not use a
//! policy that was replaced before the request began.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use hardtack::event::Kind::HeaderHardened;
use hardtack::policy::{Baseline, Caching, Hsts};
use hardtack::tls::Transport;
use hardtack::{Cookies, Policy, PolicyHandle, SameSite, TlsTermination};
use tower::ServiceExt as _;

use super::{PAGE, SECRET, Sso, block_on, insecure_routes, new_request, without_force_https};

/// Returns a policy that sends `number` as the `max-age` of the HSTS header. Policies with odd numbers and policies
/// with even numbers write different values into the other headers.
fn numbered_policy(number: u64) -> Policy {
    let is_odd = number % 2 == 1;
    let policy = without_force_https().hsts(Hsts::one_year().max_age(Duration::from_secs(number)));
    let policy = policy.caching(if is_odd { Caching::NoStore } else { Caching::Private });
    let policy = policy.cookie_domain(if is_odd { "odd.site.example" } else { "even.site.example" });
    let baseline = Baseline::new().same_site(if is_odd { SameSite::Strict } else { SameSite::Lax });
    policy.baseline(baseline).build().unwrap()
}

/// Returns the number of the policy that wrote the headers. Asserts that a single policy wrote all headers.
fn policy_number(headers: &HeaderMap) -> u64 {
    let number = headers[STRICT_TRANSPORT_SECURITY].to_str().unwrap().strip_prefix("max-age=").unwrap();
    let number: u64 = number.parse().unwrap();
    let (same_site, caching, domain) = match number % 2 {
        0 => ("Lax", "private", "even"),
        _ => ("Strict", "no-store", "odd"),
    };
    let set_cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap()).collect();
    let expected = [
        format!("sid=opensesame; Secure; HttpOnly; SameSite={same_site}"),
        format!(
            "__Secure-sso=opensesame; Path=/; Domain={domain}.site.example; Secure; HttpOnly; SameSite={same_site}"
        ),
    ];
    assert_eq!(
        (set_cookies, &headers[CACHE_CONTROL]),
        (expected.each_ref().map(String::as_str).into(), &HeaderValue::from_static(caching))
    );
    number
}

/// Sets a declared cookie and an undeclared cookie.
async fn set_both(cookies: Cookies) -> impl IntoResponse {
    cookies.set(Sso(SECRET.to_owned())).unwrap();
    [(SET_COOKIE, "sid=opensesame")]
}

#[test]
fn each_response_under_load_has_one_current_policy() {
    const THREADS: usize = 6;
    const REQUESTS: usize = 1500;
    let handle = PolicyHandle::new(numbered_policy(0));
    let routes = Router::new().fallback(set_both).layer(handle.layer(TlsTermination::here()));
    // `applied` is the number of the last policy whose `apply` call has returned. `applying` is the number of the last
    // policy whose `apply` call has begun.
    let (applied, applying) = (AtomicU64::new(0), AtomicU64::new(0));
    let (responses, hardened) = (AtomicU64::new(0), AtomicU64::new(0));
    let numbers = Mutex::new(std::collections::BTreeSet::new());
    std::thread::scope(|threads| {
        let client = || {
            threads.spawn(|| {
                block_on(async {
                    for _ in 0..REQUESTS {
                        let oldest = applied.load(Ordering::SeqCst);
                        let response = routes.clone().oneshot(new_request(Transport::Tls, "/", &[])).await.unwrap();
                        let newest = applying.load(Ordering::SeqCst);
                        let number = policy_number(response.headers());
                        assert!((oldest..=newest).contains(&number), "{number} is not in {oldest}..={newest}");
                        responses.fetch_add(1, Ordering::Relaxed);
                        // One event reports that the layer hardened the undeclared cookie. If the baseline is `Strict`,
                        // two more events report that the baseline changed the declared cookie and the undeclared
                        // cookie.
                        hardened.fetch_add(if number % 2 == 1 { 3 } else { 1 }, Ordering::Relaxed);
                        numbers.lock().unwrap().insert(number);
                    }
                });
            })
        };
        let threads: Vec<_> = std::iter::repeat_with(client).take(THREADS).collect();
        for number in 1.. {
            // If a thread panics, `is_finished` returns true for the thread, so this loop ends.
            if threads.iter().all(|thread| thread.is_finished()) {
                break;
            }
            let policy = numbered_policy(number);
            applying.store(number, Ordering::SeqCst);
            handle.apply(policy);
            applied.store(number, Ordering::SeqCst);
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    let (responses, hardened) = (responses.into_inner(), hardened.into_inner());
    let policies = numbers.into_inner().unwrap().len();
    println!("{responses} responses under {policies} of {} policies", applied.into_inner() + 1);
    assert_eq!(responses, (THREADS * REQUESTS) as u64);
    // The counters belong to the policy handle and count the events of all its policies.
    assert_eq!(handle.counters().get(HeaderHardened), hardened);
    assert!(policies > 10, "{policies}");
}

#[tokio::test]
async fn request_keeps_its_first_policy() {
    let handle = PolicyHandle::new(numbered_policy(2));
    let handle_clone = handle.clone();
    let routes = Router::new().fallback(move |cookies: Cookies| async move {
        // Replace the policy while the handler runs, before the handler sets a cookie.
        handle_clone.apply(numbered_policy(3));
        set_both(cookies).await
    });
    let routes = routes.layer(handle.layer(TlsTermination::here()));
    let send = async || routes.clone().oneshot(new_request(Transport::Tls, "/", &[])).await.unwrap();
    assert_eq!(policy_number(send().await.headers()), 2);
    assert_eq!(policy_number(send().await.headers()), 3);
}

#[tokio::test]
async fn force_https_can_be_changed_at_run_time() {
    let handle = PolicyHandle::new(without_force_https().build().unwrap());
    let routes = insecure_routes().layer(handle.layer(TlsTermination::per_connection()));
    let status = async || routes.clone().oneshot(new_request(Transport::Plain, "/", &[PAGE])).await.unwrap().status();
    assert_eq!(status().await, StatusCode::OK);
    handle.apply(Policy::default());
    assert_eq!(status().await, StatusCode::PERMANENT_REDIRECT);
    handle.apply(without_force_https().build().unwrap());
    assert_eq!(status().await, StatusCode::OK);
}
