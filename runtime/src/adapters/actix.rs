//! actix-web: to be written.

/// The extractor of a `#[cookies]` struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __actix {
    ($name:ident) => {};
}
