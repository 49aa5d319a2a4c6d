//! Checks the entries of the key `formerly`. The input is a [`Spec`] and the position of an entry. The output is the
//! first rule that the entry breaks, and the part of the entry that breaks the rule.

use super::err;
use crate::former::{Former, FormerDomain};
use crate::rule::Rule;
use crate::spec::{Prefix, Spec, is_equal};
use crate::syntax::{self, Fault};

/// The largest number of `formerly` entries of one cookie. Each entry can add one header to a response.
pub const MAX_FORMER_ENTRIES: usize = 4;

/// A part of a `formerly` entry. Each error and each lint of an entry is reported on one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FormerPart {
    /// The whole entry.
    Entry,
    /// The key `name` of the entry.
    Name,
    /// The key `domain` of the entry.
    Domain,
    /// The key `path` of the entry.
    Path,
    /// The key `partitioned` of the entry.
    Partitioned,
    /// The key `raw` of the entry.
    Raw,
    /// The key `unsigned` of the entry.
    Unsigned,
    /// The key `until` of the entry.
    Until,
}

/// An error of a `formerly` entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormerFault {
    /// The part of the entry that breaks the rule.
    pub part: FormerPart,
    /// The broken rule and the error text.
    pub fault: Fault,
}

/// Returns the first error of the entry `spec.former[index]`. Returns `None` if the entry has no error, or if the
/// declaration has no entry at this index.
///
/// An error about all entries is reported on only one entry. For example, a `read_only` cookie cannot have the key
/// `formerly`.
///
/// ```
/// use hardtack_rules::check::{FormerPart, find_former_error};
/// use hardtack_rules::date::Day;
/// use hardtack_rules::{Former, Spec};
///
/// let spec = Spec::new("__Host-Http-session");
/// let error = find_former_error(&spec.formerly(&[Former::new().name("sid")]), 0).unwrap();
/// assert_eq!(error.part, FormerPart::Name);
/// assert!(error.fault.text.ends_with("; add `until = \"2027-03-01\"`"));
///
/// let until = Day::parse("2027-03-01").unwrap();
/// assert_eq!(find_former_error(&spec.formerly(&[Former::new().name("sid").until(until)]), 0), None);
/// ```
#[must_use]
pub const fn find_former_error(spec: &Spec<'_>, index: usize) -> Option<FormerFault> {
    let Some(entry) = entry_at(spec.former, index) else { return None };
    if spec.read_only {
        const READ_ONLY: &str =
            "`formerly` cannot be used with `read_only`, because another program sets the cookie; remove `formerly`";
        return if index == 0 { entry_fault(FormerPart::Entry, READ_ONLY) } else { None };
    }
    if index == MAX_FORMER_ENTRIES {
        return entry_fault(FormerPart::Entry, "a cookie has at most four `formerly` entries; remove one");
    }
    if let Some(fault) = find_syntax_fault(entry) {
        return Some(fault);
    }
    if let Some(fault) = find_value_fault(spec, entry) {
        return Some(fault);
    }
    if let Some(fault) = find_prefix_fault(spec, entry) {
        return Some(fault);
    }
    if has_same_identity(spec, entry, &Former::new()) {
        return entry_fault(
            FormerPart::Entry,
            "the entry has the cookie's present name and scope; write the earlier name or scope, or remove the entry",
        );
    }
    let mut earlier = 0;
    while earlier < index {
        if let Some(other) = entry_at(spec.former, earlier) {
            if has_same_identity(spec, entry, other) {
                return entry_fault(
                    FormerPart::Entry,
                    "the entry has the name and scope of an earlier entry; remove one of the two",
                );
            }
        }
        earlier += 1;
    }
    None
}

/// Returns the part of the entry `spec.former[index]` that weakens the cookie. The part is `Name` if the former name
/// has a weaker prefix than the present name. The part is `Unsigned` if the former value of a `signed` or `sealed`
/// cookie was neither signed nor encrypted. Returns `None` if the entry does not weaken the cookie.
///
/// ```
/// use hardtack_rules::check::{FormerPart, find_former_lint};
/// use hardtack_rules::{Former, Spec};
///
/// let spec = Spec::new("__Host-Http-session");
/// assert_eq!(find_former_lint(&spec.formerly(&[Former::new().name("sid")]), 0), Some(FormerPart::Name));
/// assert_eq!(find_former_lint(&spec.formerly(&[Former::new().name("__Host-sid")]), 0), None);
/// ```
#[must_use]
pub const fn find_former_lint(spec: &Spec<'_>, index: usize) -> Option<FormerPart> {
    let Some(entry) = entry_at(spec.former, index) else { return None };
    if spec.read_only {
        None
    } else if prefix_strength(entry.name_in(spec)) < prefix_strength(spec.name) {
        Some(FormerPart::Name)
    } else if entry.unsigned {
        Some(FormerPart::Unsigned)
    } else {
        None
    }
}

/// Returns how well the name's prefix protects against cookies that another host sets: 0 is the weakest protection.
/// `Http-` in a prefix also protects against cookies that scripts set, but the function ignores this protection.
const fn prefix_strength(name: &str) -> u8 {
    match Prefix::from_name(name) {
        Some(Prefix::HostHttp | Prefix::Host) => 2,
        Some(Prefix::Http | Prefix::Secure) => 1,
        None => 0,
    }
}

/// Checks the syntax of the name, the domain and the path of an entry.
const fn find_syntax_fault(entry: &Former<'_>) -> Option<FormerFault> {
    const NAME: &str = "no `Cookie` header can carry this name; write the name as browsers send it";
    if let Some(name) = entry.name {
        if let Some(fault) = err(syntax::check_undeclared_name(name)) {
            return Some(FormerFault { part: FormerPart::Name, fault: fault.with_text(NAME) });
        }
    }
    if let FormerDomain::Domain(domain) = entry.domain {
        if let Some(fault) = err(syntax::check_domain(domain)) {
            return Some(FormerFault { part: FormerPart::Domain, fault });
        }
    }
    if let Some(path) = entry.path {
        if let Some(fault) = err(syntax::check_path(path)) {
            return Some(FormerFault { part: FormerPart::Path, fault });
        }
    }
    None
}

/// Checks `until`, `raw` and `unsigned`. These three keys describe how the server reads a value under an earlier name.
const fn find_value_fault(spec: &Spec<'_>, entry: &Former<'_>) -> Option<FormerFault> {
    if has_other_name(spec, entry) {
        if entry.until.is_none() {
            return entry_fault(
                FormerPart::Name,
                "an entry with another name needs the day on which the former value stops counting; add \
                 `until = \"2027-03-01\"`",
            );
        }
    } else if entry.raw {
        return entry_fault(
            FormerPart::Raw,
            "`raw` describes a value under another name, and this entry has the present name; remove `raw`, or write \
             the former `name`",
        );
    } else if entry.unsigned {
        return entry_fault(
            FormerPart::Unsigned,
            "`unsigned` describes a value under another name, and this entry has the present name; remove `unsigned`, \
             or write the former `name`",
        );
    }
    if entry.unsigned && spec.seal.is_none() {
        return entry_fault(FormerPart::Unsigned, "`unsigned` needs a `signed` or `sealed` cookie; remove `unsigned`");
    }
    None
}

/// Returns a fault if the former name begins with `__Host-` or `__Host-Http-`, and the entry has a Domain or a path
/// other than `/`. Browsers never store a `__Host-` or `__Host-Http-` cookie with this scope.
///
/// If the entry has the present name, the function checks only the parts that the user wrote in the entry. All other
/// parts come from the present declaration, which is checked separately.
const fn find_prefix_fault(spec: &Spec<'_>, entry: &Former<'_>) -> Option<FormerFault> {
    macro_rules! texts {
        ($text:literal) => {
            match Prefix::from_name(entry.name_in(spec)) {
                Some(Prefix::Host) => (Rule::PrefixHost, concat!("a name with the prefix `__Host-` ", $text)),
                Some(Prefix::HostHttp) => {
                    (Rule::PrefixHostHttp, concat!("a name with the prefix `__Host-Http-` ", $text))
                }
                Some(Prefix::Http | Prefix::Secure) | None => return None,
            }
        };
    }
    let is_renamed = has_other_name(spec, entry);
    if !matches!(entry.domain_in(spec), FormerDomain::HostOnly) {
        let (rule, text) = match is_renamed {
            true => texts!("never had a Domain; write `domain = none`"),
            false => texts!("never had a Domain; write `domain = none`, or the former `name`"),
        };
        match entry.domain {
            FormerDomain::Declared if is_renamed => return prefix_fault(FormerPart::Name, rule, text),
            FormerDomain::Declared => {}
            FormerDomain::HostOnly | FormerDomain::Policy | FormerDomain::Domain(_) => {
                return prefix_fault(FormerPart::Domain, rule, text);
            }
        }
    }
    if !matches!(entry.path_in(spec).as_bytes(), b"/") {
        let (rule, text) = match is_renamed {
            true => texts!("always had the path \"/\"; write `path = \"/\"`"),
            false => texts!("always had the path \"/\"; write `path = \"/\"`, or the former `name`"),
        };
        match entry.path {
            None if is_renamed => return prefix_fault(FormerPart::Name, rule, text),
            None => {}
            Some(_) => return prefix_fault(FormerPart::Path, rule, text),
        }
    }
    None
}

const fn has_other_name(spec: &Spec<'_>, entry: &Former<'_>) -> bool {
    !is_equal(entry.name_in(spec).as_bytes(), spec.name.as_bytes(), false)
}

/// Returns true if both entries describe the same cookie: the same name, domain, path and partition. An entry without
/// any part describes the present cookie.
const fn has_same_identity(spec: &Spec<'_>, a: &Former<'_>, b: &Former<'_>) -> bool {
    let is_same_domain = match (a.domain_in(spec), b.domain_in(spec)) {
        (FormerDomain::Domain(a), FormerDomain::Domain(b)) => is_equal(a.as_bytes(), b.as_bytes(), true),
        (FormerDomain::HostOnly, FormerDomain::HostOnly) | (FormerDomain::Policy, FormerDomain::Policy) => true,
        _ => false,
    };
    is_same_domain
        && is_equal(a.name_in(spec).as_bytes(), b.name_in(spec).as_bytes(), false)
        && is_equal(a.path_in(spec).as_bytes(), b.path_in(spec).as_bytes(), false)
        && a.partitioned_in(spec) == b.partitioned_in(spec)
}

/// Does the same as `slice::get`. The method `slice::get` is not a `const fn`.
const fn entry_at<'a, 'b>(entries: &'a [Former<'b>], index: usize) -> Option<&'a Former<'b>> {
    let (mut rest, mut position) = (entries, 0);
    while let [entry, tail @ ..] = rest {
        if position == index {
            return Some(entry);
        }
        position += 1;
        rest = tail;
    }
    None
}

#[allow(clippy::unnecessary_wraps, reason = "every caller returns the fault at once")]
const fn entry_fault(part: FormerPart, text: &'static str) -> Option<FormerFault> {
    prefix_fault(part, Rule::FormerEntry, text)
}

#[allow(clippy::unnecessary_wraps, reason = "every caller returns the fault at once")]
const fn prefix_fault(part: FormerPart, rule: Rule, text: &'static str) -> Option<FormerFault> {
    Some(FormerFault { part, fault: Fault::new(rule, text) })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::{FormerFault, FormerPart, find_former_error, find_former_lint};
    use crate::check::{Argument, check_constant, find_error, find_lint, find_unexplained};
    use crate::date::Day;
    use crate::former::{Former, FormerDomain};
    use crate::rule::Rule;
    use crate::spec::{Seal, Spec};

    const HOST: Spec<'_> = Spec::new("__Host-Http-id");
    const WIDE: Spec<'_> = Spec::new("__Secure-id").domain("example.com").path("/app");

    /// Returns an entry with the earlier name `name` and with `until`.
    fn renamed(name: &str) -> Former<'_> {
        Former::new().name(name).until(Day::parse("2027-03-01").unwrap())
    }

    fn error(spec: &Spec<'_>, entries: &[Former<'_>], index: usize) -> Option<FormerFault> {
        find_former_error(&Spec { former: entries, ..*spec }, index)
    }

    /// Checks a declaration with one entry. Returns the part that has the error, and the broken rule.
    fn part(spec: &Spec<'_>, entry: Former<'_>) -> Option<(FormerPart, Rule)> {
        error(spec, &[entry], 0).map(|FormerFault { part, fault }| (part, fault.rule))
    }

    fn text(spec: &Spec<'_>, entry: Former<'_>) -> &'static str {
        error(spec, &[entry], 0).map_or("", |error| error.fault.text)
    }

    #[test]
    fn a_valid_entry_has_no_error() {
        for (spec, entry) in [
            (HOST, renamed("sid")),
            (HOST, renamed("my session")),
            (HOST, renamed("__Secure-id").domain(FormerDomain::Domain("example.com")).path("/app")),
            (HOST, renamed("__Host-id")),
            (HOST, renamed("sid").raw()),
            (HOST, Former::new().partitioned(true)),
            (HOST.seal(Seal::Signed), renamed("sid").raw().unsigned()),
            (WIDE, Former::new().domain(FormerDomain::HostOnly)),
            (WIDE, Former::new().path("/")),
            (WIDE, Former::new().path("/").until(Day::parse("2027-03-01").unwrap())),
            (WIDE, Former::new().domain(FormerDomain::Policy)),
            (WIDE, renamed("__Host-id").domain(FormerDomain::HostOnly).path("/")),
            (Spec::new("id").secure(false), renamed("__Secure-id")),
            (Spec::new("id").secure(false), renamed("sid").partitioned(true)),
        ] {
            assert_eq!(error(&spec, &[entry], 0), None, "{entry:?}");
            assert_eq!(error(&spec, &[entry], 1), None);
        }
    }

    #[test]
    fn each_part_has_its_syntax() {
        for name in ["", " sid", "a;b", "a=b", "a\u{1}"] {
            assert_eq!(part(&HOST, renamed(name)), Some((FormerPart::Name, Rule::NameToken)), "{name}");
        }
        assert_eq!(
            text(&HOST, renamed("a;b")),
            "no `Cookie` header can carry this name; write the name as browsers send it"
        );
        assert_eq!(error(&HOST, &[renamed("a;b")], 0).and_then(|error| error.fault.byte), Some(b';'));
        let domain = renamed("sid").domain(FormerDomain::Domain("localhost"));
        assert_eq!(part(&HOST, domain), Some((FormerPart::Domain, Rule::DomainSyntax)));
        assert_eq!(part(&HOST, renamed("sid").path("app")), Some((FormerPart::Path, Rule::PathSyntax)));
    }

    #[test]
    fn another_name_needs_until() {
        let entry = Former::new().name("sid");
        assert_eq!(part(&HOST, entry), Some((FormerPart::Name, Rule::FormerEntry)));
        assert!(text(&HOST, entry).contains("add `until = \"2027-03-01\"`"));
        assert_eq!(part(&HOST, entry.until(Day::parse("2027-03-01").unwrap())), None);
        // The entry has the present name, so the entry needs no `until`.
        assert_eq!(part(&HOST, Former::new().name("__Host-Http-id").partitioned(true)), None);
        // Servers distinguish letter case in names, so `ID` is an earlier name and needs `until`.
        assert_eq!(part(&Spec::new("id"), Former::new().name("ID")), Some((FormerPart::Name, Rule::FormerEntry)));
    }

    #[test]
    fn raw_and_unsigned_need_another_name() {
        let scope = Former::new().partitioned(true);
        let sealed = HOST.seal(Seal::Sealed);
        assert_eq!(part(&HOST, scope.raw()), Some((FormerPart::Raw, Rule::FormerEntry)));
        assert_eq!(part(&sealed, scope.unsigned()), Some((FormerPart::Unsigned, Rule::FormerEntry)));
        assert!(text(&sealed, scope.unsigned()).contains("this entry has the present name"));
        assert_eq!(part(&sealed, renamed("sid").unsigned()), None);
        assert_eq!(part(&HOST, renamed("sid").unsigned()), Some((FormerPart::Unsigned, Rule::FormerEntry)));
        assert_eq!(
            text(&HOST, renamed("sid").unsigned()),
            "`unsigned` needs a `signed` or `sealed` cookie; remove `unsigned`"
        );
    }

    #[test]
    fn a_host_name_had_no_domain_and_the_root_path() {
        let root = WIDE.path("/");
        let policy = Spec::new("__Secure-id").policy_domain();
        for (name, rule) in [("__Host-a", Rule::PrefixHost), ("__Host-Http-a", Rule::PrefixHostHttp)] {
            let entry = renamed(name);
            // The entry itself contains no domain or path, so the error is reported on the name.
            assert_eq!(part(&root, entry), Some((FormerPart::Name, rule)));
            assert_eq!(part(&policy, entry), Some((FormerPart::Name, rule)));
            assert!(text(&root, entry).ends_with("never had a Domain; write `domain = none`"));
            let host_only = entry.domain(FormerDomain::HostOnly);
            assert_eq!(part(&root, host_only), None);
            assert_eq!(part(&policy, host_only), None);
            assert_eq!(part(&WIDE, host_only), Some((FormerPart::Name, rule)));
            assert!(text(&WIDE, host_only).ends_with("always had the path \"/\"; write `path = \"/\"`"));
            assert_eq!(part(&WIDE, host_only.path("/app")), Some((FormerPart::Path, rule)));
            for domain in [FormerDomain::Policy, FormerDomain::Domain("example.com")] {
                assert_eq!(part(&HOST, entry.domain(domain)), Some((FormerPart::Domain, rule)));
            }
        }
        assert_eq!(part(&WIDE, renamed("__Http-a")), None);
    }

    #[test]
    fn a_host_cookie_only_changes_its_partition() {
        let domain = Former::new().domain(FormerDomain::Domain("example.com"));
        assert_eq!(part(&HOST, domain), Some((FormerPart::Domain, Rule::PrefixHostHttp)));
        assert!(text(&HOST, domain).ends_with("write `domain = none`, or the former `name`"));
        assert_eq!(part(&HOST, Former::new().path("/app")), Some((FormerPart::Path, Rule::PrefixHostHttp)));
        assert_eq!(part(&HOST, Former::new().partitioned(true)), None);
        // The present declaration already has an error on its own `domain`, so the entry has no second error.
        assert_eq!(part(&HOST.domain("example.com"), Former::new().partitioned(true)), None);
    }

    #[test]
    fn each_name_and_scope_occurs_once() {
        let present = Some((FormerPart::Entry, Rule::FormerEntry));
        assert_eq!(part(&HOST, Former::new()), present);
        assert_eq!(part(&HOST, Former::new().name("__Host-Http-id").path("/").partitioned(false)), present);
        assert_eq!(part(&WIDE, Former::new().domain(FormerDomain::Domain("EXAMPLE.com"))), present);
        assert!(text(&WIDE, Former::new().path("/app")).starts_with("the entry has the cookie's present name"));

        let entries = [renamed("sid"), renamed("sid").path("/app"), renamed("SID"), renamed("sid").path("/app").raw()];
        let repeated = error(&HOST, &entries, 3).unwrap();
        assert_eq!((repeated.part, repeated.fault.rule), (FormerPart::Entry, Rule::FormerEntry));
        assert!(repeated.fault.text.contains("of an earlier entry"));
        assert!((0..3).all(|index| error(&HOST, &entries, index).is_none()));

        let domain = |domain| Former::new().domain(FormerDomain::Domain(domain));
        assert!(error(&WIDE, &[domain("a.example"), domain("A.Example")], 1).is_some());
        assert!(error(&WIDE, &[domain("a.example"), domain("b.example")], 1).is_none());
    }

    #[test]
    fn at_most_four_entries() {
        let entries = ["a", "b", "c", "d", "e", "f"].map(renamed);
        let faults: Vec<usize> = (0..7).filter(|index| error(&HOST, &entries, *index).is_some()).collect();
        assert_eq!(faults, [4]);
        let spec = Spec { former: &entries, ..HOST }.reason("r");
        assert_eq!(find_error(&spec, Argument::Formerly).map(|fault| fault.rule), Some(Rule::FormerEntry));
        assert_eq!(find_error(&Spec { former: &entries[..4], ..spec }, Argument::Formerly), None);
    }

    #[test]
    fn a_read_only_cookie_has_no_former_names() {
        let entries = ["a;b", "b"].map(renamed);
        let spec = Spec { former: &entries, ..HOST }.read_only();
        let error = find_former_error(&spec, 0).unwrap();
        assert_eq!((error.part, error.fault.rule), (FormerPart::Entry, Rule::FormerEntry));
        assert!(error.fault.text.starts_with("`formerly` cannot be used with `read_only`"));
        assert_eq!(find_former_error(&spec, 1), None);
        assert_eq!(find_error(&spec, Argument::Formerly), Some(error.fault));
        assert_eq!(find_lint(&spec, Argument::Formerly), None);
    }

    #[test]
    fn a_weaker_prefix_or_unsigned_is_a_weakening() {
        // Each row contains names whose prefixes are equally strong. The weakest prefixes come first.
        let names = [&["id"][..], &["__Secure-id", "__Http-id"], &["__Host-id", "__Host-Http-id"]];
        for (present_strength, present) in names.iter().enumerate() {
            for (former_strength, former) in names.iter().enumerate() {
                for (present, former) in present.iter().flat_map(|present| former.iter().map(move |f| (present, f))) {
                    let expected = (former_strength < present_strength).then_some(FormerPart::Name);
                    let entries = [renamed(former)];
                    let spec = Spec { former: &entries, ..Spec::new(present) };
                    assert_eq!(find_former_lint(&spec, 0), expected, "{present} {former}");
                    assert_eq!(find_lint(&spec, Argument::Formerly).is_some(), expected.is_some());
                }
            }
        }
        // Browsers match prefixes in any letter case, but servers do not.
        assert_eq!(find_former_lint(&HOST.formerly(&[renamed("__host-id")]), 0), Some(FormerPart::Name));
        let sealed = HOST.seal(Seal::Sealed);
        assert_eq!(
            find_former_lint(&sealed.formerly(&[renamed("__Host-a").unsigned()]), 0),
            Some(FormerPart::Unsigned)
        );
        assert_eq!(find_former_lint(&sealed.formerly(&[renamed("__Host-a").raw()]), 0), None);
        assert_eq!(find_former_lint(&HOST.formerly(&[Former::new().partitioned(true)]), 0), None);
    }

    #[test]
    fn a_weak_former_name_needs_a_reason() {
        let entries = [renamed("__Host-id"), renamed("sid")];
        let weak = HOST.formerly(&entries);
        assert_eq!(find_unexplained(&weak, Argument::Formerly).map(|fault| fault.rule), Some(Rule::FormerName));
        assert_eq!(
            check_constant(&weak, Argument::Formerly, false).map(|fault| fault.text),
            Some(Rule::FormerName.text())
        );
        let explained = weak.reason("the old name has no prefix");
        assert_eq!(find_unexplained(&explained, Argument::Formerly), None);
        assert_eq!(find_error(&explained, Argument::Reason), None);
        let strict = explained.formerly(&entries[..1]);
        assert_eq!(find_error(&strict, Argument::Reason).map(|fault| fault.rule), Some(Rule::IdleReason));
    }
}
