//! axum: extractors for the jar and for the proof of HTTPS, and errors as responses.

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::request::Parts;

use super::tower;
use crate::cookies::Cookies;
use crate::error::{ExtractError, ReadError, SetError};
use crate::log;
use crate::scheme::{Https, Scheme};

impl<S: Scheme, State: Send + Sync> FromRequestParts<State> for Cookies<S> {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, ExtractError> {
        Cookies::from_extensions(&parts.extensions)
    }
}

impl<State: Send + Sync> FromRequestParts<State> for Https {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, ExtractError> {
        tower::judged(&parts.extensions)?.map_err(|plain| ExtractError::NotHttps { evidence: plain.evidence() })
    }
}

impl<State: Send + Sync> OptionalFromRequestParts<State> for Https {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Option<Self>, ExtractError> {
        Ok(tower::judged(&parts.extensions)?.ok())
    }
}

impl IntoResponse for ExtractError {
    fn into_response(self) -> Response {
        log::refusal(format_args!("{self}"));
        (self.status(), self.public()).into_response()
    }
}

impl IntoResponse for SetError {
    fn into_response(self) -> Response {
        log::refusal(format_args!("{self}"));
        (self.status(), self.public()).into_response()
    }
}

impl IntoResponse for ReadError {
    fn into_response(self) -> Response {
        log::refusal(format_args!("{self}"));
        let mut response = (self.status(), self.public()).into_response();
        if let Some(removal) = self.removal() {
            response.headers_mut().append(SET_COOKIE, removal.clone());
        }
        response
    }
}
