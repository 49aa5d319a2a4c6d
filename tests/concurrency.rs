//! One jar, several hands: clones that set, remove, read and write at once, late ones too; policies and keyrings that change
//! meanwhile. First every order of steps against a model that knows one hand only, then threads and tasks as they come.
//!
//! A `set` is two steps: it looks at the policy and the keyring and makes its line, and it puts the line in. Between both
//! stands a user's code, the value's `Display`: there these tests hold the real `set` and let others go first. Any other
//! operation is one step. The orders of the locks themselves are walked in `runtime/src/exchange/every_order.rs`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails the test"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use base64::Engine as _;
use hardtack::{
    Caching, Cookie, Cookies, EventKind, Floor, Hsts, Key, Keyring, Listener, Policy, PolicyHandle, SameSite,
    SetCookie, SetError, testing,
};
use http::header::{CACHE_CONTROL, COOKIE, HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, Request, Response};
use tower::{Layer as _, Service};

// --- What is set ---

/// A text whose `Display` is the moment between the two steps of `set`.
#[derive(Clone, Debug, PartialEq)]
struct Text(String);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        step();
        f.write_str(&self.0)
    }
}

impl FromStr for Text {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Text(text.to_owned()))
    }
}

#[derive(Cookie)]
struct Session(Text);

#[derive(Cookie)]
struct Cart(Text);

/// A cookie whose Path and Domain vary.
#[derive(Cookie)]
#[cookie(name = "__Secure-place", domain = "example.com")]
struct Place(Text);

/// A cookie of which each exchange's policy says the Domain.
#[derive(Cookie)]
#[cookie(domain = environment)]
struct Sso(Text);

/// A number, without a step inside.
#[derive(Cookie, Debug, PartialEq)]
struct Number(u64);

/// One that each exchange's keyring seals.
#[derive(Cookie)]
#[cookie(sealed, max_age = "1h")]
struct Basket(u64);

/// A number for each Path.
#[derive(Cookie)]
#[cookie(name = "__Secure-numbered", domain = "example.com")]
struct Numbered(u64);

const SECURE: &str = "; Secure; HttpOnly; SameSite=Lax";
const PAST: &str = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

fn lines(response: &HeaderMap) -> Vec<String> {
    response.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// Takes what an operation gave, in words that can be compared.
fn said(result: Result<(), SetError>) -> &'static str {
    match result {
        Ok(()) => "set",
        Err(SetError::ResponseSent { .. }) => "sent",
        Err(SetError::Attribute { attribute: "domain", .. }) => "no domain",
        Err(SetError::NoKeyring { .. }) => "no keyring",
        Err(error) => panic!("{error}"),
    }
}

fn key(number: u8) -> Key {
    Key::from_base64(&base64::engine::general_purpose::STANDARD.encode([number; 32])).unwrap()
}

// --- Turns: threads that take their steps in a given order ---

/// A thread's end of the baton: it takes a step when it is told, and says when the step is over.
struct Turn {
    go: Receiver<()>,
    over: Sender<()>,
    steps: usize,
}

thread_local! {
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// Ends the step of this thread and waits for the next; on a thread that takes no turns, nothing.
fn step() {
    TURN.with_borrow_mut(|turn| {
        if let Some(turn) = turn {
            turn.steps += 1;
            // Where the other end is gone, the test has failed already.
            let _ = turn.over.send(());
            let _ = turn.go.recv();
        }
    });
}

/// A thread's part: what it does, and in how many steps. `step()` stands between them.
struct Part<'a> {
    steps: usize,
    does: Box<dyn FnOnce() + Send + 'a>,
}

fn part<'a>(steps: usize, does: impl FnOnce() + Send + 'a) -> Part<'a> {
    Part { steps, does: Box::new(does) }
}

/// Runs the parts, each in its own thread, one step at a time in this order.
fn run(order: &[usize], parts: Vec<Part<'_>>) {
    std::thread::scope(|threads| {
        let mut ends = Vec::new();
        for part in parts {
            let (go, told) = channel();
            let (over, heard) = channel();
            threads.spawn(move || {
                let _ = told.recv();
                TURN.set(Some(Turn { go: told, over, steps: 1 }));
                (part.does)();
                let turn = TURN.take().unwrap();
                assert_eq!(turn.steps, part.steps, "the order counts on other steps");
                let _ = turn.over.send(());
            });
            ends.push((go, heard));
        }
        for &thread in order {
            let (go, heard) = &ends[thread];
            go.send(()).unwrap();
            heard.recv().expect("a part failed");
        }
    });
}

/// Every order of so many steps of each thread, and how many there are.
fn each_order(steps: &[usize], mut then: impl FnMut(&[usize])) -> usize {
    fn rest(left: &mut [usize], order: &mut Vec<usize>, then: &mut dyn FnMut(&[usize])) -> usize {
        if left.iter().all(|steps| *steps == 0) {
            then(order);
            return 1;
        }
        let mut count = 0;
        for thread in 0..left.len() {
            if left[thread] > 0 {
                left[thread] -= 1;
                order.push(thread);
                count += rest(left, order, then);
                order.pop();
                left[thread] += 1;
            }
        }
        count
    }
    rest(&mut steps.to_vec(), &mut Vec::new(), &mut then)
}

#[test]
fn every_order_is_walked_once() {
    let mut seen = std::collections::BTreeSet::new();
    assert_eq!(each_order(&[3, 2, 2], |order| assert!(seen.insert(order.to_vec()))), 210);
    assert_eq!(seen.len(), 210);
}

// --- Every order, against a model ---

/// An operation on a jar.
#[derive(Clone, Copy, Debug)]
enum Does {
    Session(&'static str),
    Cart(&'static str),
    RemoveCart,
    /// A Path, a Domain and a value.
    Place(&'static str, &'static str, &'static str),
    RemovePlace(&'static str),
    Number(u64),
    Get,
    Debug,
    Write,
}

impl Does {
    /// Two where a value is written between looking and keeping; one where nothing of a test's stands between.
    fn steps(self) -> usize {
        match self {
            Does::Session(_) | Does::Cart(_) | Does::Place(..) => 2,
            Does::RemoveCart | Does::RemovePlace(_) | Does::Number(_) | Does::Get | Does::Debug | Does::Write => 1,
        }
    }

    /// Does it, and says what came of it.
    fn on(self, jar: &Cookies) -> Vec<String> {
        let text = |text: &str| Text(text.to_owned());
        let result = match self {
            Does::Session(value) => jar.set(Session(text(value))),
            Does::Cart(value) => jar.set(Cart(text(value))),
            Does::RemoveCart => jar.remove::<Cart>(),
            Does::Place(path, domain, value) => jar.set(SetCookie::new(Place(text(value))).path(path).domain(domain)),
            Does::RemovePlace(path) => jar.set(SetCookie::<Place>::removal().path(path)),
            Does::Number(number) => jar.set(Number(number)),
            Does::Get => return vec![format!("{:?}", jar.get::<Number>().unwrap())],
            Does::Debug => return vec![format!("{jar:?}")],
            Does::Write => {
                let mut response = HeaderMap::new();
                jar.write(&mut response);
                return lines(&response);
            }
        };
        vec![said(result).to_owned()]
    }

    /// The cookie's name, where it is and the whole line; nothing for what sets nothing.
    fn sets(self) -> Option<(&'static str, String, String)> {
        let host = |name: &'static str, value: &str| (name, String::new(), format!("{name}={value}; Path=/{SECURE}"));
        let place = |path: &str, domain: &str, value: &str, past: &str| {
            let line = format!("__Secure-place={value}; Path={path}; Domain={domain}{past}{SECURE}");
            ("__Secure-place", format!("{path} {}", domain.to_lowercase()), line)
        };
        Some(match self {
            Does::Session(value) => host("__Host-Http-session", value),
            Does::Cart(value) => host("__Host-Http-cart", value),
            Does::Number(number) => host("__Host-Http-number", &number.to_string()),
            Does::RemoveCart => {
                let name = "__Host-Http-cart";
                (name, String::new(), format!("{name}=; Path=/{PAST}{SECURE}"))
            }
            Does::Place(path, domain, value) => place(path, domain, value, ""),
            Does::RemovePlace(path) => place(path, "example.com", "", PAST),
            Does::Get | Does::Debug | Does::Write => return None,
        })
    }
}

/// The jar as one hand knows it.
#[derive(Default)]
struct Model {
    sent: bool,
    lines: Vec<(&'static str, String, String)>,
}

impl Model {
    fn does(&mut self, does: Does) -> Vec<String> {
        match (does.sets(), does) {
            (Some(_), _) if self.sent => vec!["sent".to_owned()],
            (Some(line), _) => {
                self.lines.retain(|(name, place, _)| (name, place) != (&line.0, &line.1));
                self.lines.push(line);
                vec!["set".to_owned()]
            }
            (None, Does::Write) => {
                self.sent = true;
                self.lines.drain(..).map(|(_, _, line)| line).collect()
            }
            (None, Does::Debug) => {
                let set: Vec<_> = self.lines.iter().map(|(name, ..)| name).collect();
                let read = ["__Host-Http-number"];
                vec![format!("Cookies {{ read: {read:?}, set: {set:?}, sent: {} }}", self.sent)]
            }
            // What the request carried, whatever is pending.
            (None, _) => vec!["Some(Number(7))".to_owned()],
        }
    }
}

/// Lets the threads do all this in every order of steps, and holds each run against the model.
fn every_order(threads: &[&[Does]]) -> usize {
    let steps: Vec<_> = threads.iter().map(|all| all.iter().map(|does| does.steps()).sum()).collect();
    each_order(&steps, |order| {
        let (mut model, mut expected) = (Model::default(), vec![Vec::new(); threads.len()]);
        // An operation is what it is at its last step.
        let mut left: Vec<_> = threads.iter().map(|all| all.iter().map(|does| (*does, does.steps()))).collect();
        let mut now: Vec<_> = left.iter_mut().map(Iterator::next).collect();
        for &thread in order {
            let (does, steps) = now[thread].as_mut().unwrap();
            *steps -= 1;
            if *steps == 0 {
                expected[thread].push(model.does(*does));
                now[thread] = left[thread].next();
            }
        }

        let mut request = HeaderMap::new();
        request.insert(COOKIE, "__Host-Http-number=7".parse().unwrap());
        let jar = Cookies::read(&request, testing::https());
        let mut found = vec![Vec::new(); threads.len()];
        let parts = threads.iter().zip(&mut found).zip(&steps).map(|((all, found), steps)| {
            let jar = jar.clone();
            part(*steps, move || {
                for (at, does) in all.iter().enumerate() {
                    if at > 0 {
                        step();
                    }
                    found.push(does.on(&jar));
                }
            })
        });
        run(order, parts.collect());
        assert_eq!(found, expected, "{order:?}");
        // Nothing is left that a second head could carry.
        jar.write(&mut HeaderMap::new());
        let mut again = HeaderMap::new();
        jar.write(&mut again);
        assert!(again.is_empty(), "{order:?}");
    })
}

#[test]
fn set_remove_and_write_in_every_order_are_what_one_hand_would_have_done() {
    use Does::{Cart, Debug, Get, RemoveCart, Session, Write};
    let (first, second) = ([Session("a"), Cart("1")], [Session("b"), RemoveCart]);
    assert_eq!(every_order(&[&first, &second, &[Write, Write]]), 1260);
    // Two that write: each line leaves in one of the two heads.
    assert_eq!(every_order(&[&first, &[RemoveCart, Write], &[Session("c"), Write]]), 2520 / 4 * 2);
    // One that reads and looks meanwhile.
    assert_eq!(every_order(&[&[Session("a"), Write], &[Cart("1"), Write], &[Get, Debug]]), 560);
}

#[test]
fn of_one_name_path_and_domain_the_last_is_kept_in_every_order() {
    use Does::{Place, RemovePlace, Write};
    let first = [Place("/a", "example.com", "1"), Place("/b", "example.com", "2")];
    // A Domain's case is none of its identity.
    let second = [Place("/a", "www.example.com", "3"), Place("/a", "EXAMPLE.com", "4")];
    assert_eq!(every_order(&[&first, &second, &[Write]]), 630);
    assert_eq!(every_order(&[&first, &[RemovePlace("/a"), RemovePlace("/b")], &[Write, Write]]), 420);
}

#[test]
fn three_that_set_and_one_that_writes_in_every_order() {
    use Does::{Number, Session, Write};
    let orders = every_order(&[&[Session("a"), Number(1)], &[Session("b")], &[Number(2), Session("c")], &[Write]]);
    assert_eq!(orders, 5040 / 6 / 2 / 6 * 72);
}

// --- Who gives a jar its policy, and its keyring ---

/// A policy that shows its number in all that it does.
fn numbered(number: u64) -> Policy {
    let domain = ["zero.example", "one.example", "two.example"][number as usize];
    let policy = Policy::builder().hsts(Hsts::one_year().max_age(Duration::from_secs(number)));
    let policy = policy.caching(if number == 1 { Caching::NoStore } else { Caching::Private });
    let policy = policy.floor(Floor::new().same_site(if number == 1 { SameSite::Strict } else { SameSite::Lax }));
    policy.cookie_domain(domain).keyring(Keyring::new(key(number as u8))).build().unwrap()
}

/// The number of the policy under which these lines were made: the same for both cookies.
fn made_under(lines: &[String]) -> Option<u64> {
    let mut under = Vec::new();
    for line in lines {
        if line.starts_with("__Secure-Http-sso=") || line.starts_with("__Secure-sso=") {
            let (_, domain) = line.split_once("; Domain=").unwrap();
            let domain = domain.split(';').next().unwrap();
            under.push(["zero.example", "one.example", "two.example"].iter().position(|it| *it == domain).unwrap());
        } else {
            let mut response = HeaderMap::new();
            response.insert(SET_COOKIE, line.parse().unwrap());
            let opens =
                |number: &usize| testing::sent_with::<Basket>(&response, &Keyring::new(key(*number as u8))).is_some();
            under.push((0..3).find(opens).expect("sealed by a key of none"));
        }
    }
    assert!(under.windows(2).all(|two| two[0] == two[1]), "{lines:?}");
    under.first().map(|number| *number as u64)
}

#[test]
fn the_first_policy_given_stays_and_a_set_sees_it_or_none_in_every_order() {
    let handles = [PolicyHandle::new(numbered(0)), PolicyHandle::new(numbered(1))];
    // Two that give, and one that sets two cookies; the sealed one in one step.
    let orders = each_order(&[1, 1, 3], |order| {
        let jar = Cookies::read(&HeaderMap::new(), testing::https());
        let mut found = Vec::new();
        let give = |number: usize| {
            let (jar, handle) = (jar.clone(), &handles[number]);
            part(1, move || drop(jar.policy(handle)))
        };
        let sets = part(3, || {
            let result = jar.set(Sso(Text("a".into())));
            if matches!(result, Err(SetError::Attribute { .. })) {
                // It looked and found nothing: no value was written, and its second step is empty.
                step();
            }
            found.push(said(result));
            step();
            found.push(said(jar.set(Basket(1))));
        });
        run(order, vec![give(0), give(1), sets]);

        let given = order.iter().position(|thread| *thread < 2).unwrap();
        let sees =
            |step: usize| order.iter().enumerate().filter(|(_, thread)| **thread == 2).nth(step).unwrap().0 > given;
        let expected = [if sees(0) { "set" } else { "no domain" }, if sees(2) { "set" } else { "no keyring" }];
        assert_eq!(found, expected, "{order:?}");
        let mut response = HeaderMap::new();
        jar.write(&mut response);
        let lines = lines(&response);
        assert_eq!(lines.len(), expected.iter().filter(|word| **word == "set").count());
        assert!(lines.is_empty() || made_under(&lines) == Some(order[given] as u64), "{order:?}: {lines:?}");
    });
    assert_eq!(orders, 20);
}

// --- Under the layer ---

/// What the handler gives away: the jar of its exchange.
type Slot = Mutex<Option<Cookies>>;

/// An application that sets a sealed cookie, leaves its jar in the slot, and answers when it is polled once more.
fn service(
    handle: &PolicyHandle,
) -> impl Service<Request<Arc<Slot>>, Response = Response<()>, Error = Infallible, Future: Send> + Clone {
    handle.layer(Listener::tls()).layer(tower::service_fn(|request: Request<Arc<Slot>>| async move {
        let jar = Cookies::from_extensions(request.extensions()).unwrap();
        jar.set(Basket(1)).unwrap();
        *request.body().lock().unwrap() = Some(jar);
        once_more().await;
        Ok(Response::new(()))
    }))
}

/// Is ready when it is polled again.
fn once_more() -> impl Future<Output = ()> {
    let mut polled = false;
    std::future::poll_fn(move |_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending })
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn request(slot: &Arc<Slot>) -> Request<Arc<Slot>> {
    Request::get("/").header(HOST, "www.site.example").body(slot.clone()).unwrap()
}

/// The number of the policy that a response shows, the same in all its parts; and how many cookies it sets.
fn number_of(response: &HeaderMap) -> (u64, usize) {
    let number = response[STRICT_TRANSPORT_SECURITY].to_str().unwrap().strip_prefix("max-age=").unwrap();
    let number: u64 = number.parse().unwrap();
    let lines = lines(response);
    assert_eq!(made_under(&lines), Some(number), "{lines:?}");
    let (same_site, caching) = if number == 1 { ("Strict", "no-store") } else { ("Lax", "private") };
    assert!(lines.iter().all(|line| line.ends_with(&format!("; SameSite={same_site}"))), "{lines:?}");
    assert_eq!(response[CACHE_CONTROL], caching);
    (number, lines.len())
}

#[test]
fn policies_and_keyrings_change_in_every_order_and_no_exchange_sees_two() {
    // One applies two policies; an exchange; another hand in it; another exchange, which sets in two steps.
    let mut run_orders = 0;
    let orders = each_order(&[2, 2, 2, 3], |order| {
        let at =
            |thread: usize, step: usize| order.iter().enumerate().filter(|(_, it)| **it == thread).nth(step).unwrap().0;
        // Before the exchange has begun there is no jar to set in.
        if at(2, 0) < at(1, 0) {
            return;
        }
        run_orders += 1;
        let handle = PolicyHandle::new(numbered(0));
        let (first, second) = (Arc::<Slot>::default(), Arc::<Slot>::default());
        let (mut of_first, mut of_second, mut set) = (None, None, None);
        let applies = part(2, || {
            handle.apply(numbered(1));
            step();
            handle.apply(numbered(2));
        });
        let exchange = part(2, || {
            let mut future = pin!(service(&handle).call(request(&first)));
            assert!(poll(future.as_mut()).is_pending());
            step();
            let Poll::Ready(Ok(response)) = poll(future) else { panic!("not answered") };
            of_first = Some(number_of(response.headers()));
        });
        let hand = part(2, || {
            let jar = first.lock().unwrap().clone().unwrap();
            set = Some(said(jar.set(Sso(Text("a".into())))));
        });
        let other = part(3, || {
            let mut future = pin!(service(&handle).call(request(&second)));
            assert!(poll(future.as_mut()).is_pending());
            let jar = second.lock().unwrap().clone().unwrap();
            jar.set(Sso(Text("b".into()))).unwrap();
            step();
            let Poll::Ready(Ok(response)) = poll(future) else { panic!("not answered") };
            of_second = Some(number_of(response.headers()));
        });
        run(order, vec![applies, exchange, hand, other]);

        let in_force = |at: usize| order[..at].iter().filter(|thread| **thread == 0).count() as u64;
        let is_in_time = at(2, 1) < at(1, 1);
        assert_eq!(set, Some(if is_in_time { "set" } else { "sent" }), "{order:?}");
        assert_eq!(of_first, Some((in_force(at(1, 0)), 1 + usize::from(is_in_time))), "{order:?}");
        assert_eq!(of_second, Some((in_force(at(3, 0)), 2)), "{order:?}");
    });
    assert_eq!((orders, run_orders), (7560, 3780));
}

#[test]
fn a_client_that_goes_away_closes_the_jar_in_every_order() {
    let mut run_orders = 0;
    each_order(&[2, 4], |order| {
        if order[0] == 1 {
            return;
        }
        run_orders += 1;
        let handle = PolicyHandle::new(numbered(0));
        let slot = Arc::<Slot>::default();
        let mut found = Vec::new();
        let exchange = part(2, || {
            let mut future = Box::pin(service(&handle).call(request(&slot)));
            assert!(poll(future.as_mut()).is_pending());
            step();
            drop(future);
        });
        let hand = part(4, || {
            let jar = slot.lock().unwrap().take().unwrap();
            found.push(said(jar.set(Session(Text("a".into())))));
            step();
            found.push(said(jar.set(Session(Text("b".into())))));
        });
        run(order, vec![exchange, hand]);
        let gone = order.iter().rposition(|thread| *thread == 0).unwrap();
        // Where the second and the fourth step of the hand stand.
        let expected = [if gone > 2 { "set" } else { "sent" }, if gone > 4 { "set" } else { "sent" }];
        assert_eq!(found, expected, "{order:?}");
        // What the client did not wait for is no mistake of the program's.
        let refused = expected.iter().filter(|word| **word == "sent").count() as u64;
        assert_eq!(handle.counters().get(EventKind::SetRefused), refused);
        assert_eq!(handle.counters().get(EventKind::Mistake), 0);
    });
    assert_eq!(run_orders, 5);
}

#[test]
fn the_last_clone_of_a_jar_that_nobody_wrote_tells_it_once_in_every_order() {
    let orders = each_order(&[3, 3, 1], |order| {
        for writes in [false, true] {
            let handle = PolicyHandle::new(Policy::default());
            let jar = Cookies::read(&HeaderMap::new(), testing::https()).policy(&handle);
            let (one, other) = (jar.clone(), jar.clone());
            let mut written = 0;
            let parts = vec![
                part(3, move || {
                    let _ = one.set(Session(Text("a".into())));
                    step();
                    drop(one);
                }),
                part(3, move || {
                    let _ = other.set(Cart(Text("1".into())));
                    step();
                    drop(other);
                }),
                part(1, || {
                    if writes {
                        let mut response = HeaderMap::new();
                        jar.write(&mut response);
                        written = lines(&response).len() as u64;
                    }
                    drop(jar);
                }),
            ];
            run(order, parts);
            // Every cookie is in the head, refused to who set it, or told: none is lost in silence.
            let (refused, told) =
                (handle.counters().get(EventKind::SetRefused), handle.counters().get(EventKind::Mistake));
            let expected = if writes { (2 - written, 0) } else { (0, 1) };
            assert_eq!((refused, told), expected, "{order:?}");
        }
    });
    assert_eq!(orders, 140);
}

// --- As they come: threads and tasks ---

/// What one thread's sets gave: how many were in time. Once one was late, all were.
fn in_time(results: &[&str]) -> usize {
    let in_time = results.iter().take_while(|word| **word == "set").count();
    assert!(results[in_time..].iter().all(|word| *word == "sent"), "{results:?}");
    in_time
}

#[test]
fn threads_as_they_come_lose_nothing_and_send_nothing_twice() {
    const HANDS: u64 = 4;
    const EACH: u64 = 12;
    const ROUNDS: u64 = 400;
    let (mut early, mut late) = (0, 0);
    for round in 0..ROUNDS {
        let handle = PolicyHandle::new(Policy::default());
        let jar = Cookies::read(&HeaderMap::new(), testing::https()).policy(&handle);
        let start = Barrier::new(HANDS as usize + 2);
        let (results, heads) = std::thread::scope(|threads| {
            let hands: Vec<_> = (0..HANDS)
                .map(|hand| {
                    let (jar, start) = (jar.clone(), &start);
                    threads.spawn(move || {
                        start.wait();
                        let sets = |number| {
                            let own = SetCookie::new(Numbered(number)).path(format!("/{hand}/{number}"));
                            // A cookie that all hands set: the last one counts.
                            [said(jar.set(own)), said(jar.set(Number(hand * EACH + number)))]
                        };
                        (0..EACH).flat_map(sets).collect::<Vec<_>>()
                    })
                })
                .collect();
            let writers: Vec<_> = (0..2)
                .map(|writer| {
                    let (jar, start) = (jar.clone(), &start);
                    threads.spawn(move || {
                        start.wait();
                        // Now sooner and now later: any moment is right.
                        (0..(round + writer) % 40).for_each(|_| std::thread::yield_now());
                        let mut response = HeaderMap::new();
                        jar.write(&mut response);
                        lines(&response)
                    })
                })
                .collect();
            let results: Vec<_> = hands.into_iter().map(|hand| hand.join().unwrap()).collect();
            (results, writers.into_iter().map(|writer| writer.join().unwrap()).collect::<Vec<_>>())
        });
        assert!(heads.iter().any(Vec::is_empty), "the second head carries what was set after the first: {heads:?}");
        let mut sent: BTreeMap<String, usize> = BTreeMap::new();
        heads.concat().into_iter().for_each(|line| *sent.entry(line).or_default() += 1);
        assert!(sent.values().all(|times| *times == 1), "{sent:?}");

        let (mut own, mut last) = (0, Vec::new());
        for (hand, results) in (0..).zip(&results) {
            let in_time = in_time(results) as u64;
            for number in 0..EACH {
                let line = format!("__Secure-numbered={number}; Path=/{hand}/{number}; Domain=example.com{SECURE}");
                assert_eq!(sent.contains_key(&line), 2 * number < in_time, "{line}: {results:?}");
            }
            own += in_time.div_ceil(2);
            if in_time > 1 {
                let number = hand * EACH + in_time / 2 - 1;
                last.push(format!("__Host-Http-number={number}; Path=/{SECURE}"));
            }
            early += in_time;
            late += 2 * EACH - in_time;
        }
        // The shared one once, and of one hand the last.
        let shared: Vec<_> = sent.keys().filter(|line| line.starts_with("__Host-Http-number=")).collect();
        assert_eq!(shared.len(), usize::from(!last.is_empty()), "{shared:?}");
        assert!(shared.iter().all(|line| last.contains(line)), "{shared:?}: {last:?}");
        assert_eq!(sent.len() as u64, own + shared.len() as u64);

        // From here on it is too late for everybody.
        assert_eq!(said(jar.set(Number(1))), "sent");
        drop(jar);
        assert_eq!(handle.counters().get(EventKind::Mistake), 0);
    }
    println!("{ROUNDS} rounds: {early} sets in time, {late} late");
}

#[test]
fn tasks_as_they_come_are_answered_with_what_became_of_their_cookies() {
    const TASKS: u64 = 6;
    const EXCHANGES: u64 = 300;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let handle = PolicyHandle::new(Policy::default());
    let layer = handle.layer(Listener::tls());
    let (early, late) = (AtomicUsize::new(0), AtomicUsize::new(0));
    runtime.block_on(async {
        for exchange in 0..EXCHANGES {
            let (give, taken) = tokio::sync::oneshot::channel();
            let give = Arc::new(Mutex::new(Some(give)));
            // A handler that starts tasks and waits for none of them.
            let mut service = layer.layer(tower::service_fn(|request: Request<()>| {
                let give = give.clone();
                async move {
                    let jar: Cookies = Cookies::from_extensions(request.extensions()).unwrap();
                    let tasks: Vec<_> = (0..TASKS)
                        .map(|number| {
                            let jar = jar.clone();
                            tokio::spawn(async move {
                                for _ in 0..number {
                                    tokio::task::yield_now().await;
                                }
                                let path = format!("/{exchange}/{number}");
                                said(jar.set(SetCookie::new(Numbered(number)).path(path)))
                            })
                        })
                        .collect();
                    let give = give.lock().unwrap().take().unwrap();
                    assert!(give.send((jar, tasks)).is_ok());
                    for _ in 0..exchange % 8 {
                        tokio::task::yield_now().await;
                    }
                    Ok::<_, Infallible>(Response::new(()))
                }
            }));
            let response = service.call(Request::new(())).await.unwrap();
            let sent = lines(response.headers());
            let (jar, tasks) = taken.await.unwrap();
            let mut set = 0;
            for (number, task) in (0..TASKS).zip(tasks) {
                let line = format!("__Secure-numbered={number}; Path=/{exchange}/{number}; Domain=example.com{SECURE}");
                let result = task.await.unwrap();
                let times = sent.iter().filter(|it| **it == line).count();
                assert_eq!(times, usize::from(result == "set"), "{line}: {result}");
                set += times;
            }
            assert_eq!(sent.len(), set);
            early.fetch_add(set, Ordering::Relaxed);
            late.fetch_add(TASKS as usize - set, Ordering::Relaxed);
            // As a streaming body's task would, when the head is gone.
            assert_eq!(said(jar.set(Number(exchange))), "sent");
        }
    });
    println!("{EXCHANGES} exchanges: {early:?} sets in time, {late:?} late");
    assert_eq!(handle.counters().get(EventKind::SetRefused), late.into_inner() as u64 + EXCHANGES);
    assert_eq!(handle.counters().get(EventKind::Mistake), 0);
}
