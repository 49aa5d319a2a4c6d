//@ errors: 5
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(max_age = "8h", max_age = "9h")]
struct InOneList(String);

#[derive(Cookie)]
#[cookie(path = "/app")]
#[cookie(max_age = "8h", path = "/app")]
struct InTwoLists(String);

#[derive(Cookie)]
#[cookie(partitioned, same_site = None, partitioned, reason = "a widget on other sites")]
struct Flag(String);

#[derive(Cookie)]
enum Lang {
    En,
    #[cookie(rename = "de", rename = "de-DE")]
    De,
}

#[cookies]
struct Shop {
    #[cookie(name = "__Host-cart", name = "__Host-basket")]
    cart: u32,
}

fn main() {}
