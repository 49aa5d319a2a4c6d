//! Tests ordinary changes of an application whose cookies are already in browsers: a new name, domain, path, type or
//! key, a rolling deployment, and two programs on one host. Each test follows an in-memory browser through the
//! releases, until the user is signed in again. In each test, the user can sign in again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper fails the test")]
#![allow(clippy::duplicated_attributes, reason = "two `formerly` entries of one cookie may have the same `until`")]

#[path = "changes/families.rs"]
mod families;
#[path = "changes/former_names.rs"]
mod former_names;
#[path = "changes/keys_and_types.rs"]
mod keys_and_types;
#[path = "changes/pending.rs"]
mod pending;
#[path = "changes/random_cases.rs"]
mod random_cases;
#[path = "changes/removals.rs"]
mod removals;
#[path = "changes/scopes.rs"]
mod scopes;
#[path = "changes/site.rs"]
mod site;
