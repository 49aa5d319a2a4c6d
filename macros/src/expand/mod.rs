//! Writes models and declarations as Rust code: constants, impls, and calls into the runtime. Every path in the
//! generated code is absolute. A helper that the generated code needs is a function of the runtime's module `private`.

pub(crate) mod cookie;
pub(crate) mod set;
mod spans;
pub(crate) mod value;
