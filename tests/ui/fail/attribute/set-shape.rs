//@ errors: 9
use hardtack::cookies;

#[cookies]
enum Enum {
    Cart,
}

#[cookies]
union Union {
    cart: u32,
}

#[cookies]
fn function() {}

#[cookies]
mod module {}

#[cookies]
struct Tuple(u32);

#[cookies]
struct Unit;

#[cookies]
struct Empty {}

#[cookies]
struct Generic<T> {
    cart: T,
}

#[cookies]
struct Lifetime<'a> {
    cart: std::borrow::Cow<'a, str>,
}

fn main() {}
