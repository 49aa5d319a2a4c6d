//! The inventory lists every cookie that the crates of a program declare. An entry of the inventory contains one cookie
//! declaration and the source line of the declaration. The entry also contains the findings that the [audit] reports
//! about the cookie's `Set-Cookie` header, and findings about the declaration itself:
//!
//! - `declarations-differ`: two declarations have the same name and scope (domain, path and partition), but different
//!   values for at least one other declaration key.
//! - `family-name`: the name is inside the family of a `keyed` cookie.
//! - `former-name`: an attacker can choose the value under a former name of the cookie.
//! - `former-expired`: the day `until` of a `formerly` entry has passed.
//!
//! [audit]: crate::audit
//!
//! The inventory contains declarations, not the headers that a server sends. To check the headers that a server sends,
//! use the audit.

use std::fmt;

pub use check::CheckError;
use findings::Conflict;
use hardtack_rules::check::Argument;
use hardtack_rules::deny::{DenyList, Violation};
use hardtack_rules::wire;

use crate::audit::{Finding, Weakness};
use crate::clock;
use crate::cookie::declaration::Spec;
use crate::wire::domain::is_public_suffix;

mod check;
mod disclosure;
mod findings;
mod html;
mod json;
mod phrases;
mod sarif;
mod table;

/// A cookie declaration that a macro adds to the inventory.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registered {
    /// The declaration.
    pub spec: Spec,
    /// The path of the Rust module that contains the declaration.
    pub module: &'static str,
    /// The name of the cookie type, such as `Theme`. For a cookie in a [`cookies`](macro@crate::cookies) struct, the
    /// string contains the names of the struct and of the field, such as `ShopCookies::theme`.
    pub item: &'static str,
    /// The lines of the declaration's documentation.
    pub docs: &'static [&'static str],
    /// The source file.
    pub file: &'static str,
    /// The source line that contains the name of the cookie type or of the field.
    pub line: u32,
}

::inventory::collect!(Registered);

/// Returns every cookie that this program declares, in all linked crates.
///
/// If the program uses no item of a crate, the linker can leave the crate out. The inventory then does not contain the
/// crate's cookies. If a crate is linked, the inventory contains all cookie types of the crate, even the unused types.
/// In a test binary, the inventory contains the cookies of the tests and of the crates under test.
///
/// ```standalone_crate
/// use hardtack::Cookie;
///
/// /// Interface language.
/// #[derive(Cookie)]
/// #[cookie(http_only = false, reason = "i18n.js reads it before first paint")]
/// enum Lang { En }
///
/// let inventory = hardtack::inventory();
/// assert_eq!(inventory.cookies.len(), 1);
/// assert_eq!(inventory.cookies[0].spec.name, "__Host-lang");
/// # let _ = Lang::En;
/// ```
#[must_use]
pub fn inventory() -> Inventory {
    let mut registered: Vec<&Registered> = inventory::iter::<Registered>().collect();
    registered.sort_by_key(|registered| (registered.module, registered.file, registered.line, registered.item));
    let now = clock::unix_seconds(clock::now());
    Inventory::new(registered.into_iter().map(|registered| Entry::new(registered, now)).collect())
}

/// The cookies that a program declares. [`inventory()`] returns an `Inventory`.
///
/// ```standalone_crate
/// use hardtack::Cookie;
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// #[derive(Cookie)]
/// struct Cart(u32);
///
/// let names: Vec<_> = hardtack::inventory().cookies.iter().map(|cookie| cookie.spec.name).collect();
/// assert_eq!(names, ["__Host-Http-session", "__Host-Http-cart"]);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Inventory {
    /// The cookies, sorted by module, file and line.
    pub cookies: Vec<Entry>,
}

/// One declared cookie.
///
/// ```standalone_crate
/// use hardtack::Cookie;
///
/// /// Interface language.
/// ///
/// /// The page sets it.
/// #[derive(Cookie)]
/// #[cookie(http_only = false, reason = "i18n.js reads it before first paint")]
/// enum Lang { En }
///
/// let inventory = hardtack::inventory();
/// let lang = &inventory.cookies[0];
/// assert_eq!((lang.purpose.as_str(), lang.item), ("Interface language.", "Lang"));
/// assert!(lang.path.ends_with("::Lang"));
/// assert_eq!(lang.findings[0].rule.id(), "script-readable");
/// assert_eq!(lang.findings[0].reason, Some("i18n.js reads it before first paint"));
/// # let _ = Lang::En;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// The declaration: name, attributes and reason.
    pub spec: Spec,
    /// The name of the crate that declares the cookie.
    pub krate: &'static str,
    /// The path of the Rust module that contains the declaration, such as `shop::cookies`.
    pub module: &'static str,
    /// The path of the cookie type, such as `shop::cookies::Theme`. For a cookie in a [`cookies`](macro@crate::cookies)
    /// struct, the string contains the path of the struct and the name of the field, such as
    /// `shop::ShopCookies::theme`.
    pub path: String,
    /// The name of the cookie type, such as `Theme`. For a cookie in a [`cookies`](macro@crate::cookies) struct, the
    /// string contains the names of the struct and of the field, such as `ShopCookies::theme`.
    pub item: &'static str,
    /// The purpose of the cookie: the first paragraph of the declaration's documentation.
    pub purpose: String,
    /// The path of the source file, in the form that was passed to the compiler.
    pub file: &'static str,
    /// The source line that contains the name of the cookie type or of the field. The first line of a file has the
    /// number 1.
    pub line: u32,
    /// The findings about the declared `Set-Cookie` header and about the declaration, in descending order of severity.
    /// The header of a `read_only` cookie has no findings, because another program sets the cookie.
    pub findings: Vec<Finding>,
    /// The paths of all other cookie types that declare the same cookie name.
    pub same_name: Vec<String>,
}

impl Entry {
    /// Makes the entry of one declaration. `now` is the current time in Unix seconds.
    fn new(registered: &Registered, now: i64) -> Self {
        let Registered { spec, module, item, docs, file, line } = registered;
        Entry {
            spec: *spec,
            krate: module.split("::").next().unwrap_or(module),
            module,
            path: format!("{module}::{item}"),
            item,
            purpose: first_paragraph(docs),
            file,
            line: *line,
            findings: findings::declaration_findings(spec, now),
            same_name: Vec::new(),
        }
    }

    /// Returns the `Set-Cookie` header of the declaration, with `…` in place of the cookie's value. If the declaration
    /// has `domain = policy`, the header also has `…` in place of the domain. If the cookie is `keyed`, the name ends
    /// with `.…`.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// let header = hardtack::inventory().cookies[0].set_cookie();
    /// assert_eq!(header, "__Host-Http-session=…; Path=/; Secure; HttpOnly; SameSite=Lax");
    /// ```
    #[must_use]
    pub fn set_cookie(&self) -> String {
        let key = if self.spec.keyed { ".…" } else { "" };
        set_cookie_header(&self.spec, &format!("{}{key}", self.spec.name), "…", "…")
    }
}

/// Returns the first paragraph of the documentation as one line.
fn first_paragraph(docs: &[&str]) -> String {
    let lines = docs.iter().flat_map(|doc| doc.split('\n')).map(str::trim);
    let paragraph = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

/// Returns the `Set-Cookie` header of a declaration, with the given name and value. The argument `cookie_domain` is the
/// policy's setting `cookie_domain`.
fn set_cookie_header(spec: &Spec, name: &str, value: &str, cookie_domain: &str) -> String {
    let mut effective: hardtack_rules::Spec<'_> = *spec;
    if spec.policy_domain {
        effective.domain = Some(cookie_domain);
    }
    let mut attributes = vec![0; wire::write_attributes(&effective, None, &mut [])];
    wire::write_attributes(&effective, None, &mut attributes);
    format!("{name}={value}{}", String::from_utf8_lossy(&attributes))
}

impl Inventory {
    /// Makes the inventory. Also adds the findings about pairs of declarations that contradict each other.
    fn new(mut cookies: Vec<Entry>) -> Inventory {
        let names: Vec<(&str, String)> = cookies.iter().map(|cookie| (cookie.spec.name, cookie.path.clone())).collect();
        for (index, cookie) in cookies.iter_mut().enumerate() {
            let is_other = |other: usize, name: &str| other != index && name == cookie.spec.name;
            let others = names.iter().enumerate().filter(|(other, (name, _))| is_other(*other, name));
            cookie.same_name = others.map(|(_, (_, path))| path.clone()).collect();
        }
        findings::add_conflicts(&mut cookies);
        Inventory { cookies }
    }

    /// Checks all cookies of the program against a deny list, which is a list of forbidden settings. The deny list has
    /// the same format as the environment variable `HARDTACK_DENY`. A test that calls `deny` finds denied cookies even
    /// if the program was built without `HARDTACK_DENY`.
    ///
    /// To write an exception, put `-` before the full path of a type, a cookie set or a field, as in
    /// `-shop::pages::Theme`.
    ///
    /// # Errors
    ///
    /// Returns a [`DenyError`] with one message for each of the following problems:
    ///
    /// - A cookie of this program has a setting that the deny list forbids.
    /// - The deny list contains an unknown word, or the word `public-suffix` although the feature `public-suffix` is
    ///   off.
    /// - The deny list contains an exception that exempts no cookie of this program.
    /// - Two declarations have the same name, domain, path and partition, but different values for at least one other
    ///   declaration key. An exception in the deny list does not allow this. For a `read_only` declaration, only
    ///   `signed` and `sealed` must be the same.
    /// - The name of a cookie is inside the family of a `keyed` cookie. An exception in the deny list does not allow
    ///   this.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// #[derive(Cookie)]
    /// #[cookie(http_only = false, reason = "i18n.js reads it before first paint")]
    /// enum Lang { En }
    ///
    /// // In a test of your program:
    /// let inventory = hardtack::inventory();
    /// inventory.deny("insecure, unprefixed, max-age=30d").unwrap();
    ///
    /// let error = inventory.deny("script-readable").unwrap_err();
    /// assert!(error.to_string().contains("`http_only = false` trips `script-readable`"));
    /// # let _ = Lang::En;
    /// ```
    pub fn deny(&self, deny_list: &str) -> Result<(), DenyError> {
        let list = DenyList::parse(deny_list);
        let mut messages: Vec<String> = list.invalid_words().map(|word| word.to_string()).collect();
        if !cfg!(feature = "public-suffix") {
            messages.extend(list.word_without_feature().map(str::to_owned));
        }
        for path in list.exceptions() {
            let word = format!("-{path}");
            let exception = DenyList::parse(&word);
            let is_exempt = |cookie: &Entry| exception.has_exception_for(cookie.module, cookie.item);
            // `messages` already contains a message about each invalid exception.
            let is_valid = exception.invalid_words().next().is_none();
            if is_valid && !self.cookies.iter().any(is_exempt) {
                messages.push(format!("`{word}` exempts no cookie of this program; remove it"));
            }
        }
        for (index, cookie) in self.cookies.iter().enumerate() {
            messages.extend(self.conflict_messages(index, cookie));
            if list.has_exception_for(cookie.module, cookie.item) {
                continue;
            }
            let suffix_violation = |argument| {
                let has_suffix = argument == Argument::Domain && cookie.has_public_suffix();
                has_suffix.then(|| list.public_suffix_violation(&cookie.spec)).flatten()
            };
            let find = |argument: &Argument| {
                list.find_violation(&cookie.spec, *argument).or_else(|| suffix_violation(*argument))
            };
            messages.extend(Argument::ALL.iter().filter_map(find).map(|violation| cookie.message(&violation)));
        }
        if messages.is_empty() { Ok(()) } else { Err(DenyError { messages }) }
    }

    /// Returns one message for each declaration that contradicts the declaration of `cookie`. If two declarations have
    /// the same name and scope but contradict each other, only the later declaration causes a message.
    fn conflict_messages<'a>(&'a self, index: usize, cookie: &'a Entry) -> impl Iterator<Item = String> + 'a {
        let others = self.cookies.iter().enumerate().filter(move |(other, _)| *other != index);
        others.filter_map(move |(other, entry)| {
            let conflict = Conflict::find(cookie, entry)?;
            let Entry { path, file, line, .. } = cookie;
            let is_reported = conflict.rule != Weakness::DeclarationsDiffer || other < index;
            let (name, predicate, remedy) = (phrases::name(&cookie.spec), conflict.predicate(), conflict.rule.remedy());
            is_reported.then(|| format!("{file}:{line}: `{path}`: `{name}` {predicate}; {remedy}"))
        })
    }
}

impl Entry {
    /// Returns true if the `Domain` is a public suffix. The macros cannot check a `Domain` that is a Rust constant, so
    /// this function checks the `Domain` at run time.
    fn has_public_suffix(&self) -> bool {
        self.spec.domain.is_some_and(|domain| is_public_suffix(&domain.to_ascii_lowercase()))
    }

    fn message(&self, violation: &Violation<'_>) -> String {
        let Entry { path, file, line, .. } = self;
        let remedy = violation.remedy();
        format!("{file}:{line}: `{path}`: {violation}; {remedy}, or exempt the cookie with `-{path}`")
    }
}

/// The error of [`Inventory::deny`].
///
/// `Display` writes one line for each problem. `Debug` writes the same text as `Display`, so that the messages are
/// readable if a test calls `unwrap`.
///
/// ```standalone_crate
/// use hardtack::Cookie;
///
/// #[derive(Cookie)]
/// #[cookie(secure = false, reason = "the kiosk has no TLS")]
/// struct Kiosk(u32);
///
/// let error = hardtack::inventory().deny("insecure, no-such-word").unwrap_err();
/// assert!(error.to_string().starts_with("the cookies of this program do not pass the deny list:\n  "));
/// assert_eq!(error.refused().count(), 2);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DenyError {
    messages: Vec<String>,
}

impl DenyError {
    /// Returns one message for each problem. The message about a denied cookie begins with the file and line of the
    /// declaration.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// #[derive(Cookie)]
    /// #[cookie(secure = false, reason = "the kiosk has no TLS")]
    /// struct Kiosk(u32);
    ///
    /// let error = hardtack::inventory().deny("insecure").unwrap_err();
    /// let messages: Vec<&str> = error.refused().collect();
    /// assert_eq!(messages.len(), 1);
    /// assert!(messages[0].contains("::Kiosk`: `secure = false` trips `insecure`; remove it, or exempt the cookie"));
    /// ```
    pub fn refused(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(String::as_str)
    }
}

impl fmt::Display for DenyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cookies of this program do not pass the deny list:")?;
        self.messages.iter().try_for_each(|message| write!(f, "\n  {message}"))
    }
}

/// Writes the same text as [`Display`](fmt::Display), because Rust uses `Debug` to print an error that `main` returns.
impl fmt::Debug for DenyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for DenyError {}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hardtack_rules::Former;

    use super::{Entry, Inventory, Registered};
    use crate::cookie::declaration::Spec;

    /// Returns the entry of a cookie type.
    pub(super) fn entry(module: &'static str, item: &'static str, spec: Spec) -> Entry {
        Entry::new(&Registered { spec, module, item, docs: &[], file: "src/lib.rs", line: 1 }, 0)
    }

    pub(super) fn inventory_of<const N: usize>(cookies: [Entry; N]) -> Inventory {
        Inventory::new(Vec::from(cookies))
    }

    fn denied(inventory: &Inventory, deny_list: &str) -> Vec<String> {
        inventory.deny(deny_list).err().iter().flat_map(|error| error.refused()).map(str::to_owned).collect()
    }

    #[test]
    fn exceptions_are_whole_paths() {
        let weak = |name| Spec::new(name).http_only(false).reason("r");
        let inventory = inventory_of([
            entry("shop", "Theme", weak("__Host-theme")),
            entry("shop::pages", "Theme", weak("__Host-page-theme")),
            entry("shop::pages", "Set::theme", weak("__Host-set-theme")),
        ]);
        let places = |list: &str| -> Vec<String> {
            let place = |message: String| message.split('`').nth(1).unwrap_or(&message).to_owned();
            denied(&inventory, list).into_iter().map(place).collect()
        };
        let [root, page, field] = ["shop::Theme", "shop::pages::Theme", "shop::pages::Set::theme"];
        assert_eq!(places("script-readable"), [root, page, field]);
        assert_eq!(places("script-readable -shop::Theme"), [page, field]);
        assert_eq!(places("script-readable -shop::pages::Theme"), [root, field]);
        assert_eq!(places("script-readable -shop::Theme -shop::pages::Theme -shop::pages::Set"), [""; 0]);
        assert_eq!(denied(&inventory, "-shop::Set"), ["`-shop::Set` exempts no cookie of this program; remove it"]);
        assert_eq!(
            denied(&inventory, "-crate::Theme"),
            ["`-crate::Theme`: `crate` is another crate in each build; write the crate's name, as in `-shop::Theme`"]
        );
        assert!(
            denied(&inventory, "script-readable")[2].ends_with("exempt the cookie with `-shop::pages::Set::theme`")
        );
    }

    #[test]
    fn different_declarations_are_always_refused() {
        let id = Spec::new("__Host-Http-id");
        let inventory = inventory_of([
            entry("a", "Id", id),
            entry("a", "Same", id),
            entry("b", "Id", id.max_age(Duration::from_secs(1))),
            entry("c", "Id", Spec::new("__Secure-id").path("/c")),
            entry("d", "Id", Spec::new("__Secure-id").path("/d").max_age(Duration::from_secs(1))),
        ]);
        let expected = |other: &str| {
            format!(
                "src/lib.rs:1: `b::Id`: `__Host-Http-id` is also declared by `a::{other}` (src/lib.rs:1), with a different \
                 `max_age`; declare it once, and use that type in both places"
            )
        };
        for list in ["", "insecure", "-b::Id"] {
            assert_eq!(denied(&inventory, list), [expected("Id"), expected("Same")], "{list}");
        }
    }

    #[test]
    fn a_name_inside_a_family_is_always_refused() {
        let flow = Spec::new("__Host-flow").keyed().max_age(Duration::from_secs(60));
        let inventory = inventory_of([
            entry("a", "Step", Spec::new("__Host-flow.step")),
            entry("a", "Steps", Spec::new("__Host-flow.a.b")),
            entry("b", "Flow", flow),
        ]);
        assert_eq!(
            denied(&inventory, ""),
            [
                "src/lib.rs:1: `a::Step`: `__Host-flow.step` has a name inside the family `__Host-flow.*`, which `b::Flow` \
              declares (src/lib.rs:1); give one of the two cookies another `name`"
            ]
        );
        assert_eq!(inventory.cookies[2].set_cookie().split(';').next(), Some("__Host-flow.…=…"));
    }

    #[test]
    fn a_former_name_can_be_denied() {
        const SID: Former<'static> = Former::new().name("sid");
        let inventory = inventory_of([entry("a", "Id", Spec::new("__Host-Http-id").formerly(&[SID]).reason("r"))]);
        assert_eq!(
            denied(&inventory, "former-name"),
            ["src/lib.rs:1: `a::Id`: a `formerly` entry with a weaker prefix or with `unsigned` trips `former-name`; \
              remove the entry, or exempt the cookie with `-a::Id`"]
        );
        assert_eq!(denied(&inventory, "former-name -a::Id"), [""; 0]);
        assert_eq!(denied(&inventory, "unprefixed"), [""; 0]);
    }
}
