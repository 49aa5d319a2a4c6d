//! Builds the value of a `Set-Cookie` header from a cookie's declaration, the cookie's value, and the settings of a
//! `SetCookie`. This file also checks the scheme at run time: hardtack sets a Secure cookie only over HTTPS.

use std::borrow::Cow;

use hardtack_rules::{syntax, wire};
use http::HeaderValue;

use super::declaration::{Declaration, EncodeValue, Spec};
use super::error::{AttributeFault, SetError};
use super::overrides::Overrides;
use super::sealing::{self, SealContext};
use super::value::ValueWriter;
use crate::request::scheme::Verdict;

/// The parts of the request and the policy that a `Set-Cookie` header depends on.
#[derive(Clone, Copy)]
pub(crate) struct HeaderContext<'a> {
    pub(crate) verdict: Verdict,
    /// The policy's `cookie_domain`.
    pub(crate) cookie_domain: Option<&'a str>,
    pub(crate) seal: SealContext<'a>,
}

impl HeaderContext<'_> {
    /// Makes the context for a header that is built without a jar. Only a jar has a policy, so the context contains no
    /// policy settings.
    pub(crate) fn without_jar(verdict: Verdict) -> Self {
        HeaderContext { verdict, cookie_domain: None, seal: SealContext::default() }
    }
}

/// A finished `Set-Cookie` header, together with the cookie's name, path and domain. The name, path and domain identify
/// a cookie in a browser (6265bis 5.7 step 23).
pub(crate) struct SetCookieHeader {
    pub(crate) name: &'static str,
    pub(crate) path: Cow<'static, str>,
    pub(crate) domain: Option<Cow<'static, str>>,
    pub(crate) value: HeaderValue,
}

impl SetCookieHeader {
    /// Returns true if both headers set the same cookie. If two headers set the same cookie, a browser keeps only the
    /// cookie from the later header.
    #[inline]
    pub(crate) fn replaces(&self, other: &SetCookieHeader) -> bool {
        // For speed, first compares the last bytes. Most different names and paths differ in the last byte, and
        // comparing one byte is faster than a call to `memcmp`.
        let (path, other_path) = (self.path.as_bytes(), other.path.as_bytes());
        path.last() == other_path.last()
            && self.name.as_bytes().last() == other.name.as_bytes().last()
            && self.name == other.name
            && path == other_path
            && match (&self.domain, &other.domain) {
                (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            }
    }

    /// Returns the encoded value of the cookie.
    #[cfg(any(feature = "cookie", feature = "web"))]
    pub(crate) fn encoded_value(&self) -> &str {
        let text = self.value.to_str().unwrap_or_default();
        text.split_once('=').map_or("", |(_, rest)| rest.split_once(';').map_or(rest, |(value, _)| value))
    }
}

/// Builds the `Set-Cookie` header that sets `value`. If `value` is `None`, builds the header that removes the cookie.
pub(crate) fn set_cookie_header(
    declaration: Declaration,
    value: Option<&dyn EncodeValue>,
    overrides: &Overrides,
    context: &HeaderContext<'_>,
) -> Result<SetCookieHeader, SetError> {
    let spec = declaration.spec;
    Ok(SetCookieHeader {
        name: spec.name,
        path: overrides.path.clone().map_or(Cow::Borrowed(spec.path), Cow::Owned),
        domain: match (&overrides.domain, context.cookie_domain) {
            (Some(domain), _) => Some(Cow::Owned(domain.clone())),
            (None, Some(domain)) if spec.policy_domain => Some(Cow::Owned(domain.to_owned())),
            (None, _) => spec.domain.map(Cow::Borrowed),
        },
        value: header_value(declaration, value, overrides, context)?,
    })
}

/// Builds only the value of the `Set-Cookie` header. If no `SetCookie` changes the declared attributes, this function
/// allocates memory only once.
pub(crate) fn header_value(
    declaration: Declaration,
    value: Option<&dyn EncodeValue>,
    overrides: &Overrides,
    context: &HeaderContext<'_>,
) -> Result<HeaderValue, SetError> {
    let Declaration { spec, template } = declaration;
    check(spec, overrides, context)?;
    let is_removal = value.is_none();
    let joined;
    let attributes = if !is_removal && overrides.keep_attributes() && !spec.policy_domain {
        template.attributes.as_bytes()
    } else {
        let applied = overrides.apply_to(spec, is_removal, context.cookie_domain);
        joined = join_attributes(&applied, overrides.expires(is_removal));
        &joined
    };
    let name_and_value = match (value, spec.seal) {
        (Some(value), Some(seal)) => {
            sealing::write(declaration, value, seal, overrides, context.seal, attributes.len())?
        }
        (value, _) => {
            let mut out = ValueWriter::new(template.name_eq, attributes.len());
            if let Some(value) = value {
                value.encode(&mut out);
            }
            out.finish()
        }
    };
    finish(spec.name, name_and_value, attributes)
}

fn check(spec: &Spec, overrides: &Overrides, context: &HeaderContext<'_>) -> Result<(), SetError> {
    if let Some(error) = &overrides.error {
        return Err(error.clone());
    }
    if spec.secure && !context.verdict.https {
        return Err(SetError::NotHttps { cookie: spec.name, evidence: context.verdict.evidence });
    }
    if spec.policy_domain && overrides.domain.is_none() && context.cookie_domain.is_none() {
        return Err(SetError::Attribute {
            cookie: spec.name,
            attribute: "domain",
            fault: AttributeFault::new(
                "declared `domain = policy`, and there is no jar with a policy that names a `cookie_domain`; set the cookie \
                 in such a jar, with `Policy::builder().cookie_domain(…)`, or give this cookie its own with \
                 `SetCookie::domain`",
            ),
        });
    }
    Ok(())
}

/// Returns the header text of the attributes in `spec`. Call this function only if a `SetCookie` changes the declared
/// attributes.
fn join_attributes(spec: &hardtack_rules::Spec<'_>, expires: Option<[u8; 29]>) -> Vec<u8> {
    let mut text = vec![0; wire::write_attributes(spec, expires.as_ref(), &mut [])];
    wire::write_attributes(spec, expires.as_ref(), &mut text);
    text
}

fn finish(cookie: &'static str, name_and_value: Option<Vec<u8>>, attributes: &[u8]) -> Result<HeaderValue, SetError> {
    let Some(mut header) = name_and_value else { return Err(SetError::Value { cookie }) };
    // Browsers count the bytes of the name and the value, without the `=` between the name and the value.
    let bytes = header.len() - 1;
    if bytes > syntax::MAX_NAME_VALUE_BYTES {
        return Err(SetError::TooLarge { cookie, bytes, limit: syntax::MAX_NAME_VALUE_BYTES });
    }
    header.extend_from_slice(attributes);
    match HeaderValue::try_from(header) {
        Ok(mut value) => {
            value.set_sensitive(true);
            Ok(value)
        }
        Err(_) => Err(SetError::Value { cookie }),
    }
}
