//! Tests key rotation on eight servers. Each step of the rotation reaches the servers at different times. During the
//! rotation, clients send requests to random servers. All random numbers come from a fixed seed, so every run of the
//! test is the same.

use std::collections::HashMap;

use hardtack::seal::{Key, Keyring};
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, ReadCookie, ReadError, testing};
use http::{HeaderMap, HeaderValue};

use super::{NOW, instant, key, verdict};

const SERVERS: usize = 8;
const CLIENTS: usize = 40;

#[derive(Cookie, Clone, Debug, PartialEq)]
#[cookie(sealed, max_age = "1h")]
struct Session(u64);

#[derive(Cookie, Clone, Debug, PartialEq)]
#[cookie(signed, max_age = "1h")]
struct Visitor(u64);

const LIFETIME: u64 = 3_600;

/// A pseudo-random generator (SplitMix64) that returns the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// A server with a policy and a clock. A deploy of a new keyring replaces the policy while the server runs.
struct Server {
    handle: PolicyHandle,
    /// The difference between the server's clock and the real time, in seconds.
    clock_error: i64,
    /// For each step of the rotation, the time at which the step reaches this server, and the keyring of the step.
    deploys: Vec<(u64, Keyring)>,
}

/// A browser. For each cookie name, the map `cookies` contains the cookie and the time at which the cookie expires.
#[derive(Default)]
struct Client {
    cookies: HashMap<&'static str, (HeaderValue, u64)>,
}

/// A step of a key rotation: all servers get a new keyring.
struct Step {
    /// The time at which the step's deploy begins.
    begins: u64,
    keyring: Keyring,
}

/// The number of seconds until a new keyring has reached all servers.
const DEPLOY: u64 = 900;

/// Runs the clients and the servers. Returns two results. The map contains the number of wrongly rejected cookies for
/// each kind of read error. The second result is the number of cookies that the servers read.
fn run(first: &Keyring, steps: &[Step], seed: u64) -> (HashMap<&'static str, usize>, usize) {
    let mut random = Random(seed);
    let policy = |keyring: &Keyring| Policy::builder().keyring(keyring.clone()).build().unwrap();
    let mut servers: Vec<_> = (0..SERVERS)
        .map(|_| Server {
            handle: PolicyHandle::new(policy(first)),
            clock_error: i64::try_from(random.below(41)).unwrap() - 20,
            deploys: steps.iter().map(|step| (step.begins + random.below(DEPLOY), step.keyring.clone())).collect(),
        })
        .collect();
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| Client::default()).collect();
    let (mut rejected, mut read) = (HashMap::new(), 0);
    let end = steps.iter().map(|step| step.begins).max().unwrap() + DEPLOY + 2 * LIFETIME;
    let mut now = NOW;
    while now < end {
        now += random.below(5);
        for server in &mut servers {
            let due: Vec<_> = server.deploys.extract_if(.., |(at, _)| *at <= now).collect();
            if let Some((_, keyring)) = due.last() {
                server.handle.apply(policy(keyring));
            }
        }
        let server = &servers[usize::try_from(random.below(SERVERS as u64)).unwrap()];
        let client = &mut clients[usize::try_from(random.below(CLIENTS as u64)).unwrap()];
        client.cookies.retain(|_, (_, ends)| now < *ends);
        // A client's session cookie is renewed on about every tenth request. A visitor cookie is never renewed.
        let renews = random.below(10) == 0;
        let server_time = now.checked_add_signed(server.clock_error).unwrap();
        let send = || send_request(client, &server.handle, renews, now, &mut rejected, &mut read);
        testing::at(instant(server_time), send);
    }
    (rejected, read)
}

/// Sends one request and stores the cookies of the response in the client.
fn send_request(
    client: &mut Client,
    handle: &PolicyHandle,
    renews: bool,
    now: u64,
    rejected: &mut HashMap<&'static str, usize>,
    read: &mut usize,
) {
    let mut request = HeaderMap::new();
    for (cookie, _) in client.cookies.values() {
        request.append("cookie", cookie.clone());
    }
    let cookies: Cookies = Cookies::from_headers(&request, testing::https()).with_policy(handle);
    let (session, visitor) = (cookies.try_get::<Session>(), cookies.try_get::<Visitor>());
    let mut count = |result: Result<bool, ReadError>| match result {
        Ok(was_there) => *read += usize::from(was_there),
        Err(_) => *rejected.entry(verdict(&result)).or_default() += 1,
    };
    count(session.clone().map(|found| found.is_some()));
    count(visitor.clone().map(|found| found.is_some()));
    let session = session.ok().flatten();
    if renews || session.is_none() {
        cookies.set(Session(session.map_or(1, |session| session.0 + 1))).unwrap();
    }
    if visitor.ok().flatten().is_none() {
        cookies.set(Visitor(now)).unwrap();
    }
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    for header in response.get_all("set-cookie") {
        let header = header.to_str().unwrap();
        let pair = header.split(';').next().unwrap();
        let name = [Session::SPEC.name, Visitor::SPEC.name].into_iter().find(|name| pair.starts_with(*name)).unwrap();
        client.cookies.insert(name, (pair.parse().unwrap(), now + LIFETIME));
    }
}

fn keys() -> (Key, Key) {
    (key(1), key(2))
}

/// Returns the rotation in three steps that `runtime/docs/seal.md` describes. Each step begins when the previous step
/// has reached every server.
fn three_steps() -> (Keyring, Vec<Step>) {
    let (old, new) = keys();
    let first = Keyring::new(old.clone());
    let reads = Step { begins: NOW + 600, keyring: first.clone().with(new.clone()) };
    let writes = Step { begins: reads.begins + DEPLOY, keyring: Keyring::new(new.clone()).with(old) };
    // The rotation can remove the old key when the last value that was sealed with the old key has expired. The slowest
    // server sealed the last value just before the previous step reached that server.
    let alone = Step { begins: writes.begins + DEPLOY + LIFETIME + 60, keyring: Keyring::new(new) };
    (first, vec![reads, writes, alone])
}

#[test]
fn three_step_rotation_rejects_no_valid_cookie() {
    let (first, steps) = three_steps();
    for seed in 0..3 {
        let (rejected, read) = run(&first, &steps, seed);
        assert_eq!(rejected, HashMap::new(), "{seed}");
        assert!(read > 5_000, "{read}");
    }
}

#[test]
fn scheduled_rotation_rejects_no_valid_cookie() {
    let (old, new) = keys();
    let first = Keyring::new(old.clone());
    let with = Step {
        begins: NOW + 600,
        keyring: first.clone().with(new.clone().writes_from(instant(NOW + 600 + DEPLOY + 60))),
    };
    let alone = Step { begins: with.begins + DEPLOY + 120 + LIFETIME, keyring: Keyring::new(new) };
    let steps = vec![with, alone];
    for seed in 0..3 {
        assert_eq!(run(&first, &steps, seed).0, HashMap::new(), "{seed}");
    }
}

/// Runs a rotation and returns the number of valid cookies that the servers reject. Asserts that each rejected cookie
/// has the verdict `unknown-key`.
fn rejected(first: &Keyring, steps: &[Step]) -> usize {
    let runs = (0..3).map(|seed| run(first, steps, seed).0);
    let unknown = |rejected: HashMap<_, _>| {
        assert!(rejected.keys().all(|verdict| *verdict == "unknown-key"), "{rejected:?}");
        rejected.values().sum::<usize>()
    };
    runs.map(unknown).sum()
}

#[test]
fn naive_rotations_reject_valid_cookies() {
    let (old, new) = keys();
    let first = Keyring::new(old.clone());
    // This wrong rotation replaces the key in one step.
    let swapped = [Step { begins: NOW + 600, keyring: Keyring::new(new.clone()) }];
    assert!(rejected(&first, &swapped) > 300);
    // In this wrong rotation, the first servers seal values with the new key too early. The other servers do not have
    // the new key yet.
    let at_once = [Step { begins: NOW + 600, keyring: Keyring::new(new.clone()).with(old) }];
    assert!(rejected(&first, &at_once) > 10);
    // This wrong rotation removes the old key before the last value sealed with the old key has expired.
    let (first, mut steps) = three_steps();
    steps[2].begins = steps[1].begins + DEPLOY;
    assert!(rejected(&first, &steps) > 30);
}

#[test]
fn equal_seeds_give_equal_runs() {
    let (first, steps) = three_steps();
    assert_eq!(run(&first, &steps, 7), run(&first, &steps, 7));
    assert_ne!(run(&first, &steps, 7).1, run(&first, &steps, 8).1);
}
