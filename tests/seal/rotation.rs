//! Rotation on eight servers that take each step at moments of their own, while clients keep talking to whichever server
//! answers. Everything is drawn from one seed: what is refused once is refused in every run.

use std::collections::HashMap;

use hardtack::{Cookie, Cookies, Key, Keyring, Policy, PolicyHandle, ReadError, testing};
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

const LIFE: u64 = 3_600;

/// Numbers that look random and are the same in every run (SplitMix64).
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

/// One server: its policy, which a deploy replaces while it runs, and a clock that is a little wrong.
struct Server {
    handle: PolicyHandle,
    clock: i64,
    /// When each step of the rotation reaches it, and what it brings.
    deploys: Vec<(u64, Keyring)>,
}

/// A browser: its two cookies, and when each is over.
#[derive(Default)]
struct Client {
    cookies: HashMap<&'static str, (HeaderValue, u64)>,
}

/// A rotation: when a step begins to reach servers, and what it brings; by then the last one has reached them all.
struct Step {
    begins: u64,
    keyring: Keyring,
}

/// How long a deploy takes to reach the last server.
const DEPLOY: u64 = 900;

/// Runs the clients against the servers, and returns how many of their valid cookies were refused, by verdict, with how
/// many were read.
fn run(first: &Keyring, steps: &[Step], seed: u64) -> (HashMap<&'static str, usize>, usize) {
    let mut random = Random(seed);
    let policy = |keyring: &Keyring| Policy::builder().keyring(keyring.clone()).build().unwrap();
    let mut servers: Vec<_> = (0..SERVERS)
        .map(|_| Server {
            handle: PolicyHandle::new(policy(first)),
            clock: i64::try_from(random.below(41)).unwrap() - 20,
            deploys: steps.iter().map(|step| (step.begins + random.below(DEPLOY), step.keyring.clone())).collect(),
        })
        .collect();
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| Client::default()).collect();
    let (mut refused, mut read) = (HashMap::new(), 0);
    let end = steps.iter().map(|step| step.begins).max().unwrap() + DEPLOY + 2 * LIFE;
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
        // A session is written anew on every tenth request, as one that slides is; a visitor keeps the first.
        let renews = random.below(10) == 0;
        let seen = now.checked_add_signed(server.clock).unwrap();
        testing::at(instant(seen), || exchange(client, &server.handle, renews, now, &mut refused, &mut read));
    }
    (refused, read)
}

fn exchange(
    client: &mut Client,
    handle: &PolicyHandle,
    renews: bool,
    now: u64,
    refused: &mut HashMap<&'static str, usize>,
    read: &mut usize,
) {
    let mut request = HeaderMap::new();
    for (cookie, _) in client.cookies.values() {
        request.append("cookie", cookie.clone());
    }
    let cookies: Cookies = Cookies::read(&request, testing::https()).policy(handle);
    let (session, visitor) = (cookies.get::<Session>(), cookies.get::<Visitor>());
    let mut count = |result: Result<bool, ReadError>| match result {
        Ok(was_there) => *read += usize::from(was_there),
        Err(_) => *refused.entry(verdict(&result)).or_default() += 1,
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
    for line in response.get_all("set-cookie") {
        let line = line.to_str().unwrap();
        let pair = line.split(';').next().unwrap();
        let name = [Session::SPEC.name, Visitor::SPEC.name].into_iter().find(|name| pair.starts_with(*name)).unwrap();
        client.cookies.insert(name, (pair.parse().unwrap(), now + LIFE));
    }
}

fn keys() -> (Key, Key) {
    (key(1), key(2))
}

/// The days between the steps: each begins when the one before has reached every server.
fn three_steps() -> (Keyring, Vec<Step>) {
    let (old, new) = keys();
    let first = Keyring::new(old.clone());
    let reads = Step { begins: NOW + 600, keyring: first.clone().with(new.clone()) };
    let writes = Step { begins: reads.begins + DEPLOY, keyring: Keyring::new(new.clone()).with(old) };
    // The last value of the old key was written when the step before reached the last server.
    let alone = Step { begins: writes.begins + DEPLOY + LIFE + 60, keyring: Keyring::new(new) };
    (first, vec![reads, writes, alone])
}

#[test]
fn three_steps_refuse_no_valid_cookie_on_any_of_eight_servers() {
    let (first, steps) = three_steps();
    for seed in 0..3 {
        let (refused, read) = run(&first, &steps, seed);
        assert_eq!(refused, HashMap::new(), "{seed}");
        assert!(read > 5_000, "{read}");
    }
}

#[test]
fn one_step_that_names_its_instant_refuses_none_either() {
    let (old, new) = keys();
    let first = Keyring::new(old.clone());
    let with = Step {
        begins: NOW + 600,
        keyring: first.clone().with(new.clone().writes_from(instant(NOW + 600 + DEPLOY + 60))),
    };
    let alone = Step { begins: with.begins + DEPLOY + 120 + LIFE, keyring: Keyring::new(new) };
    let steps = vec![with, alone];
    for seed in 0..3 {
        assert_eq!(run(&first, &steps, seed).0, HashMap::new(), "{seed}");
    }
}

/// How many valid cookies a rotation refuses, all for one reason.
fn refused(first: &Keyring, steps: &[Step]) -> usize {
    let runs = (0..3).map(|seed| run(first, steps, seed).0);
    let unknown = |refused: HashMap<_, _>| {
        assert!(refused.keys().all(|verdict| *verdict == "unknown-key"), "{refused:?}");
        refused.values().sum::<usize>()
    };
    runs.map(unknown).sum()
}

#[test]
fn the_naive_rotations_refuse_valid_cookies() {
    let (old, new) = keys();
    let first = Keyring::new(old.clone());
    // The key is swapped.
    let swapped = [Step { begins: NOW + 600, keyring: Keyring::new(new.clone()) }];
    assert!(refused(&first, &swapped) > 300);
    // The new key writes where it is before it reads everywhere: each server is right, and all of them are wrong.
    let at_once = [Step { begins: NOW + 600, keyring: Keyring::new(new.clone()).with(old) }];
    assert!(refused(&first, &at_once) > 10);
    // The old key is dropped before what it wrote is over.
    let (first, mut steps) = three_steps();
    steps[2].begins = steps[1].begins + DEPLOY;
    assert!(refused(&first, &steps) > 30);
}

#[test]
fn the_same_seed_is_the_same_run() {
    let (first, steps) = three_steps();
    assert_eq!(run(&first, &steps, 7), run(&first, &steps, 7));
    assert_ne!(run(&first, &steps, 7).1, run(&first, &steps, 8).1);
}
