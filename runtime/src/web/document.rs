//! Reads and writes one cookie of a page. The functions in this file are not generic over the cookie, because the
//! functions take the cookie's declaration as data.
//!
//! If the page has `cookieStore`, the functions use `cookieStore`. For cookies that `cookieStore` cannot set as
//! declared, and in other pages, the functions use `document.cookie`.

use core::time::Duration;
use std::time::SystemTime;

use hardtack_rules::{Prefix, SameSite};

use super::Error;
use super::page::{CookieStore as _, Page, Refusal, StoreCookie};
use crate::browser::request_match::path_matches;
use crate::clock;
use crate::cookie::declaration::{CookieName, Declaration, DecodeSlot, EncodeValue, Spec, decode_raw};
use crate::cookie::error::ReadError;
use crate::cookie::former::{self, FormerValue};
use crate::cookie::header_value::{HeaderContext, SetCookieHeader, removal_header, set_cookie_header};
use crate::cookie::overrides::Overrides;
use crate::cookie::scope::Identity;
use crate::jar::scopes::{Carried, RepairReason, ScopeContext};
use crate::request::evidence::DecisionBasis;
use crate::request::scheme::Verdict;
use crate::wire::cookie::{self, Lookup};
use crate::wire::set_cookie::ParsedSetCookie;

/// Reads the cookie and stores the decoded value in `slot`. `slot` stays empty if the page does not have the cookie.
pub(super) async fn find(
    page: &impl Page,
    declaration: Declaration,
    name: &CookieName,
    slot: &mut dyn DecodeSlot,
) -> Result<(), Error> {
    let spec = declaration.spec;
    let cookie = spec.name;
    check_secure_context(page, spec)?;
    if spec.seal.is_some() {
        // A page never has a secret key for signed or sealed cookies, because every visitor of the page could read the
        // key.
        return Err(ReadError::NoKeyring { cookie }.into());
    }
    let visible = [visible_cookies(page, spec).await?];
    match cookie::lookup(&visible, name.as_str()) {
        Lookup::Unique(raw) => decode(cookie, raw, spec.read_only, slot),
        Lookup::Conflicting => Err(ambiguous(cookie)),
        Lookup::Missing => match find_former(page, spec, name, &visible) {
            Some(found) => decode(found.former.name_in(spec), found.raw, found.former.raw, slot),
            None => Ok(()),
        },
    }
}

/// Sets or removes the cookie, then checks that the browser stored or removed the cookie. If `value` is `None`, removes
/// the cookie.
pub(super) async fn write(
    page: &impl Page,
    declaration: Declaration,
    name: CookieName,
    value: Option<&dyn EncodeValue>,
    overrides: &Overrides,
) -> Result<(), Error> {
    let spec = declaration.spec;
    let header = assign(page, declaration, name, value, overrides).await?;
    let visible = [visible_cookies(page, spec).await?];
    let name = &header.identity.name;
    let cookie = spec.name;
    let found = cookie::lookup(&visible, name.as_str());
    if value.is_none() {
        return match (found, find_former(page, spec, name, &visible)) {
            (Lookup::Missing, None) => Ok(()),
            (Lookup::Missing, Some(found)) => Err(Error::Remains { cookie: found.former.name_in(spec) }),
            (Lookup::Unique(_) | Lookup::Conflicting, _) => Err(Error::Remains { cookie }),
        };
    }
    let is_new = |value: &[u8]| value == header.encoded_value();
    match found {
        Lookup::Unique(value) if is_new(value) => Ok(()),
        Lookup::Conflicting if cookie::values(&visible, name.as_str()).any(is_new) => Err(ambiguous(cookie)),
        Lookup::Missing | Lookup::Unique(_) | Lookup::Conflicting => Err(Error::Dropped { cookie }),
    }
}

/// Removes earlier cookies, and then sets or removes the cookie. If the cookie is invalid or the page is outside the
/// cookie's path, returns an error and changes nothing.
pub(super) async fn assign(
    page: &impl Page,
    declaration: Declaration,
    name: CookieName,
    value: Option<&dyn EncodeValue>,
    overrides: &Overrides,
) -> Result<SetCookieHeader, Error> {
    let spec = declaration.spec;
    let cookie = spec.name;
    check_secure_context(page, spec)?;
    let context = HeaderContext::without_jar(spec, verdict(page))?;
    let header = set_cookie_header(declaration, name, value, overrides, context)?;
    let path = &header.identity.scope.path;
    if is_in_path(page, path) == Some(false) {
        return Err(Error::OutsidePath { cookie, path: path.clone().into_owned() });
    }
    let reason = if value.is_some() { RepairReason::Set } else { RepairReason::Removal };
    // As in a response, removals come first. Otherwise, a browser that does not support `Partitioned` could apply a
    // removal to the new cookie.
    for removal in repairs(page, declaration, &header.identity, reason).await? {
        apply(page, spec, &removal, true).await?;
    }
    apply(page, spec, &header, value.is_none()).await?;
    Ok(header)
}

/// Returns the keys of all cookies of the family in the page. The result contains each key only once.
pub(super) async fn family_keys(page: &impl Page, declaration: Declaration) -> Result<Vec<String>, Error> {
    check_secure_context(page, declaration.spec)?;
    let visible = visible_cookies(page, declaration.spec).await?;
    let mut keys: Vec<String> = Vec::new();
    for (name, _) in cookie::pairs(visible.as_bytes()) {
        let name = std::str::from_utf8(name).unwrap_or_default();
        let Some(key) = CookieName::key_in(declaration.spec.name, name) else { continue };
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
    }
    Ok(keys)
}

/// Returns the headers that remove earlier cookies: cookies with an earlier name, and cookies in a different scope.
async fn repairs(
    page: &impl Page,
    declaration: Declaration,
    identity: &Identity,
    reason: RepairReason,
) -> Result<Vec<SetCookieHeader>, Error> {
    let spec = declaration.spec;
    let visible = [visible_cookies(page, spec).await?];
    let carried_former = |name: &CookieName| cookie::values(&visible, name.as_str()).next().is_some();
    let context = ScopeContext { policy: None, host: None };
    let carried = carried(declaration, &identity.name, &visible);
    let mut repairs = context.repairs(spec, identity, reason, carried, carried_former);
    // Scripts cannot remove cookies whose name prefix requires HttpOnly.
    repairs.retain(|repair| !Prefix::from_name(repair.name.as_str()).is_some_and(Prefix::needs_http_only));
    Ok(repairs.into_iter().filter_map(|repair| removal_header(spec, repair, verdict(page))).collect())
}

/// Checks how many cookies with this name the page has, and whether the value is readable.
fn carried(declaration: Declaration, name: &CookieName, visible: &[String]) -> Carried {
    let spec = declaration.spec;
    let mut values = cookie::values(visible, name.as_str());
    match (values.next(), values.next()) {
        (None, _) => Carried::Nothing,
        (Some(raw), None)
            if spec.seal.is_none()
                && decode_raw(raw, spec.read_only).is_ok_and(|text| (declaration.is_valid)(&text)) =>
        {
            Carried::OneReadable
        }
        (Some(_), _) => Carried::Suspect,
    }
}

/// Returns the value of a cookie with an earlier name, if the value is accepted. Call this function only if the page
/// has no cookie with the present name.
fn find_former<'a>(page: &impl Page, spec: &Spec, name: &CookieName, visible: &'a [String]) -> Option<FormerValue<'a>> {
    // If the page is outside the cookie's path, the browser perhaps has a cookie with the present name that the page
    // cannot see.
    if is_in_path(page, spec.path) != Some(true) {
        return None;
    }
    former::find(spec, name, visible, page.is_secure_context())
}

fn decode(cookie: &'static str, raw: &[u8], is_raw: bool, slot: &mut dyn DecodeSlot) -> Result<(), Error> {
    let decoded = decode_raw(raw, is_raw).and_then(|text| slot.decode(&text));
    decoded.map_err(|source| ReadError::Malformed { cookie, source }.into())
}

/// Returns the cookies that the page can see, in the form of `document.cookie`.
async fn visible_cookies<P: Page>(page: &P, spec: &Spec) -> Result<String, Error> {
    let Some(store) = store(page, spec) else { return page.cookies().ok_or(Error::Denied { cookie: spec.name }) };
    // A read stores nothing, so a rejected read is never a dropped cookie.
    let all = store.all().await.map_err(|_| Error::Denied { cookie: spec.name })?;
    let pairs = all.iter().map(|(name, value)| {
        // `document.cookie` has no `=` in front of the value of a cookie without a name.
        if name.is_empty() { value.clone() } else { format!("{name}={value}") }
    });
    Ok(pairs.collect::<Vec<_>>().join("; "))
}

/// Sets or removes the cookie of the header.
async fn apply<P: Page>(page: &P, spec: &Spec, header: &SetCookieHeader, is_removal: bool) -> Result<(), Error> {
    let text = header.value.to_str().unwrap_or_default();
    let Some(store) = store(page, spec) else {
        return page.assign_cookie(text).ok_or(Error::Denied { cookie: spec.name });
    };
    let Identity { name, scope } = &header.identity;
    let parsed = ParsedSetCookie::parse(text.as_bytes());
    let same_site = match parsed.known_same_site() {
        Some(SameSite::Strict) => "strict",
        Some(SameSite::None) => "none",
        Some(SameSite::Lax) | None => "lax",
    };
    let cookie = StoreCookie {
        name: name.as_str(),
        value: std::str::from_utf8(header.encoded_value()).unwrap_or_default(),
        domain: scope.domain.as_deref(),
        path: &scope.path,
        same_site,
        expires: expiry(&parsed),
    };
    match store.set(&cookie).await {
        // The caller checks whether the page still has the cookie.
        Err(Refusal::Dropped) if is_removal => Ok(()),
        result => result.map_err(|refusal| error(refusal, spec)),
    }
}

/// Returns the expiry of the cookie in milliseconds since 1970. `cookieStore` has no `Max-Age` in older browsers.
#[allow(clippy::cast_precision_loss, reason = "an `f64` holds every millisecond for 285,000 years")]
fn expiry(parsed: &ParsedSetCookie<'_>) -> Option<f64> {
    let milliseconds = |since_1970: Duration| since_1970.as_secs_f64() * 1000.0;
    match (parsed.lifetime.max_age, parsed.lifetime.expires) {
        // A date in the past works even if the clock of the page is wrong.
        (Some(0), _) => Some(0.0),
        (Some(max_age), _) => {
            let now = clock::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            Some(milliseconds(now.saturating_add(Duration::from_secs(max_age))))
        }
        (None, Some(seconds)) => Some(milliseconds(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))),
        (None, None) => None,
    }
}

/// Returns the page's `cookieStore`, if `cookieStore` can set the cookie as declared:
///
/// - `cookieStore` always sets the attribute `Secure`.
/// - `cookieStore` appends a `/` to a path, for example in WebKitGTK 2.50. `/shop/` is another path than `/shop`.
/// - In Firefox 153, `cookieStore` ignores `partitioned` in a page that is not in a frame.
///
/// The functions access a cookie either always by `cookieStore` or always by `document.cookie`, because a browser need
/// not apply a change by `document.cookie` before it answers `cookieStore`.
fn store<'a, P: Page>(page: &'a P, spec: &Spec) -> Option<&'a P::Store> {
    let is_exact = |path: &str, partitioned: bool| path.ends_with('/') && !partitioned;
    let mut former = spec.former.iter();
    let can_set = spec.secure
        && is_exact(spec.path, spec.partitioned)
        && former.all(|former| is_exact(former.path_in(spec), former.partitioned_in(spec)));
    page.cookie_store().filter(|_| can_set)
}

fn error(refusal: Refusal, spec: &Spec) -> Error {
    match refusal {
        Refusal::Denied => Error::Denied { cookie: spec.name },
        Refusal::Dropped => Error::Dropped { cookie: spec.name },
    }
}

/// Returns an error if the cookie is Secure and the page is not a secure context. An attacker on the network can change
/// a page that is not a secure context.
fn check_secure_context(page: &impl Page, spec: &Spec) -> Result<(), Error> {
    if spec.secure && !page.is_secure_context() {
        return Err(Error::NotSecureContext { cookie: spec.name });
    }
    Ok(())
}

/// Returns the scheme of the page. A secure context counts as HTTPS.
fn verdict(page: &impl Page) -> Verdict {
    if page.is_secure_context() {
        Verdict::https(DecisionBasis::TlsConnection)
    } else {
        Verdict::plain(DecisionBasis::PlainConnection)
    }
}

/// Returns true if cookies with the path `cookie_path` are visible in the page. Returns `None` if scripts cannot read
/// the page's URL.
fn is_in_path(page: &impl Page, cookie_path: &str) -> Option<bool> {
    if cookie_path == "/" {
        return Some(true);
    }
    let url = page.loaded_url()?;
    Some(path_matches(url_path(&url)?.as_bytes(), cookie_path.as_bytes()))
}

/// Returns the path of an http or https URL. Returns `None` for any other scheme, because the cookies of a page with a
/// different scheme do not depend on the URL's path. For example, a page `about:srcdoc` has the cookies of the page
/// that embeds `about:srcdoc`.
pub(super) fn url_path(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let path = rest.get(rest.find('/')?..)?;
    path.split(['?', '#']).next()
}

fn ambiguous(cookie: &'static str) -> Error {
    ReadError::Ambiguous { cookie }.into()
}
