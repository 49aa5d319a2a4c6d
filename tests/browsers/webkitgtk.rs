//! The known differences between WebKitGTK and the other browsers. WebKitGTK keeps its cookies in libsoup. Safari does
//! not use libsoup, so the differences do not describe Safari.

/// Returns the known differences in the test vectors: the id of the row, the difference, and its reason.
pub(crate) fn known_differences() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut reason = "";
    let mut known = Vec::new();
    for line in include_str!("webkitgtk.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(" | ") {
            Some((id, difference)) => known.push((id, difference, reason)),
            None => reason = line,
        }
    }
    known
}

/// The reason why an attacker can add a cookie with a prefixed name.
pub(crate) const PREFIXES: &str = "libsoup does not check the rules of name prefixes";
/// The reason why a server on `http://localhost` cannot set a Secure cookie.
pub(crate) const LOOPBACK: &str = "libsoup refuses Secure cookies over plain HTTP, even on loopback";
pub(crate) const PARTITIONED: &str = "libsoup ignores `Partitioned`";
