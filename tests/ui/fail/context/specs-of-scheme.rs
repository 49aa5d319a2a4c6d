//@ errors: 1
use hardtack::{PlainHttp, cookies};

#[cookies]
struct Shop {
    cart: u32,
}

fn main() {
    let _ = Shop::<PlainHttp>::SPECS;
}
