//@ errors: 1
struct Custom;

impl hardtack::Scheme for Custom {}

fn main() {}
