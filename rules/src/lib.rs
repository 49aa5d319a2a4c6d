//! The rule book of [hardtack](https://docs.rs/hardtack): what RFC 6265bis, its browsers and its auditors demand of a
//! cookie, once, as data and pure functions.
//!
//! Every rule stands in [`Rule`]; [`check`] asks them of a declaration; [`syntax`] asks them of one argument. The
//! functions are `const`, allocate nothing and depend on nothing, so that the macro asks them while the user's crate
//! compiles, a `const` asks them where an argument is a constant expression, and a setter asks them while the server
//! runs.
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
