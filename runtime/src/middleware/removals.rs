//! Adds the missing `Path` to `Set-Cookie` headers that remove a cookie. Some libraries, such as poem's cookie jar,
//! remove a cookie with a header that has no `Path`. A browser then removes only a cookie whose path is the directory
//! of the request's URL (6265bis 5.7). But the cookie that the library wants to remove usually has another path.
//!
//! The input is the `Set-Cookie` headers of a response. If a header removes a cookie and has no `Path`, the output has
//! one new header for each scope in which the process set the cookie. All other headers are the same in the input and
//! in the output.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use hardtack_rules::Prefix;
use http::header::{Entry, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::browser::request_match::{domain_matches, path_matches};
use crate::event::{Code, Event, Kind};
use crate::jar::state::JarState;
use crate::policy::Policy;
use crate::wire::set_cookie::ParsedSetCookie;

#[cfg(test)]
mod tests;

/// The scopes of the cookies that this process has set. The scope of a cookie consists of `Path`, `Domain` and
/// `Partitioned`.
#[derive(Debug, Default)]
pub(super) struct Removals {
    scopes: Mutex<Vec<CookieScope>>,
}

/// The name and the scope of a cookie. A header that removes the cookie must have the same name and scope.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CookieScope {
    name: Vec<u8>,
    /// The cookie's path. If `path` is `None`, the cookie's path is the directory of the request's path.
    path: Option<Vec<u8>>,
    /// The cookie's domain, in lower case.
    domain: Option<Vec<u8>>,
    partitioned: bool,
}

/// The host and the path of a request. The host is in lower case.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestTarget<'a> {
    pub(super) host: Option<&'a str>,
    pub(super) path: &'a str,
}

impl CookieScope {
    /// The highest number of scopes in the table of known scopes. The table has a limit, because clients may choose the
    /// names of cookies. If the table is full, no scope of a new name is stored. A full table rarely matters, because
    /// the application usually sets the session cookie early.
    const MAX: usize = 64;
    /// The highest number of scopes for one cookie name. If a name already has `MAX_PER_NAME` scopes, a new scope
    /// replaces the oldest scope of the name.
    const MAX_PER_NAME: usize = 4;

    fn from_header(parsed: &ParsedSetCookie<'_>) -> Self {
        CookieScope {
            name: parsed.name.to_vec(),
            path: explicit_path(parsed).map(<[u8]>::to_vec),
            domain: parsed.domain.filter(|domain| !domain.is_empty()).map(<[u8]>::to_ascii_lowercase),
            partitioned: parsed.partitioned,
        }
    }

    /// Returns true if the request could carry a cookie of this scope. If the request could not carry the cookie, a
    /// header with this scope would only reveal the other scope to the client.
    fn includes(&self, target: RequestTarget<'_>) -> bool {
        let is_below = self.path.as_ref().is_none_or(|path| path_matches(target.path.as_bytes(), path));
        is_below
            && self.domain.as_deref().is_none_or(|domain| match (target.host, std::str::from_utf8(domain)) {
                (Some(host), Ok(domain)) => domain_matches(host, domain),
                (None, _) | (_, Err(_)) => false,
            })
    }

    /// Returns the scopes for the headers if the cookie's scope is unknown. The first scope has the request's directory
    /// as its path. The second scope has the path `/`, because most libraries use `/`. A `__Host-` cookie always has
    /// the path `/`.
    fn fallback_scopes(name: &[u8]) -> Vec<Self> {
        let here = CookieScope { name: Vec::new(), path: None, domain: None, partitioned: false };
        let root = CookieScope { path: Some(b"/".to_vec()), ..here.clone() };
        if Prefix::from_name_any_case(name).is_some_and(Prefix::is_host_only) { vec![root] } else { vec![here, root] }
    }

    /// Returns the header `removal` with the attributes of this scope.
    fn complete(&self, removal: &HeaderValue, parsed: &ParsedSetCookie<'_>) -> HeaderValue {
        let mut header = removal.as_bytes().to_vec();
        if let Some(path) = &self.path {
            header.extend_from_slice(b"; Path=");
            header.extend_from_slice(path);
        }
        if let (Some(domain), None) = (&self.domain, parsed.domain) {
            header.extend_from_slice(b"; Domain=");
            header.extend_from_slice(domain);
        }
        if self.partitioned && !parsed.partitioned {
            header.extend_from_slice(b"; Partitioned");
        }
        // The conversion succeeds, because every part of the new header comes from a valid header value.
        HeaderValue::try_from(header).unwrap_or_else(|_| removal.clone())
    }
}

/// Returns the `Path` if the `Path` begins with `/`. If the `Path` does not begin with `/`, browsers ignore the `Path`
/// and use the request's directory.
fn explicit_path<'a>(parsed: &ParsedSetCookie<'a>) -> Option<&'a [u8]> {
    parsed.path.filter(|path| path.starts_with(b"/"))
}

impl Removals {
    /// Adds the missing `Path` to each header of a response that removes a cookie. Also stores the scopes of the
    /// cookies that the response sets. Ignores cookies for which the policy allows everything.
    pub(super) fn complete(
        &self,
        response: &mut HeaderMap,
        target: RequestTarget<'_>,
        jar: &JarState,
        policy: &Policy,
        now: SystemTime,
    ) {
        let Entry::Occupied(mut headers) = response.entry(SET_COOKIE) else { return };
        let mut completed = Vec::new();
        let mut is_changed = false;
        for header in headers.iter() {
            let parsed = ParsedSetCookie::parse(header.as_bytes());
            let is_exempt = policy.allowed(parsed.name).everything;
            let is_removal = parsed.lifetime.is_expired(now);
            if !is_exempt && !is_removal {
                self.learn(CookieScope::from_header(&parsed));
            }
            if is_exempt || !is_removal || explicit_path(&parsed).is_some() {
                completed.push(header.clone());
                continue;
            }
            let known = self.known_scopes(parsed.name, target);
            emit_completed(jar, &parsed, known.is_empty());
            is_changed = true;
            let scopes = if known.is_empty() { CookieScope::fallback_scopes(parsed.name) } else { known };
            completed.extend(scopes.iter().map(|scope| scope.complete(header, &parsed)));
        }
        if !is_changed {
            return;
        }
        let mut completed = completed.into_iter();
        if let Some(first) = completed.next() {
            headers.insert(first);
        }
        completed.for_each(|header| headers.append(header));
    }

    fn learn(&self, scope: CookieScope) {
        let mut scopes = self.scopes();
        if scopes.contains(&scope) {
            return;
        }
        let of_same_name = || scopes.iter().enumerate().filter(|(_, known)| known.name == scope.name);
        if of_same_name().count() >= CookieScope::MAX_PER_NAME {
            if let Some(oldest) = of_same_name().map(|(index, _)| index).next() {
                scopes.remove(oldest);
            }
        }
        if scopes.len() < CookieScope::MAX {
            scopes.push(scope);
        }
    }

    fn known_scopes(&self, name: &[u8], target: RequestTarget<'_>) -> Vec<CookieScope> {
        self.scopes().iter().filter(|scope| scope.name == name && scope.includes(target)).cloned().collect()
    }

    fn scopes(&self) -> MutexGuard<'_, Vec<CookieScope>> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn emit_completed(jar: &JarState, parsed: &ParsedSetCookie<'_>, is_guessed: bool) {
    let reason = if is_guessed {
        "a removal without a `Path` covers one directory only; sent for `/` too, because the cookie's scope is unknown"
    } else {
        "a removal without a `Path` covers one directory only; sent for the scopes in which the cookie was set"
    };
    let name = parsed.display_name();
    jar.emit(Event::new(Kind::HeaderHardened, Code::RemovalPath, &reason).with_cookie(&name));
}
