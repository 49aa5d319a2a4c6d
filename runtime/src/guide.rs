//! Pages that are longer than an item's documentation; each is also a file of the package. Nothing of them is built.

#[doc = include_str!("../docs/security.md")]
pub mod security {}

#[doc = include_str!("../docs/side_doors.md")]
pub mod side_doors {}

#[doc = include_str!("../docs/seal.md")]
pub mod seal {}

#[doc = include_str!("../docs/migration.md")]
pub mod migration {}
