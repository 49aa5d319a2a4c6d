//! The README's code, compiled; nothing else is built from here.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
