//@ errors: 2
use hardtack::{Cookie, cookies};

const INSIDE: &str = "__Host-Http-flow.a";

#[derive(Cookie)]
#[cookie(keyed, max_age = "10m")]
struct Flow(String);

#[cookies]
struct Constant {
    #[cookie(keyed, max_age = "10m")]
    flow: String,
    #[cookie(name = INSIDE)]
    first: String,
}

#[cookies]
struct Existing {
    #[cookie(name = "__Host-Http-flow.a")]
    first: String,
    #[cookie(existing, keyed)]
    flow: Flow,
}

fn main() {}
