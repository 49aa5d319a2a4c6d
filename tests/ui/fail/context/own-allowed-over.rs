//@ errors: 1
//! No program can allow itself what the declaration does not.
use hardtack::{AllowedOver, Cookie, PlainHttp};

#[derive(Cookie)]
struct Session(String);

impl AllowedOver<PlainHttp> for Session {}

fn main() {}
