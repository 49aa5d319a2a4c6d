//! The declaration that permits everything. It stands in for one that was refused, so that nothing else of the user's
//! code breaks, and for that of an `existing` field, whose type has its own.

use hardtack_rules::SameSite;
use proc_macro2::Span;

use crate::declaration::{Declaration, Name};

pub(crate) fn declaration() -> Declaration {
    Declaration {
        name: Name::Literal { text: "refused".to_owned(), explicit: true },
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
        is_refused: true,
        questions: Vec::new(),
    }
}
