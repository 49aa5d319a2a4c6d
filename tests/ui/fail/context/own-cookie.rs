//@ errors: 1
//! Only the derive declares a cookie.
struct Session(String);

impl hardtack::Cookie for Session {}

fn main() {}
