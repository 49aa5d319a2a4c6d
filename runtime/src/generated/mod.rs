//! The items that the macros' expansions use, and the compile errors for disabled features.

mod extractors;
mod missing_features;
pub mod private;
