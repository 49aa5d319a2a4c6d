//! Pages of documentation about more than one item. They are only part of the documentation, not of a build.

#[doc = include_str!("../docs/security.md")]
pub mod security {}

#[doc = include_str!("../docs/side_doors.md")]
pub mod side_doors {}

#[doc = include_str!("../docs/seal.md")]
pub mod seal {}

#[doc = include_str!("../docs/migration.md")]
pub mod migration {}
