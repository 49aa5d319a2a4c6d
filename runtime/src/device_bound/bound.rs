//! The type `Bound<T>`: the value of a cookie, from a request that proves the device.

use core::fmt;
use core::ops::Deref;

use crate::cookie::declaration::DeviceBoundValue;

/// The value of a cookie that is declared `device_bound`, and a proof that the request comes from the device where the
/// user signed in. hardtack accepted the proof within the declared time `every`: by default, within the last ten
/// minutes.
///
/// `Bound<T>` is an extractor in each framework. The extractor accepts a request that contains the cookie and a valid
/// companion. It refuses every other request with the status 403, and the event `unproven` contains the reason. So the
/// extractor always refuses a browser without device-bound sessions. The cookie and its companion may also have an
/// earlier name that is declared with `formerly`.
///
/// ```
/// use axum::{Router, body::Body, routing::post};
/// use hardtack::device_bound::Bound;
/// use hardtack::{Cookie, Policy, TlsTermination, testing};
/// use tower_service::Service as _;
///
/// /// The session of the signed-in user.
/// #[derive(Cookie)]
/// #[cookie(sealed, max_age = "30d", device_bound)]
/// struct Session(String);
///
/// async fn pay(session: Bound<Session>) -> String {
///     format!("{} pays", session.0)
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let policy = Policy::builder().keyring(testing::keyring()).build().unwrap();
/// let mut app = Router::new().route("/pay", post(pay)).layer(policy.layer(TlsTermination::here()));
/// // The session cookie alone proves no device.
/// let request = http::Request::post("/pay").header("cookie", testing::request_header(&Session("ada".into())));
/// let response = app.call(request.body(Body::empty()).unwrap()).await.unwrap();
/// assert_eq!(response.status(), 403);
/// # });
/// ```
pub struct Bound<T: DeviceBoundValue> {
    value: T,
}

impl<T: DeviceBoundValue> Bound<T> {
    #[cfg(feature = "_layer")]
    pub(crate) fn new(value: T) -> Self {
        Bound { value }
    }

    /// Returns the value of the cookie.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: DeviceBoundValue> Deref for Bound<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Shows only the name of the type. The `Debug` output never contains the value of the cookie.
impl<T: DeviceBoundValue> fmt::Debug for Bound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").finish_non_exhaustive()
    }
}
