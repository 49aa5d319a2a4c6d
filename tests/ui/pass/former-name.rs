//! A former name may have a prefix that is as strong as the present prefix. A former name with a weaker prefix needs a
//! `reason`.
use hardtack::{Cookie, ReadCookie};

const OLD: &str = "sid";

#[derive(Cookie)]
#[cookie(formerly(name = "__Host-sid", until = "2027-03-01"))]
struct Equal(String);

#[derive(Cookie)]
#[cookie(path = "/app", formerly(name = "__Http-sid", until = "2027-03-01"))]
struct Http(String);

#[derive(Cookie)]
#[cookie(formerly(name = "sid", until = "2027-03-01"), reason = "the old release used this name")]
struct Explained(String);

#[derive(Cookie)]
#[cookie(formerly(name = OLD, until = "2027-03-01"), reason = "the old release used this name")]
struct Constant(String);

#[derive(Cookie)]
#[cookie(name = "theme", formerly(name = "colours", until = "2027-03-01"), reason = "the old clients read this name")]
struct Unprefixed(String);

pub(crate) fn main() {
    for spec in [Equal::SPEC, Http::SPEC, Explained::SPEC, Constant::SPEC, Unprefixed::SPEC] {
        assert_eq!(spec.former.len(), 1, "{}", spec.name);
    }
    let _ = (Equal(String::new()).0, Http(String::new()).0, Explained(String::new()).0);
    let _ = (Constant(String::new()).0, Unprefixed(String::new()).0);
}
