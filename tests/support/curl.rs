//! Another real client: curl, with its cookie file.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::process::Command;

use super::client::Reply;

/// curl, with a cookie file and a certificate file in the build's directory for temporary files.
pub(crate) struct Curl {
    jar: PathBuf,
    root: PathBuf,
    options: Vec<&'static str>,
}

impl Curl {
    pub(crate) fn new(root: &str) -> Curl {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let file =
            |kind| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("curl-{}-{made}.{kind}", std::process::id()));
        let curl = Curl { jar: file("jar"), root: file("pem"), options: Vec::new() };
        std::fs::write(&curl.jar, "").unwrap();
        std::fs::write(&curl.root, root).unwrap();
        curl
    }

    /// With one more option on every command.
    pub(crate) fn option(mut self, option: &'static str) -> Curl {
        self.options.push(option);
        self
    }

    /// A request that sends the cookies of the file and keeps those of the response.
    pub(crate) async fn get(&self, url: String) -> Reply {
        let mut command = Command::new("curl");
        // `-q` comes first: no `.curlrc` has a say.
        command.args(["-q", "--silent", "--show-error", "--include", "--noproxy", "*"]).args(&self.options);
        command.arg("--cacert").arg(&self.root).arg("--cookie").arg(&self.jar).arg("--cookie-jar").arg(&self.jar);
        let output = match command.arg(&url).output().await {
            Ok(output) => output,
            Err(error) => panic!("these tests need `curl`, and it does not start ({error}): apt-get install curl"),
        };
        assert!(output.status.success(), "curl {url}: {}", String::from_utf8_lossy(&output.stderr));
        parsed(&String::from_utf8(output.stdout).unwrap())
    }

    /// What the cookie file holds: a line for each cookie.
    pub(crate) fn kept(&self) -> Vec<String> {
        let jar = std::fs::read_to_string(&self.jar).unwrap();
        // An HttpOnly cookie's line begins `#HttpOnly_`; other lines with `#` are comments.
        let is_cookie = |line: &&str| !line.is_empty() && (!line.starts_with('#') || line.starts_with("#HttpOnly_"));
        jar.lines().filter(is_cookie).map(str::to_owned).collect()
    }
}

impl Drop for Curl {
    fn drop(&mut self) {
        for file in [&self.jar, &self.root] {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// A response as `--include` prints it.
fn parsed(text: &str) -> Reply {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value.trim()).unwrap());
    }
    Reply { status, headers, body: body.to_owned() }
}
