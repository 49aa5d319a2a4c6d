//! The command `hardtack`. The module `command` of the library contains the code of the command.

use std::process::ExitCode;

fn main() -> ExitCode {
    hardtack::command::run()
}
