//@ errors: 8
//! A program cannot implement the traits of a cookie for a `read_only` type, so it cannot set the cookie.
use hardtack::spec::{ScriptVisible, Spec};
use hardtack::{AllowedOver, Cookie, CookieFamily, HasMaxAge, IntoSetCookie, PlainHttp, ReadCookie, SetCookie};

#[derive(Cookie)]
#[cookie(name = "PHPSESSID", read_only)]
struct Legacy(String);

/// The cookie that the forged `IntoSetCookie` would set.
#[derive(Cookie)]
struct Other(String);

const SPEC: Spec = Spec::new("forged");

impl ReadCookie for Legacy {
    const SPEC: Spec = SPEC;
}

impl hardtack::Cookie for Legacy {
    const SETTABLE_SPEC: Spec = SPEC;
}

// This `impl` has two errors: the type is `read_only`, and the declaration has no `max_age`.
impl HasMaxAge for Legacy {}

impl CookieFamily for Legacy {
    const SPEC: Spec = SPEC;
}

impl IntoSetCookie for Legacy {
    type Cookie = Other;

    fn into_set_cookie(self) -> SetCookie<Other> {
        SetCookie::new(Other(self.0))
    }
}

impl AllowedOver<PlainHttp> for Legacy {}

impl ScriptVisible for Legacy {}

fn main() {}
