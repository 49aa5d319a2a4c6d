//! Implements the extractors of a `#[cookies]` struct, with one macro per web framework. A procedural macro cannot see
//! which features of hardtack are enabled, so the generated code always calls `__extractors`. For an enabled framework,
//! a file in the folder `frameworks` defines the framework's macro. For a disabled framework, this file defines an
//! empty macro.

/// Implements the extractors of all frameworks whose feature is enabled. `$scheme` and `$state` are the names of the
/// type parameters that users see in their docs. The procedural macro chooses names that do not hide any of the user's
/// items.
#[doc(hidden)]
#[macro_export]
macro_rules! __extractors {
    ($name:ident, $scheme:ident, $state:ident) => {
        $crate::__axum!($name, $scheme, $state);
        $crate::__actix!($name, $scheme);
        $crate::__rocket!($name, $scheme);
        $crate::__poem!($name, $scheme);
        $crate::__salvo!($name, $scheme);
    };
}

#[cfg(not(feature = "axum"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __axum {
    ($name:ident, $scheme:ident, $state:ident) => {};
}

#[cfg(not(feature = "actix"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __actix {
    ($name:ident, $scheme:ident) => {};
}

#[cfg(not(feature = "rocket"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __rocket {
    ($name:ident, $scheme:ident) => {};
}

#[cfg(not(feature = "poem"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __poem {
    ($name:ident, $scheme:ident) => {};
}

#[cfg(not(feature = "salvo"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __salvo {
    ($name:ident, $scheme:ident) => {};
}
