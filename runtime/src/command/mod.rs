//! The command `hardtack`. The command parses its arguments, reads saved responses, calls the audit, and prints the
//! reports. The page `guide::audit` of the documentation describes the command for users.
//!
//! The output never contains the value of a cookie, the query of a URL, or the path parameters of a URL.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::process::ExitCode;

use crate::audit::{Report, Severity};
use crate::wire::printable::Printable;

mod arguments;
mod explain;
mod har;
mod output;
mod saved;
mod transcript;

use arguments::{Audit, Command, USAGE};

/// The largest input that the command reads, in bytes.
const MAX_INPUT_BYTES: u64 = 256 * 1024 * 1024;

/// The exit code if every finding is less severe than `--fail-on`.
const PASSED: u8 = 0;
/// The exit code if a finding is at least as severe as `--fail-on`.
const FAILED: u8 = 1;
/// The exit code if an argument or the input is invalid.
const INVALID: u8 = 2;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Runs the command with the arguments and the standard streams of the process.
pub fn run() -> ExitCode {
    match execute(std::env::args_os()).and_then(|(text, code)| print(&text).map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Do not use `eprintln!`, because `eprintln!` panics if standard error is closed.
            let _ = writeln!(std::io::stderr(), "hardtack: {}", lines(&error.to_string()));
            ExitCode::from(INVALID)
        }
    }
}

/// Prints the text. If a reader of the output, such as `head`, closes the pipe early, the exit code stays the same.
fn print(text: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Returns the output and the exit code.
fn execute(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<(String, u8)> {
    match Command::parse(arguments)? {
        Command::Help => Ok((USAGE.to_owned(), PASSED)),
        Command::Version => Ok((format!("hardtack {}\n", env!("CARGO_PKG_VERSION")), PASSED)),
        Command::Explain(rule) => Ok((explain::explain(rule.as_deref())?, PASSED)),
        Command::Audit(options) => audit(&options),
    }
}

/// Audits the saved responses. Returns the reports as text, and the exit code.
fn audit(options: &Audit) -> Result<(String, u8)> {
    let input = read_input(options)?;
    let responses = saved::parse(&input, options)?;
    let audits: Vec<output::Audited> = responses.iter().map(saved::SavedResponse::audit).collect();
    let reports = audits.iter().flat_map(|audit| &audit.reports);
    let worst = reports.flat_map(Report::unexpected).map(|finding| finding.severity).max();
    let failed = options.fail_on.is_some_and(|limit: Severity| worst.is_some_and(|worst| worst >= limit));
    Ok((output::write(options.format, &audits, failed), if failed { FAILED } else { PASSED }))
}

/// Reads the file or standard input.
fn read_input(options: &Audit) -> Result<Vec<u8>> {
    let mut input = Vec::new();
    match &options.file {
        Some(path) => {
            let describe = |error| format!("{}: {error}; give the path of a readable file", path.display());
            let file = std::fs::File::open(path).map_err(describe)?;
            file.take(MAX_INPUT_BYTES + 1).read_to_end(&mut input).map_err(describe)?;
        }
        None => {
            std::io::stdin().lock().take(MAX_INPUT_BYTES + 1).read_to_end(&mut input)?;
        }
    }
    if u64::try_from(input.len()).is_ok_and(|length| length > MAX_INPUT_BYTES) {
        return Err(
            "the input is over 256 MiB; save the responses without their bodies, as in `curl -sD - -o /dev/null URL`"
                .into(),
        );
    }
    Ok(input)
}

/// Escapes the control characters of an error message, except line breaks.
fn lines(message: &str) -> String {
    message.split('\n').map(|line| Printable(line).to_string()).collect::<Vec<_>>().join("\n")
}
