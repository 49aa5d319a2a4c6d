//@ errors: 2
use hardtack::Cookie;

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(every = "2m"))]
struct TwoMinutes(String);

#[derive(Cookie)]
#[cookie(sealed, max_age = "30d", device_bound(every = "5s", optional))]
struct FiveSeconds(String);

fn main() {}
