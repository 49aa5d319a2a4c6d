//! The endpoints of device-bound cookies in the middleware, and the header that offers a registration after a sign-in.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Method};

use crate::device_bound::{
    Companion, EndpointRequest, EndpointResponse, EndpointUrls, REGISTRATION, Registration, Session, refresh, register,
    registration_header,
};
use crate::event::{Code, Event, Kind};
use crate::jar::state::JarState;
use crate::jar::state::device::SignIn;
use crate::policy::Policy;
use crate::policy::handle::CurrentPolicy;
use crate::request::head::RequestHead;
use crate::request::scheme::Verdict;

/// Returns the response of an endpoint, or `None` if the request has another path.
///
/// The endpoints come before every other check of the policy. A redirect or a refusal would end the browser's session.
///
/// If `writes_bodies` is false, the endpoints respond with the status 503, and the browser keeps its device-bound
/// sessions as they are. Without its JSON, a registration would bind the session on the server only, and the user would
/// soon be signed out.
pub(super) fn respond(
    current: &CurrentPolicy,
    head: &RequestHead<'_>,
    verdict: Verdict,
    writes_bodies: bool,
) -> Option<EndpointResponse> {
    let path = head.uri.path();
    // Most requests have another path, and need no URLs.
    let is_register = path.ends_with("/register");
    if !is_register && !path.ends_with("/refresh") {
        return None;
    }
    let (policy, urls) = (&current.policy, urls(&current.policy));
    let setting = policy.device_bound();
    // A proxy may remove the policy's base path from the request.
    let (own, public) = match is_register {
        true => (setting.register_path(), &urls.register),
        false => (setting.refresh_path(), &urls.refresh),
    };
    if path != own && path != public {
        return None;
    }
    if *head.method != Method::POST {
        return Some(EndpointResponse::method_not_allowed());
    }
    let emit = |kind, code, reason: &'static str| {
        current.emit(&Event { method: Some(head.method), path: Some(path), ..Event::new(kind, code, &reason) });
    };
    if !writes_bodies {
        let reason = "the endpoints of device-bound cookies send JSON, and the response body of the service inside the \
                      layer is not `axum::body::Body`; map the body to `axum::body::Body` inside the layer";
        emit(Kind::Mistake, Code::DeviceProof, reason);
        return Some(EndpointResponse::unavailable(reason));
    }
    let response = match (verdict.https, policy.keyring()) {
        (false, _) => {
            let reason = "the endpoints of device-bound cookies need HTTPS";
            let event = Event::new(Kind::RequestRefused, Code::NotHttps, &reason).with_evidence(Some(verdict.evidence));
            current.emit(&Event { method: Some(head.method), path: Some(path), ..event });
            let response = EndpointResponse::unavailable(reason);
            return Some(response);
        }
        (true, None) => {
            let reason =
                "device-bound cookies need a keyring in the policy; add one with `Policy::builder().keyring(…)`";
            emit(Kind::Mistake, Code::NoKeyring, reason);
            return Some(EndpointResponse::unavailable(reason));
        }
        (true, Some(keyring)) => {
            let cookies: Vec<HeaderValue> = head.headers.get_all(COOKIE).iter().cloned().collect();
            let request = EndpointRequest::new(head.headers, &cookies);
            if is_register { register(&request, keyring, &urls) } else { refresh(&request, keyring, &urls) }
        }
    };
    if let Some(reason) = response.refusal {
        emit(Kind::RequestRefused, Code::DeviceProof, reason);
    }
    Some(response)
}

/// Returns the URLs of the endpoints, as the browser requests them.
fn urls(policy: &Policy) -> EndpointUrls {
    // The policy's base path may contain characters that end a text in JSON or in a header.
    let url = |path: String| policy.with_base_path(&path).replace('"', "%22").replace('\\', "%5C");
    let setting = policy.device_bound();
    EndpointUrls { register: url(setting.register_path()), refresh: url(setting.refresh_path()) }
}

/// Offers a registration for each sign-in of the request. Apart from the response to a refresh with a valid proof, no
/// other response offers a registration. Otherwise, a thief with a copy of the cookie could register a key.
pub(super) fn offer_registrations(jar: &JarState, policy: &Policy, headers: &mut HeaderMap) {
    let sign_ins = jar.take_sign_ins();
    let Some(keyring) = policy.keyring().filter(|_| !sign_ins.is_empty()) else { return };
    let urls = urls(policy);
    for SignIn { spec, binding } in sign_ins {
        let Some(device) = spec.device_bound else { continue };
        // The policy's baseline may be stricter than the declaration. The companion has the stricter attributes from
        // the start, because its attributes must not differ from the JSON later.
        let (baseline, allowed) = (policy.baseline(), policy.allowed(spec.name.as_bytes()));
        let same_site = match baseline.min_same_site().filter(|_| !allowed.any_same_site) {
            Some(min) if min.is_at_least(spec.same_site) => min,
            Some(_) | None => spec.same_site,
        };
        let limit = baseline.max_age_limit().filter(|_| !allowed.everything);
        let every = limit.map_or(device.every, |limit| limit.min(device.every));
        let every = u32::try_from(every.as_secs()).unwrap_or(u32::MAX);
        let companion = Companion { cookie: spec.name.to_owned(), same_site, every };
        let session = Session { mark: binding.mark, companion };
        if let Some(header) = registration_header(&Registration { session, renewed_until: None }, keyring, &urls) {
            headers.append(REGISTRATION, header);
        }
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests;
