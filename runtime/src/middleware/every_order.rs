//! Tests in which several threads use one jar. loom runs each test once for every order in which the threads can lock
//! the jar. A test fails if a cookie is lost or sent twice. A test also fails if the attributes of one cookie come from
//! two different policies.
//!
//! ```console
//! $ RUSTFLAGS="--cfg hardtack_loom" cargo test -p hardtack --features seal,testing,tower,tracing --lib every_order
//! ```

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc as StdArc;

use hardtack::event::Kind;
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, SetError};
use http::HeaderMap;
use http::header::SET_COOKIE;
use loom::thread;

use crate::testing;

#[derive(Cookie)]
struct Session(u64);

#[derive(Cookie)]
struct Cart(u64);

/// A cookie that needs a `Domain` and a keyring from the policy.
#[cfg(feature = "seal")]
#[derive(Cookie)]
#[cookie(domain = policy, sealed)]
struct Basket(u64);

/// A cookie whose `Domain` comes from the policy. The baseline of the policy changes the cookie's `SameSite`.
#[cfg(feature = "tower")]
#[derive(Cookie)]
#[cookie(domain = policy)]
struct Sso(u64);

const ATTRIBUTES: &str = "; Path=/; Secure; HttpOnly; SameSite=Lax";

/// Runs the closure `model` once for every order in which the threads can lock the jar.
fn every_order(model: impl Fn() + Sync + Send + 'static) {
    let orders = StdArc::new(AtomicU64::new(0));
    let counter = StdArc::clone(&orders);
    loom::model(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let orders = orders.load(Ordering::Relaxed);
    println!("{orders} orders");
    assert!(orders > 1, "the threads have no lock in common");
}

fn jar() -> Cookies {
    Cookies::from_headers(&HeaderMap::new(), testing::https())
}

/// Writes the jar to a response, and returns the `Set-Cookie` headers of the response.
fn write(jar: &Cookies) -> Vec<String> {
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    set_cookie_headers(&response)
}

fn set_cookie_headers(response: &HeaderMap) -> Vec<String> {
    response.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap().to_owned()).collect()
}

/// Returns true if `set` was called before the jar was written to the response, and false if `set` was called later.
fn is_in_time(result: Result<(), SetError>) -> bool {
    match result {
        Ok(()) => true,
        Err(SetError::ResponseSent { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn set_is_sent_or_returns_an_error() {
    every_order(|| {
        let jar = jar();
        let threads = [1, 2].map(|value| {
            let jar = jar.clone();
            thread::spawn(
                move || {
                    if value == 1 { is_in_time(jar.set(Session(1))) } else { is_in_time(jar.set(Cart(2))) }
                },
            )
        });
        let headers = write(&jar);
        let [session, cart] = threads.map(|thread| thread.join().unwrap());
        assert_eq!(headers.contains(&format!("__Host-Http-session=1{ATTRIBUTES}")), session);
        assert_eq!(headers.contains(&format!("__Host-Http-cart=2{ATTRIBUTES}")), cart);
        assert_eq!(headers.len(), usize::from(session) + usize::from(cart));
        // The jar is already written to a response. So `set` fails, and a second response gets no cookies.
        assert!(!is_in_time(jar.set(Session(3))));
        assert!(!is_in_time(jar.remove::<Cart>()));
        assert!(write(&jar).is_empty());
    });
}

#[test]
fn last_set_of_a_name_is_sent() {
    every_order(|| {
        let jar = jar();
        let threads = [1, 2].map(|value| {
            let jar = jar.clone();
            thread::spawn(move || (is_in_time(jar.set(Session(value))), is_in_time(jar.set(Session(value + 2)))))
        });
        let headers = write(&jar);
        let results = threads.map(|thread| thread.join().unwrap());
        // If the first call in a thread is too late, the second call in the same thread is also too late.
        assert!(results.iter().all(|(first, second)| *first || !*second));
        let last_of_each_thread: Vec<_> = (1..)
            .zip(results)
            .filter(|(_, (first, _))| *first)
            .map(|(value, (_, second))| if second { value + 2 } else { value })
            .map(|value| format!("__Host-Http-session={value}{ATTRIBUTES}"))
            .collect();
        assert_eq!(headers.len(), usize::from(!last_of_each_thread.is_empty()));
        assert!(
            headers.iter().all(|header| last_of_each_thread.contains(header)),
            "{headers:?}: {last_of_each_thread:?}"
        );
    });
}

#[test]
fn two_writes_send_each_cookie_once() {
    every_order(|| {
        let jar = jar();
        let clone = jar.clone();
        let thread = thread::spawn(move || (is_in_time(clone.set(Session(1))), write(&clone)));
        let cart = is_in_time(jar.set(Cart(2)));
        let headers = write(&jar);
        let (session, headers_of_thread) = thread.join().unwrap();
        assert!(headers.is_empty() || headers_of_thread.is_empty(), "{headers:?} {headers_of_thread:?}");
        assert_eq!(headers.len() + headers_of_thread.len(), usize::from(cart) + usize::from(session));
    });
}

#[test]
fn unwritten_jar_emits_one_event() {
    every_order(|| {
        let policy = PolicyHandle::new(Policy::default());
        let jar = jar().with_policy(&policy);
        let clone = jar.clone();
        let thread = thread::spawn(move || is_in_time(clone.set(Session(1))));
        assert!(is_in_time(jar.set(Cart(2))));
        drop(jar);
        assert!(thread.join().unwrap());
        assert_eq!(policy.counters().get(Kind::Mistake), 1);
    });
}

#[cfg(feature = "seal")]
#[test]
fn first_policy_applies_as_a_whole() {
    use hardtack::seal::{Key, Keyring};

    every_order(|| {
        let jar = jar();
        let threads = ["one.example", "two.example"].map(|domain| {
            let jar = jar.clone();
            thread::spawn(move || {
                let policy = Policy::builder().cookie_domain(domain).keyring(Keyring::new(Key::generate()));
                drop(jar.with_policy(&PolicyHandle::new(policy.build().unwrap())));
            })
        });
        let early = jar.set(Basket(1));
        // `Basket` needs a key and a domain, and `set` looks for the key first. If the jar has no policy yet, the jar
        // also has no key, so `set` returns the error about the missing key. A policy gives the jar a key and a domain
        // together, so `set` must never return an error about a missing domain.
        assert!(matches!(early, Ok(()) | Err(SetError::NoKeyring { .. })), "{early:?}");
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        jar.set(Basket(2)).unwrap();
        // The two calls of `set` used the same policy, so the second cookie replaced the first cookie.
        let [header] = &*write(&jar) else { panic!("two scopes") };
        assert!(header.contains("; Domain=one.example;") || header.contains("; Domain=two.example;"), "{header}");
    });
}

#[cfg(feature = "tower")]
#[test]
fn request_keeps_its_policy_under_the_middleware() {
    use hardtack::policy::Baseline;
    use hardtack::{SameSite, TlsTermination};

    use super::PolicyGuard;
    use crate::request::head::RequestHead;

    /// Returns one of two policies. The `Domain` and the `SameSite` of a header show which policy was used.
    fn policy(number: usize) -> Policy {
        let (domain, same_site) = [("one.example", SameSite::Lax), ("two.example", SameSite::Strict)][number];
        Policy::builder().cookie_domain(domain).baseline(Baseline::new().same_site(same_site)).build().unwrap()
    }

    every_order(|| {
        let handle = PolicyHandle::new(policy(0));
        let guard = PolicyGuard::new(handle.clone(), TlsTermination::here());
        let applying = thread::spawn(move || handle.apply(policy(1)));
        let (request, ()) = http::Request::new(()).into_parts();
        let mut in_flight = guard.on_request(&RequestHead::from_parts(&request)).ok().unwrap();
        let jar: Cookies = in_flight.jar_handle().cookies().ok().unwrap();
        let clone = jar.clone();
        let setting = thread::spawn(move || is_in_time(clone.set(Sso(2))));
        jar.set(Sso(1)).unwrap();
        let mut response = http::Response::new(()).into_parts().0;
        in_flight.on_response(http::StatusCode::OK, &mut response.headers, &mut response.extensions);
        let in_time = setting.join().unwrap();
        applying.join().unwrap();
        let headers = set_cookie_headers(&response.headers);
        let [header] = &*headers else { panic!("{headers:?}") };
        assert!(in_time || header.starts_with("__Secure-sso=1;"), "{header}");
        let first = header.contains("; Domain=one.example;") && header.ends_with("; SameSite=Lax");
        let second = header.contains("; Domain=two.example;") && header.ends_with("; SameSite=Strict");
        assert!(first || second, "a mixture of two policies: {header}");
        assert!(!is_in_time(jar.set(Session(3))));
    });
}
