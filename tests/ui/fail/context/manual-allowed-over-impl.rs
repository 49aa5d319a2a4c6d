//@ errors: 1
//! A manual `impl` cannot allow a scheme that the declaration does not allow.
use hardtack::{AllowedOver, Cookie, PlainHttp};

#[derive(Cookie)]
struct Session(String);

impl AllowedOver<PlainHttp> for Session {}

fn main() {}
