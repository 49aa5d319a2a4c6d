//! Crates beside ours, as a user's: locked to what ours is locked to, compiled by the real cargo without a network, in a
//! folder of the build's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) struct Workspace {
    pub(crate) directory: PathBuf,
}

/// An error of the compiler's.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The text, without what rustc says before a panic's.
    pub(crate) text: String,
    pub(crate) line: u64,
    /// What is underlined.
    pub(crate) tokens: String,
    /// rustc's own, which no macro's has.
    #[allow(dead_code, reason = "of some tests")]
    pub(crate) code: Option<String>,
}

impl Workspace {
    /// A workspace of these members: a name, and what stands below `[dependencies]`.
    pub(crate) fn create(name: &str, members: &[(&str, &str)]) -> Workspace {
        Workspace::create_under(name, "", members)
    }

    /// The same, with more in the manifest at its root.
    pub(crate) fn create_under(name: &str, root: &str, members: &[(&str, &str)]) -> Workspace {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let workspace = Workspace { directory };
        let names: Vec<&str> = members.iter().map(|(member, _)| *member).collect();
        workspace.write("Cargo.toml", &format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n{root}"));
        fs::copy(ours.join("Cargo.lock"), workspace.directory.join("Cargo.lock")).unwrap();
        for (member, dependencies) in members {
            let dependencies = dependencies.replace("OURS", &ours.to_string_lossy().replace('\\', "/"));
            let manifest = format!(
                "[package]\nname = {member:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n"
            );
            workspace.write(&format!("{member}/Cargo.toml"), &manifest);
        }
        workspace
    }

    /// Leaves a file alone that has the text already, so that nothing is compiled anew.
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

    /// cargo, offline, without what the environment of the test itself demands.
    pub(crate) fn cargo(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        self.run(&[arguments, &["--offline"]].concat(), environment)
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        self.command().args(arguments).envs(environment.iter().copied()).output().unwrap()
    }

    /// cargo, in the workspace's own folders.
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

    /// The errors in one member's `src/lib.rs`, in order of place; anything else that fails fails the test.
    pub(crate) fn refused(&self, member: &str, environment: &[(&str, &str)]) -> Vec<Refused> {
        let output = self.cargo(&["check", "--message-format=json", "-p", member], environment);
        let messages = String::from_utf8(output.stdout).unwrap();
        let mut refused: Vec<(u64, Refused)> = messages.lines().filter_map(|line| error(member, line)).collect();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), refused.is_empty(), "{words}");
        refused.sort_by_key(|(place, _)| *place);
        refused.into_iter().map(|(_, refused)| refused).collect()
    }

    /// What clippy says of one member, in order of place; anything that rustc says fails the test.
    pub(crate) fn linted(&self, member: &str) -> Vec<Linted> {
        let clippy = ["clippy", "--message-format=json", "-p", member];
        let mut output = self.cargo(&clippy, &[]);
        // What nothing else here builds may not be on the machine yet.
        if String::from_utf8_lossy(&output.stderr).contains("but --offline was specified") {
            output = self.run(&clippy, &[]);
        }
        let messages = String::from_utf8(output.stdout).unwrap();
        let mut linted: Vec<Linted> = messages.lines().filter_map(|line| lint(member, line)).collect();
        let errors = linted.iter().any(|linted| linted.error);
        assert_eq!(output.status.success(), !errors, "{}", String::from_utf8_lossy(&output.stderr));
        linted.sort_by_key(|linted| linted.line);
        linted
    }
}

/// What clippy says of one place.
#[derive(Debug)]
pub(crate) struct Linted {
    /// As in `disallowed_methods`.
    pub(crate) lint: String,
    pub(crate) error: bool,
    pub(crate) line: u64,
    pub(crate) text: String,
    /// The notes and suggestions below it.
    pub(crate) notes: Vec<String>,
}

fn lint(member: &str, message: &str) -> Option<Linted> {
    let message: Value = serde_json::from_str(message).unwrap();
    let message = message.get("message").filter(|_| message["reason"] == "compiler-message")?;
    let span = message["spans"].as_array().unwrap().iter().find(|span| span["is_primary"] == true);
    // The last message counts the others.
    let Some(span) = span else {
        assert!(message["code"].is_null() && message["level"] != "warning" || is_count(message), "{message}");
        return None;
    };
    let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lint = words(&message["code"]["code"]);
    let Some(lint) = lint.strip_prefix("clippy::") else { panic!("{}", words(&message["rendered"])) };
    assert_eq!(span["file_name"], format!("{member}/src/lib.rs"), "{}", message["rendered"]);
    let notes = message["children"].as_array().unwrap().iter().map(|child| words(&child["message"]));
    Some(Linted {
        lint: lint.to_owned(),
        error: message["level"] == "error",
        line: span["line_start"].as_u64().unwrap(),
        text: words(&message["message"]),
        notes: notes.collect(),
    })
}

fn is_count(message: &Value) -> bool {
    message["message"].as_str().unwrap().ends_with(" emitted")
}

fn error(member: &str, message: &str) -> Option<(u64, Refused)> {
    let message: Value = serde_json::from_str(message).unwrap();
    let message = &message["message"];
    let spans = message["spans"].as_array().filter(|spans| !spans.is_empty() && message["level"] == "error")?;
    let mut span = spans.iter().find(|span| span["is_primary"] == true).unwrap();
    let file = format!("{member}/src/lib.rs");
    // What a macro of others wrote stands where it was called.
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
    Some((number("byte_start"), Refused { text, line: number("line_start"), tokens, code }))
}
