//! What a test says that cannot run here.

use std::io::Write as _;

/// A line that is read; in CI, a failure.
pub(crate) fn not_run(why: &str) {
    let why = format!("not run: {why}");
    assert!(std::env::var_os("CI").is_none(), "{why}");
    // Not `eprintln!`, which the harness keeps to itself where a test passes.
    let _ = writeln!(std::io::stderr(), "{why}");
}
