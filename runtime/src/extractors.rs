//! The extractors of a `#[cookies]` struct, framework by framework. A macro cannot see which features of a crate are on;
//! this can: each feature's own stands in its adapter, and here is nothing in its place.

/// Everything that the enabled frameworks extract.
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
