//@ errors: 2
use hardtack::Https;

fn twice(_: Https, _: Https) {}

fn handler(https: &Https) -> Https {
    https.clone()
}

fn both(https: Https) {
    twice(https, https);
}

fn main() {
    let _ = (handler, both);
}
