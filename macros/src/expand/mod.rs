//! Models in, code out: constants and calls into the runtime. Absolute paths only; what would be a helper is a function
//! of the runtime.

pub(crate) mod cookie;
pub(crate) mod cookies;
mod spans;
pub(crate) mod value;
