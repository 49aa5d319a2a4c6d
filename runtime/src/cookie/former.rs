//! Finds a cookie that the client still sends under an earlier name. The key `formerly` declares the earlier names.

use hardtack_rules::Former;

use super::declaration::{CookieName, Spec};
use crate::clock;
use crate::wire::cookie;

/// A value that the client sent under an earlier name.
pub(crate) struct FormerValue<'a> {
    /// The entry of the declaration that contains the earlier name.
    pub(crate) former: &'static Former<'static>,
    /// The full earlier name. If the cookie is part of a family, the name also contains the cookie's key.
    pub(crate) name: CookieName,
    pub(crate) raw: &'a [u8],
}

/// Returns the value that the client sent under an earlier name of the cookie `name`. The function accepts a value only
/// if all these conditions are true:
///
/// - Exactly one cookie has the earlier name. A second cookie perhaps comes from an attacker.
/// - If the earlier cookie was Secure, the request came over HTTPS.
/// - The day `until` has not begun yet. A build without a clock never accepts a value under an earlier name.
///
/// Call this function only if no cookie has the present name.
pub(crate) fn find<'a, H: AsRef<[u8]>>(
    spec: &Spec,
    name: &CookieName,
    cookies: &'a [H],
    is_https: bool,
) -> Option<FormerValue<'a>> {
    let renamed = spec.former.iter().filter(|former| former.name.is_some_and(|earlier| earlier != spec.name));
    let mut allowed = renamed.filter(|former| is_https || !former.secure_in(spec)).peekable();
    // Most cookies have no earlier name, so the function reads the clock only if the cookie has an earlier name.
    allowed.peek()?;
    let now = clock::unix_seconds(clock::try_now()?);
    allowed.filter(|former| former.until.is_some_and(|until| now < until.start())).find_map(|former| {
        let name = name.former(spec, former);
        let mut values = cookie::values(cookies, name.as_str());
        let (Some(raw), None) = (values.next(), values.next()) else { return None };
        drop(values);
        Some(FormerValue { former, name, raw })
    })
}
