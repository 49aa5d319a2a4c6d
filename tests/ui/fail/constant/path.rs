//@ errors: 5
use hardtack::{Cookie, cookies};

const RELATIVE: &str = "app";
const INJECTED: &str = "/app; Domain=evil.example";
const APP: &str = "/app";

#[derive(Cookie)]
#[cookie(path = RELATIVE)]
struct Relative(String);

#[derive(Cookie)]
#[cookie(path = INJECTED)]
struct Injected(String);

#[derive(Cookie)]
#[cookie(name = "__Host-session", path = APP)]
struct WithPrefix(String);

mod settings {
    pub(crate) const PATH: &str = "";
}

#[derive(Cookie)]
#[cookie(path = settings::PATH)]
struct InModule(String);

#[cookies]
struct Shop {
    #[cookie(path = RELATIVE)]
    cart: u32,
}

fn main() {}
