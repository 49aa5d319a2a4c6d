//! Runs the cases of a bench. The scripts in this folder count the instructions of the command `BENCH CASE COUNT`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed benchmark panics")]

pub mod by_hand;
pub mod requests;

use std::hint::black_box;
use std::time::{Duration, Instant};

/// A function that runs one operation. An operation without output panics if its result is wrong.
pub type Operation<T = ()> = Box<dyn FnMut() -> T>;

/// The result of an operation.
pub trait Output {
    /// Returns the result as lines of text, so that a person can check the result.
    fn lines(&self) -> Vec<String>;
}

impl Output for () {
    fn lines(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Runs the cases by the arguments of the program.
///
/// - `BENCH CASE COUNT` repeats one case.
/// - `BENCH times` prints the nanoseconds of each case.
/// - `BENCH` runs each case once and prints its name and its output. Use this command to check that every case works.
///
/// # Panics
///
/// Panics if the arguments name no case, or if the result of an operation is wrong.
pub fn run<T: Output>(cases: Vec<(String, Operation<T>)>) {
    // Skip the argument `--bench`, which `cargo bench` adds.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => {
            for (name, mut operation) in cases {
                println!("{name}");
                for line in operation().lines().iter().take(3) {
                    println!("    {line:.150}");
                }
            }
        }
        ["times"] => {
            for (name, operation) in cases {
                println!("{name}\t{}", nanoseconds(operation));
            }
        }
        [name, count] => {
            let (_, mut operation) =
                cases.into_iter().find(|(case, _)| case == name).unwrap_or_else(|| panic!("no case `{name}`"));
            for _ in 0..count.parse::<u32>().unwrap() {
                black_box(operation());
            }
        }
        _ => panic!("BENCH [times | CASE COUNT]"),
    }
}

/// Returns the time of one operation in nanoseconds. Uses the shortest of many short runs. Other programs on the
/// machine make some runs longer.
fn nanoseconds<T>(mut operation: Operation<T>) -> u128 {
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
