//! One jar, several hands, in every order of its locks: loom runs each model once for each order that the threads' locks
//! can be taken in, and fails where a cookie is lost, leaves twice, or is made by half of a policy.
//!
//! ```console
//! $ RUSTFLAGS="--cfg hardtack_loom" cargo test -p hardtack --features seal,testing,tower,tracing --lib every_order
//! ```

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc as StdArc;

use hardtack::{Cookie, Cookies, EventKind, Policy, PolicyHandle, SetError};
use http::HeaderMap;
use http::header::SET_COOKIE;
use loom::thread;

use crate::testing;

#[derive(Cookie)]
struct Session(u64);

#[derive(Cookie)]
struct Cart(u64);

/// Its Domain is the policy's, and so is the key that seals it.
#[cfg(feature = "seal")]
#[derive(Cookie)]
#[cookie(domain = environment, sealed)]
struct Basket(u64);

/// Its Domain is the policy's, and so is its SameSite.
#[cfg(feature = "tower")]
#[derive(Cookie)]
#[cookie(domain = environment)]
struct Sso(u64);

const ATTRIBUTES: &str = "; Path=/; Secure; HttpOnly; SameSite=Lax";

/// Runs the model in every order, and says how many there were.
fn every_order(model: impl Fn() + Sync + Send + 'static) {
    let orders = StdArc::new(AtomicU64::new(0));
    let each = StdArc::clone(&orders);
    loom::model(move || {
        each.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let orders = orders.load(Ordering::Relaxed);
    println!("{orders} orders");
    assert!(orders > 1, "no two hands met");
}

fn jar() -> Cookies {
    Cookies::read(&HeaderMap::new(), testing::https())
}

/// Closes the jar, and gives the lines that left by it.
fn written(jar: &Cookies) -> Vec<String> {
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    lines(&response)
}

fn lines(response: &HeaderMap) -> Vec<String> {
    response.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// Whether it was in time; where it was not, it is told so.
fn is_in_time(result: Result<(), SetError>) -> bool {
    match result {
        Ok(()) => true,
        Err(SetError::ResponseSent { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_cookie_is_in_the_head_or_refused_to_who_set_it() {
    every_order(|| {
        let jar = jar();
        let hands = [1, 2].map(|value| {
            let jar = jar.clone();
            thread::spawn(
                move || {
                    if value == 1 { is_in_time(jar.set(Session(1))) } else { is_in_time(jar.set(Cart(2))) }
                },
            )
        });
        let lines = written(&jar);
        let [session, cart] = hands.map(|hand| hand.join().unwrap());
        assert_eq!(lines.contains(&format!("__Host-Http-session=1{ATTRIBUTES}")), session);
        assert_eq!(lines.contains(&format!("__Host-Http-cart=2{ATTRIBUTES}")), cart);
        assert_eq!(lines.len(), usize::from(session) + usize::from(cart));
        // Whoever comes now is late, and nothing is left for a second head.
        assert!(!is_in_time(jar.set(Session(3))));
        assert!(!is_in_time(jar.remove::<Cart>()));
        assert!(written(&jar).is_empty());
    });
}

#[test]
fn of_one_name_the_last_in_time_leaves_alone() {
    every_order(|| {
        let jar = jar();
        let hands = [1, 2].map(|value| {
            let jar = jar.clone();
            thread::spawn(move || (is_in_time(jar.set(Session(value))), is_in_time(jar.set(Session(value + 2)))))
        });
        let lines = written(&jar);
        let results = hands.map(|hand| hand.join().unwrap());
        // Of one hand the second is never in time without the first.
        assert!(results.iter().all(|(first, second)| *first || !*second));
        let last: Vec<_> = (1..)
            .zip(results)
            .filter(|(_, (first, _))| *first)
            .map(|(hand, (_, second))| if second { hand + 2 } else { hand })
            .map(|value| format!("__Host-Http-session={value}{ATTRIBUTES}"))
            .collect();
        assert_eq!(lines.len(), usize::from(!last.is_empty()));
        assert!(lines.iter().all(|line| last.contains(line)), "{lines:?}: {last:?}");
    });
}

#[test]
fn of_two_heads_each_line_leaves_by_one() {
    every_order(|| {
        let jar = jar();
        let other = jar.clone();
        let writes = thread::spawn(move || (is_in_time(other.set(Session(1))), written(&other)));
        let set = is_in_time(jar.set(Cart(2)));
        let mine = written(&jar);
        let (other_set, others) = writes.join().unwrap();
        assert!(mine.is_empty() || others.is_empty(), "{mine:?} {others:?}");
        assert_eq!(mine.len() + others.len(), usize::from(set) + usize::from(other_set));
    });
}

#[test]
fn who_lets_a_jar_go_unwritten_is_told_once() {
    every_order(|| {
        let policy = PolicyHandle::new(Policy::default());
        let jar = jar().policy(&policy);
        let other = jar.clone();
        let hand = thread::spawn(move || is_in_time(other.set(Session(1))));
        assert!(is_in_time(jar.set(Cart(2))));
        drop(jar);
        assert!(hand.join().unwrap());
        assert_eq!(policy.counters().get(EventKind::Mistake), 1);
    });
}

#[cfg(feature = "seal")]
#[test]
fn a_set_sees_a_policy_whole_or_not_at_all_and_the_first_stays() {
    every_order(|| {
        let jar = jar();
        let gives = ["one.example", "two.example"].map(|domain| {
            let jar = jar.clone();
            thread::spawn(move || {
                let policy =
                    Policy::builder().cookie_domain(domain).keyring(hardtack::Keyring::new(hardtack::Key::generate()));
                drop(jar.policy(&PolicyHandle::new(policy.build().unwrap())));
            })
        });
        let early = jar.set(Basket(1));
        // Without a policy it is the Domain that is missing first; a key alone is missing in no order.
        assert!(matches!(early, Ok(()) | Err(SetError::Attribute { attribute: "domain", .. })), "{early:?}");
        gives.into_iter().for_each(|hand| hand.join().unwrap());
        jar.set(Basket(2)).unwrap();
        // Both sets went to one place, by the same policy, so that the second is alone.
        let [line] = &*written(&jar) else { panic!("two places") };
        assert!(line.contains("; Domain=one.example;") || line.contains("; Domain=two.example;"), "{line}");
    });
}

#[cfg(feature = "tower")]
#[test]
fn under_a_layer_an_exchange_keeps_its_policy_and_a_late_hand_is_told() {
    use hardtack::{Floor, Listener, SameSite};

    use crate::listener::Head;
    use crate::passage::Gate;

    /// Domain and SameSite say which policy made a line.
    fn policy(number: usize) -> Policy {
        let (domain, same_site) = [("one.example", SameSite::Lax), ("two.example", SameSite::Strict)][number];
        Policy::builder().cookie_domain(domain).floor(Floor::new().same_site(same_site)).build().unwrap()
    }

    every_order(|| {
        let handle = PolicyHandle::new(policy(0));
        let gate = Gate::new(handle.clone(), Listener::tls());
        let applies = thread::spawn(move || handle.apply(policy(1)));
        let request = http::Request::new(());
        let (method, uri, headers, extensions) =
            (request.method(), request.uri(), request.headers(), request.extensions());
        let head = Head { method, uri, headers, extensions, transport: None, peer: None };
        let mut passage = gate.enter(&head).ok().unwrap();
        let jar: Cookies = passage.open().cookies().ok().unwrap();
        let late = jar.clone();
        let hand = thread::spawn(move || is_in_time(late.set(Sso(2))));
        jar.set(Sso(1)).unwrap();
        let mut response = http::Response::new(()).into_parts().0;
        passage.leave(&mut response.headers, &mut response.extensions);
        let in_time = hand.join().unwrap();
        applies.join().unwrap();
        let lines = lines(&response.headers);
        let [line] = &*lines else { panic!("{lines:?}") };
        assert!(in_time || line.starts_with("__Secure-sso=1;"), "{line}");
        let first = line.contains("; Domain=one.example;") && line.ends_with("; SameSite=Lax");
        let second = line.contains("; Domain=two.example;") && line.ends_with("; SameSite=Strict");
        assert!(first || second, "half of two policies: {line}");
        assert!(!is_in_time(jar.set(Session(3))));
    });
}
