//@ errors: 2
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(keyed)]
struct Flow(String);

#[cookies]
struct Shop {
    #[cookie(path = "/shop", keyed)]
    step: String,
}

fn main() {}
