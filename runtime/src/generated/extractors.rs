//! Implements the extractors of a `#[cookies]` struct, with one macro per web framework. A procedural macro cannot see
//! which features of hardtack are enabled, so the generated code always calls `__extractors`. If the feature of a
//! framework is enabled, a file in the folder `frameworks` defines the framework's macro. If the feature of a framework
//! is disabled, this file defines an empty macro.

/// Implements the extractors of all frameworks whose feature is enabled.
#[doc(hidden)]
#[macro_export]
macro_rules! __extractors {
    ($name:ident) => {
        $crate::__axum!($name);
        $crate::__actix!($name);
        $crate::__rocket!($name);
        $crate::__poem!($name);
        $crate::__salvo!($name);
    };
}

#[cfg(not(feature = "axum"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __axum {
    ($name:ident) => {};
}

#[cfg(not(feature = "actix"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __actix {
    ($name:ident) => {};
}

#[cfg(not(feature = "rocket"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __rocket {
    ($name:ident) => {};
}

#[cfg(not(feature = "poem"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __poem {
    ($name:ident) => {};
}

#[cfg(not(feature = "salvo"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __salvo {
    ($name:ident) => {};
}
