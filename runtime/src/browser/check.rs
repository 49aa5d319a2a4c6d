//! The rules by which browsers reject a cookie (6265bis 5.7).

use std::borrow::Cow;

use hardtack_rules::syntax::{MAX_NAME_VALUE_BYTES, is_forbidden_control};
use hardtack_rules::{Prefix, SameSite};

use super::rejection::Rejection;
use super::request_match::domain_matches;
use crate::request::host::{is_address, without_port};
use crate::wire::domain::is_public_suffix;
use crate::wire::set_cookie::ParsedSetCookie;

/// Checks a `Set-Cookie` header against the rules of browsers, in the order in which browsers apply the rules. Returns
/// the first rule that the header breaks. If the header breaks no rule, the function returns the cookie's domain and a
/// boolean. The boolean is true if the cookie is host-only.
///
/// The argument `host` must be in lower case, without a port.
///
/// The middleware calls `check` for every `Set-Cookie` header that hardtack did not write. For speed, `check` copies
/// only the `Domain` of the header.
pub(crate) fn check<'a>(
    parsed: &ParsedSetCookie<'_>,
    https: bool,
    host: &'a str,
) -> Result<(Cow<'a, str>, bool), Rejection> {
    // The `fold` checks all bytes and does not stop early, so that the compiler can vectorise the loop.
    if parsed.header.iter().fold(false, |found, byte| found | is_forbidden_control(*byte)) {
        return Err(Rejection::ControlOctet);
    }
    let ParsedSetCookie { name, value, secure, http_only, partitioned, .. } = *parsed;
    if name.is_empty() && value.is_empty() {
        return Err(Rejection::Empty);
    }
    if name.len() + value.len() > MAX_NAME_VALUE_BYTES {
        return Err(Rejection::Size);
    }

    let (domain, host_only) = check_domain(parsed.domain.unwrap_or_default(), host)?;
    if secure && !https {
        return Err(Rejection::SecureOverPlainHttp);
    }
    if !secure && parsed.known_same_site() == Some(SameSite::None) {
        return Err(Rejection::SameSiteNoneWithoutSecure);
    }
    // If a cookie's name has the prefix `__Host-`, the header must contain `Path=/`. Browsers reject a header without
    // `Path`, even if the default path is `/` (6265bis 5.7 step 21).
    let is_host_scoped = host_only && parsed.path == Some(b"/");
    let prefix = Prefix::from_name_any_case(name);
    if let Some(prefix) = prefix.filter(|prefix| !prefix.allows(secure, http_only, is_host_scoped)) {
        return Err(match prefix {
            Prefix::Secure => Rejection::PrefixSecure,
            Prefix::Host => Rejection::PrefixHost,
            Prefix::Http => Rejection::PrefixHttp,
            Prefix::HostHttp => Rejection::PrefixHostHttp,
        });
    }
    if name.is_empty() && Prefix::from_name_any_case(value).is_some() {
        return Err(Rejection::NamelessPrefix);
    }
    if partitioned && !secure {
        return Err(Rejection::PartitionedWithoutSecure);
    }
    Ok((domain, host_only))
}

/// Returns the cookie's domain and a boolean (6265bis 5.7 steps 7 to 10). The boolean is true if the cookie is
/// host-only.
fn check_domain<'a>(attribute: &[u8], host: &'a str) -> Result<(Cow<'a, str>, bool), Rejection> {
    if attribute.is_empty() {
        return Ok((Cow::Borrowed(host), true));
    }
    let Some(domain) = std::str::from_utf8(attribute).ok().filter(|domain| domain.is_ascii()) else {
        return Err(Rejection::DomainNotAscii);
    };
    let domain = domain.to_ascii_lowercase();
    let has_port = without_port(&domain) != domain;
    if !has_port && !is_address(&domain) && is_public_suffix(&domain) {
        // A host that is itself a public suffix, such as `localhost` or `github.io`, may set host-only cookies.
        return if domain == host { Ok((domain.into(), true)) } else { Err(Rejection::PublicSuffix { domain }) };
    }
    if !domain_matches(host, &domain) {
        return Err(Rejection::DomainMismatch { domain, host: host.to_owned() });
    }
    Ok((domain.into(), false))
}
