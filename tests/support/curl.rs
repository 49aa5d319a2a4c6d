//! Runs curl as a second HTTP client. curl stores its cookies in a file.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::process::Command;

use super::client::Reply;

/// curl with a cookie file and a root certificate file. The cookie file and the certificate file are in cargo's
/// directory for temporary files.
pub(crate) struct Curl {
    cookie_file: PathBuf,
    root_certificate: PathBuf,
    options: Vec<&'static str>,
}

impl Curl {
    pub(crate) fn new(root_certificate: &str) -> Curl {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = |extension| {
            let name = format!("curl-{}-{number}.{extension}", std::process::id());
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
        };
        let curl = Curl { cookie_file: file("cookies"), root_certificate: file("pem"), options: Vec::new() };
        std::fs::write(&curl.cookie_file, "").unwrap();
        std::fs::write(&curl.root_certificate, root_certificate).unwrap();
        curl
    }

    /// Adds an option to every curl command.
    pub(crate) fn option(mut self, option: &'static str) -> Curl {
        self.options.push(option);
        self
    }

    /// Sends a GET request with the cookies of the cookie file. curl stores the response's cookies in the cookie file.
    pub(crate) async fn get(&self, url: String) -> Reply {
        let mut command = Command::new("curl");
        // With `-q` as the first argument, curl ignores the user's `.curlrc`.
        command.args(["-q", "--silent", "--show-error", "--include", "--noproxy", "*"]).args(&self.options);
        command.arg("--cacert").arg(&self.root_certificate);
        command.arg("--cookie").arg(&self.cookie_file).arg("--cookie-jar").arg(&self.cookie_file);
        let output = match command.arg(&url).output().await {
            Ok(output) => output,
            Err(error) => panic!("these tests need `curl`, which does not start ({error}): apt-get install curl"),
        };
        assert!(output.status.success(), "curl {url}: {}", String::from_utf8_lossy(&output.stderr));
        parse_response(&String::from_utf8(output.stdout).unwrap())
    }

    /// Returns the lines of the cookie file that describe a cookie.
    pub(crate) fn cookies(&self) -> Vec<String> {
        let file = std::fs::read_to_string(&self.cookie_file).unwrap();
        // The line of an HttpOnly cookie begins with `#HttpOnly_`. All other lines with a `#` at the start are
        // comments.
        let is_cookie = |line: &&str| !line.is_empty() && (!line.starts_with('#') || line.starts_with("#HttpOnly_"));
        file.lines().filter(is_cookie).map(str::to_owned).collect()
    }
}

impl Drop for Curl {
    fn drop(&mut self) {
        for file in [&self.cookie_file, &self.root_certificate] {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Parses the output of curl with `--include`: the head of the response and the body.
fn parse_response(text: &str) -> Reply {
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
