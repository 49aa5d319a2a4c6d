//! What happens to every Set-Cookie line that leaves, whoever wrote it: over plain HTTP a Secure one is held back.

use http::HeaderMap;
use http::header::{Entry, SET_COOKIE};

use crate::log;
use crate::scheme::Verdict;

/// Takes from a plain-HTTP response each line with a Secure attribute: no browser would store it, and its value would
/// travel in clear text.
pub(crate) fn hold_back_secure(response: &mut HeaderMap, verdict: Verdict) {
    if verdict.https || !response.get_all(SET_COOKIE).iter().any(|line| is_secure(line.as_bytes())) {
        return;
    }
    let Entry::Occupied(lines) = response.entry(SET_COOKIE) else { return };
    let (_, lines) = lines.remove_entry_mult();
    for line in lines.collect::<Vec<_>>() {
        if is_secure(line.as_bytes()) {
            log::refusal(format_args!(
                "`{}` is a Secure cookie and was held back from a plain-HTTP response: {}",
                name(line.as_bytes()),
                verdict.evidence
            ));
        } else {
            response.append(SET_COOKIE, line);
        }
    }
}

/// Whether a line has a Secure attribute, as a browser reads it (6265bis 5.6: any case, a value is ignored).
fn is_secure(line: &[u8]) -> bool {
    line.split(|octet| *octet == b';').skip(1).any(|attribute| {
        let name = attribute.split(|octet| *octet == b'=').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"secure")
    })
}

/// The cookie's name, fit for a log; of a line without `=`, whose text is all value, nothing.
fn name(line: &[u8]) -> String {
    let pair = line.split(|octet| *octet == b';').next().unwrap_or_default();
    match pair.iter().position(|octet| *octet == b'=') {
        Some(at) => pair.get(..at).unwrap_or_default().trim_ascii().escape_ascii().to_string(),
        None => "a nameless cookie".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{hold_back_secure, name};
    use crate::scheme::{Ground, Verdict};
    use http::header::SET_COOKIE;
    use http::{HeaderMap, HeaderValue};

    fn held(verdict: Verdict, lines: &[&'static str]) -> Vec<String> {
        let mut response = HeaderMap::new();
        for line in lines {
            response.append(SET_COOKIE, HeaderValue::from_static(line));
        }
        hold_back_secure(&mut response, verdict);
        response.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn secure_lines_stay_behind_on_plain_http_and_others_keep_their_order() {
        let lines =
            ["a=1", "b=2; Secure", "c=3; Path=/;secure=no", "d=secure; Path=/", "e=5; SECURE ", "f=6; insecure"];
        assert_eq!(held(Verdict::plain(Ground::PlainListener), &lines), ["a=1", "d=secure; Path=/", "f=6; insecure"]);
        assert_eq!(held(Verdict::https(Ground::TlsListener), &lines).len(), 6);
    }

    #[test]
    fn a_log_gets_the_name_and_never_the_value() {
        assert_eq!(name(b" sid =secret; Secure"), "sid");
        assert_eq!(name(b"secret; Secure"), "a nameless cookie");
        assert_eq!(name(b"a\x1b[31m=x"), "a\\x1b[31m");
    }
}
