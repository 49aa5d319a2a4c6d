//! Builds a WebAssembly program of the workspace `tests/web`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::not_run::not_run;

/// Builds the package and returns the folder with the program and its JavaScript module. If no compiler for WebAssembly
/// is installed, the function prints a notice and returns `None`. In CI, a missing compiler is a failure.
pub(crate) fn build(package: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("web");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/build");
    let output = Command::new("bash").arg(script).arg(&folder).arg(package).output();
    let why = match output {
        Ok(output) if output.status.success() => return Some(folder.join(package)),
        // The script `build` exits with status 69 if the machine has no compiler for WebAssembly.
        Ok(output) if output.status.code() == Some(69) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Ok(output) => panic!("web/build failed: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => format!("`bash` does not start: {error}"),
    };
    not_run(&format!("the WebAssembly program `{package}` is not built: {why}"));
    None
}
