//! What one operation costs, beside the same by others and by hand. `operations CASE COUNT` does one case that often, for
//! `counts.sh` to count; `operations times` takes the time of each; without arguments each case runs once and prints what
//! comes of it, so that a case that does nothing is seen.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bench that fails stops")]

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

/// Does one thing once.
type Operation = Box<dyn FnMut() -> Done>;

/// What comes of it.
enum Done {
    Response(Response<()>),
    Line(HeaderValue),
    Read(u64),
    Octets(Vec<u8>),
}

impl Done {
    fn lines(&self) -> Vec<String> {
        let line = |line: &HeaderValue| line.to_str().unwrap().to_owned();
        match self {
            Done::Response(response) => response.headers().get_all(SET_COOKIE).iter().map(line).collect(),
            Done::Line(value) => vec![line(value)],
            Done::Read(number) => vec![number.to_string()],
            Done::Octets(octets) => vec![octets.escape_ascii().to_string()],
        }
    }
}

/// Who is signed in.
#[derive(Cookie)]
#[cookie(name = "__Host-session", max_age = "8h")]
struct Session(String);

/// The same for a reader that allocates nothing.
#[derive(Cookie, Clone, Copy)]
#[cookie(name = "__Host-session", max_age = "8h")]
struct Number(u64);

const NAME: &str = "__Host-session";

/// What the declaration of `Session` says, written by hand.
const ATTRIBUTES: &str = "; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";

/// 32 characters of base64url.
const VALUE: &str = "Vb4xk2Jr_0QmLZt7sYc9-NhWfTgUeAo3";

/// 64 octets, of which 48 are escaped.
const ESCAPED: &str = "a;;;b,,,c\"\"\"d   e;;;f,,,g\"\"\"h   i;;;j,,,k\"\"\"l   m;;;n,,,o\"\"\"p   ";

fn cases() -> Vec<(String, Operation)> {
    [set::cases(), read::cases(), layer::cases(), seal::cases(), growth::cases()].into_iter().flatten().collect()
}

fn main() {
    // `cargo bench` adds `--bench`.
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

/// The least of many short runs: what else the machine did then is not in it.
fn nanoseconds(mut operation: Operation) -> u128 {
    const RUN: u32 = 200;
    let begun = Instant::now();
    let mut least = Duration::MAX;
    while begun.elapsed() < Duration::from_millis(200) {
        let run = Instant::now();
        for _ in 0..RUN {
            black_box(operation());
        }
        least = least.min(run.elapsed());
    }
    least.as_nanos() / u128::from(RUN)
}
