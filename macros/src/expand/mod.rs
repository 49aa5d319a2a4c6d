//! Generates the Rust code from the model of the user's item and from the declarations. Every path in the generated
//! code is absolute. The generated code calls helper functions in the module `private` of the crate `hardtack`.

pub(crate) mod cookie;
pub(crate) mod set;
mod spans;
pub(crate) mod value;
