//! Compiles and runs code blocks of the documentation as doctests: the README, `COMPARE.md`, and the pages of the guide
//! whose blocks need more dependencies than the crate `hardtack` has. The tests of the package are in the `.rs` files
//! next to this file.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../COMPARE.md")]
struct Compare;

#[cfg(doctest)]
#[doc = include_str!("../runtime/docs/start.md")]
struct Start;

#[cfg(doctest)]
#[doc = include_str!("../runtime/docs/deployment.md")]
struct Deployment;

#[cfg(doctest)]
#[doc = include_str!("../runtime/docs/browser.md")]
struct Browser;

#[cfg(doctest)]
#[doc = include_str!("../runtime/docs/enforcement.md")]
struct Enforcement;
