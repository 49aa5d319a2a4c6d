//! The pages of the guide. Each page explains a topic that concerns several items. The pages are only part of the
//! documentation.

#[doc = include_str!("../docs/security.md")]
pub mod security {}

#[doc = include_str!("../docs/tls.md")]
pub mod tls {}

#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("../docs/side_doors.md")]
pub mod side_doors {}

#[doc = include_str!("../docs/audit.md")]
pub mod audit {}

#[doc = include_str!("../docs/seal.md")]
pub mod seal {}

#[doc = include_str!("../docs/sessions.md")]
pub mod sessions {}

#[doc = include_str!("../docs/device_bound.md")]
pub mod device_bound {}

#[doc = include_str!("../docs/migration.md")]
pub mod migration {}

#[doc = include_str!("../docs/changing.md")]
pub mod changing {}

#[doc = include_str!("../docs/recipes.md")]
pub mod recipes {}
