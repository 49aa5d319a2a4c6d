//! A page reads the cookies that scripts can read, and writes the cookies that scripts may write. Outside a browser,
//! each function of `hardtack::web` returns an error.
use std::task::{Context, Poll, Waker};

use hardtack::{Cookie, SetCookie, web};

#[derive(Cookie)]
#[cookie(http_only = false, reason = "theme.js applies it before first paint")]
struct Theme(String);

#[derive(Cookie)]
#[cookie(name = "lang", http_only = false, read_only)]
struct Lang(String);

pub(crate) fn main() {
    let results = [
        now(web::get::<Theme>()).map(|theme| drop(theme.map(|theme| theme.0))),
        now(web::get::<Lang>()).map(|lang| drop(lang.map(|lang| lang.0))),
        now(web::set(Theme("dark".to_owned()))),
        now(web::set(SetCookie::new(Theme("dark".to_owned())).without_max_age())),
        now(web::set(SetCookie::<Theme>::removal())),
        now(web::remove::<Theme>()),
    ];
    for result in results {
        assert!(matches!(result, Err(web::Error::NoDocument)));
    }
}

/// Polls the future once and returns its output. Outside a browser, the future is ready at the first poll.
fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}
