//! Renames the cookies of a response. The input is the `Set-Cookie` headers that libraries wrote without hardtack. If
//! the cookie's name is a listed name, the output has the prefixed name. If browsers would reject the cookie with the
//! prefix, the header is dropped.

use hardtack_rules::syntax::MAX_NAME_VALUE_BYTES;
use http::header::{Entry, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use memchr::memchr2;

use crate::clock;
use crate::event::{Code, Event, Kind};
use crate::jar::state::JarState;
use crate::jar::write::replace;
use crate::middleware::trusted::TrustedHeaders;
use crate::policy::host_prefix::{HostPrefix, ListedName};
use crate::wire::folded_name::fold;
use crate::wire::list::trim;
use crate::wire::set_cookie::ParsedSetCookie;

const LAX: &str = "SameSite=Lax";

/// The text at the end of an event if the middleware added `SameSite=Lax`. The text does not suggest an exception,
/// because a listed name cannot have an exception.
const CROSS_SITE: &str = "; with `SameSite=Lax` browsers do not send the cookie with a POST from another site (SAML, OIDC \
                          `form_post`, payments); if that fails, configure the library to set `SameSite=None`";

/// Renames the cookies with listed names in the `Set-Cookie` headers. Does not change the headers that a jar wrote.
///
/// Until the date of `accept_unprefixed_until`, also removes the cookie with the bare name. Otherwise the browser would
/// still send the bare cookie after a sign-out, and the user would still be signed in.
pub(in crate::middleware) fn rename(
    prefix: &HostPrefix,
    jar: &JarState,
    response: &mut HeaderMap,
    trusted: &TrustedHeaders,
) {
    let Entry::Occupied(mut headers) = response.entry(SET_COOKIE) else { return };
    let is_migrating = jar.verdict().https && prefix.accepts_unprefixed();
    let (mut dropped, mut removals) = (Vec::new(), Vec::new());
    let index = trusted.index();
    for (place, header) in headers.iter_mut().enumerate() {
        let Some(listed) = find_listed(prefix, header.as_bytes()) else { continue };
        if index.contains(trusted, header) {
            continue;
        }
        let parsed = ParsedSetCookie::parse(header.as_bytes());
        if let Some(problem) = find_problem(listed, &parsed) {
            jar.emit(Event::new(Kind::HeaderDropped, Code::PrefixImpossible, &problem).with_cookie(&listed.bare));
            dropped.push(place);
            continue;
        }
        if is_migrating {
            let removal = bare_removal(listed, &parsed);
            removals.extend(removal.filter(|removal| !removals.contains(removal)));
        }
        let added = missing_attributes(&parsed);
        let renamed = with_prefix(listed, &parsed, &added);
        // Over plain HTTP, the policy drops the header later, because the header now has `Secure`. The policy then
        // emits an event, so no event is necessary here.
        if jar.verdict().https {
            let mut reason = format!("sent as `{}`", listed.prefixed);
            if !added.is_empty() {
                reason.push_str(" with ");
                reason.push_str(&added.join(", "));
            }
            // For a removal, the event needs no remedy, because the browser does not send the removed cookie.
            if added.contains(&LAX) && !parsed.lifetime.is_expired(clock::now()) {
                reason.push_str(CROSS_SITE);
            }
            jar.emit(Event::new(Kind::HeaderHardened, Code::HostPrefix, &reason).with_cookie(&listed.bare));
        }
        replace(header, renamed);
    }
    let mut appended = Vec::new();
    if !dropped.is_empty() {
        let (_, headers) = headers.remove_entry_mult();
        let headers = headers.enumerate().filter(|(index, _)| dropped.binary_search(index).is_err());
        appended.extend(headers.map(|(_, header)| header));
    }
    for header in appended.into_iter().chain(removals) {
        response.append(SET_COOKIE, header);
    }
}

/// Returns the listed name that is equal to the cookie's name in the `Set-Cookie` header. Decodes the cookie's name
/// first, because some libraries percent-encode names.
fn find_listed<'a>(prefix: &'a HostPrefix, header: &[u8]) -> Option<&'a ListedName> {
    let end = memchr2(b'=', b';', header).filter(|end| header.get(*end) == Some(&b'='))?;
    let name = trim(header.get(..end)?);
    if !prefix.may_begin_with(*name.first()?) {
        return None;
    }
    let folded = fold(name);
    prefix.names().iter().find(|listed| listed.bare.as_bytes() == &*folded)
}

/// Returns the reason why browsers would reject the cookie with the prefixed name. Returns `None` if there is no
/// problem.
fn find_problem(listed: &ListedName, parsed: &ParsedSetCookie<'_>) -> Option<&'static str> {
    if parsed.shared_domain().is_some() {
        return Some(
            "the header has a `Domain`, and a cookie with the prefix belongs to one host; configure the library to set no \
             `Domain`, or take the name out of `host_prefix`",
        );
    }
    if explicit_path(parsed).is_some_and(|path| path != b"/") {
        return Some(
            "the header has another `Path` than `/`, and a cookie with the prefix has `Path=/`; configure the library to set \
             `Path=/`, or take the name out of `host_prefix`",
        );
    }
    if listed.prefixed.len() + parsed.value.len() > MAX_NAME_VALUE_BYTES {
        return Some(
            "name and value are over 4096 bytes with the prefix, and browsers reject the cookie; configure the library to \
             store less in the cookie, or take the name out of `host_prefix`",
        );
    }
    None
}

/// Returns the `Path`, or `None` if browsers ignore the `Path`.
fn explicit_path<'a>(parsed: &ParsedSetCookie<'a>) -> Option<&'a [u8]> {
    parsed.path.filter(|path| path.starts_with(b"/"))
}

/// Returns the attributes that the prefixed cookie needs but the header does not contain.
fn missing_attributes(parsed: &ParsedSetCookie<'_>) -> Vec<&'static str> {
    let attributes = [
        (explicit_path(parsed).is_none(), "Path=/"),
        (!parsed.secure, "Secure"),
        (!parsed.http_only, "HttpOnly"),
        (parsed.known_same_site().is_none(), LAX),
    ];
    attributes.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, attribute)| attribute).collect()
}

/// Returns the header with the prefixed name and the added attributes.
fn with_prefix(listed: &ListedName, parsed: &ParsedSetCookie<'_>, added: &[&str]) -> Vec<u8> {
    let value_and_attributes = memchr::memchr(b'=', parsed.header).and_then(|at| parsed.header.get(at..));
    let mut header = Vec::with_capacity(parsed.header.len() + 64);
    header.extend_from_slice(listed.prefixed.as_bytes());
    header.extend_from_slice(value_and_attributes.unwrap_or(b"="));
    for attribute in added {
        header.extend_from_slice(b"; ");
        header.extend_from_slice(attribute.as_bytes());
    }
    header
}

/// Returns the header that removes the cookie with the bare name. If the library's header has `Partitioned`, the
/// removal has `Partitioned` too, because the browser holds the bare cookie in a partition.
fn bare_removal(listed: &ListedName, parsed: &ParsedSetCookie<'_>) -> Option<HeaderValue> {
    let partitioned = if parsed.partitioned { "; Partitioned" } else { "" };
    let header = format!(
        "{}=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax{partitioned}",
        listed.bare
    );
    HeaderValue::try_from(header).ok()
}
