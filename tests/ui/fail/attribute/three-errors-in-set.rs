//@ errors: 3
use hardtack::cookies;

#[cookies]
struct Shop {
    #[cookie(max_age = "8 hours")]
    session: String,
    #[cookie(http_only = false)]
    theme: String,
    #[cookie(name = "__Host-lang", domain = "example.com")]
    lang: String,
}

fn main() {}
