//! Compiles the README's code blocks as doctests. The package's tests are in the other files of this folder.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
