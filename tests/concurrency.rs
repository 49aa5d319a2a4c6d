//! Tests of one cookie jar that several threads use at the same time, through clones of the jar. The threads set,
//! remove and read cookies, and write the jar into a response. In some tests, the policy and the keyring change while
//! the threads set cookies. Some operations run after the response has been sent. The first tests run the steps of the
//! threads in every order, and compare the results with a sequential model. The last tests start threads and tasks, and
//! do not control their order.
//!
//! A call of `set` has two steps. In the first step, `set` reads the policy and the keyring and builds the `Set-Cookie`
//! header. In the second step, `set` stores the header in the jar. Between the two steps, `set` calls user code: the
//! `Display` implementation of the cookie's value. In this file, the `Display` implementation of a value pauses the
//! thread and lets other threads run. Every other operation on a jar has one step. The loom test
//! `runtime/src/middleware/every_order.rs` tests the order of the locks.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a helper fails the test"
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
use hardtack::event::Kind;
use hardtack::policy::{Baseline, Caching, Hsts};
use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, SameSite, SetError, TlsTermination, testing};
use http::header::{CACHE_CONTROL, COOKIE, HOST, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, Request, Response};
use tower::{Layer as _, Service};

// --- The cookies ---

/// A cookie value that contains text. The `Display` implementation of the text runs between the two steps of `set`.
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

/// A cookie with the Path `/a`. The next cookies have the same name, but different Paths and Domains.
#[derive(Cookie)]
#[cookie(name = "__Secure-place", path = "/a", domain = "example.com")]
struct PlaceA(Text);

#[derive(Cookie)]
#[cookie(name = "__Secure-place", path = "/b", domain = "example.com")]
struct PlaceB(Text);

#[derive(Cookie)]
#[cookie(name = "__Secure-place", path = "/a", domain = "www.example.com")]
struct PlaceOnSubdomain(Text);

/// A cookie with the identity of `PlaceA`, because the letter case of a Domain does not matter.
#[derive(Cookie)]
#[cookie(name = "__Secure-place", path = "/a", domain = "EXAMPLE.com")]
struct PlaceInCapitals(Text);

/// A cookie whose Domain comes from the request's policy.
#[derive(Cookie)]
#[cookie(domain = policy)]
struct Sso(Text);

/// A cookie whose value is a number. Setting a number has one step, because formatting a number does not call [`step`].
#[derive(Cookie, Debug, PartialEq)]
struct Number(u64);

/// A sealed cookie. The keyring comes from the request's policy.
#[derive(Cookie)]
#[cookie(sealed, max_age = "1h")]
struct Basket(u64);

/// A family of cookies. The tests set one cookie of the family for each number.
#[derive(Cookie)]
#[cookie(keyed, name = "__Secure-numbered", domain = "example.com", max_age = "1h")]
struct Numbered(u64);

const SECURE: &str = "; Secure; HttpOnly; SameSite=Lax";
const PAST: &str = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/// Returns the `Set-Cookie` header of one cookie of the family `Numbered`.
fn numbered_header(key: &str, number: u64) -> String {
    format!("__Secure-numbered.{key}={number}; Path=/; Domain=example.com; Max-Age=3600{SECURE}")
}

fn set_cookie_headers(response: &HeaderMap) -> Vec<String> {
    response.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap().to_owned()).collect()
}

/// Converts the result of a `set` to a string, so that tests can compare results.
fn outcome(result: Result<(), SetError>) -> &'static str {
    match result {
        Ok(()) => "set",
        Err(SetError::ResponseSent { .. }) => "late",
        Err(SetError::NoKeyring { .. }) => "no keyring",
        Err(error) => panic!("{error}"),
    }
}

fn key(number: u8) -> Key {
    // `Key` rejects a key in which all bytes are equal.
    let secret: [u8; 32] = std::array::from_fn(|at| if at == 0 { !number } else { number });
    Key::from_base64(&base64::engine::general_purpose::STANDARD.encode(secret)).unwrap()
}

// --- Threads that run step by step in a given order ---

/// The ends of two channels. The channels control when the thread runs its next step.
struct StepControl {
    start: Receiver<()>,
    done: Sender<()>,
    /// The number of steps that the thread has started.
    steps: usize,
}

thread_local! {
    static STEP_CONTROL: RefCell<Option<StepControl>> = const { RefCell::new(None) };
}

/// Ends the current step of the thread and waits until the next step may start. The function does nothing if the thread
/// has no `StepControl`.
fn step() {
    STEP_CONTROL.with_borrow_mut(|control| {
        if let Some(control) = control {
            control.steps += 1;
            // Ignore channel errors: a channel is closed only if the test has already failed.
            let _ = control.done.send(());
            let _ = control.start.recv();
        }
    });
}

/// The work of one thread. The closure calls `step()` between two steps.
struct Part<'a> {
    steps: usize,
    work: Box<dyn FnOnce() + Send + 'a>,
}

fn part<'a>(steps: usize, work: impl FnOnce() + Send + 'a) -> Part<'a> {
    Part { steps, work: Box::new(work) }
}

/// Runs each part of the work in its own thread, one step at a time. `order` contains one thread number per step: the
/// number of the thread that runs the step.
fn run(order: &[usize], parts: Vec<Part<'_>>) {
    std::thread::scope(|threads| {
        let mut controls = Vec::new();
        for part in parts {
            let (start, may_start) = channel();
            let (done, is_done) = channel();
            threads.spawn(move || {
                let _ = may_start.recv();
                STEP_CONTROL.set(Some(StepControl { start: may_start, done, steps: 1 }));
                (part.work)();
                let control = STEP_CONTROL.take().unwrap();
                assert_eq!(control.steps, part.steps, "the part has another number of steps");
                let _ = control.done.send(());
            });
            controls.push((start, is_done));
        }
        for &thread in order {
            let (start, is_done) = &controls[thread];
            start.send(()).unwrap();
            is_done.recv().expect("a part failed");
        }
    });
}

/// Calls `run` with every possible order of the threads' steps, and returns the number of orders. `steps` contains the
/// number of steps of each thread.
fn for_each_order(steps: &[usize], mut run: impl FnMut(&[usize])) -> usize {
    fn complete(remaining: &mut [usize], order: &mut Vec<usize>, run: &mut dyn FnMut(&[usize])) -> usize {
        if remaining.iter().all(|steps| *steps == 0) {
            run(order);
            return 1;
        }
        let mut count = 0;
        for thread in 0..remaining.len() {
            if remaining[thread] > 0 {
                remaining[thread] -= 1;
                order.push(thread);
                count += complete(remaining, order, run);
                order.pop();
                remaining[thread] += 1;
            }
        }
        count
    }
    complete(&mut steps.to_vec(), &mut Vec::new(), &mut run)
}

#[test]
fn every_order_is_generated_once() {
    let mut orders = std::collections::BTreeSet::new();
    assert_eq!(for_each_order(&[3, 2, 2], |order| assert!(orders.insert(order.to_vec()))), 210);
    assert_eq!(orders.len(), 210);
}

// --- Operations in every order, compared with a model ---

/// An operation on a jar.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Session(&'static str),
    Cart(&'static str),
    RemoveCart,
    /// Sets a cookie with the name `__Secure-place` to a value.
    Place(At, &'static str),
    RemovePlace(At),
    Number(u64),
    Get,
    Debug,
    Write,
}

/// The type of a cookie with the name `__Secure-place`.
#[derive(Clone, Copy, Debug)]
enum At {
    A,
    B,
    OnSubdomain,
    InCapitals,
}

impl At {
    fn path_and_domain(self) -> (&'static str, &'static str) {
        match self {
            At::A => ("/a", "example.com"),
            At::B => ("/b", "example.com"),
            At::OnSubdomain => ("/a", "www.example.com"),
            At::InCapitals => ("/a", "EXAMPLE.com"),
        }
    }

    fn set_in(self, jar: &Cookies, value: Text) -> Result<(), SetError> {
        match self {
            At::A => jar.set(PlaceA(value)),
            At::B => jar.set(PlaceB(value)),
            At::OnSubdomain => jar.set(PlaceOnSubdomain(value)),
            At::InCapitals => jar.set(PlaceInCapitals(value)),
        }
    }

    fn remove_from(self, jar: &Cookies) -> Result<(), SetError> {
        match self {
            At::A => jar.remove::<PlaceA>(),
            At::B => jar.remove::<PlaceB>(),
            At::OnSubdomain => jar.remove::<PlaceOnSubdomain>(),
            At::InCapitals => jar.remove::<PlaceInCapitals>(),
        }
    }
}

impl Operation {
    /// Returns the number of steps that the operation has. An operation that formats a `Text` has two steps. Every
    /// other operation has one step.
    fn steps(self) -> usize {
        match self {
            Operation::Session(_) | Operation::Cart(_) | Operation::Place(..) => 2,
            Operation::RemoveCart
            | Operation::RemovePlace(_)
            | Operation::Number(_)
            | Operation::Get
            | Operation::Debug
            | Operation::Write => 1,
        }
    }

    /// Runs the operation and returns its result.
    fn run_on(self, jar: &Cookies) -> Vec<String> {
        let text = |text: &str| Text(text.to_owned());
        let result = match self {
            Operation::Session(value) => jar.set(Session(text(value))),
            Operation::Cart(value) => jar.set(Cart(text(value))),
            Operation::RemoveCart => jar.remove::<Cart>(),
            Operation::Place(place, value) => place.set_in(jar, text(value)),
            Operation::RemovePlace(place) => place.remove_from(jar),
            Operation::Number(number) => jar.set(Number(number)),
            Operation::Get => return vec![format!("{:?}", jar.try_get::<Number>().unwrap())],
            Operation::Debug => return vec![format!("{jar:?}")],
            Operation::Write => {
                let mut response = HeaderMap::new();
                jar.write(&mut response);
                return set_cookie_headers(&response);
            }
        };
        vec![outcome(result).to_owned()]
    }

    /// Returns the name, the scope and the `Set-Cookie` header of the cookie that the operation sets. Returns `None` if
    /// the operation sets no cookie.
    fn set_cookie(self) -> Option<(&'static str, String, String)> {
        let host = |name: &'static str, value: &str| (name, String::new(), format!("{name}={value}; Path=/{SECURE}"));
        let place = |at: At, value: &str, past: &str| {
            let (path, domain) = at.path_and_domain();
            let header = format!("__Secure-place={value}; Path={path}; Domain={domain}{past}{SECURE}");
            ("__Secure-place", format!("{path} {}", domain.to_lowercase()), header)
        };
        Some(match self {
            Operation::Session(value) => host("__Host-Http-session", value),
            Operation::Cart(value) => host("__Host-Http-cart", value),
            Operation::Number(number) => host("__Host-Http-number", &number.to_string()),
            Operation::RemoveCart => {
                let name = "__Host-Http-cart";
                (name, String::new(), format!("{name}=; Path=/{PAST}{SECURE}"))
            }
            Operation::Place(at, value) => place(at, value, ""),
            Operation::RemovePlace(at) => place(at, "", PAST),
            Operation::Get | Operation::Debug | Operation::Write => return None,
        })
    }
}

/// A simple model of the cookie jar, which only one thread uses.
#[derive(Default)]
struct Model {
    sent: bool,
    /// The name, scope and `Set-Cookie` header of each cookie that the jar has not written yet.
    pending: Vec<(&'static str, String, String)>,
}

impl Model {
    /// Applies an operation to the model and returns the result of the operation.
    fn apply(&mut self, operation: Operation) -> Vec<String> {
        match (operation.set_cookie(), operation) {
            (Some(_), _) if self.sent => vec!["late".to_owned()],
            (Some(cookie), _) => {
                self.pending.retain(|(name, scope, _)| (name, scope) != (&cookie.0, &cookie.1));
                self.pending.push(cookie);
                vec!["set".to_owned()]
            }
            (None, Operation::Write) => {
                self.sent = true;
                let headers = self.pending.drain(..).map(|(_, _, header)| header);
                // The headers that remove cookies come first.
                let (removals, sets): (Vec<_>, Vec<_>) = headers.partition(|header| header.contains(PAST));
                [removals, sets].concat()
            }
            (None, Operation::Debug) => {
                let set: Vec<_> = self.pending.iter().map(|(name, ..)| name).collect();
                let read = ["__Host-Http-number"];
                vec![format!("Cookies {{ received: {read:?}, pending: {set:?}, is_sent: {} }}", self.sent)]
            }
            // If a thread has set the cookie, a read returns the new value. Otherwise, a read returns the request's
            // value.
            (None, _) => {
                let header = self.pending.iter().find_map(|(_, _, header)| header.strip_prefix("__Host-Http-number="));
                let value = header.and_then(|header| header.split(';').next()).unwrap_or("7");
                vec![format!("Some(Number({value}))")]
            }
        }
    }
}

/// Runs the operations of the threads in every possible order of steps. Compares the results of each run with the
/// results of the model. Returns the number of possible orders of steps.
fn check_every_order(threads: &[&[Operation]]) -> usize {
    let steps: Vec<_> = threads.iter().map(|all| all.iter().map(|operation| operation.steps()).sum()).collect();
    for_each_order(&steps, |order| {
        let (mut model, mut expected) = (Model::default(), vec![Vec::new(); threads.len()]);
        // Each operation changes the jar in its last step.
        let mut remaining: Vec<_> =
            threads.iter().map(|all| all.iter().map(|operation| (*operation, operation.steps()))).collect();
        let mut current: Vec<_> = remaining.iter_mut().map(Iterator::next).collect();
        for &thread in order {
            let (operation, steps) = current[thread].as_mut().unwrap();
            *steps -= 1;
            if *steps == 0 {
                expected[thread].push(model.apply(*operation));
                current[thread] = remaining[thread].next();
            }
        }

        let mut request = HeaderMap::new();
        request.insert(COOKIE, "__Host-Http-number=7".parse().unwrap());
        let jar = Cookies::from_headers(&request, testing::https());
        let mut found = vec![Vec::new(); threads.len()];
        let parts = threads.iter().zip(&mut found).zip(&steps).map(|((all, found), steps)| {
            let jar = jar.clone();
            part(*steps, move || {
                for (index, operation) in all.iter().enumerate() {
                    if index > 0 {
                        step();
                    }
                    found.push(operation.run_on(&jar));
                }
            })
        });
        run(order, parts.collect());
        assert_eq!(found, expected, "{order:?}");
        // The jar has already written all cookies into a response, so it writes no cookie into a second response.
        jar.write(&mut HeaderMap::new());
        let mut second = HeaderMap::new();
        jar.write(&mut second);
        assert!(second.is_empty(), "{order:?}");
    })
}

#[test]
fn concurrent_operations_match_a_sequential_model() {
    use Operation::{Cart, Debug, Get, RemoveCart, Session, Write};
    let (first, second) = ([Session("a"), Cart("1")], [Session("b"), RemoveCart]);
    assert_eq!(check_every_order(&[&first, &second, &[Write, Write]]), 1260);
    // Two threads write the jar. Each thread has its own response, so each header is in one of the two responses.
    assert_eq!(check_every_order(&[&first, &[RemoveCart, Write], &[Session("c"), Write]]), 2520 / 4 * 2);
    // One thread reads a cookie and formats the jar with `Debug`.
    assert_eq!(check_every_order(&[&[Session("a"), Write], &[Cart("1"), Write], &[Get, Debug]]), 560);
}

#[test]
fn reads_see_what_other_threads_set() {
    use Operation::{Get, Number, Session, Write};
    assert_eq!(check_every_order(&[&[Number(1), Get], &[Get, Number(2)], &[Session("a"), Get]]), 210);
    assert_eq!(check_every_order(&[&[Number(1), Write], &[Get, Get]]), 6);
}

#[test]
fn last_set_of_a_scope_wins() {
    use Operation::{Place, RemovePlace, Write};
    let first = [Place(At::A, "1"), Place(At::B, "2")];
    let second = [Place(At::OnSubdomain, "3"), Place(At::InCapitals, "4")];
    assert_eq!(check_every_order(&[&first, &second, &[Write]]), 630);
    assert_eq!(check_every_order(&[&first, &[RemovePlace(At::A), RemovePlace(At::B)], &[Write, Write]]), 420);
}

#[test]
fn three_setters_and_a_writer_match_the_model() {
    use Operation::{Number, Session, Write};
    let orders =
        check_every_order(&[&[Session("a"), Number(1)], &[Session("b")], &[Number(2), Session("c")], &[Write]]);
    assert_eq!(orders, 5040 / 6 / 2 / 6 * 72);
}

// --- Threads that set a jar's policy and keyring ---

/// Returns a policy. Each setting of the policy depends on `number`.
fn numbered_policy(number: u64) -> Policy {
    let domain = ["zero.example", "one.example", "two.example"][number as usize];
    let policy = Policy::builder().hsts(Hsts::one_year().max_age(Duration::from_secs(number)));
    let policy = policy.caching(if number == 1 { Caching::NoStore } else { Caching::Private });
    let policy = policy.baseline(Baseline::new().same_site(if number == 1 { SameSite::Strict } else { SameSite::Lax }));
    policy.cookie_domain(domain).keyring(Keyring::new(key(number as u8))).build().unwrap()
}

/// Checks that all headers in the argument were built under one policy. Returns the number of this policy.
fn policy_number(headers: &[String]) -> Option<u64> {
    let mut numbers = Vec::new();
    for header in headers {
        if header.starts_with("__Secure-sso=") {
            let (_, domain) = header.split_once("; Domain=").unwrap();
            let domain = domain.split(';').next().unwrap();
            let domains = ["zero.example", "one.example", "two.example"];
            numbers.push(domains.iter().position(|other| *other == domain).unwrap());
        } else {
            let mut response = HeaderMap::new();
            response.insert(SET_COOKIE, header.parse().unwrap());
            let can_open =
                |number: &usize| testing::sent_with::<Basket>(&response, &Keyring::new(key(*number as u8))).is_some();
            numbers.push((0..3).find(can_open).expect("sealed with the key of one of the policies"));
        }
    }
    assert!(numbers.windows(2).all(|two| two[0] == two[1]), "{headers:?}");
    numbers.first().map(|number| *number as u64)
}

#[test]
fn set_sees_the_first_policy_or_none() {
    let handles = [PolicyHandle::new(numbered_policy(0)), PolicyHandle::new(numbered_policy(1))];
    // Two threads set the jar's policy. A third thread sets two cookies. The `set` of the sealed cookie `Basket` has
    // one step.
    let orders = for_each_order(&[1, 1, 3], |order| {
        let jar = Cookies::from_headers(&HeaderMap::new(), testing::https());
        let mut found = Vec::new();
        let set_policy = |number: usize| {
            let (jar, handle) = (jar.clone(), &handles[number]);
            part(1, move || drop(jar.with_policy(handle)))
        };
        let set_cookies = part(3, || {
            found.push(outcome(jar.set(Sso(Text("a".into())))));
            step();
            found.push(outcome(jar.set(Basket(1))));
        });
        run(order, vec![set_policy(0), set_policy(1), set_cookies]);

        let first = order.iter().position(|thread| *thread < 2).unwrap();
        let has_policy =
            |step: usize| order.iter().enumerate().filter(|(_, thread)| **thread == 2).nth(step).unwrap().0 > first;
        let expected = ["set", if has_policy(2) { "set" } else { "no keyring" }];
        assert_eq!(found, expected, "{order:?}");
        let mut response = HeaderMap::new();
        jar.write(&mut response);
        let mut headers = set_cookie_headers(&response);
        assert_eq!(headers.len(), expected.iter().filter(|word| **word == "set").count());
        // Without a policy, a cookie that is declared with `domain = policy` has no Domain.
        assert_eq!(headers[0].contains("; Domain="), has_policy(0), "{order:?}: {headers:?}");
        headers.retain(|header| !header.starts_with("__Secure-sso=") || header.contains("; Domain="));
        let number = (!headers.is_empty()).then_some(order[first] as u64);
        assert_eq!(policy_number(&headers), number, "{order:?}: {headers:?}");
    });
    assert_eq!(orders, 20);
}

// --- Behind the policy's layer ---

/// The place where the handler stores the jar of its request.
type Slot = Mutex<Option<Cookies>>;

/// Returns an application. The application sets a sealed cookie and stores the request's jar in the slot. The
/// application responds when its future is polled for the second time.
fn service(
    handle: &PolicyHandle,
) -> impl Service<Request<Arc<Slot>>, Response = Response<()>, Error = Infallible, Future: Send> + Clone {
    handle.layer(TlsTermination::here()).layer(tower::service_fn(|request: Request<Arc<Slot>>| async move {
        let jar = Cookies::from_extensions(request.extensions()).unwrap();
        jar.set(Basket(1)).unwrap();
        *request.body().lock().unwrap() = Some(jar);
        pending_once().await;
        Ok(Response::new(()))
    }))
}

/// Returns a future that is ready when it is polled for the second time.
fn pending_once() -> impl Future<Output = ()> {
    let mut polled = false;
    std::future::poll_fn(move |_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending })
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn request(slot: &Arc<Slot>) -> Request<Arc<Slot>> {
    Request::get("/").header(HOST, "www.site.example").body(slot.clone()).unwrap()
}

/// Returns the number of the policy, and the number of cookies in the response. Checks that all headers of the response
/// were built under one policy.
fn policy_number_and_count(response: &HeaderMap) -> (u64, usize) {
    let number = response[STRICT_TRANSPORT_SECURITY].to_str().unwrap().strip_prefix("max-age=").unwrap();
    let number: u64 = number.parse().unwrap();
    let headers = set_cookie_headers(response);
    assert_eq!(policy_number(&headers), Some(number), "{headers:?}");
    let (same_site, caching) = if number == 1 { ("Strict", "no-store") } else { ("Lax", "private") };
    assert!(headers.iter().all(|header| header.ends_with(&format!("; SameSite={same_site}"))), "{headers:?}");
    assert_eq!(response[CACHE_CONTROL], caching);
    (number, headers.len())
}

#[test]
fn no_request_sees_two_policies() {
    // There are four threads:
    // - The first thread applies two policies.
    // - The second thread sends a request.
    // - The third thread sets a cookie in the jar of the second thread's request.
    // - The fourth thread sends its own request, and sets a cookie in the jar of its own request.
    let mut run_orders = 0;
    let orders = for_each_order(&[2, 2, 2, 3], |order| {
        let position = |thread: usize, step: usize| {
            order.iter().enumerate().filter(|(_, other)| **other == thread).nth(step).unwrap().0
        };
        // The third thread needs the jar of the second thread's request. This jar exists after the first step of the
        // second thread.
        if position(2, 0) < position(1, 0) {
            return;
        }
        run_orders += 1;
        let handle = PolicyHandle::new(numbered_policy(0));
        let (first, second) = (Arc::<Slot>::default(), Arc::<Slot>::default());
        let (mut first_response, mut second_response, mut set) = (None, None, None);
        let apply_policies = part(2, || {
            handle.apply(numbered_policy(1));
            step();
            handle.apply(numbered_policy(2));
        });
        let send_first = part(2, || {
            let mut future = pin!(service(&handle).call(request(&first)));
            assert!(poll(future.as_mut()).is_pending());
            step();
            let Poll::Ready(Ok(response)) = poll(future) else { panic!("no response") };
            first_response = Some(policy_number_and_count(response.headers()));
        });
        let set_in_first = part(2, || {
            let jar = first.lock().unwrap().clone().unwrap();
            set = Some(outcome(jar.set(Sso(Text("a".into())))));
        });
        let send_second = part(3, || {
            let mut future = pin!(service(&handle).call(request(&second)));
            assert!(poll(future.as_mut()).is_pending());
            let jar = second.lock().unwrap().clone().unwrap();
            jar.set(Sso(Text("b".into()))).unwrap();
            step();
            let Poll::Ready(Ok(response)) = poll(future) else { panic!("no response") };
            second_response = Some(policy_number_and_count(response.headers()));
        });
        run(order, vec![apply_policies, send_first, set_in_first, send_second]);

        let policy_at = |position: usize| order[..position].iter().filter(|thread| **thread == 0).count() as u64;
        let is_in_time = position(2, 1) < position(1, 1);
        assert_eq!(set, Some(if is_in_time { "set" } else { "late" }), "{order:?}");
        let expected = (policy_at(position(1, 0)), 1 + usize::from(is_in_time));
        assert_eq!(first_response, Some(expected), "{order:?}");
        assert_eq!(second_response, Some((policy_at(position(3, 0)), 2)), "{order:?}");
    });
    assert_eq!((orders, run_orders), (7560, 3780));
}

#[test]
fn disconnected_client_closes_the_jar() {
    let mut run_orders = 0;
    for_each_order(&[2, 4], |order| {
        if order[0] == 1 {
            return;
        }
        run_orders += 1;
        let handle = PolicyHandle::new(numbered_policy(0));
        let slot = Arc::<Slot>::default();
        let mut found = Vec::new();
        let send_and_disconnect = part(2, || {
            let mut future = Box::pin(service(&handle).call(request(&slot)));
            assert!(poll(future.as_mut()).is_pending());
            step();
            drop(future);
        });
        let set_cookies = part(4, || {
            let jar = slot.lock().unwrap().take().unwrap();
            found.push(outcome(jar.set(Session(Text("a".into())))));
            step();
            found.push(outcome(jar.set(Session(Text("b".into())))));
        });
        run(order, vec![send_and_disconnect, set_cookies]);
        let disconnected = order.iter().rposition(|thread| *thread == 0).unwrap();
        // A `set` call succeeds if its second step comes before the client disconnects. If both `set` calls succeed,
        // the first call ends at position 2 of `order`, and the second call ends at position 4.
        let expected = [if disconnected > 2 { "set" } else { "late" }, if disconnected > 4 { "set" } else { "late" }];
        assert_eq!(found, expected, "{order:?}");
        // A client that disconnects is not a mistake in the program, so there is no event of the kind `Mistake`.
        let refused = expected.iter().filter(|word| **word == "late").count() as u64;
        assert_eq!(handle.counters().get(Kind::CookieNotSet), refused);
        assert_eq!(handle.counters().get(Kind::Mistake), 0);
    });
    assert_eq!(run_orders, 5);
}

#[test]
fn unsent_jar_emits_one_event() {
    let orders = for_each_order(&[3, 3, 1], |order| {
        for writes in [false, true] {
            let handle = PolicyHandle::new(Policy::default());
            let jar = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&handle);
            let (first, second) = (jar.clone(), jar.clone());
            let mut written = 0;
            let parts = vec![
                part(3, move || {
                    let _ = first.set(Session(Text("a".into())));
                    step();
                    drop(first);
                }),
                part(3, move || {
                    let _ = second.set(Cart(Text("1".into())));
                    step();
                    drop(second);
                }),
                part(1, || {
                    if writes {
                        let mut response = HeaderMap::new();
                        jar.write(&mut response);
                        written = set_cookie_headers(&response).len() as u64;
                    }
                    drop(jar);
                }),
            ];
            run(order, parts);
            // No cookie gets lost silently. Either the response contains the cookie, or `set` returned an error, or an
            // event reports the cookie.
            let (refused, mistakes) = (handle.counters().get(Kind::CookieNotSet), handle.counters().get(Kind::Mistake));
            let expected = if writes { (2 - written, 0) } else { (0, 1) };
            assert_eq!((refused, mistakes), expected, "{order:?}");
        }
    });
    assert_eq!(orders, 140);
}

// --- Threads and tasks in any order ---

/// Returns the number of `set` calls that succeeded in one thread. A `set` call is late if it comes after the response
/// was sent. Checks that all calls after the first late call are late too.
fn count_in_time(results: &[&str]) -> usize {
    let in_time = results.iter().take_while(|word| **word == "set").count();
    assert!(results[in_time..].iter().all(|word| *word == "late"), "{results:?}");
    in_time
}

#[test]
fn threads_lose_no_cookie_and_repeat_none() {
    const SETTERS: u64 = 4;
    const NUMBERS: u64 = 12;
    const ROUNDS: u64 = 400;
    let (mut early, mut late) = (0, 0);
    for round in 0..ROUNDS {
        let handle = PolicyHandle::new(Policy::default());
        let jar = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&handle);
        let start = Barrier::new(SETTERS as usize + 2);
        let (results, responses) = std::thread::scope(|threads| {
            let setters: Vec<_> = (0..SETTERS)
                .map(|setter| {
                    let (jar, start) = (jar.clone(), &start);
                    threads.spawn(move || {
                        start.wait();
                        let set_both = |number| {
                            let own = jar.family::<Numbered>().set(&format!("{setter}-{number}"), Numbered(number));
                            // All threads set the shared cookie. The response contains the value of the last `set`.
                            let shared = Number(setter * NUMBERS + number);
                            [outcome(own), outcome(jar.set(shared))]
                        };
                        (0..NUMBERS).flat_map(set_both).collect::<Vec<_>>()
                    })
                })
                .collect();
            let writers: Vec<_> = (0..2)
                .map(|writer| {
                    let (jar, start) = (jar.clone(), &start);
                    threads.spawn(move || {
                        start.wait();
                        // In each round, the thread that writes the jar waits for a different time.
                        (0..(round + writer) % 40).for_each(|_| std::thread::yield_now());
                        let mut response = HeaderMap::new();
                        jar.write(&mut response);
                        set_cookie_headers(&response)
                    })
                })
                .collect();
            let results: Vec<_> = setters.into_iter().map(|setter| setter.join().unwrap()).collect();
            (results, writers.into_iter().map(|writer| writer.join().unwrap()).collect::<Vec<_>>())
        });
        assert!(responses.iter().any(Vec::is_empty), "both responses have cookies: {responses:?}");
        let mut sent: BTreeMap<String, usize> = BTreeMap::new();
        responses.concat().into_iter().for_each(|header| *sent.entry(header).or_default() += 1);
        assert!(sent.values().all(|times| *times == 1), "{sent:?}");

        let (mut own, mut last) = (0, Vec::new());
        for (setter, results) in (0..).zip(&results) {
            let in_time = count_in_time(results) as u64;
            for number in 0..NUMBERS {
                let header = numbered_header(&format!("{setter}-{number}"), number);
                assert_eq!(sent.contains_key(&header), 2 * number < in_time, "{header}: {results:?}");
            }
            own += in_time.div_ceil(2);
            if in_time > 1 {
                let number = setter * NUMBERS + in_time / 2 - 1;
                last.push(format!("__Host-Http-number={number}; Path=/{SECURE}"));
            }
            early += in_time;
            late += 2 * NUMBERS - in_time;
        }
        // The response sets the shared cookie once, with the last value of one of the threads.
        let shared: Vec<_> = sent.keys().filter(|header| header.starts_with("__Host-Http-number=")).collect();
        assert_eq!(shared.len(), usize::from(!last.is_empty()), "{shared:?}");
        assert!(shared.iter().all(|header| last.contains(header)), "{shared:?}: {last:?}");
        assert_eq!(sent.len() as u64, own + shared.len() as u64);

        // The response was already sent, so a call of `set` now returns an error.
        assert_eq!(outcome(jar.set(Number(1))), "late");
        drop(jar);
        assert_eq!(handle.counters().get(Kind::Mistake), 0);
    }
    println!("{ROUNDS} rounds: {early} sets in time, {late} late");
}

#[test]
fn task_results_match_the_sent_cookies() {
    const TASKS: u64 = 6;
    const REQUESTS: u64 = 300;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let handle = PolicyHandle::new(Policy::default());
    let layer = handle.layer(TlsTermination::here());
    let (early, late) = (AtomicUsize::new(0), AtomicUsize::new(0));
    runtime.block_on(async {
        for number_of_request in 0..REQUESTS {
            let (sender, receiver) = tokio::sync::oneshot::channel();
            let sender = Arc::new(Mutex::new(Some(sender)));
            // The handler starts tasks, and returns before the tasks end.
            let mut service = layer.layer(tower::service_fn(|request: Request<()>| {
                let sender = sender.clone();
                async move {
                    let jar: Cookies = Cookies::from_extensions(request.extensions()).unwrap();
                    let tasks: Vec<_> = (0..TASKS)
                        .map(|number| {
                            let jar = jar.clone();
                            tokio::spawn(async move {
                                for _ in 0..number {
                                    tokio::task::yield_now().await;
                                }
                                let key = format!("{number_of_request}-{number}");
                                outcome(jar.family::<Numbered>().set(&key, Numbered(number)))
                            })
                        })
                        .collect();
                    let sender = sender.lock().unwrap().take().unwrap();
                    assert!(sender.send((jar, tasks)).is_ok());
                    for _ in 0..number_of_request % 8 {
                        tokio::task::yield_now().await;
                    }
                    Ok::<_, Infallible>(Response::new(()))
                }
            }));
            let response = service.call(Request::new(())).await.unwrap();
            let sent = set_cookie_headers(response.headers());
            let (jar, tasks) = receiver.await.unwrap();
            let mut set = 0;
            for (number, task) in (0..TASKS).zip(tasks) {
                let header = numbered_header(&format!("{number_of_request}-{number}"), number);
                let result = task.await.unwrap();
                let times = sent.iter().filter(|other| **other == header).count();
                assert_eq!(times, usize::from(result == "set"), "{header}: {result}");
                set += times;
            }
            assert_eq!(sent.len(), set);
            early.fetch_add(set, Ordering::Relaxed);
            late.fetch_add(TASKS as usize - set, Ordering::Relaxed);
            // A streaming body could call `set` after the headers were sent.
            assert_eq!(outcome(jar.set(Number(number_of_request))), "late");
        }
    });
    println!("{REQUESTS} requests: {early:?} sets in time, {late:?} late");
    assert_eq!(handle.counters().get(Kind::CookieNotSet), late.into_inner() as u64 + REQUESTS);
    assert_eq!(handle.counters().get(Kind::Mistake), 0);
}
