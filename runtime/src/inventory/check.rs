//! Compares the cookies of a program with a policy. The input is the inventory and the policy. The output is one
//! message for each cookie that does not work with the policy.
//!
//! Each check is one function in the list `CHECKS`. If you add a check that compares cookie names with a setting of the
//! policy, add the check to this list too.

use std::fmt;

use hardtack_rules::device::{is_companion, share_companion};

use super::findings::{differing_keys, has_same_identity};
use super::{Entry, Inventory, phrases};
use crate::policy::Policy;

/// A function that checks one cookie. The function returns a sentence of the form `fact; remedy`, or `None` if the
/// cookie works with the policy.
type Check = fn(&Entry, &Policy) -> Option<String>;

const CHECKS: [Check; 4] = [missing_keyring, missing_domain, different_declaration, listed_name];

impl Inventory {
    /// Checks all cookies of the program against the settings of a policy. Call `check` in a test, or when the server
    /// starts.
    ///
    /// # Errors
    ///
    /// Returns a [`CheckError`] with one message for each of the following problems:
    ///
    /// - A cookie is declared `signed` or `sealed`, and the policy has no keyring. Without a keyring, every user is
    ///   signed out.
    /// - A cookie is declared `device_bound`, and the policy has no keyring. No browser can then register a device.
    /// - A cookie has the name of the companion of a `device_bound` cookie. Each cookie would replace the other one.
    /// - A cookie is declared `domain = policy`, and the policy has neither `cookie_domain` nor `cookie_domain_for`.
    ///   The cookie is then host-only. If a policy for development has no domain on purpose, check only the policy for
    ///   production.
    /// - A declaration that was passed to [`declared`](crate::policy::PolicyBuilder::declared) differs from the
    ///   declaration in the program.
    /// - The policy lists a name in `host_prefix`, and a cookie is declared with this name or with its prefixed form.
    ///
    /// ```standalone_crate
    /// use hardtack::{Cookie, Policy};
    ///
    /// #[derive(Cookie)]
    /// #[cookie(domain = policy)]
    /// struct Sso(String);
    ///
    /// // In a test of your program:
    /// let inventory = hardtack::inventory();
    /// inventory.check(&Policy::builder().cookie_domain("example.com").build().unwrap()).unwrap();
    ///
    /// let error = inventory.check(&Policy::default()).unwrap_err();
    /// assert!(error.to_string().contains("`__Secure-sso` is declared `domain = policy`, and the policy has no domain"));
    /// ```
    pub fn check(&self, policy: &Policy) -> Result<(), CheckError> {
        let problems = self.cookies.iter().flat_map(|cookie| {
            let Entry { path, file, line, .. } = cookie;
            let found = CHECKS.iter().filter_map(|check| check(cookie, policy));
            found
                .chain(self.companion_name_problem(cookie))
                .map(move |problem| format!("{file}:{line}: `{path}`: {problem}"))
        });
        let messages: Vec<String> = problems.collect();
        if messages.is_empty() { Ok(()) } else { Err(CheckError { messages }) }
    }

    /// Finds a cookie that is the companion of another cookie, or has the same companion. The macros find the mistake
    /// only in one set of cookies.
    fn companion_name_problem(&self, cookie: &Entry) -> Option<String> {
        // Two declarations of one cookie have the same companion, and this is right.
        let is_other = |owner: &&Entry| !owner.spec.name.eq_ignore_ascii_case(cookie.spec.name);
        if let Some(owner) =
            self.cookies.iter().filter(is_other).find(|owner| share_companion(&owner.spec, &cookie.spec))
        {
            return Some(format!(
                "`{}` and `{}` are `device_bound` and have the same companion; give one of them another `name`",
                phrases::name(&cookie.spec),
                owner.spec.name
            ));
        }
        let owner = self.cookies.iter().find(|owner| is_companion(&owner.spec, cookie.spec.name))?;
        Some(format!(
            "`{}` is the name of the companion of `{}`, which is `device_bound`; give one of them another `name`",
            phrases::name(&cookie.spec),
            owner.spec.name
        ))
    }
}

#[cfg(feature = "seal")]
fn missing_keyring(cookie: &Entry, policy: &Policy) -> Option<String> {
    let seal = cookie.spec.seal.filter(|_| policy.keyring().is_none())?;
    let name = phrases::name(&cookie.spec);
    let (device_bound, no_device) = match cookie.spec.device_bound {
        Some(_) => (" and `device_bound`", ", and no device can be registered"),
        None => ("", ""),
    };
    Some(format!(
        "`{name}` is declared `{seal}`{device_bound}, and the policy has no keyring, so the cookie cannot be set or \
         read{no_device}; set the policy's `keyring`"
    ))
}

/// Without the feature `seal`, no declaration is `signed` or `sealed`.
#[cfg(not(feature = "seal"))]
fn missing_keyring(_: &Entry, _: &Policy) -> Option<String> {
    None
}

fn missing_domain(cookie: &Entry, policy: &Policy) -> Option<String> {
    if cookie.spec.read_only || !cookie.spec.policy_domain || policy.has_cookie_domain() {
        return None;
    }
    let name = phrases::name(&cookie.spec);
    Some(format!(
        "`{name}` is declared `domain = policy`, and the policy has no domain, so the cookie is host-only; set the policy's \
         `cookie_domain`"
    ))
}

/// Compares the declaration with the declarations that were passed to
/// [`declared`](crate::policy::PolicyBuilder::declared).
fn different_declaration(cookie: &Entry, policy: &Policy) -> Option<String> {
    let keys = policy.declared().filter(|spec| has_same_identity(spec, &cookie.spec)).find_map(|spec| {
        let keys = differing_keys(spec, &cookie.spec);
        (!keys.is_empty()).then_some(keys)
    })?;
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    Some(format!(
        "`{}` has another {} in the policy's `declared`; pass the `SPEC` or the `SPECS` of this program to `declared`",
        phrases::name(&cookie.spec),
        keys.join(", ")
    ))
}

/// If the name of a cookie is in the setting `host_prefix`, the client has the cookie under the prefixed name. So a
/// declared cookie must not have the bare name or the prefixed name. As the only exception, a `read_only` declaration
/// may have the bare name, because such a declaration reads the renamed cookie.
#[cfg(feature = "_layer")]
fn listed_name(cookie: &Entry, policy: &Policy) -> Option<String> {
    policy.renamed()?.conflict(&cookie.spec)
}

/// Without a framework, no policy has `host_prefix`.
#[cfg(not(feature = "_layer"))]
fn listed_name(_: &Entry, _: &Policy) -> Option<String> {
    None
}

/// The error of [`Inventory::check`].
///
/// `Display` writes one line for each problem. `Debug` writes the same text as `Display`, so that the messages are
/// readable if a test calls `unwrap`.
///
/// ```standalone_crate
/// use hardtack::{Cookie, Policy};
///
/// #[derive(Cookie)]
/// #[cookie(domain = policy)]
/// struct Sso(String);
///
/// let error = hardtack::inventory().check(&Policy::default()).unwrap_err();
/// assert!(error.to_string().starts_with("the cookies of this program do not fit the policy:\n  "));
/// assert_eq!(error.problems().count(), 1);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CheckError {
    messages: Vec<String>,
}

impl CheckError {
    /// Returns one message for each problem. The message begins with the file and line of the declaration.
    pub fn problems(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(String::as_str)
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cookies of this program do not fit the policy:")?;
        self.messages.iter().try_for_each(|message| write!(f, "\n  {message}"))
    }
}

/// Writes the same text as [`Display`](fmt::Display), because Rust uses `Debug` to print an error that `main` returns.
impl fmt::Debug for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for CheckError {}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::super::tests::entry;
    use super::Inventory;
    use crate::cookie::declaration::Spec;
    use crate::policy::{Policy, PolicyBuilder};

    fn problems(specs: impl IntoIterator<Item = Spec>, policy: PolicyBuilder) -> Vec<String> {
        let inventory = Inventory::new(specs.into_iter().map(|spec| entry("shop", "Id", spec)).collect());
        let checked = inventory.check(&policy.build().unwrap());
        checked.err().map_or_else(Vec::new, |error| error.problems().map(str::to_owned).collect())
    }

    #[test]
    fn policy_domain_needs_a_domain() {
        let sso = Spec::new("__Secure-sso").policy_domain();
        assert_eq!(
            problems([sso, Spec::new("__Host-Http-id")], Policy::builder()),
            [
                "src/lib.rs:1: `shop::Id`: `__Secure-sso` is declared `domain = policy`, and the policy has no domain, so the \
              cookie is host-only; set the policy's `cookie_domain`"
            ]
        );
        assert_eq!(problems([sso], Policy::builder().cookie_domain("example.com")), [""; 0]);
        assert_eq!(problems([sso], Policy::builder().cookie_domain_for(|_| None)), [""; 0]);
    }

    #[cfg(feature = "_layer")]
    #[test]
    fn declared_cookie_has_no_listed_name() {
        for spec in [Spec::new("__Host-Http-id"), Spec::new("id")] {
            let found = problems([spec], Policy::builder().host_prefix(["id"]));
            assert!(found.len() == 1 && found[0].contains("its cookie travels as `__Host-Http-id`"), "{found:?}");
        }
        for spec in [Spec::new("__Host-id"), Spec::new("id").read_only()] {
            assert_eq!(problems([spec], Policy::builder().host_prefix(["id"])), [""; 0]);
        }
    }

    #[cfg(feature = "seal")]
    #[test]
    fn sealed_cookie_needs_a_keyring() {
        use hardtack_rules::Seal;

        use crate::seal::{Key, Keyring};

        let sealed = Spec::new("__Host-Http-id").seal(Seal::Sealed);
        let text = "`__Host-Http-id` is declared `sealed`, and the policy has no keyring, so the cookie cannot be set or \
                    read; set the policy's `keyring`";
        assert_eq!(problems([sealed], Policy::builder()), [format!("src/lib.rs:1: `shop::Id`: {text}")]);
        // This program only reads the cookie, and a different program sets the cookie.
        assert_eq!(problems([sealed.read_only()], Policy::builder()).len(), 1);
        assert_eq!(problems([sealed], Policy::builder().keyring(Keyring::new(Key::generate()))), [""; 0]);
    }

    #[cfg(feature = "seal")]
    #[test]
    fn device_bound_cookie_needs_a_keyring() {
        use hardtack_rules::{DeviceBinding, Seal};

        use crate::seal::{Key, Keyring};

        let day = Duration::from_secs(86_400);
        let session = Spec::new("__Host-Http-id").max_age(day).seal(Seal::Sealed);
        let session = session.device_bound(DeviceBinding::new(DeviceBinding::DEFAULT_EVERY));
        let text = "`__Host-Http-id` is declared `sealed` and `device_bound`, and the policy has no keyring, so the cookie \
                    cannot be set or read, and no device can be registered; set the policy's `keyring`";
        assert_eq!(problems([session], Policy::builder()), [format!("src/lib.rs:1: `shop::Id`: {text}")]);
        let with_keyring = || Policy::builder().keyring(Keyring::new(Key::generate()));
        assert_eq!(problems([session], with_keyring()), [""; 0]);
        // The companion of another crate's cookie.
        let companion = Spec::new("__Host-id-key");
        let text = "`__Host-id-key` is the name of the companion of `__Host-Http-id`, which is `device_bound`; give one of \
                    them another `name`";
        assert_eq!(problems([session, companion], with_keyring()), [format!("src/lib.rs:1: `shop::Id`: {text}")]);
        assert_eq!(problems([session, Spec::new("__Host-id-keys")], with_keyring()), [""; 0]);
    }

    #[test]
    fn declared_specs_equal_the_program() {
        const ID: Spec = Spec::new("__Host-Http-id").max_age(Duration::from_secs(60));
        const OTHER_SCOPE: Spec = Spec::new("__Host-Http-id").partitioned();
        const DECLARED: &[Spec] = &[Spec::new("__Host-Http-other"), ID, OTHER_SCOPE];
        let policy = || Policy::builder().declared(DECLARED);
        assert_eq!(problems([ID, ID.reason("r"), ID.read_only()], policy()), [""; 0]);
        let longer = ID.max_age(Duration::from_secs(90)).http_only(false);
        assert_eq!(
            problems([longer], policy()),
            [
                "src/lib.rs:1: `shop::Id`: `__Host-Http-id` has another `max_age`, `http_only` in the policy's `declared`; pass \
              the `SPEC` or the `SPECS` of this program to `declared`"
            ]
        );
        assert_eq!(problems([longer], Policy::builder()), [""; 0]);
    }
}
