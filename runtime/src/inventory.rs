//! Every cookie that a program declares, in whichever of its crates. In: what the expansions registered; out: a list
//! with places, reasons and findings, a refusal for a test, and reports. Knows declarations only: what a server really
//! sends is the audit's.

mod html;
mod json;
mod sarif;
mod table;
mod words;

use std::fmt;

use hardtack_rules::check::Argument;
use hardtack_rules::deny::{Broken, Demand};
use hardtack_rules::wire;

use crate::audit::{self, Finding, Seen};
use crate::declare::Spec;
use crate::domain::is_public_suffix;

/// A declaration as its expansion registers it.
#[derive(Debug)]
pub struct Registered {
    /// The declaration.
    pub spec: Spec,
    /// The module that it stands in.
    pub module: &'static str,
    /// The type, or the struct and its field.
    pub item: &'static str,
    /// The lines of its docs.
    pub docs: &'static [&'static str],
    /// The file that it stands in.
    pub file: &'static str,
    /// The line of its name.
    pub line: u32,
}

inventory::collect!(Registered);

/// Lists every cookie that this program declares, in all the crates that are linked into it.
///
/// A crate that nothing is used of is not linked; a cookie type that nothing uses is listed all the same. In a test
/// binary these are the cookies of the test and of the crates that it tests.
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
/// let lang = &inventory.cookies[0];
/// assert_eq!((lang.spec.name, lang.purpose.as_str()), ("__Host-lang", "Interface language."));
/// assert!(lang.path.ends_with("::Lang") && lang.findings.iter().all(|finding| finding.is_expected()));
/// # let _ = Lang::En;
/// ```
#[must_use]
pub fn inventory() -> Inventory {
    let mut registered: Vec<&Registered> = inventory::iter::<Registered>().collect();
    registered.sort_by_key(|registered| (registered.module, registered.file, registered.line, registered.item));
    let mut cookies: Vec<Listed> = registered.into_iter().map(Listed::of).collect();
    let names: Vec<(&str, String)> = cookies.iter().map(|cookie| (cookie.spec.name, cookie.path.clone())).collect();
    for (at, cookie) in cookies.iter_mut().enumerate() {
        let others = names.iter().enumerate().filter(|(other, (name, _))| *other != at && *name == cookie.spec.name);
        cookie.same_name = others.map(|(_, (_, path))| path.clone()).collect();
    }
    Inventory { cookies }
}

/// The cookies that a program declares; [`inventory()`] makes it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Inventory {
    /// By crate and module, then by place.
    pub cookies: Vec<Listed>,
}

/// One declared cookie.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Listed {
    /// The declaration: name, attributes and reason.
    pub spec: Spec,
    /// The crate that declares it.
    pub krate: &'static str,
    /// The type's path, as in `shop::cookies::Theme`; of a field the struct's and the field, `shop::ShopCookies::theme`.
    pub path: String,
    /// The type, or the struct and its field.
    pub item: &'static str,
    /// What it is for: the first paragraph of the docs.
    pub purpose: String,
    /// The file that declares it, as the compiler was given it.
    pub file: &'static str,
    /// The line of the type's or field's name, from 1.
    pub line: u32,
    /// What a tester raises about a response that sets it, gravest first; nothing for a `read_only` cookie, which another
    /// program sets.
    pub findings: Vec<Finding>,
    /// The paths of the other declarations with the same name.
    pub same_name: Vec<String>,
}

impl Listed {
    fn of(registered: &Registered) -> Self {
        let Registered { spec, module, item, docs, file, line } = registered;
        Listed {
            spec: *spec,
            krate: module.split("::").next().unwrap_or(module),
            path: format!("{module}::{item}"),
            item,
            purpose: purpose(docs),
            file,
            line: *line,
            findings: findings(spec),
            same_name: Vec::new(),
        }
    }

    /// The line that sets it, with `…` for the value; for the policy's `cookie_domain` too.
    #[must_use]
    pub fn set_cookie(&self) -> String {
        let domain = if self.spec.environment_domain { "…" } else { "" };
        line(&self.spec, "…", domain)
    }
}

/// The first paragraph of docs, as one line.
fn purpose(docs: &[&str]) -> String {
    let lines = docs.iter().flat_map(|doc| doc.split('\n')).map(str::trim);
    let paragraph = lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

/// What a tester raises about the declaration's own line, on a host that it may be set on.
fn findings(spec: &Spec) -> Vec<Finding> {
    if spec.read_only {
        return Vec::new();
    }
    // One label below the domain, as a host that shares it.
    let parent = spec.domain.unwrap_or("example.com");
    let host = if spec.has_domain() { format!("www.{parent}") } else { parent.to_owned() };
    let environment = if spec.environment_domain { parent } else { "" };
    let seen = Seen::https(&host).path(spec.path).declared(&[*spec]);
    audit::set_cookie(line(spec, "value", environment).as_bytes(), &seen).findings
}

/// A declaration as a Set-Cookie line; `environment` is the policy's domain.
fn line(spec: &Spec, value: &str, environment: &str) -> String {
    let mut written: hardtack_rules::Spec<'_> = *spec;
    if !environment.is_empty() {
        written.domain = Some(environment);
    }
    let mut attributes = vec![0; wire::attributes(&written, None, &mut [])];
    wire::attributes(&written, None, &mut attributes);
    format!("{}={value}{}", spec.name, String::from_utf8_lossy(&attributes))
}

impl Inventory {
    /// Refuses what a demand in the words of `HARDTACK_DENY` refuses: the second lock, where a build lost the variable.
    ///
    /// # Errors
    ///
    /// [`Denied`], with every cookie that breaks it, every word that means nothing, and every exception that excepts no
    /// cookie of this program.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// #[derive(Cookie)]
    /// #[cookie(http_only = false, reason = "i18n.js reads it before first paint")]
    /// enum Lang { En }
    ///
    /// // In a test of yours:
    /// let inventory = hardtack::inventory();
    /// inventory.deny("insecure, unprefixed, max-age=30d").unwrap();
    ///
    /// let denied = inventory.deny("script-readable").unwrap_err();
    /// assert!(denied.to_string().contains("`http_only = false` trips `script-readable`"));
    /// # let _ = Lang::En;
    /// ```
    pub fn deny(&self, demand: &str) -> Result<(), Denied> {
        let demand = Demand::of(demand);
        let mut refused: Vec<String> = demand.wrong().map(|wrong| wrong.to_string()).collect();
        for path in demand.exceptions() {
            let alone = format!("-{path}");
            let alone = Demand::of(&alone);
            let excepts = |cookie: &Listed| alone.excepts(cookie.krate, cookie.item);
            if alone.wrong().next().is_none() && !self.cookies.iter().any(excepts) {
                refused.push(format!("`-{path}` excepts no cookie of this program; remove it"));
            }
        }
        for cookie in self.cookies.iter().filter(|cookie| !demand.excepts(cookie.krate, cookie.item)) {
            let suffix =
                |at| demand.public_suffix(&cookie.spec).filter(|_| at == Argument::Domain && cookie.has_suffix());
            let broken = |at: &Argument| demand.broken(&cookie.spec, *at).or_else(|| suffix(*at));
            refused.extend(Argument::ALL.iter().filter_map(broken).map(|broken| cookie.refusal(&broken)));
        }
        if refused.is_empty() { Ok(()) } else { Err(Denied { refused }) }
    }
}

impl Listed {
    /// Whether its Domain is a public suffix: of a constant one no macro knows.
    fn has_suffix(&self) -> bool {
        self.spec.domain.is_some_and(|domain| is_public_suffix(&domain.to_ascii_lowercase()))
    }

    fn refusal(&self, broken: &Broken<'_>) -> String {
        let Listed { path, file, line, krate, item, .. } = self;
        let remedy = broken.remedy();
        format!("{file}:{line}: `{path}`: {broken}; {remedy}, or except it with `-{krate}::{item}`")
    }
}

/// What [`Inventory::deny`] refused. `Display` has a line for each, with file and line of the declaration; its `Debug` is
/// the same, so that `unwrap` in a test reads well.
#[derive(Clone, PartialEq, Eq)]
pub struct Denied {
    refused: Vec<String>,
}

impl Denied {
    /// Each refusal, as a line.
    pub fn refused(&self) -> impl Iterator<Item = &str> {
        self.refused.iter().map(String::as_str)
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the inventory of cookies has what is denied:")?;
        self.refused.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl fmt::Debug for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Denied {}
