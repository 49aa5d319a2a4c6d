//! The rule book of [hardtack](https://docs.rs/hardtack): what RFC 6265bis, its browsers and its auditors demand of a
//! cookie, once, as data and pure functions.
//!
//! Every rule stands in [`Rule`]; [`check`] asks them of a declaration, [`syntax`] of one argument, [`deny`] what a build
//! wants beyond them, and [`auditors`] what a tester raises. What a constant may ask is `const`; nothing allocates, and
//! nothing is depended on: the macro asks while the user's crate compiles, a `const` where an argument is a constant
//! expression, and a setter while the server runs.
//!
//! Sources: draft-ietf-httpbis-rfc6265bis-22 ("6265bis"), draft-ietf-httpbis-layered-cookies for the two `Http-`
//! prefixes, CHIPS for `Partitioned`.
#![no_std]

pub mod auditors;
pub mod check;
pub mod date;
pub mod deny;
mod rule;
mod spec;
pub mod syntax;
pub mod wire;

pub use rule::{Kind, Rule};
pub use spec::{Prefix, SameSite, Seal, Spec};
