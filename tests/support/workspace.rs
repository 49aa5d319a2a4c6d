//! A temporary workspace of crates that depend on hardtack in the same way as a user's crates. The workspace has a copy
//! of our `Cargo.lock`. The workspace is in cargo's directory for temporary files. The real cargo compiles the crates
//! without a network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) struct Workspace {
    pub(crate) directory: PathBuf,
}

/// A compile error.
#[derive(Debug)]
pub(crate) struct CompileError {
    /// The error message. If the error is a panic, the field does not contain rustc's prefix.
    pub(crate) text: String,
    pub(crate) line: u64,
    /// The source code that the compiler underlines.
    pub(crate) tokens: String,
    /// rustc's error code. An error of hardtack's macros has no code.
    #[allow(dead_code, reason = "only some of the test binaries read it")]
    pub(crate) code: Option<String>,
}

impl Workspace {
    /// Creates a workspace. `members` contains each member's name and the text of its `[dependencies]`. In the text,
    /// `HARDTACK` stands for the path of our repository.
    pub(crate) fn create(name: &str, members: &[(&str, &str)]) -> Workspace {
        Workspace::create_with_root(name, "", members)
    }

    /// Creates a workspace. Appends the value of the parameter `root` to the workspace's `Cargo.toml`.
    pub(crate) fn create_with_root(name: &str, root: &str, members: &[(&str, &str)]) -> Workspace {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let workspace = Workspace { directory };
        let names: Vec<&str> = members.iter().map(|(member, _)| *member).collect();
        workspace.write("Cargo.toml", &format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n{root}"));
        fs::copy(repository.join("Cargo.lock"), workspace.directory.join("Cargo.lock")).unwrap();
        for (member, dependencies) in members {
            let dependencies = dependencies.replace("HARDTACK", &repository.to_string_lossy().replace('\\', "/"));
            let manifest = format!(
                "[package]\nname = {member:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n"
            );
            workspace.write(&format!("{member}/Cargo.toml"), &manifest);
        }
        workspace
    }

    /// Writes the file. If the file already contains `text`, does nothing: a newer timestamp would cause a rebuild.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let file = self.directory.join(file);
        if fs::read_to_string(&file).is_ok_and(|found| found == text) {
            return;
        }
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    pub(crate) fn remove(&self, file: &str) {
        let _ = fs::remove_file(self.directory.join(file));
    }

    /// Runs cargo offline. The test process's variables `RUSTFLAGS`, `CLIPPY_CONF_DIR` and `HARDTACK_DENY` are not
    /// passed to cargo.
    pub(crate) fn cargo(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        self.run(&[arguments, &["--offline"]].concat(), environment)
    }

    /// Runs cargo offline. If a dependency is not downloaded yet, because only this test needs it, runs cargo again
    /// with access to the network.
    pub(crate) fn cargo_or_download(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let output = self.cargo(arguments, environment);
        if String::from_utf8_lossy(&output.stderr).contains("but --offline was specified") {
            return self.run(arguments, environment);
        }
        output
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        self.command().args(arguments).envs(environment.iter().copied()).output().unwrap()
    }

    /// Returns a cargo command that builds in the workspace's own target directory.
    pub(crate) fn command(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(&self.directory)
            .env("CARGO_TARGET_DIR", self.directory.join("target"))
            .env("CARGO_TERM_COLOR", "never")
            .env_remove("RUSTFLAGS")
            .env_remove("CLIPPY_CONF_DIR")
            .env_remove("HARDTACK_DENY");
        cargo
    }

    /// Runs `cargo check` and returns the errors in one member's `src/lib.rs`, in source order. Panics if the build
    /// fails without an error in that file.
    pub(crate) fn compile_errors(&self, member: &str, environment: &[(&str, &str)]) -> Vec<CompileError> {
        let output = self.cargo(&["check", "--message-format=json", "-p", member], environment);
        let messages = String::from_utf8(output.stdout).unwrap();
        let mut errors: Vec<(u64, CompileError)> =
            messages.lines().filter_map(|message| parse_error(member, message)).collect();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), errors.is_empty(), "{stderr}");
        errors.sort_by_key(|(offset, _)| *offset);
        errors.into_iter().map(|(_, error)| error).collect()
    }

    /// Runs clippy and returns the lints that clippy reports in one member, in source order. Panics if rustc itself
    /// reports a warning or an error.
    pub(crate) fn clippy_lints(&self, member: &str) -> Vec<ClippyLint> {
        let output = self.cargo_or_download(&["clippy", "--message-format=json", "-p", member], &[]);
        let messages = String::from_utf8(output.stdout).unwrap();
        let mut lints: Vec<ClippyLint> = messages.lines().filter_map(|message| parse_lint(member, message)).collect();
        let has_errors = lints.iter().any(|lint| lint.error);
        assert_eq!(output.status.success(), !has_errors, "{}", String::from_utf8_lossy(&output.stderr));
        lints.sort_by_key(|lint| lint.line);
        lints
    }
}

/// A lint that clippy reported.
#[derive(Debug)]
pub(crate) struct ClippyLint {
    /// The lint's name without `clippy::`, for example `disallowed_methods`.
    pub(crate) lint: String,
    pub(crate) error: bool,
    pub(crate) line: u64,
    pub(crate) text: String,
    /// The notes and suggestions below the message.
    pub(crate) notes: Vec<String>,
}

/// Parses a JSON message of cargo. Returns `None` if the message is not about a place in the source code.
fn parse_lint(member: &str, message: &str) -> Option<ClippyLint> {
    let message: Value = serde_json::from_str(message).unwrap();
    let message = message.get("message").filter(|_| message["reason"] == "compiler-message")?;
    let span = message["spans"].as_array().unwrap().iter().find(|span| span["is_primary"] == true);
    // The only message without a place in the source code is the message with the number of warnings.
    let Some(span) = span else {
        assert!(message["code"].is_null() && message["level"] != "warning" || is_count(message), "{message}");
        return None;
    };
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lint = string(&message["code"]["code"]);
    let Some(lint) = lint.strip_prefix("clippy::") else { panic!("{}", string(&message["rendered"])) };
    assert_eq!(span["file_name"], format!("{member}/src/lib.rs"), "{}", message["rendered"]);
    let notes = message["children"].as_array().unwrap().iter().map(|child| string(&child["message"]));
    Some(ClippyLint {
        lint: lint.to_owned(),
        error: message["level"] == "error",
        line: span["line_start"].as_u64().unwrap(),
        text: string(&message["message"]),
        notes: notes.collect(),
    })
}

fn is_count(message: &Value) -> bool {
    message["message"].as_str().unwrap().ends_with(" emitted")
}

/// Parses a JSON message of cargo. If the message is an error, returns the error and its byte offset in the file.
fn parse_error(member: &str, message: &str) -> Option<(u64, CompileError)> {
    let message: Value = serde_json::from_str(message).unwrap();
    let message = &message["message"];
    let spans = message["spans"].as_array().filter(|spans| !spans.is_empty() && message["level"] == "error")?;
    let mut span = spans.iter().find(|span| span["is_primary"] == true).unwrap();
    let file = format!("{member}/src/lib.rs");
    // If an error is inside the expansion of another crate's macro, use the place of the macro call.
    while span["file_name"] != file && span["expansion"].is_object() {
        span = &span["expansion"]["span"];
    }
    assert_eq!(span["file_name"], file, "{}", message["rendered"]);
    let number = |key: &str| span[key].as_u64().unwrap();
    let source: Vec<char> = span["text"][0]["text"].as_str().unwrap().chars().collect();
    let column = |key: &str| usize::try_from(number(key) - 1).unwrap();
    let tokens: String = source[column("column_start")..column("column_end")].iter().collect();
    let text = message["message"].as_str().unwrap().replace("evaluation panicked: ", "");
    let code = message["code"]["code"].as_str().map(str::to_owned);
    Some((number("byte_start"), CompileError { text, line: number("line_start"), tokens, code }))
}
