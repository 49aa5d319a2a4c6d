//! Generates Rust code from models and declarations: constants, impls, and calls of the runtime. Every path in the
//! generated code is absolute. The helper functions for generated code are in the runtime's module `private`.

pub(crate) mod cookie;
pub(crate) mod set;
mod spans;
pub(crate) mod value;
