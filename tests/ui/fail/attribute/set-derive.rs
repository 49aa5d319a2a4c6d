//@ errors: 5
use hardtack::cookies;

#[cookies]
#[derive(Clone)]
struct Cloned {
    cart: u32,
}

#[cookies]
#[derive(Clone, Debug)]
struct ClonedAndDebugged {
    cart: u32,
}

#[cookies]
#[derive(Default)]
struct Defaulted {
    cart: u32,
}

#[cookies]
#[derive(hardtack::Cookie)]
struct Derived {
    cart: u32,
}

fn main() {}
