//! The items that the generated code of the macros uses, and the compile errors for disabled features.

mod extractors;
mod missing_features;
pub mod private;
