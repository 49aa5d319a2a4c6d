//@ errors: 3
use hardtack::{Cookie, document_cookie};

#[derive(Cookie)]
struct Session(String);

#[derive(Cookie)]
#[cookie(name = "lang", http_only = false, read_only)]
struct Lang(String);

struct NotACookie;

fn main() {
    let _ = document_cookie(&Session("a".to_owned()));
    let _ = document_cookie(&Lang("en".to_owned()));
    let _ = document_cookie(&NotACookie);
}
