//@ errors: 19
use hardtack::{Cookie, cookies};

#[derive(Cookie)]
#[cookie(domain = "")]
struct Empty(String);

#[derive(Cookie)]
#[cookie(domain = ".example.com")]
struct LeadingDot(String);

#[derive(Cookie)]
#[cookie(domain = "example.com.")]
struct TrailingDot(String);

#[derive(Cookie)]
#[cookie(domain = "shop..example.com")]
struct EmptyLabel(String);

#[derive(Cookie)]
#[cookie(domain = "-shop.example.com")]
struct LeadingHyphen(String);

#[derive(Cookie)]
#[cookie(domain = "shop-.example.com")]
struct TrailingHyphen(String);

#[derive(Cookie)]
#[cookie(domain = "example.com-")]
struct LastHyphen(String);

#[derive(Cookie)]
#[cookie(domain = "my_shop.example.com")]
struct Underscore(String);

#[derive(Cookie)]
#[cookie(domain = "*.example.com")]
struct Wildcard(String);

#[derive(Cookie)]
#[cookie(domain = "example.com; Secure")]
struct Injected(String);

#[derive(Cookie)]
#[cookie(domain = "https://example.com")]
struct Url(String);

#[derive(Cookie)]
#[cookie(domain = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com")]
struct LongLabel(String);

#[derive(Cookie)]
#[cookie(domain = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test")]
struct Long(String);

#[derive(Cookie)]
#[cookie(domain = "localhost")]
struct SingleLabel(String);

#[derive(Cookie)]
#[cookie(domain = "192.0.2.7")]
struct Ipv4Address(String);

#[derive(Cookie)]
#[cookie(domain = "[2001:db8::1]")]
struct Ipv6Address(String);

#[derive(Cookie)]
#[cookie(domain = "bücher.example")]
struct NotAscii(String);

#[derive(Cookie)]
#[cookie(domain = environment)]
struct FormerWord(String);

#[cookies]
struct Shop {
    #[cookie(domain = ".example.com")]
    cart: u32,
}

fn main() {}
