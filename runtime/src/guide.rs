//! The guide. Each module below is one page of documentation.
//!
//! | question | page |
//! |---|---|
//! | How do I begin? | [`start`] |
//! | How do I declare a cookie? | [`declare`] |
//! | How do I read and remove a cookie? | [`read`] |
//! | How do I change a cookie that browsers already hold? | [`changing`] |
//! | How does the server know that a request is HTTPS? | [`tls`] |
//! | How do I run several servers behind nginx? | [`deployment`] |
//! | Which rules apply to all requests and cookies? | [`policy`] |
//! | How do I protect the cookies of other libraries? | [`libraries`] |
//! | How does a session end? | [`sessions`] |
//! | How does a stolen cookie stop working? | [`device_bound`] |
//! | How do I sign or encrypt a value? | [`seal`] |
//! | How do I use cookies in a page, from WebAssembly? | [`browser`] |
//! | How do I use actix-web, Rocket, poem or salvo? | [`frameworks`] |
//! | How do I test an application? | [`testing`] |
//! | How does a build refuse weak cookies? | [`enforcement`], [`side_doors`] |
//! | What would a security scanner report? | [`audit`] |
//! | Something does not work. What can I do? | [`troubleshooting`] |
//! | I use another library. What changes? | [`migration`] |
//! | How do I write "remember me", flash messages, CSRF tokens? | [`recipes`] |
//! | How does hardtack compare? | [`comparison`] |
//! | What can a security team rely on? | [`security`] |
//! | Which attacks are known, and what stops them? | [`attacks`] |

// The attribute `not(doctest)` excludes a page from this crate's doc tests, because the code blocks on the page need
// more dependencies. `tests/lib.rs` runs these code blocks.

#[cfg_attr(not(doctest), doc = include_str!("../docs/start.md"))]
pub mod start {}

#[doc = include_str!("../docs/declare.md")]
pub mod declare {}

#[doc = include_str!("../docs/read.md")]
pub mod read {}

#[doc = include_str!("../docs/changing.md")]
pub mod changing {}

#[doc = include_str!("../docs/tls.md")]
pub mod tls {}

#[cfg_attr(not(doctest), doc = include_str!("../docs/deployment.md"))]
pub mod deployment {}

#[doc = include_str!("../docs/policy.md")]
pub mod policy {}

#[doc = include_str!("../docs/libraries.md")]
pub mod libraries {}

#[doc = include_str!("../docs/sessions.md")]
pub mod sessions {}

#[doc = include_str!("../docs/seal.md")]
pub mod seal {}

#[cfg_attr(not(doctest), doc = include_str!("../docs/browser.md"))]
pub mod browser {}

#[doc = include_str!("../docs/frameworks.md")]
pub mod frameworks {}

#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[cfg_attr(not(doctest), doc = include_str!("../docs/enforcement.md"))]
pub mod enforcement {}

#[doc = include_str!("../docs/side_doors.md")]
pub mod side_doors {}

#[doc = include_str!("../docs/audit.md")]
pub mod audit {}

#[doc = include_str!("../docs/troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("../docs/device_bound.md")]
pub mod device_bound {}

#[doc = include_str!("../docs/migration.md")]
pub mod migration {}

#[doc = include_str!("../docs/recipes.md")]
pub mod recipes {}

#[doc = include_str!("../docs/comparison.md")]
pub mod comparison {}

#[doc = include_str!("../docs/security.md")]
pub mod security {}

#[doc = include_str!("../docs/attacks.md")]
pub mod attacks {}
