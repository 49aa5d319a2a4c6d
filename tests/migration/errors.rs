//! An application's own error type: the text for the log differs from the text for the client.

use axum::Router;
use axum::routing::get;

use crate::{send, with_policy};

mod app {
    use hardtack::{Cookie, Cookies};

    #[derive(Cookie)]
    pub struct Profile(String);

    // migration: own error
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Response};

    pub enum AppError {
        NotFound,
        Cookie(hardtack::SetError),
    }

    impl From<hardtack::SetError> for AppError {
        fn from(error: hardtack::SetError) -> Self {
            AppError::Cookie(error)
        }
    }

    impl IntoResponse for AppError {
        fn into_response(self) -> Response {
            match self {
                AppError::NotFound => (StatusCode::NOT_FOUND, "not found").into_response(),
                // The `Display` text of a hardtack error is for logs. hardtack has already emitted it as an event.
                AppError::Cookie(error) => (error.status(), error.client_message()).into_response(),
            }
        }
    }

    pub async fn save(cookies: Cookies) -> Result<&'static str, AppError> {
        cookies.set(Profile("x".repeat(5000)))?; // over the limit of 4096 bytes
        Ok("saved")
    }
    // migration: end
}

#[tokio::test]
async fn client_sees_the_client_message_only() {
    let reply = send(with_policy(Router::new().route("/", get(app::save))), "a=1").await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (500, "internal error"));
    let cookies = hardtack::Cookies::from_headers(&axum::http::HeaderMap::new(), hardtack::testing::https());
    let Err(app::AppError::Cookie(error)) = app::save(cookies).await else { panic!("no error of a cookie") };
    assert!(error.to_string().contains("`__Host-Http-profile` has 5019 bytes"), "{error}");
}
