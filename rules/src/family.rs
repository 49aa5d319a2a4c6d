//! Checks whether a name belongs to the family of a `keyed` cookie. A name in the family consists of the family's name,
//! then `.`, then the key of one cookie.

use crate::device::{is_companion, share_companion};
use crate::rule::Rule;
use crate::spec::{Spec, is_equal};

/// The largest number of bytes in the key of a cookie in a family.
pub const MAX_KEY_BYTES: usize = 64;

/// Returns true if the text is a valid key for a cookie in a family: 1 to 64 characters of `A-Z a-z 0-9 - _`.
///
/// ```
/// use hardtack_rules::family::is_key;
///
/// assert!(is_key("4f-A_1"));
/// assert!(!is_key("") && !is_key("a.b") && !is_key("ü"));
/// ```
#[must_use]
pub const fn is_key(text: &str) -> bool {
    is_key_bytes(text.as_bytes())
}

/// Returns true if `name` is the name of a cookie in the family `family_name`.
///
/// ```
/// use hardtack_rules::family::contains;
///
/// assert!(contains("__Host-flow", "__Host-flow.4f"));
/// assert!(!contains("__Host-flow", "__Host-flow") && !contains("__Host-flow", "__Host-flow.a.b"));
/// ```
#[must_use]
pub const fn contains(family_name: &str, name: &str) -> bool {
    let Some((start, rest)) = name.as_bytes().split_at_checked(family_name.len()) else { return false };
    match rest {
        [b'.', key @ ..] => is_key_bytes(key) && is_equal(start, family_name.as_bytes(), false),
        _ => false,
    }
}

/// Checks two cookies of one set. Returns the rule that the two cookies break together. Returns [`Rule::DuplicateName`]
/// if the names are equal. Returns [`Rule::FamilyName`] if the name of one cookie is inside the family of the other
/// cookie. Returns [`Rule::CompanionName`] if one cookie has the name of the companion of the other cookie, or if both
/// cookies have the same companion.
///
/// ```
/// use hardtack_rules::family::find_clash;
/// use hardtack_rules::{Rule, Spec};
///
/// let flow = Spec::new("flow").keyed();
/// assert_eq!(find_clash(&flow, &Spec::new("flow.a")), Some(Rule::FamilyName));
/// assert_eq!(find_clash(&flow, &Spec::new("flow")), Some(Rule::DuplicateName));
/// assert_eq!(find_clash(&flow, &Spec::new("flows")), None);
/// ```
#[must_use]
pub const fn find_clash(a: &Spec<'_>, b: &Spec<'_>) -> Option<Rule> {
    if is_equal(a.name.as_bytes(), b.name.as_bytes(), false) {
        Some(Rule::DuplicateName)
    } else if a.keyed && contains(a.name, b.name) || b.keyed && contains(b.name, a.name) {
        Some(Rule::FamilyName)
    } else if is_companion(a, b.name) || is_companion(b, a.name) || share_companion(a, b) {
        Some(Rule::CompanionName)
    } else {
        None
    }
}

/// Returns true if the names of the two cookies clash, so that one set cannot contain both cookies. See [`find_clash`].
#[must_use]
pub const fn names_clash(a: &Spec<'_>, b: &Spec<'_>) -> bool {
    find_clash(a, b).is_some()
}

const fn is_key_bytes(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        if !(byte.is_ascii_alphanumeric() || matches!(*byte, b'-' | b'_')) {
            return false;
        }
        rest = tail;
    }
    !bytes.is_empty() && bytes.len() <= MAX_KEY_BYTES
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{contains, find_clash, is_key, names_clash};
    use crate::device::DeviceBinding;
    use crate::rule::Rule;
    use crate::spec::Spec;

    #[test]
    fn a_key_has_1_to_64_safe_characters() {
        for (length, expected) in [(0, false), (1, true), (64, true), (65, false), (4096, false)] {
            assert_eq!(is_key(&"k".repeat(length)), expected, "{length}");
        }
        let keys: std::string::String =
            (0..=0x7F_u8).map(char::from).filter(|c| is_key(c.encode_utf8(&mut [0; 4]))).collect();
        assert_eq!(keys, "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
        assert!(!is_key("é") && !is_key("aé"));
    }

    #[test]
    fn a_family_contains_its_name_with_one_key() {
        for (name, expected) in [
            ("flow.a", true),
            ("flow.A-_9", true),
            ("flow", false),
            ("flow.", false),
            ("flowa", false),
            ("flow-a", false),
            ("flow.a.b", false),
            ("flow.ä", false),
            ("Flow.a", false),
            ("xflow.a", false),
            ("", false),
            ("ü", false),
        ] {
            assert_eq!(contains("flow", name), expected, "{name}");
        }
        // In the first case, the family's name is longer than the cookie's name. In the second case, the length of the
        // family's name is an index inside a UTF-8 character of the cookie's name.
        assert!(!contains("flow.a.b.c", "flow.a") && !contains("a", "ü"));
        assert!(contains("flow.a", "flow.a.b"));
    }

    #[test]
    fn names_clash_when_equal_or_inside_a_family() {
        let (flow, inside) = (Spec::new("flow"), Spec::new("flow.a"));
        let (session, companion) = (Spec::new("__Host-Http-a"), Spec::new("__Host-a-key"));
        let bound = DeviceBinding::new(DeviceBinding::DEFAULT_EVERY);
        for (a, b, expected) in [
            (flow, flow, Some(Rule::DuplicateName)),
            (flow.keyed(), flow.keyed(), Some(Rule::DuplicateName)),
            (flow.keyed(), flow, Some(Rule::DuplicateName)),
            (flow.keyed(), inside, Some(Rule::FamilyName)),
            (flow.keyed(), inside.keyed(), Some(Rule::FamilyName)),
            (flow, inside, None),
            (flow, inside.keyed(), None),
            (flow.keyed(), Spec::new("flows"), None),
            (flow.keyed(), Spec::new("flow.a.b"), None),
            (session.device_bound(bound), companion, Some(Rule::CompanionName)),
            (Spec::new("__Host-a").device_bound(bound), companion, Some(Rule::CompanionName)),
            (session.device_bound(bound), Spec::new("__Host-a").device_bound(bound), Some(Rule::CompanionName)),
            (session, companion, None),
            (session.device_bound(bound), Spec::new("__Host-a-keys"), None),
            (session.device_bound(bound), Spec::new("__Host-a"), None),
            (session.device_bound(bound), Spec::new("__Host-"), None),
            (Spec::new("__Secure-a").device_bound(bound), companion, None),
        ] {
            assert_eq!((find_clash(&a, &b), find_clash(&b, &a)), (expected, expected), "{} {}", a.name, b.name);
            assert_eq!(names_clash(&a, &b), expected.is_some());
        }
    }
}
