//! The stream of changes of one cookie.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::rc::Rc;

use futures_core::Stream;

use super::page::{CookieChanges as _, CookieStore, CurrentPage, Page};
use super::{Error, read};
use crate::cookie::declaration::{CookieName, Declaration, ReadCookie, ScriptVisible};

/// Returns a stream of the changes of a cookie. A change can come from this page, from another page, or from a response.
///
/// After each change, the stream reads the cookie as [`get`](super::get) does, and yields the result. So the stream
/// never yields one of several different values. If the cookie changes several times in a short time, the stream may
/// yield only the last value. The stream does not yield the value that the cookie has at the start, and it does not end.
///
/// The stream needs a browser with `cookieStore`. In other browsers, the function returns [`Error::NoCookieStore`]. A
/// program can then read the cookie again when the page becomes visible.
///
/// # Errors
///
/// - [`Error::NoDocument`] if the program does not run in a page.
/// - [`Error::NotSecureContext`] if the page is not a secure context. Browsers have `cookieStore` in secure contexts
///   only.
/// - [`Error::NoCookieStore`] if the browser has no `cookieStore`.
///
/// An item of the stream is an error if [`get`](super::get) would return this error. Later items can be values again.
///
/// ```
/// use core::future::poll_fn;
/// use core::pin::Pin;
/// use futures_core::Stream;
/// use hardtack::{Cookie, web};
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, reason = "the page applies it before first paint")]
/// struct Theme(String);
///
/// /// Applies the theme that the user has chosen in another tab.
/// async fn follow(apply: impl Fn(&str)) -> Result<(), web::Error> {
///     let mut changes = web::changes::<Theme>()?;
///     // With the crate `futures-util`: `while let Some(change) = changes.next().await`
///     while let Some(change) = poll_fn(|context| Pin::new(&mut changes).poll_next(context)).await {
///         match change {
///             Ok(web::Change::Set(Theme(name))) => apply(&name),
///             Ok(web::Change::Removed) | Err(_) => apply("light"),
///         }
///     }
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // This test does not run in a page:
/// assert!(matches!(follow(|_| ()).await, Err(web::Error::NoDocument)));
/// # }
/// ```
pub fn changes<T: ReadCookie + ScriptVisible + 'static>() -> Result<Changes<T>, Error> {
    Watch::start(Rc::new(CurrentPage::find().ok_or(Error::NoDocument)?)).map(Changes)
}

/// The stream that [`changes`] returns. Dropping the stream stops the listener.
#[must_use = "streams do nothing unless you poll them"]
pub struct Changes<T: 'static>(Watch<CurrentPage, T>);

/// The state of a cookie after a change. An item of [`Changes`] is a `Change` or an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<T> {
    /// The cookie has this value.
    Set(T),
    /// The page has no such cookie any more, because the cookie was removed or has expired.
    Removed,
}

impl<T: ReadCookie> Stream for Changes<T> {
    type Item = Result<Change<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll(context).map(Some)
    }
}

impl<T> fmt::Debug for Changes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<Option<T>, Error>>>>;

/// Listens for the changes of one cookie in a page.
pub(super) struct Watch<P: Page, T> {
    page: Rc<P>,
    changes: <P::Store as CookieStore>::Changes,
    /// The running read of the cookie after a change.
    reading: Option<Reading<T>>,
    kind: PhantomData<fn() -> T>,
}

// `reading` is in a box, so moving a `Watch` moves no pinned value.
impl<P: Page, T> Unpin for Watch<P, T> {}

impl<P: Page + 'static, T: ReadCookie + 'static> Watch<P, T> {
    pub(super) fn start(page: Rc<P>) -> Result<Self, Error> {
        let declaration = Declaration::new::<T>();
        let (spec, cookie) = (declaration.spec, declaration.spec.name);
        if !page.is_secure_context() {
            return Err(Error::NotSecureContext { cookie });
        }
        let store = page.cookie_store().ok_or(Error::NoCookieStore { cookie })?;
        let name = CookieName::declared(declaration);
        let names: Vec<CookieName> =
            spec.former.iter().map(|former| name.former(spec, former)).chain([name.clone()]).collect();
        let changes = store.changes(move |changed| names.iter().any(|name| name.as_str() == changed));
        Ok(Watch { page, changes, reading: None, kind: PhantomData })
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Change<T>, Error>> {
        loop {
            if let Some(reading) = &mut self.reading {
                let Poll::Ready(found) = reading.as_mut().poll(context) else { return Poll::Pending };
                self.reading = None;
                return Poll::Ready(found.map(|found| found.map_or(Change::Removed, Change::Set)));
            }
            if self.changes.poll_change(context).is_pending() {
                return Poll::Pending;
            }
            let page = self.page.clone();
            self.reading = Some(Box::pin(async move { read(&*page).await }));
        }
    }
}
