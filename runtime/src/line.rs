//! A value, a declaration and what varies in, one Set-Cookie line out. Here stands the wall that no type can go round:
//! a Secure cookie leaves over HTTPS only. One allocation where nothing varies.

use core::time::Duration;
use std::borrow::Cow;

use hardtack_rules::{SameSite, syntax, wire};
use http::header::{Entry, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::clock;
use crate::declare::{Declaration, Spec, Value};
use crate::error::{AttributeFault, SetError, Wrong};
use crate::lifetime::Lifetime;
use crate::policy::InForce;
use crate::report::{Event, EventKind};
use crate::scheme::Verdict;
use crate::sealing::{self, Keys};
use crate::value::ValueWriter;
use crate::written::Written;

/// A finished line, and what tells it from another (6265bis 5.7 step 23).
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) path: Cow<'static, str>,
    pub(crate) domain: Option<Cow<'static, str>>,
    pub(crate) value: HeaderValue,
}

impl Line {
    /// Whether a browser would keep only the later of the two.
    #[inline]
    pub(crate) fn replaces(&self, other: &Line) -> bool {
        // Of many lines most differ at their ends, and to compare the whole is a call.
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

    /// The encoded value.
    #[cfg(any(feature = "cookie", feature = "web"))]
    pub(crate) fn wire_value(&self) -> &str {
        let text = self.value.to_str().unwrap_or_default();
        text.split_once('=').map_or("", |(_, rest)| rest.split_once(';').map_or(rest, |(value, _)| value))
    }

    /// Whether `earlier` is the removal of this very cookie, as a read error wrote it.
    fn voids(&self, earlier: &HeaderValue) -> bool {
        let removal = Written::read(earlier.as_bytes());
        let domain = self.domain.as_deref().unwrap_or_default().as_bytes();
        removal.name == self.name.as_bytes()
            && removal.value.is_empty()
            && removal.path == Some(self.path.as_bytes())
            && removal.domain.unwrap_or_default().eq_ignore_ascii_case(domain)
            && Lifetime::of(earlier.as_bytes()).is_over(clock::now())
    }
}

/// Appends what a jar holds to a response's fields, raised to the policy's floor.
pub(crate) fn append(lines: Vec<Line>, response: &mut HeaderMap, in_force: Option<&InForce>) {
    retract_removals(response, &lines);
    // For Cache-Control and HSTS too: a small map grows by doubling.
    response.reserve(lines.len() + 2);
    for mut line in lines {
        if let Some(raised) = in_force.and_then(|in_force| raised(line.value.as_bytes(), in_force)) {
            replace(&mut line.value, raised);
        }
        response.append(SET_COOKIE, line.value);
    }
}

/// The line as the policy's floor has it, where it is below, and told; nothing of a cookie that the policy excepts.
pub(crate) fn raised(line: &[u8], in_force: &InForce) -> Option<Vec<u8>> {
    let floor = in_force.policy.floor();
    if floor.is_none() {
        return None;
    }
    let written = Written::read(line);
    if in_force.policy.exception(written.name).is_some() {
        return None;
    }
    let raised = floor.raised(line, clock::now)?;
    let (kind, name) = (EventKind::LineHardened, written.shown_name());
    let reason = &"raised to the policy's floor";
    in_force.tell(Event { kind, cookie: Some(&name), rule: "floor", reason, evidence: None });
    Some(raised)
}

/// Puts the octets of a stricter line in its place.
pub(crate) fn replace(line: &mut HeaderValue, octets: Vec<u8>) {
    // Octets of a field value and ASCII are a field value.
    if let Ok(mut value) = HeaderValue::try_from(octets) {
        value.set_sensitive(line.is_sensitive());
        *line = value;
    }
}

/// Takes from a response the removals that a read error wrote, of cookies that these lines set after all: a server sends
/// one name once (6265bis 4.1.1).
fn retract_removals(response: &mut HeaderMap, lines: &[Line]) {
    if lines.is_empty() {
        return;
    }
    if !response.get_all(SET_COOKIE).iter().any(|earlier| lines.iter().any(|line| line.voids(earlier))) {
        return;
    }
    let Entry::Occupied(written) = response.entry(SET_COOKIE) else { return };
    let (_, written) = written.remove_entry_mult();
    let kept: Vec<_> = written.filter(|earlier| !lines.iter().any(|line| line.voids(earlier))).collect();
    for line in kept {
        response.append(SET_COOKIE, line);
    }
}

/// Joins the line that sets a value, or that removes the cookie.
pub(crate) fn line(
    declared: Declaration,
    value: Option<&dyn Value>,
    varied: &Varied,
    verdict: Verdict,
    environment: Option<&str>,
    keys: Keys<'_>,
) -> Result<Line, SetError> {
    let value = header_value(declared, value, varied, verdict, environment, keys)?;
    Ok(varied.placed(declared.spec, environment, value))
}

/// The line alone, for a response without a jar.
pub(crate) fn header_value(
    declared: Declaration,
    value: Option<&dyn Value>,
    varied: &Varied,
    verdict: Verdict,
    environment: Option<&str>,
    keys: Keys<'_>,
) -> Result<HeaderValue, SetError> {
    let Declaration { spec, wire } = declared;
    admit(spec, varied, verdict, environment)?;
    let joined;
    let attributes = if value.is_some() && varied.is_nothing() && !spec.environment_domain {
        wire.attributes.as_bytes()
    } else {
        joined = attributes(&varied.applied_to(spec, value.is_none(), environment), varied.expires(value.is_none()));
        &joined
    };
    // Most cookies have no seal.
    let line = match (value, spec.seal) {
        (Some(value), Some(seal)) => sealing::write(declared, value, seal, varied, keys, attributes.len())?,
        (value, _) => {
            let mut out = ValueWriter::new(wire.head, attributes.len());
            if let Some(value) = value {
                value.write(&mut out);
            }
            out.written()
        }
    };
    finish(spec.name, line, attributes)
}

/// What differs from the declaration in one exchange.
pub(crate) struct Varied {
    pub(crate) life: Life,
    pub(crate) same_site: Option<SameSite>,
    pub(crate) path: Option<String>,
    pub(crate) domain: Option<String>,
    /// What signs or seals in place of the jar's.
    #[cfg(feature = "seal")]
    pub(crate) keyring: Option<crate::seal::Keyring>,
    /// The first setting that was wrong.
    pub(crate) error: Option<SetError>,
}

impl Varied {
    pub(crate) const NOTHING: Varied = Varied {
        life: Life::Declared,
        same_site: None,
        path: None,
        domain: None,
        #[cfg(feature = "seal")]
        keyring: None,
        error: None,
    };

    /// Whether the declared attributes are the line's.
    fn is_nothing(&self) -> bool {
        matches!(self.life, Life::Declared) && self.same_site.is_none() && self.path.is_none() && self.domain.is_none()
    }

    /// The finished line, and where a browser puts the cookie.
    fn placed(&self, declared: &Spec, environment: Option<&str>, value: HeaderValue) -> Line {
        Line {
            name: declared.name,
            path: self.path.clone().map_or(Cow::Borrowed(declared.path), Cow::Owned),
            domain: match (&self.domain, environment) {
                (Some(domain), _) => Some(Cow::Owned(domain.clone())),
                (None, Some(domain)) if declared.environment_domain => Some(Cow::Owned(domain.to_owned())),
                (None, _) => declared.domain.map(Cow::Borrowed),
            },
            value,
        }
    }

    pub(crate) fn applied_to<'a>(
        &'a self,
        declared: &Spec,
        removal: bool,
        environment: Option<&'a str>,
    ) -> hardtack_rules::Spec<'a> {
        let mut spec: hardtack_rules::Spec<'a> = *declared;
        if let Some(path) = &self.path {
            spec.path = path;
        }
        match (&self.domain, environment) {
            (Some(domain), _) => spec.domain = Some(domain),
            (None, Some(domain)) if spec.environment_domain => spec.domain = Some(domain),
            (None, _) => {}
        }
        if let Some(same_site) = self.same_site {
            spec.same_site = same_site;
        }
        spec.max_age = match (removal, self.life) {
            (true, _) => Some(Duration::ZERO),
            (false, Life::Declared) => spec.max_age,
            (false, Life::MaxAge(max_age)) => Some(max_age),
            (false, Life::Until(_) | Life::Session) => None,
        };
        spec
    }

    pub(crate) fn expires(&self, removal: bool) -> Option<[u8; 29]> {
        match (removal, self.life) {
            (true, _) => Some(*PAST),
            (false, Life::Until(text)) => Some(text),
            (false, Life::Declared | Life::MaxAge(_) | Life::Session) => None,
        }
    }
}

/// How long a browser keeps the cookie.
#[derive(Clone, Copy)]
pub(crate) enum Life {
    Declared,
    MaxAge(Duration),
    /// Until this instant, as an IMF-fixdate.
    Until([u8; 29]),
    Session,
}

/// 1970, in any clock's past: an auditor takes a cookie for removed by `Expires`, a browser by either.
const PAST: &[u8; 29] = b"Thu, 01 Jan 1970 00:00:00 GMT";

/// The second wall: whatever the types say, a Secure cookie leaves over HTTPS only.
fn admit(declared: &Spec, varied: &Varied, verdict: Verdict, environment: Option<&str>) -> Result<(), SetError> {
    if let Some(error) = &varied.error {
        return Err(error.clone());
    }
    if declared.secure && !verdict.https {
        return Err(SetError::NotHttps { cookie: declared.name, evidence: verdict.evidence });
    }
    if declared.environment_domain && varied.domain.is_none() && environment.is_none() {
        return Err(SetError::Attribute {
            cookie: declared.name,
            attribute: "domain",
            fault: AttributeFault(Wrong::Other(
                "declared `environment`, and there is no jar with a policy that names a `cookie_domain`; set it in one, with \
                 `Policy::builder().cookie_domain(…)`, or give this cookie its own with `SetCookie::domain`",
            )),
        });
    }
    Ok(())
}

/// The attributes of a line that is not as declared.
fn attributes(spec: &hardtack_rules::Spec<'_>, expires: Option<[u8; 29]>) -> Vec<u8> {
    let mut text = vec![0; wire::attributes(spec, expires.as_ref(), &mut [])];
    wire::attributes(spec, expires.as_ref(), &mut text);
    text
}

fn finish(cookie: &'static str, line: Option<Vec<u8>>, attributes: &[u8]) -> Result<HeaderValue, SetError> {
    let Some(mut line) = line else { return Err(SetError::Value { cookie }) };
    // The `=` is in the line and not in the pair.
    let octets = line.len() - 1;
    if octets > syntax::MAX_PAIR {
        return Err(SetError::TooLarge { cookie, octets, limit: syntax::MAX_PAIR });
    }
    line.extend_from_slice(attributes);
    match HeaderValue::try_from(line) {
        Ok(mut value) => {
            value.set_sensitive(true);
            Ok(value)
        }
        Err(_) => Err(SetError::Value { cookie }),
    }
}
