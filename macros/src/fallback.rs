//! After an error: the declaration that permits everything, so that the same expansion stands in and nothing else of
//! the user's code breaks. Never compiled into a program.

use hardtack_rules::SameSite;
use proc_macro2::Span;

use crate::model::{Declaration, Name};

/// The name of a cookie whose declaration was refused.
pub(crate) const NAME: &str = "refused";

pub(crate) fn declaration() -> Declaration {
    Declaration {
        name: Name::Literal { text: NAME.to_owned(), explicit: true },
        path: None,
        domain: None,
        max_age: None,
        same_site: SameSite::None,
        same_site_span: Span::call_site(),
        http_only: false,
        secure: false,
        partitioned: false,
        read_only: false,
        seal: None,
        reason: None,
        questions: Vec::new(),
    }
}
