//! Applies the setting `host_prefix`. In the headers, the cookie of another library has a prefixed name. The application
//! and the library see the bare name. `request.rs` changes the `Cookie` headers, and `response.rs` changes the
//! `Set-Cookie` headers. The code is the same for all frameworks.

use std::sync::Arc;

use http::HeaderMap;

use self::request::RenamedCookies;
use crate::event::{Code, Event, Kind};
use crate::jar::state::JarState;
use crate::policy::host_prefix::HostPrefix;

pub(crate) mod request;
pub(super) mod response;

#[cfg(test)]
mod tests;

/// The part of one middleware in the setting `host_prefix`. Only the outermost middleware with listed names renames
/// cookies: a second middleware would drop the bare cookies that the first one made.
pub(super) enum Prefixing {
    None,
    RequestAndResponse(Arc<HostPrefix>),
    /// The outer middleware has already finished the response. In salvo, the catcher runs a second time for a request.
    ResponseOnly(Arc<HostPrefix>),
    /// An outer middleware renames. `ignored` is true if the policy of this middleware lists other names.
    ByOuter {
        outer: Arc<HostPrefix>,
        ignored: bool,
    },
}

impl Prefixing {
    pub(super) fn new(own: Option<&Arc<HostPrefix>>, outer_jar: Option<&JarState>) -> Self {
        match (outer_jar.and_then(|outer| Some((outer, outer.host_prefix()?))), own) {
            (None, None) => Prefixing::None,
            (None, Some(own)) => Prefixing::RequestAndResponse(own.clone()),
            (Some((jar, outer)), _) if jar.is_closed() => Prefixing::ResponseOnly(outer.clone()),
            (Some((_, outer)), own) => {
                let is_ignored = |own: &HostPrefix| own.names().iter().any(|own| !outer.contains(own.bare.as_bytes()));
                Prefixing::ByOuter { outer: outer.clone(), ignored: own.is_some_and(|own| is_ignored(own)) }
            }
        }
    }

    pub(super) fn host_prefix(&self) -> Option<&Arc<HostPrefix>> {
        match self {
            Prefixing::None => None,
            Prefixing::RequestAndResponse(prefix) | Prefixing::ResponseOnly(prefix) => Some(prefix),
            Prefixing::ByOuter { outer, .. } => Some(outer),
        }
    }

    /// Renames the cookies of a request. Returns no changes if another middleware renames them.
    pub(super) fn rename_request(&self, headers: &HeaderMap, is_https: bool) -> RenamedCookies {
        match self {
            Prefixing::RequestAndResponse(prefix) => RenamedCookies::new(prefix, headers, is_https),
            Prefixing::None | Prefixing::ResponseOnly(_) | Prefixing::ByOuter { .. } => RenamedCookies::default(),
        }
    }

    pub(super) fn renames_response(&self) -> bool {
        matches!(self, Prefixing::RequestAndResponse(_) | Prefixing::ResponseOnly(_))
    }

    /// Emits the events about the listed names of the request.
    pub(super) fn report(&self, renamed: &RenamedCookies, jar: &JarState) {
        match self {
            Prefixing::RequestAndResponse(prefix) => {
                renamed.report(prefix, jar);
                report_end(prefix, jar);
            }
            Prefixing::ByOuter { ignored: true, .. } => {
                let reason = "this policy lists a name in `host_prefix` that the outermost policy does not list, so the \
                              cookie keeps its bare name; list every name in the outermost policy";
                jar.emit(Event::new(Kind::Mistake, Code::NestedPrefix, &reason));
            }
            Prefixing::None | Prefixing::ResponseOnly(_) | Prefixing::ByOuter { .. } => {}
        }
    }
}

/// Emits one event for the first request after the date of `accept_unprefixed_until`.
fn report_end(prefix: &HostPrefix, jar: &JarState) {
    if let Some(date) = prefix.take_ended_date() {
        let reason = format!(
            "cookies of `host_prefix` no longer count under their bare names, because {date} is reached; remove the setting"
        );
        jar.emit(Event::new(Kind::Notice, Code::UnprefixedEnded, &reason));
    }
}
