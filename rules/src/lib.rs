//! The rules of [hardtack](https://docs.rs/hardtack) as data and pure functions: what RFC 6265bis, browsers and
//! scanners demand of a cookie.
//!
//! Each rule is one variant of [`Rule`], and each rule is written once, in this crate:
//!
//! - [`Spec`] is the declaration of one cookie as data.
//! - [`check`] finds the rules that a declaration breaks.
//! - [`syntax`] checks the syntax of one argument, and [`date`] parses and formats dates.
//! - [`deny`] finds what a build refuses even with a `reason`.
//! - [`wire`] writes the attributes of a `Set-Cookie` header.
//! - [`session_names`] recognises the names of session cookies and of CSRF tokens.
//! - `auditors` (feature `auditors`) is the catalogue of scanner findings.
//!
//! The macros call these functions while the user's crate compiles. Generated code calls them in a `const`, where an
//! argument is a constant expression. The setters and the audit call them while the server runs. So every function that
//! a `const` needs is a `const fn`. The crate does not allocate and has no dependencies.
//!
//! ```
//! use hardtack_rules::check::{Argument, find_error};
//! use hardtack_rules::{Rule, SameSite, Spec};
//!
//! let spec = Spec::new("tracking").secure(false).same_site(SameSite::None);
//! let fault = find_error(&spec, Argument::Secure).unwrap();
//! assert_eq!(fault.rule, Rule::SameSiteNoneSecure);
//! assert_eq!(fault.text, "`SameSite=None` needs Secure; remove `secure = false`, or use `same_site = Lax`");
//! ```
//!
//! Sources: draft-ietf-httpbis-rfc6265bis-22 ("6265bis"), draft-ietf-httpbis-layered-cookies for the two `Http-`
//! prefixes, CHIPS for `Partitioned`.
#![no_std]

#[cfg(feature = "auditors")]
pub mod auditors;
pub mod check;
pub mod date;
pub mod deny;
mod rule;
pub mod session_names;
mod spec;
pub mod syntax;
pub mod wire;

pub use rule::{Rule, RuleKind};
pub use spec::{Prefix, SameSite, Seal, Spec};
