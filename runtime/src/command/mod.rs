//! The command `hardtack`. The command parses its arguments, reads saved responses, calls the audit, and prints the
//! reports. The page `guide::audit` of the documentation describes the command for users.
//!
//! The output never contains a cookie's value, nor the query of a URL.

use std::error::Error;
use std::io::{Read, Write};
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

/// The exit code if the audit found nothing as severe as `--fail-on`.
const PASSED: u8 = 0;
/// The exit code if the audit found something at least as severe as `--fail-on`.
const FAILED: u8 = 1;
/// The exit code if an argument or the input is invalid.
const INVALID: u8 = 2;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Runs the command with the arguments and the standard streams of the process.
pub fn run() -> ExitCode {
    let mut output = std::io::stdout().lock();
    let result = execute(std::env::args_os(), &mut output).and_then(|code| {
        output.flush()?;
        Ok(code)
    });
    match result {
        Ok(code) => ExitCode::from(code),
        // The reader of the output has enough, as `head` does.
        Err(error) if is_broken_pipe(&*error) => ExitCode::from(PASSED),
        Err(error) => {
            // Do not use `eprintln!`: it panics if standard error is closed.
            let _ = writeln!(std::io::stderr(), "hardtack: {}", lines(&error.to_string()));
            ExitCode::from(INVALID)
        }
    }
}

fn execute(arguments: impl IntoIterator<Item = std::ffi::OsString>, output: &mut impl Write) -> Result<u8> {
    match Command::parse(arguments)? {
        Command::Help => {
            output.write_all(USAGE.as_bytes())?;
            Ok(PASSED)
        }
        Command::Version => {
            writeln!(output, "hardtack {}", env!("CARGO_PKG_VERSION"))?;
            Ok(PASSED)
        }
        Command::Explain(rule) => {
            output.write_all(explain::explain(rule.as_deref())?.as_bytes())?;
            Ok(PASSED)
        }
        Command::Audit(options) => audit(&options, output),
    }
}

/// Audits the saved responses and prints the reports. Returns the exit code.
fn audit(options: &Audit, output: &mut impl Write) -> Result<u8> {
    let input = read_input(options)?;
    let responses = saved::parse(&input, options)?;
    let audits: Vec<output::Audited> = responses.iter().map(saved::SavedResponse::audit).collect();
    let reports = audits.iter().flat_map(|audit| &audit.reports);
    let worst = reports.flat_map(Report::unexpected).map(|finding| finding.severity).max();
    let failed = options.fail_on.is_some_and(|limit: Severity| worst.is_some_and(|worst| worst >= limit));
    output.write_all(output::write(options.format, &audits, failed).as_bytes())?;
    Ok(if failed { FAILED } else { PASSED })
}

/// Reads the file or standard input.
fn read_input(options: &Audit) -> Result<Vec<u8>> {
    let mut input = Vec::new();
    match &options.file {
        Some(path) => {
            let describe = |error| format!("{}: {error}", path.display());
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

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Escapes the control characters of an error message, but for its line breaks.
fn lines(message: &str) -> String {
    message.split('\n').map(|line| Printable(line).to_string()).collect::<Vec<_>>().join("\n")
}
