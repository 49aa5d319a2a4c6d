//! The record of attacks: "Cookie Crumbles" (Squarcina, Adão, Veronese, Maffei; USENIX Security 2023), and the older
//! attacks. Each submodule has the attacks of one kind.

#[path = "record/careless.rs"]
mod careless;
#[path = "record/injection.rs"]
mod injection;
#[path = "record/insecure_origin.rs"]
mod insecure_origin;
#[path = "record/names.rs"]
mod names;
#[path = "record/parsers.rs"]
mod parsers;
#[path = "record/sibling.rs"]
mod sibling;

use super::attack::Attack;

/// Returns all attacks, in the order of the table and of the guide's page.
pub(crate) fn attacks() -> Vec<Attack> {
    [sibling::attacks(), insecure_origin::attacks(), names::attacks(), parsers::attacks(), injection::attacks()]
        .into_iter()
        .flatten()
        .collect()
}
