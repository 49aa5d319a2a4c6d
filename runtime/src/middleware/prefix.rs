//! Applies the setting `host_prefix` to cookies that a library sets without hardtack. Between browser and server, these
//! cookies have a prefixed name. The application and the library see the bare name. `request.rs` changes the `Cookie`
//! headers, and `response.rs` changes the `Set-Cookie` headers. The code is the same for all frameworks.

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

/// The way in which one middleware applies the setting `host_prefix`. If several middlewares have listed names, only
/// the outermost of them renames cookies. A second middleware would drop the cookies that the first middleware renamed.
pub(super) enum Prefixing {
    None,
    RequestAndResponse(Arc<HostPrefix>),
    /// The middleware has already finished a response for this request, and runs a second time. This happens in salvo's
    /// catcher.
    ResponseOnly(Arc<HostPrefix>),
    /// An outer middleware renames the cookies. `ignored` is true if the policy of this middleware lists a name that
    /// the outer policy does not list.
    ByOuter {
        outer: Arc<HostPrefix>,
        ignored: bool,
    },
}

impl Prefixing {
    #[inline]
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

    /// Renames the cookies of a request. Returns `None` if the setting is off, or if another middleware has renamed the
    /// cookies.
    pub(super) fn rename_request(&self, headers: &HeaderMap, is_https: bool) -> Option<Box<RenamedCookies>> {
        match self {
            Prefixing::RequestAndResponse(prefix) => Some(Box::new(RenamedCookies::new(prefix, headers, is_https))),
            Prefixing::None | Prefixing::ResponseOnly(_) | Prefixing::ByOuter { .. } => None,
        }
    }

    pub(super) fn renames_response(&self) -> bool {
        matches!(self, Prefixing::RequestAndResponse(_) | Prefixing::ResponseOnly(_))
    }

    /// Emits the events for the listed names that the request contains.
    #[inline]
    pub(super) fn report(&self, renamed: Option<&RenamedCookies>, jar: &JarState) {
        if !matches!(self, Prefixing::None) {
            self.report_names(renamed, jar);
        }
    }

    fn report_names(&self, renamed: Option<&RenamedCookies>, jar: &JarState) {
        match self {
            Prefixing::RequestAndResponse(prefix) => {
                if let Some(renamed) = renamed {
                    renamed.report(prefix, jar);
                }
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

/// Emits one event at the first request after the date of `accept_unprefixed_until`.
fn report_end(prefix: &HostPrefix, jar: &JarState) {
    if let Some(date) = prefix.take_ended_date() {
        let reason = format!(
            "cookies of `host_prefix` no longer count under their bare names, because {date} is reached; remove the setting"
        );
        jar.emit(Event::new(Kind::Notice, Code::UnprefixedEnded, &reason));
    }
}
