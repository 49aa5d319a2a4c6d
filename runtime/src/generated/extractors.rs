//! The extractors of a `#[cookies]` struct, one macro for each framework. A procedural macro does not know which
//! features of hardtack are enabled, so its expansion calls `__extractors`. If a framework's feature is enabled, its
//! adapter defines the framework's macro. Otherwise an empty macro is defined here.

/// Implements the extractors of all enabled frameworks.
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
