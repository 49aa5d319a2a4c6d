//! The users of the applications that test axum-login.

use std::convert::Infallible;

use axum_login::{AuthUser, AuthnBackend};

/// Every user has an account, and no password.
#[derive(Clone)]
pub(crate) struct Users;

#[derive(Debug, Clone)]
pub(crate) struct User(pub(crate) String);

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.0.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl AuthnBackend for Users {
    type User = User;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<User>, Infallible> {
        Ok(None)
    }

    async fn get_user(&self, name: &String) -> Result<Option<User>, Infallible> {
        Ok(Some(User(name.clone())))
    }
}
