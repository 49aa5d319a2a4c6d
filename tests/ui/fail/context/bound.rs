//@ errors: 2
use hardtack::Cookie;
use hardtack::device_bound::Bound;

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d")]
struct Session(String);

fn pay(_: &Bound<Session>) {}

fn name(_: &Bound<String>) {}

fn main() {
    let _ = (pay, name);
}
