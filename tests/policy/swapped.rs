//! A policy that is replaced while requests run: each of them sees one, and none older than itself.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use hardtack::EventKind::LineHardened;
use hardtack::{Caching, Cookies, Floor, Hsts, Listener, Policy, PolicyHandle, SameSite, Transport};
use tower::ServiceExt as _;

use super::{PAGE, SECRET, Sso, block_on, careless, open, request};

/// A policy whose every part tells its number: HSTS all of it, the others whether it is odd.
fn numbered(number: u64) -> Policy {
    let is_odd = number % 2 == 1;
    let policy = open().hsts(Hsts::one_year().max_age(Duration::from_secs(number)));
    let policy = policy.caching(if is_odd { Caching::NoStore } else { Caching::Private });
    let policy = policy.cookie_domain(if is_odd { "odd.site.example" } else { "even.site.example" });
    let floor = Floor::new().same_site(if is_odd { SameSite::Strict } else { SameSite::Lax });
    policy.floor(floor).build().unwrap()
}

/// The number that a response tells, the same in all its parts.
fn number_of(headers: &HeaderMap) -> u64 {
    let number = headers[STRICT_TRANSPORT_SECURITY].to_str().unwrap().strip_prefix("max-age=").unwrap();
    let number: u64 = number.parse().unwrap();
    let (same_site, caching, domain) = match number % 2 {
        0 => ("Lax", "private", "even"),
        _ => ("Strict", "no-store", "odd"),
    };
    let lines: Vec<_> = headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
    let expected = [
        format!("sid=opensesame; Secure; HttpOnly; SameSite={same_site}"),
        format!(
            "__Secure-sso=opensesame; Path=/; Domain={domain}.site.example; Secure; HttpOnly; SameSite={same_site}"
        ),
    ];
    assert_eq!(
        (lines, &headers[CACHE_CONTROL]),
        (expected.each_ref().map(String::as_str).into(), &HeaderValue::from_static(caching))
    );
    number
}

async fn both(cookies: Cookies) -> impl IntoResponse {
    cookies.set(Sso(SECRET.to_owned())).unwrap();
    [(SET_COOKIE, "sid=opensesame")]
}

#[test]
fn under_load_every_response_shows_one_policy_and_none_older_than_its_request() {
    const THREADS: usize = 6;
    const EXCHANGES: usize = 1500;
    let handle = PolicyHandle::new(numbered(0));
    let routes = Router::new().fallback(both).layer(handle.layer(Listener::tls()));
    // The last policy that is surely applied, and the last that may be.
    let (applied, applying) = (AtomicU64::new(0), AtomicU64::new(0));
    let (answered, hardened) = (AtomicU64::new(0), AtomicU64::new(0));
    let seen = Mutex::new(std::collections::BTreeSet::new());
    std::thread::scope(|threads| {
        let ask = || {
            threads.spawn(|| {
                block_on(async {
                    for _ in 0..EXCHANGES {
                        let oldest = applied.load(Ordering::SeqCst);
                        let response = routes.clone().oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
                        let newest = applying.load(Ordering::SeqCst);
                        let number = number_of(response.headers());
                        assert!((oldest..=newest).contains(&number), "{number} is not in {oldest}..={newest}");
                        answered.fetch_add(1, Ordering::Relaxed);
                        // The foreign line; and where the floor is above Lax, it again and the jar's.
                        hardened.fetch_add(if number % 2 == 1 { 3 } else { 1 }, Ordering::Relaxed);
                        seen.lock().unwrap().insert(number);
                    }
                });
            })
        };
        let threads: Vec<_> = std::iter::repeat_with(ask).take(THREADS).collect();
        for number in 1.. {
            // One that panicked has finished too.
            if threads.iter().all(|thread| thread.is_finished()) {
                break;
            }
            let policy = numbered(number);
            applying.store(number, Ordering::SeqCst);
            handle.apply(policy);
            applied.store(number, Ordering::SeqCst);
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    let (answered, hardened) = (answered.into_inner(), hardened.into_inner());
    let seen = seen.into_inner().unwrap().len();
    println!("{answered} exchanges under {seen} of {} policies", applied.into_inner() + 1);
    assert_eq!(answered, (THREADS * EXCHANGES) as u64);
    // The counters outlive each policy.
    assert_eq!(handle.counters().get(LineHardened), hardened);
    assert!(seen > 10, "{seen}");
}

#[tokio::test]
async fn an_exchange_keeps_the_policy_that_it_began_with() {
    let handle = PolicyHandle::new(numbered(2));
    let swap = handle.clone();
    let routes = Router::new().fallback(move |cookies: Cookies| async move {
        // Applied while the handler runs, and before it sets anything.
        swap.apply(numbered(3));
        both(cookies).await
    });
    let routes = routes.layer(handle.layer(Listener::tls()));
    let ask = async || routes.clone().oneshot(request(Transport::Tls, "/", &[])).await.unwrap();
    assert_eq!(number_of(ask().await.headers()), 2);
    assert_eq!(number_of(ask().await.headers()), 3);
}

#[tokio::test]
async fn force_https_can_be_turned_on_and_off_under_a_running_server() {
    let handle = PolicyHandle::new(open().build().unwrap());
    let routes = careless().layer(handle.layer(Listener::per_connection()));
    let ask = async || routes.clone().oneshot(request(Transport::Plain, "/", &[PAGE])).await.unwrap().status();
    assert_eq!(ask().await, StatusCode::OK);
    handle.apply(Policy::default());
    assert_eq!(ask().await, StatusCode::PERMANENT_REDIRECT);
    handle.apply(open().build().unwrap());
    assert_eq!(ask().await, StatusCode::OK);
}
