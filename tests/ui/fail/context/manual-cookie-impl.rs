//@ errors: 1
//! Only the derive can declare a cookie.
struct Session(String);

impl hardtack::Cookie for Session {}

fn main() {}
