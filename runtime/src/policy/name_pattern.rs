//! Patterns for the names of cookies in the settings of a policy. A pattern is a name, or the beginning of a name with
//! `*` at the end. The settings `session_names`, `not_session_names` and `exceptions` take patterns.

use hardtack_rules::Prefix;

use super::{PolicyError, check_cookie_name};

/// Returns true if the pattern matches the name, byte for byte.
pub(super) fn matches(pattern: &str, name: &[u8]) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start.as_bytes()),
        None => name == pattern.as_bytes(),
    }
}

/// Returns the rank of a pattern. A pattern with a longer beginning has a higher rank, and an exact name has a higher rank
/// than each pattern that matches the name.
#[cfg(feature = "_layer")]
pub(super) fn rank(pattern: &str) -> (usize, bool) {
    match pattern.strip_suffix('*') {
        Some(start) => (start.len(), false),
        None => (pattern.len(), true),
    }
}

/// Returns an error if the pattern is invalid. The argument `key` is the key of the setting.
pub(super) fn check(key: &'static str, pattern: &str) -> Result<(), PolicyError> {
    check_cookie_name(key, pattern)?;
    let refused = |remedy: &str| PolicyError::new(key, format!("`{}` is refused: {remedy}", pattern.escape_debug()));
    let start = pattern.strip_suffix('*').unwrap_or(pattern);
    if start.contains('*') {
        return Err(refused("`*` is allowed only at the end; write one name or beginning for each cookie"));
    }
    // A pattern such as `__Host-*` covers the cookies of every program.
    let is_only_prefix = Prefix::ALL.iter().any(|prefix| start.eq_ignore_ascii_case(prefix.as_str()));
    if start.len() < pattern.len() && (start.is_empty() || is_only_prefix) {
        return Err(refused("the pattern covers too many cookies; write the beginning of the names before `*`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "_layer")]
    use super::rank;
    use super::{check, matches};

    #[test]
    fn star_at_the_end_matches_any_tail() {
        for (pattern, name, expected) in [
            ("_shibstate_*", "_shibstate_1", true),
            ("_shibstate_*", "_shibstate_", true),
            ("_shibstate_*", "_shibstate", false),
            ("_shibstate_*", "_SHIBSTATE_1", false),
            ("_shibstate_*", "x_shibstate_1", false),
            ("tally", "tally", true),
            ("tally", "tally2", false),
            ("tally", "Tally", false),
        ] {
            assert_eq!(matches(pattern, name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[cfg(feature = "_layer")]
    #[test]
    fn exact_name_has_the_highest_rank() {
        for (higher, lower) in [("till_3", "till_*"), ("ab", "ab*"), ("ab*", "a*"), ("abc", "ab*")] {
            assert!(rank(higher) > rank(lower), "{higher} {lower}");
        }
    }

    #[test]
    fn patterns_are_limited() {
        for pattern in ["a", "a*", "__Host-a*", "__Host-", "x__Host-*"] {
            assert!(check("session_names", pattern).is_ok(), "{pattern}");
        }
        for (pattern, text) in [
            ("", "`session_names`: `` is refused: no `Cookie` header can carry this name; "),
            ("a=*", "`session_names`: `a=*` is refused: no `Cookie` header can carry this name; "),
            ("a*b", "`session_names`: `a*b` is refused: `*` is allowed only at the end; "),
            ("a**", "`session_names`: `a**` is refused: `*` is allowed only at the end; "),
            ("*", "`session_names`: `*` is refused: the pattern covers too many cookies; "),
            ("__host-*", "`session_names`: `__host-*` is refused: the pattern covers too many cookies; "),
            ("__Host-Http-*", "`session_names`: `__Host-Http-*` is refused: the pattern covers too many cookies; "),
        ] {
            let error = check("session_names", pattern).unwrap_err().to_string();
            assert!(error.starts_with(text), "{error}");
        }
    }
}
