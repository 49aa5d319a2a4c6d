//! Measures single operations of hardtack, of other crates and of hand-written code.
//!
//! - `operations CASE COUNT` repeats one case. `counts.sh` counts the instructions of this command.
//! - `operations times` prints the time of each case.
//! - `operations` without arguments runs each case once and prints its output. Use `operations` without arguments to
//!   check that every case works.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed benchmark panics")]

mod device_bound;
mod growth;
mod layer;
mod read;
mod seal;
mod set;

use std::hint::black_box;
use std::time::{Duration, Instant};

use hardtack::Cookie;
use http::header::SET_COOKIE;
use http::{HeaderValue, Response};

/// A function that runs one operation.
type Operation = Box<dyn FnMut() -> Output>;

/// The result of an operation.
enum Output {
    Response(Response<()>),
    Header(HeaderValue),
    Number(u64),
    Bytes(Vec<u8>),
}

impl Output {
    /// Returns the output as lines of text.
    fn lines(&self) -> Vec<String> {
        let text = |header: &HeaderValue| header.to_str().unwrap().to_owned();
        match self {
            Output::Response(response) => response.headers().get_all(SET_COOKIE).iter().map(text).collect(),
            Output::Header(header) => vec![text(header)],
            Output::Number(number) => vec![number.to_string()],
            Output::Bytes(bytes) => vec![bytes.escape_ascii().to_string()],
        }
    }
}

/// The session of a signed-in user.
#[derive(Cookie)]
#[cookie(name = "__Host-session", max_age = "8h")]
struct Session(String);

/// The cookie `__Host-session`, with a number as its value. Reading a number does not allocate memory.
#[derive(Cookie, Clone, Copy)]
#[cookie(name = "__Host-session", max_age = "8h")]
struct Number(u64);

const NAME: &str = "__Host-session";

/// The attributes of `Session`, written by hand.
const ATTRIBUTES: &str = "; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";

/// The session's value: 32 characters of base64url.
const VALUE: &str = "Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3";

/// A value of 64 bytes. In a header, hardtack percent-encodes 48 of the 64 bytes.
const ESCAPED: &str = "a;;;b,,,c\"\"\"d   e;;;f,,,g\"\"\"h   i;;;j,,,k\"\"\"l   m;;;n,,,o\"\"\"p   ";

fn cases() -> Vec<(String, Operation)> {
    [set::cases(), read::cases(), layer::cases(), seal::cases(), device_bound::cases(), growth::cases()]
        .into_iter()
        .flatten()
        .collect()
}

fn main() {
    // Skip the argument `--bench`, which `cargo bench` adds.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => {
            for (name, mut operation) in cases() {
                println!("{name}");
                for line in operation().lines().iter().take(3) {
                    println!("    {line:.150}");
                }
            }
        }
        ["times"] => {
            for (name, operation) in cases() {
                println!("{name}\t{}", nanoseconds(operation));
            }
        }
        [name, count] => {
            let Some((_, mut operation)) = cases().into_iter().find(|(case, _)| case == name) else {
                panic!("no case `{name}`");
            };
            for _ in 0..count.parse::<u32>().unwrap() {
                black_box(operation());
            }
        }
        _ => panic!("operations [times | CASE COUNT]"),
    }
}

/// Returns the time of one operation in nanoseconds. Uses the shortest of many short runs. Other programs on the
/// machine make some runs longer.
fn nanoseconds(mut operation: Operation) -> u128 {
    const OPERATIONS_PER_RUN: u32 = 200;
    let started = Instant::now();
    let mut shortest = Duration::MAX;
    while started.elapsed() < Duration::from_millis(200) {
        let run = Instant::now();
        for _ in 0..OPERATIONS_PER_RUN {
            black_box(operation());
        }
        shortest = shortest.min(run.elapsed());
    }
    shortest.as_nanos() / u128::from(OPERATIONS_PER_RUN)
}
