//! The cookie rules of [hardtack](https://docs.rs/hardtack). The crate contains only data and pure functions. The rules
//! come from RFC 6265bis, browsers and scanners.
//!
//! Each rule is one variant of [`Rule`]. The other crates of hardtack use the rules from this crate. The crate has
//! these parts:
//!
//! - [`Spec`] is the declaration of one cookie as data.
//! - [`check`] finds the rules that a declaration breaks.
//! - [`syntax`] checks the syntax of one argument.
//! - [`family`] checks whether a name belongs to the family of a `keyed` cookie.
//! - [`date`] parses and formats dates.
//! - [`deny`] finds the arguments that a deny list forbids, even if the declaration has a `reason`.
//! - [`device`] has the data of the key `device_bound`.
//! - [`wire`] writes the attributes of a `Set-Cookie` header.
//! - [`session_names`] recognises the names of session cookies and of CSRF tokens.
//! - `auditors` is the catalogue of scanner findings. The module `auditors` needs the feature `auditors`.
//!
//! Three kinds of code call the functions of this crate:
//!
//! - The macros call the functions while the user's crate compiles.
//! - Generated code calls the functions in a `const` if an argument is a constant expression. So the functions for
//!   generated code are `const fn`.
//! - The setters and the audit call the functions while the server runs.
//!
//! The crate does not allocate and has no dependencies.
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
//! The rules refer to these documents:
//!
//! - draft-ietf-httpbis-rfc6265bis-22, called "6265bis" in this crate
//! - draft-ietf-httpbis-layered-cookies, for the prefixes `__Http-` and `__Host-Http-`
//! - CHIPS, for the `Partitioned` attribute
#![no_std]

#[cfg(feature = "auditors")]
pub mod auditors;
pub mod check;
pub mod date;
pub mod deny;
pub mod device;
pub mod family;
mod former;
mod rule;
pub mod session_names;
mod spec;
pub mod syntax;
pub mod wire;

pub use device::DeviceBinding;
pub use former::{Former, FormerDomain};
pub use rule::{Rule, RuleKind};
pub use spec::{Prefix, SameSite, Seal, Spec};
