//! Generates Rust code from models and declarations: constants, impls, and calls of functions of the crate `hardtack`.
//! Every path in the generated code is absolute. The helper functions for generated code are in the module `private` of
//! the crate `hardtack`.

pub(crate) mod cookie;
pub(crate) mod set;
mod spans;
pub(crate) mod value;
