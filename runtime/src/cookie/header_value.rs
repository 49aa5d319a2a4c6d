//! Builds the value of a `Set-Cookie` header from a cookie's declaration, the cookie's value, and the settings of a
//! `SetCookie`. This file also checks the scheme at run time: hardtack sets a Secure cookie only over HTTPS.

use hardtack_rules::{Prefix, syntax, wire};
use http::HeaderValue;

use super::declaration::{CookieName, Declaration, EncodeValue, Spec};
use super::error::{AttributeFault, SetError};
use super::overrides::{Overrides, PAST};
use super::scope::{Identity, Scope};
use super::sealing::{self, SealContext};
use super::value::ValueWriter;
use crate::request::scheme::Verdict;

/// The facts about the request and the policy that affect a `Set-Cookie` header.
pub(crate) struct HeaderContext<'a> {
    pub(crate) verdict: Verdict,
    pub(crate) scope: Scope,
    pub(crate) seal: SealContext<'a>,
}

impl HeaderContext<'_> {
    /// Makes the context for a header that is built without a jar.
    ///
    /// # Errors
    ///
    /// Returns an error if the cookie is declared with `domain = policy`, because only a jar has a policy.
    pub(crate) fn without_jar(spec: &Spec, verdict: Verdict) -> Result<Self, SetError> {
        if spec.policy_domain {
            return Err(SetError::NoPolicy { cookie: spec.name });
        }
        Ok(HeaderContext { verdict, scope: Scope::declared(spec), seal: SealContext::default() })
    }
}

/// A finished `Set-Cookie` header, together with the cookie's identity.
pub(crate) struct SetCookieHeader {
    pub(crate) identity: Identity,
    /// The declared name. The declared name of a cookie in a family is the family's name.
    pub(crate) declared_name: &'static str,
    pub(crate) value: HeaderValue,
}

impl SetCookieHeader {
    /// Returns the encoded value of the cookie.
    pub(crate) fn encoded_value(&self) -> &[u8] {
        let value = self.value.as_bytes().get(self.identity.name.name_eq().len()..).unwrap_or_default();
        value.split(|byte| *byte == b';').next().unwrap_or_default()
    }
}

/// Builds the `Set-Cookie` header that sets `value`. If `value` is `None`, builds the header that removes the cookie.
pub(crate) fn set_cookie_header(
    declaration: Declaration,
    name: CookieName,
    value: Option<&dyn EncodeValue>,
    overrides: &Overrides,
    context: HeaderContext<'_>,
) -> Result<SetCookieHeader, SetError> {
    let value = header_value(declaration, &name, value, overrides, &context)?;
    let identity = Identity { name, scope: context.scope };
    Ok(SetCookieHeader { identity, declared_name: declaration.spec.name, value })
}

/// Builds only the value of the `Set-Cookie` header. If neither a `SetCookie` nor the policy changes the declared
/// attributes, this function allocates memory only once.
pub(crate) fn header_value(
    declaration: Declaration,
    name: &CookieName,
    value: Option<&dyn EncodeValue>,
    overrides: &Overrides,
    context: &HeaderContext<'_>,
) -> Result<HeaderValue, SetError> {
    let Declaration { spec, template, .. } = declaration;
    check(spec, overrides, context)?;
    let is_removal = value.is_none();
    let joined;
    let attributes = if !is_removal && overrides.keep_attributes() && context.scope.is_declared(spec) {
        template.attributes.as_bytes()
    } else {
        let applied = overrides.apply_to(spec, is_removal, &context.scope);
        joined = join_attributes(&applied, overrides.expires(is_removal));
        &joined
    };
    let name_and_value = match (value, spec.seal) {
        (Some(value), Some(seal)) => {
            sealing::write(spec, name, value, seal, overrides, context.seal, attributes.len())?
        }
        (value, _) => {
            let mut out = ValueWriter::new(name.name_eq().clone(), attributes.len());
            if let Some(value) = value {
                value.encode(&mut out);
            }
            out.finish()
        }
    };
    finish(spec.name, name_and_value, attributes)
}

/// Builds the header that removes a cookie with an earlier name or scope. Returns `None` if browsers would reject the
/// header. Browsers reject a Secure cookie over plain HTTP, and a cookie whose name prefix forbids the cookie's scope.
pub(crate) fn removal_header(spec: &Spec, identity: Identity, verdict: Verdict) -> Option<SetCookieHeader> {
    let mut removed: hardtack_rules::Spec<'_> = *spec;
    removed.path = &identity.scope.path;
    removed.domain = identity.scope.domain.as_deref();
    removed.partitioned = identity.scope.partitioned;
    removed.max_age = Some(core::time::Duration::ZERO);
    removed.idle = None;
    let prefix = Prefix::from_name(identity.name.as_str());
    removed.secure |= prefix.is_some() || removed.partitioned;
    removed.http_only |= prefix.is_some_and(Prefix::needs_http_only);
    let is_possible =
        prefix.is_none_or(|prefix| !prefix.is_host_only() || (removed.domain.is_none() && removed.path == "/"));
    if !is_possible || (removed.secure && !verdict.https) {
        return None;
    }
    let mut header = identity.name.name_eq().as_bytes().to_vec();
    header.extend_from_slice(&join_attributes(&removed, Some(*PAST)));
    let value = HeaderValue::try_from(header).ok()?;
    Some(SetCookieHeader { identity, declared_name: spec.name, value })
}

fn check(spec: &Spec, overrides: &Overrides, context: &HeaderContext<'_>) -> Result<(), SetError> {
    if let Some(error) = &overrides.error {
        return Err(error.clone());
    }
    if spec.secure && !context.verdict.https {
        return Err(SetError::NotHttps { cookie: spec.name, evidence: context.verdict.evidence });
    }
    // The compiler checks the length of a declared path, but the policy's `base_path` makes the path longer.
    if context.scope.path.len() > syntax::MAX_ATTRIBUTE_BYTES {
        let fault = AttributeFault::new(
            "the base path and the declared path together are over 1024 bytes, and browsers would ignore them; use \
             shorter paths",
        );
        return Err(SetError::Attribute { cookie: spec.name, attribute: "path", fault });
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
