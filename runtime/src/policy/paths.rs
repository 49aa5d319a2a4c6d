//! Compares the path of a request with the paths and path prefixes in the setting `force_https`. Some routers normalise
//! the path before they find the handler, so this file compares API prefixes with the normalised path too. This second
//! comparison can make the middleware refuse more requests, but never fewer.

use std::borrow::Cow;

use super::PolicyError;

/// Returns the length of the longest prefix that covers the path. A prefix covers only whole path segments. The
/// prefixes must not end with a slash.
pub(super) fn longest_prefix(prefixes: &[String], path: &str) -> Option<usize> {
    let covers = |prefix: &&String| {
        path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    prefixes.iter().filter(covers).map(String::len).max()
}

/// Normalises a path: decodes the percent-escapes of unreserved characters (RFC 3986 2.3), then removes empty segments
/// and dot segments.
pub(super) fn fold(path: &str) -> Cow<'_, str> {
    if !path.contains('%') && !path.contains("//") && !path.contains("/.") {
        return Cow::Borrowed(path);
    }
    let decoded = decode_unreserved(path);
    let Some(rest) = decoded.strip_prefix('/') else { return Cow::Owned(decoded) };
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_with_slash = false;
    for segment in rest.split('/') {
        ends_with_slash = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let slash = if ends_with_slash && !segments.is_empty() { "/" } else { "" };
    Cow::Owned(format!("/{}{slash}", segments.join("/")))
}

fn decode_unreserved(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut parts = path.split('%');
    decoded.push_str(parts.next().unwrap_or_default());
    for part in parts {
        match unreserved_escape(part) {
            Some((character, rest)) => {
                decoded.push(character);
                decoded.push_str(rest);
            }
            None => {
                decoded.push('%');
                decoded.push_str(part);
            }
        }
    }
    decoded
}

/// Decodes the two hexadecimal digits at the start of the text. Returns the character and the rest of the text, or
/// `None` if the character is not an unreserved character.
fn unreserved_escape(after_percent: &str) -> Option<(char, &str)> {
    let (digits, rest) = after_percent.split_at_checked(2)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let byte = u8::from_str_radix(digits, 16).ok()?;
    let is_unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    is_unreserved.then_some((char::from(byte), rest))
}

/// Returns true if a router and hardtack could interpret the path differently. `exempt_under` never exempts such a
/// path.
pub(super) fn is_ambiguous(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    path.contains("//")
        || path.split('/').any(|segment| matches!(segment, "." | ".."))
        || ["\\", "%2e", "%2f", "%5c"].iter().any(|text| lower.contains(text))
}

/// Checks a path in `exempt`.
pub(super) fn check_whole_path(key: &'static str, path: &str) -> Result<(), PolicyError> {
    check_characters(key, path)?;
    let Some(fixed) = fixed_part(path) else { return Ok(()) };
    let shown = path.escape_debug();
    Err(PolicyError::new(
        key,
        match fixed {
            "" => format!("`{shown}` is a pattern; write each path in full"),
            fixed => format!(
                "`{shown}` is a pattern; exempt all paths under its fixed part with `exempt_under`, as in \"{}\"",
                fixed.escape_debug()
            ),
        },
    ))
}

/// Checks a path prefix in `api_paths` or `exempt_under`, and removes the slash at its end.
pub(super) fn check_prefix(key: &'static str, prefix: &mut String) -> Result<(), PolicyError> {
    check_characters(key, prefix)?;
    let shown = prefix.escape_debug();
    let problem = match fixed_part(prefix) {
        Some("") => format!("`{shown}` is a pattern; write each prefix in full"),
        Some(fixed) => format!("`{shown}` is a pattern; write its fixed part, as in \"{}\"", fixed.escape_debug()),
        None => match fold(prefix) {
            folded if *folded != **prefix => {
                format!("`{shown}` is not normalised; write \"{}\"", folded.escape_debug())
            }
            _ => {
                prefix.truncate(prefix.trim_end_matches('/').len());
                return Ok(());
            }
        },
    };
    Err(PolicyError::new(key, problem))
}

/// Checks a path prefix in `exempt_under`, and removes the slash at its end.
pub(super) fn check_exempt_prefix(key: &'static str, prefix: &mut String) -> Result<(), PolicyError> {
    check_prefix(key, prefix)?;
    let problem = if prefix.is_empty() {
        "`/` exempts every path; set `force_https` to `false` instead".to_owned()
    } else if is_ambiguous(prefix) {
        let shown = prefix.escape_debug();
        format!("`{shown}` contains `\\`, `%2f` or `%5c`, and no path with these is exempt; write a shorter prefix")
    } else {
        return Ok(());
    };
    Err(PolicyError::new(key, problem))
}

fn check_characters(key: &'static str, path: &str) -> Result<(), PolicyError> {
    let shown = path.escape_debug();
    let problem = if !path.starts_with('/') {
        format!("`{shown}` does not begin with `/`; write it as in \"/{}\"", path.trim().escape_debug())
    } else if let Some(found) = path.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '?' | '#')) {
        format!(
            "`{shown}` contains `{}`, which is not valid in a path; write the path alone, percent-encoded as requests send it",
            found.escape_debug()
        )
    } else {
        return Ok(());
    };
    Err(PolicyError::new(key, problem))
}

/// Returns the part of the path before the first pattern segment. A pattern segment is a segment that a router would
/// read as a pattern, such as `{id}`, `:id`, `<id>` or `*`. Returns `None` if the path contains no pattern segment.
fn fixed_part(path: &str) -> Option<&str> {
    let mut start: usize = 0;
    for segment in path.split('/') {
        if segment.starts_with(':') || segment.contains(['{', '}', '<', '>', '*']) {
            return path.get(..start.saturating_sub(1));
        }
        start += segment.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{fold, is_ambiguous, longest_prefix};

    #[test]
    fn folding_decodes_unreserved_and_removes_segments() {
        for (path, folded) in [
            ("/api/me", "/api/me"),
            ("//api/me", "/api/me"),
            ("/%61pi/me", "/api/me"),
            ("/%61%70%69", "/api"),
            ("/./api/", "/api/"),
            ("/x/../api", "/api"),
            ("/x/%2e%2E/api", "/api"),
            ("/x/.%2e/api", "/api"),
            ("/../../api", "/api"),
            ("/api/..", "/"),
            ("/api/.", "/api/"),
            ("///", "/"),
            ("/", "/"),
            ("/%7e%2d%5F%2E.", "/~-_.."),
            // Reserved characters and non-ASCII bytes stay encoded.
            ("/a%2fb", "/a%2fb"),
            ("/a%5Cb", "/a%5Cb"),
            ("/%c3%a9", "/%c3%a9"),
            ("/%00", "/%00"),
            // The function decodes each path only once.
            ("/%2561pi", "/%2561pi"),
            // Invalid escapes.
            ("/%", "/%"),
            ("/%6", "/%6"),
            ("/%6g", "/%6g"),
            ("/%+1", "/%+1"),
            ("/%é", "/%é"),
            ("/a.b/..c/...", "/a.b/..c/..."),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(fold(path), folded, "{path}");
            if !path.contains("%25") {
                assert_eq!(fold(folded), folded, "{path}");
            }
        }
    }

    #[test]
    fn ambiguous_paths_are_found() {
        for path in [
            "/internal//x",
            "//internal",
            "/internal/../x",
            "/internal/..",
            "/internal/./x",
            "/internal/.",
            "/internal/\\x",
            "/internal/%2e%2e/x",
            "/internal/.%2E/x",
            "/internal/a%2Fb",
            "/internal/a%2fb",
            "/internal/a%5Cb",
            "/internal/a%5cb",
        ] {
            assert!(is_ambiguous(path), "{path}");
        }
        for path in ["/internal", "/internal/", "/internal/a.b", "/internal/.a", "/internal/...", "/internal/%20"] {
            assert!(!is_ambiguous(path), "{path}");
        }
    }

    #[test]
    fn longest_prefix_covers_whole_segments() {
        let prefixes = ["", "/api", "/api/v1"].map(str::to_owned);
        for (path, length) in [
            ("/", Some(0)),
            ("/apix", Some(0)),
            ("/api", Some(4)),
            ("/api/x", Some(4)),
            ("/api/v1/", Some(7)),
            ("/API", Some(0)),
            ("*", None),
        ] {
            assert_eq!(longest_prefix(&prefixes, path), length, "{path}");
        }
        assert_eq!(longest_prefix(&prefixes[1..], "/x/api"), None);
    }
}
