//@ errors: 4
use std::time::Duration;

use hardtack::{Cookie, cookies};

const ZERO: Duration = Duration::ZERO;
const HALF: Duration = Duration::from_millis(1500);

#[derive(Cookie)]
#[cookie(max_age = ZERO)]
struct Zero(String);

#[derive(Cookie)]
#[cookie(max_age = HALF)]
struct Half(String);

#[derive(Cookie)]
#[cookie(max_age = Duration::from_millis(10))]
struct Expression(String);

#[cookies]
struct Shop {
    #[cookie(max_age = HALF)]
    cart: u32,
}

fn main() {}
