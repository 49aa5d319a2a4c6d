//! A declaration has up to four `formerly` entries. An entry with the present name and an earlier scope needs no
//! `until`.
use hardtack::{Cookie, ReadCookie};

#[allow(clippy::duplicated_attributes, reason = "two `formerly` entries have the same path")]
#[derive(Cookie)]
#[cookie(
    path = "/app",
    signed,
    formerly(path = "/"),
    formerly(path = "/", partitioned = true),
    formerly(path = "/shop"),
    formerly(name = "__Secure-sid", until = "2027-03-01", raw, unsigned),
    reason = "the old value was plain"
)]
struct Session(String);

#[derive(Cookie)]
#[cookie(path = "/app", formerly(name = "__Host-sid", path = "/", until = "2027-03-01"))]
struct Moved(String);

pub(crate) fn main() {
    assert_eq!((Session::SPEC.former.len(), Moved::SPEC.former.len()), (4, 1));
    let _ = (Session(String::new()).0, Moved(String::new()).0);
}
