//@ errors: 7
//! A program cannot implement the traits of a cookie by hand, with a declaration that no macro has checked.
use hardtack::spec::{ScriptVisible, Spec};
use hardtack::{AllowedOver, Cookie, CookieFamily, HasMaxAge, IntoSetCookie, PlainHttp, ReadCookie, SetCookie};

#[derive(Cookie)]
struct Session(String);

/// The cookie that the forged `IntoSetCookie` would set.
#[derive(Cookie)]
struct Other(String);

const SPEC: Spec = Spec::new("forged");

impl ReadCookie for Session {
    const SPEC: Spec = SPEC;
}

impl hardtack::Cookie for Session {
    const SETTABLE_SPEC: Spec = SPEC;
}

impl HasMaxAge for Session {}

impl CookieFamily for Session {
    const SPEC: Spec = SPEC;
}

impl IntoSetCookie for Session {
    type Cookie = Other;

    fn into_set_cookie(self) -> SetCookie<Other> {
        SetCookie::new(Other(self.0))
    }
}

impl AllowedOver<PlainHttp> for Session {}

impl ScriptVisible for Session {}

fn main() {}
