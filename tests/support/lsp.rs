//! Controls rust-analyzer over the Language Server Protocol. The client sends the text of an open file to the server.
//! The client does not save a file's text to the disk. Each call waits for the server's answer, not for a fixed time.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::not_run::not_run;
use super::workspace::Workspace;

/// The time limit for each answer of the server. The time limit is long, because the server compiles the macros before
/// its first answer.
const PATIENCE: Duration = Duration::from_secs(300);
/// The text that marks the position of the cursor in a snippet.
const CURSOR: char = '‸';

/// The server and its open files. The server ends when the `Editor` is dropped.
pub(crate) struct Editor {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    directory: PathBuf,
    open: BTreeMap<PathBuf, OpenFile>,
    requests: u32,
}

struct OpenFile {
    text: String,
    version: u32,
}

/// The place of a definition.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file's name.
    pub(crate) file: String,
    /// The source line, without its leading and trailing spaces.
    pub(crate) line: String,
    /// The token that the server selects at the definition.
    pub(crate) token: String,
}

impl Editor {
    /// Opens the workspace and waits until it is loaded. If rust-analyzer is not installed, calls [`not_run`] and
    /// returns `None`.
    pub(crate) fn start(workspace: &Workspace) -> Option<Editor> {
        is_installed()?;
        fetch_standard_library();
        let mut process = Command::new("rust-analyzer")
            .current_dir(&workspace.directory)
            .env("CARGO_TARGET_DIR", workspace.directory.join("target"))
            .env("CARGO_NET_OFFLINE", "true")
            .env_remove("RUSTFLAGS")
            .env_remove("HARDTACK_DENY")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || read_messages(output, &sender));
        let directory = workspace.directory.clone();
        let mut editor = Editor { process, input, messages, directory, open: BTreeMap::new(), requests: 0 };
        editor.initialize();
        Some(editor)
    }

    fn initialize(&mut self) {
        let documentation = json!(["markdown"]);
        let directory = uri(&self.directory);
        self.request(
            "initialize",
            json!({
                "processId": std::process::id(),
                "rootUri": directory,
                "workspaceFolders": [{ "uri": directory, "name": "workspace" }],
                "initializationOptions": {
                    "cachePriming": { "enable": false },
                    "cargo": { "buildScripts": { "enable": true }, "extraArgs": ["--offline"] },
                    "checkOnSave": false,
                    "files": { "watcher": "client" },
                    "procMacro": { "enable": true },
                },
                "capabilities": {
                    "experimental": { "serverStatusNotification": true },
                    "general": { "positionEncodings": ["utf-8"] },
                    "textDocument": {
                        "completion": { "completionItem": {
                            "documentationFormat": documentation,
                            "resolveSupport": { "properties": ["documentation"] },
                        } },
                        "definition": { "linkSupport": true },
                        "diagnostic": {},
                        "hover": { "contentFormat": documentation },
                    },
                },
            }),
        );
        self.notify("initialized", json!({}));
        loop {
            let message = self.receive();
            let status = &message["params"];
            if message["method"] == "experimental/serverStatus" && status["quiescent"] == true {
                assert_eq!(status["health"], "ok", "{}", status["message"]);
                return;
            }
        }
    }

    /// Opens the file with the given text. If the file is open already, replaces the text of the open file.
    pub(crate) fn set_text(&mut self, file: &str, text: &str) {
        let file = self.directory.join(file);
        let uri = uri(&file);
        let text = text.to_owned();
        let Some(open) = self.open.get_mut(&file) else {
            let document = json!({ "uri": uri, "languageId": "rust", "version": 0, "text": text });
            self.notify("textDocument/didOpen", json!({ "textDocument": document }));
            self.open.insert(file, OpenFile { text, version: 0 });
            return;
        };
        open.version += 1;
        let document = json!({ "uri": uri, "version": open.version });
        let changes = json!([{ "text": text }]);
        open.text = text;
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// Returns the labels of the completions at the cursor.
    pub(crate) fn completions(&mut self, snippet: &str) -> Vec<String> {
        self.completion_items(snippet).iter().map(|item| text(&item["label"]).to_owned()).collect()
    }

    /// Returns the documentation of one completion.
    pub(crate) fn completion_docs(&mut self, snippet: &str, label: &str) -> String {
        let items = self.completion_items(snippet);
        let item = items.into_iter().find(|item| item["label"] == label);
        let item = item.unwrap_or_else(|| panic!("no `{label}` at {snippet}"));
        text(&self.request("completionItem/resolve", item)["documentation"]["value"]).to_owned()
    }

    fn completion_items(&mut self, snippet: &str) -> Vec<Value> {
        let found = self.request("textDocument/completion", self.position(snippet));
        match found {
            Value::Array(items) => items,
            found => found["items"].as_array().cloned().unwrap_or_default(),
        }
    }

    /// Returns the hover text of the token at the cursor. Returns an empty string if the server has no hover text for
    /// the token.
    pub(crate) fn hover(&mut self, snippet: &str) -> String {
        let found = self.request("textDocument/hover", self.position(snippet));
        found["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the places where the token at the cursor is defined.
    pub(crate) fn definitions(&mut self, snippet: &str) -> Vec<Place> {
        let found = self.request("textDocument/definition", self.position(snippet));
        found.as_array().into_iter().flatten().map(|link| self.target(link)).collect()
    }

    fn target(&self, link: &Value) -> Place {
        let path = PathBuf::from(text(&link["targetUri"]).strip_prefix("file://").unwrap());
        let open = self.open.get(&path).map(|open| open.text.clone());
        let source = open.unwrap_or_else(|| fs::read_to_string(&path).unwrap());
        let number =
            |end: &str, key: &str| usize::try_from(link["targetSelectionRange"][end][key].as_u64().unwrap()).unwrap();
        let line = source.lines().nth(number("start", "line")).unwrap();
        let token = match number("end", "line") == number("start", "line") {
            true => &line[number("start", "character")..number("end", "character")],
            false => line,
        };
        Place {
            file: path.file_name().unwrap().to_string_lossy().into_owned(),
            line: line.trim().to_owned(),
            token: token.to_owned(),
        }
    }

    /// Returns rust-analyzer's own diagnostics for the open files.
    pub(crate) fn diagnostics(&mut self) -> Vec<String> {
        let files: Vec<PathBuf> = self.open.keys().cloned().collect();
        let diagnostics = files.iter().flat_map(|file| {
            let report = self.request("textDocument/diagnostic", json!({ "textDocument": { "uri": uri(file) } }));
            let found = report["items"].as_array().unwrap_or_else(|| panic!("{report}")).clone();
            let file = file.display();
            found
                .into_iter()
                .map(move |found| format!("{file} {}: {}", found["range"]["start"], text(&found["message"])))
        });
        diagnostics.collect()
    }

    /// Returns the position of the cursor in `snippet`. The snippet must occur exactly once in the open files.
    fn position(&self, snippet: &str) -> Value {
        let (before, after) = snippet.split_once(CURSOR).unwrap();
        let whole = format!("{before}{after}");
        let found: Vec<(&PathBuf, &str, usize)> = self
            .open
            .iter()
            .flat_map(|(file, open)| open.text.match_indices(&whole).map(move |(at, _)| (file, &*open.text, at)))
            .collect();
        let [(file, text, at)] = found[..] else { panic!("{snippet}: {} times", found.len()) };
        let text_before = &text[..at + before.len()];
        let character = text_before.len() - text_before.rfind('\n').map_or(0, |newline| newline + 1);
        let position = json!({ "line": text_before.matches('\n').count(), "character": character });
        json!({ "textDocument": { "uri": uri(file) }, "position": position })
    }

    fn request(&mut self, method: &str, parameters: Value) -> Value {
        /// The error codes `ContentModified` and `ServerCancelled`. If a response has one of the codes in `RETRY`, the
        /// client should send the request again.
        const RETRY: [i64; 2] = [-32801, -32802];
        loop {
            self.requests += 1;
            let id = self.requests;
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
            let answer = loop {
                let message = self.receive();
                if message["id"] == id && message.get("method").is_none() {
                    break message;
                }
            };
            match &answer["error"] {
                Value::Null => return answer["result"].clone(),
                error if error["code"].as_i64().is_some_and(|code| RETRY.contains(&code)) => {}
                error => panic!("{method}: {error}"),
            }
        }
    }

    fn notify(&mut self, method: &str, parameters: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }));
    }

    /// Waits for the server's next message. If the message is a request, answers with an empty result.
    fn receive(&mut self) -> Value {
        let message = self.messages.recv_timeout(PATIENCE).unwrap_or_else(|why| panic!("rust-analyzer: {why}"));
        if let (Some(id), Some(_)) = (message.get("id"), message.get("method")) {
            let result = message["params"]["items"].as_array().map(|items| vec![Value::Null; items.len()]);
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        }
        message
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.input.flush().unwrap();
    }
}

/// Downloads the dependencies of the standard library. rust-analyzer runs cargo on the manifest of the standard
/// library. A build of hardtack does not download those dependencies.
fn fetch_standard_library() {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let sysroot = String::from_utf8(sysroot.stdout).unwrap();
    let manifest = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.toml");
    let status = Command::new("cargo")
        .args(["fetch", "--quiet", "--locked", "--manifest-path"])
        .arg(&manifest)
        // The manifest of the standard library uses unstable features of cargo.
        .env("RUSTC_BOOTSTRAP", "1")
        .status();
    assert!(status.unwrap().success(), "cargo fetch {}: is the component rust-src installed?", manifest.display());
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Parses the server's messages and sends them to the channel, until the server closes its output.
fn read_messages(output: ChildStdout, messages: &Sender<Value>) {
    let mut output = BufReader::new(output);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some(bytes) = line.strip_prefix("Content-Length: ") {
                length = bytes.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        if output.read_exact(&mut body).is_err() || messages.send(serde_json::from_slice(&body).unwrap()).is_err() {
            return;
        }
    }
}

/// Returns `Some` if rust-analyzer and the source code of the standard library are installed. Without the source code
/// of the standard library, the server cannot find the types of `std`.
fn is_installed() -> Option<()> {
    let output = |program: &str, argument: &[&str]| Command::new(program).args(argument).output().ok();
    let server = output("rust-analyzer", &["--version"]).filter(|output| output.status.success());
    let sysroot = output("rustc", &["--print", "sysroot"]).map(|output| String::from_utf8(output.stdout).unwrap());
    let has_source = sysroot.is_some_and(|root| Path::new(root.trim()).join("lib/rustlib/src/rust/library").is_dir());
    if server.is_some() && has_source {
        return Some(());
    }
    not_run("the editor test needs rust-analyzer: rustup component add rust-analyzer rust-src");
    None
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.to_str().unwrap())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}"))
}
