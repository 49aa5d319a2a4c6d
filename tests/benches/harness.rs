//! Runs the cases of a bench. The scripts in this folder count the instructions of the command `BENCH CASE COUNT`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed benchmark panics")]

pub mod by_hand;
pub mod requests;

use std::time::{Duration, Instant};

/// A function that runs one operation. The function panics if the result of the operation is wrong.
pub type Operation = Box<dyn FnMut()>;

/// Runs the cases by the arguments of the program.
///
/// - `BENCH CASE COUNT` repeats one case.
/// - `BENCH times` prints the nanoseconds of each case.
/// - `BENCH` runs each case once and prints its name. Use this command to check that every case works.
///
/// # Panics
///
/// Panics if the arguments name no case, or if the result of an operation is wrong.
pub fn run(cases: Vec<(String, Operation)>) {
    // Skip the argument `--bench`, which `cargo bench` adds.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => {
            for (name, mut operation) in cases {
                operation();
                println!("{name}");
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
                operation();
            }
        }
        _ => panic!("BENCH [times | CASE COUNT]"),
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
            operation();
        }
        shortest = shortest.min(run.elapsed());
    }
    shortest.as_nanos() / u128::from(OPERATIONS_PER_RUN)
}
