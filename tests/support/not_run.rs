//! Reports a test that cannot run on this machine.

use std::io::Write as _;

/// Prints the reason why the test did not run. In CI, panics, so that the test fails.
pub(crate) fn not_run(why: &str) {
    let why = format!("not run: {why}");
    assert!(std::env::var_os("CI").is_none(), "{why}");
    // Do not use `eprintln!`: if a test passes, the test harness does not show the output of `eprintln!`.
    let _ = writeln!(std::io::stderr(), "{why}");
}
