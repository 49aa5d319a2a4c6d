//! Measures one request through actix-web, poem, Rocket and salvo: without cookies, with hardtack, and with the
//! framework's own cookies. The bench `router` measures axum.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed benchmark panics")]

mod actix;
#[path = "../declared.rs"]
mod declared;
mod poem;
mod rocket;
mod salvo;

use hardtack_benches::Operation;

use declared::{NEW, read, set};

/// The path of a handler. Each path has a handler for hardtack, and a handler for the framework's own cookies.
const PATHS: [(&str, &str); 3] = [("nothing", "/nothing"), ("read 3", "/read"), ("read 3 and set 1", "/set")];

fn main() {
    let mut cases: Vec<(String, Operation)> = Vec::new();
    for count in [7, 22, 45] {
        for (framework, operations) in [
            ("actix-web", actix::operations(count)),
            ("poem", poem::operations(count)),
            ("Rocket", rocket::operations(count)),
            ("salvo", salvo::operations(count)),
        ] {
            let kinds = operations
                .into_iter()
                .map(|(kind, operation)| (format!("{count} cookies, {framework}, {kind}"), operation));
            cases.extend(kinds);
        }
    }
    hardtack_benches::run(cases);
}

/// Makes the operations of one framework from a function that takes the kind of the application and the path.
fn all(mut operation: impl FnMut(Kind, &'static str) -> Operation) -> Vec<(String, Operation)> {
    let mut operations = vec![("nothing: no cookies".to_owned(), operation(Kind::None, "/nothing"))];
    for (task, path) in PATHS {
        operations.push((format!("{task}: hardtack"), operation(Kind::Hardtack, path)));
        operations.push((format!("{task}: its own cookies"), operation(Kind::Own, path)));
    }
    operations
}

/// The code that handles the cookies of an application.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    None,
    Hardtack,
    Own,
}

/// Checks the texts that the handler of a framework read.
fn check(session: &str, cart: &str, theme: &str) {
    declared::check(session, cart.parse().unwrap(), theme);
}
