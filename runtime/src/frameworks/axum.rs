//! Support for axum: extractors for the jar and for `Https`, and a response for each error. For axum, the middleware is
//! the layer in the module `tower`.

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;

use super::tower;
#[cfg(feature = "device-bound")]
use crate::cookie::declaration::DeviceBoundValue;
use crate::cookie::error::{ReadError, SetError};
#[cfg(feature = "device-bound")]
use crate::device_bound::Bound;
use crate::jar::cookies::Cookies;
use crate::middleware::RemoveCookie;
use crate::middleware::extract_error::ExtractError;
use crate::request::scheme::{Https, Scheme};

impl<S: Scheme, State: Send + Sync> FromRequestParts<State> for Cookies<S> {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, ExtractError> {
        Cookies::from_extensions(&parts.extensions)
    }
}

/// `Option<Cookies>` is `None` if the request came over plain HTTP. A missing layer is still an error.
impl<S: Scheme, State: Send + Sync> OptionalFromRequestParts<State> for Cookies<S> {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Option<Self>, ExtractError> {
        Ok(tower::jar_handle(&parts.extensions)?.maybe_cookies())
    }
}

impl<State: Send + Sync> FromRequestParts<State> for Https {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, ExtractError> {
        tower::jar_handle(&parts.extensions)?.https()
    }
}

impl<State: Send + Sync> OptionalFromRequestParts<State> for Https {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Option<Self>, ExtractError> {
        Ok(tower::jar_handle(&parts.extensions)?.maybe_https())
    }
}

#[cfg(feature = "device-bound")]
impl<T: DeviceBoundValue, State: Send + Sync> FromRequestParts<State> for Bound<T> {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, ExtractError> {
        let jar = tower::jar_handle(&parts.extensions)?;
        jar.bound().map_err(|error| jar.refuse(error))
    }
}

/// `Option<Bound<T>>` is `None` if the request does not prove the device. A missing layer is still an error.
#[cfg(feature = "device-bound")]
impl<T: DeviceBoundValue, State: Send + Sync> OptionalFromRequestParts<State> for Bound<T> {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Option<Self>, ExtractError> {
        Ok(tower::jar_handle(&parts.extensions)?.bound().ok())
    }
}

impl IntoResponse for ExtractError {
    fn into_response(self) -> Response {
        (self.status(), self.body()).into_response()
    }
}

impl IntoResponse for SetError {
    fn into_response(self) -> Response {
        (self.status(), self.client_message()).into_response()
    }
}

impl IntoResponse for ReadError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.client_message()).into_response();
        response.extensions_mut().insert(RemoveCookie(self.cookie()));
        response
    }
}

/// Implements the extractor of a `#[cookies]` struct.
#[doc(hidden)]
#[macro_export]
macro_rules! __axum {
    ($name:ident, $scheme:ident, $state:ident) => {
        use $crate::private::axum_core::extract::FromRequestParts as __FromRequestParts;
        use $crate::private::axum_core::extract::OptionalFromRequestParts as __Optional;

        #[automatically_derived]
        impl<$scheme, $state> __FromRequestParts<$state> for $name<$scheme>
        where
            $scheme: $crate::Scheme,
            $state: ::core::marker::Send + ::core::marker::Sync,
        {
            type Rejection = <$crate::Cookies<$scheme> as __FromRequestParts<$state>>::Rejection;

            async fn from_request_parts(
                parts: &mut $crate::private::http::request::Parts,
                state: &$state,
            ) -> ::core::result::Result<Self, Self::Rejection> {
                let __cookies =
                    <$crate::Cookies<$scheme> as __FromRequestParts<$state>>::from_request_parts(parts, state).await;
                ::core::result::Result::map(__cookies, <Self as ::core::convert::From<$crate::Cookies<$scheme>>>::from)
            }
        }

        #[automatically_derived]
        impl<$scheme, $state> __Optional<$state> for $name<$scheme>
        where
            $scheme: $crate::Scheme,
            $state: ::core::marker::Send + ::core::marker::Sync,
        {
            type Rejection = <$crate::Cookies<$scheme> as __Optional<$state>>::Rejection;

            async fn from_request_parts(
                parts: &mut $crate::private::http::request::Parts,
                state: &$state,
            ) -> ::core::result::Result<::core::option::Option<Self>, Self::Rejection> {
                let __cookies =
                    <$crate::Cookies<$scheme> as __Optional<$state>>::from_request_parts(parts, state).await?;
                ::core::result::Result::Ok(::core::option::Option::map(
                    __cookies,
                    <Self as ::core::convert::From<$crate::Cookies<$scheme>>>::from,
                ))
            }
        }
    };
}
