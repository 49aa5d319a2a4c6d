//! The handlers that every framework shares. Each framework has a route for each handler. The route extracts the
//! handler's first argument and calls the handler. Each framework also implements routes that do not call a handler of
//! this file. The table in [`super::scenarios`] lists the routes without a shared handler.

use std::time::Duration;

use hardtack::device_bound::Bound;
use hardtack::{AnyScheme, Cookies, Https, PlainHttp, ReadError, SameSite, SetCookie, SetError};

use super::{Account, Banner, Cart, Moved, Note, Session, SiteCookies, Theme, Vault, Wide};

/// Handles `/set`.
pub(crate) fn set(cookies: &Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session::new()).map(|()| "set")
}

/// Handles `/get`. If the cookie cannot be read, the [`ReadError`] becomes the response.
pub(crate) fn get(cookies: &Cookies) -> Result<String, ReadError> {
    Ok(format!("{:?}", cookies.try_get::<Session>()?))
}

/// Handles `/cart`.
pub(crate) fn cart(cookies: &Cookies) -> Result<String, ReadError> {
    Ok(format!("{:?}", cookies.try_get::<Cart>()?))
}

/// Handles `/seal`.
pub(crate) fn seal(cookies: &Cookies) -> Result<(), SetError> {
    cookies.set(Note(7))
}

/// Handles `/unseal`.
pub(crate) fn unseal(cookies: &Cookies) -> Result<String, ReadError> {
    Ok(format!("{:?}", cookies.try_get::<Note>()?))
}

/// Handles `/pay`. The request must prove the device where the user signed in.
pub(crate) fn pay(account: &Bound<Account>) -> String {
    format!("{} pays", account.0)
}

/// Handles `/remove`.
pub(crate) fn remove(cookies: &Cookies) -> Result<(), SetError> {
    cookies.remove::<Session>()
}

/// Handles `/last`. Sets one cookie twice.
pub(crate) fn last(cookies: &Cookies) -> Result<(), SetError> {
    cookies.set(Session("first".to_owned()))?;
    cookies.set(Session::new())
}

/// Handles `/many`.
pub(crate) fn many(site: &SiteCookies) -> Result<(), SetError> {
    site.set_session(Session::new())?;
    site.set_theme(Theme::Dark)?;
    site.set_basket(7)?;
    site.set_sso("ada")?;
    site.set_map(true)
}

/// Handles `/vary`.
pub(crate) fn vary(site: &SiteCookies) -> Result<(), SetError> {
    site.set_session_with(Session::new(), |session| session.without_max_age().same_site(SameSite::Strict))?;
    site.set_basket_with(7_u64, |basket| basket.max_age(Duration::from_millis(60_500)))?;
    site.set_theme(Theme::Light)?;
    site.remove_theme()
}

/// Handles `/site`.
pub(crate) fn site(site: &SiteCookies) -> Result<String, ReadError> {
    Ok(format!("{:?} {:?}", site.try_theme()?, site.try_basket()?))
}

/// Handles `/either`. If the Secure cookie cannot be set, returns the text of the error. Otherwise returns `set`.
pub(crate) fn either(cookies: &Cookies<AnyScheme>) -> Result<String, SetError> {
    let session = cookies.set(Session::new());
    cookies.set(Banner(true))?;
    Ok(session.map_or_else(|error| error.to_string(), |()| "set".to_owned()))
}

/// Handles `/banner`.
pub(crate) fn banner(cookies: &Cookies<PlainHttp>) -> Result<(), SetError> {
    cookies.set(Banner(true))
}

/// Handles `/proof`. The route extracts `Option<Https>`, or the framework's own form of an optional extractor.
pub(crate) fn proof(https: Option<Https>) -> &'static str {
    if https.is_some() { "https" } else { "plain" }
}

/// Handles `/too-large`. The [`SetError`] of the second cookie becomes the response.
pub(crate) fn too_large(cookies: &Cookies) -> Result<(), SetError> {
    cookies.set(Cart(1))?;
    cookies.set(Session::too_large())
}

/// Handles `/maybe`. The route extracts `Option<Cookies>`, or the framework's own form of an optional extractor.
pub(crate) fn maybe(cookies: Option<Cookies>) -> String {
    cookies.map_or_else(|| "plain".to_owned(), |cookies| format!("{:?}", cookies.get::<Session>()))
}

/// A step of an ordinary day: a function with which one handler reads or changes the cookies. The function returns the
/// body of the response.
type Step = fn(&Cookies) -> String;

/// The steps of the route `/step/<n>`. The number in the path is the index of the step.
const STEPS: [(&str, Step); 23] = [
    ("get session", |cookies| format!("{:?}", cookies.get::<Session>())),
    ("set session", |cookies| done(cookies.set(Session::new()))),
    ("get cart", |cookies| format!("{:?}", cookies.get::<Cart>())),
    ("set cart", |cookies| done(cookies.set(Cart(1)))),
    ("get wide", |cookies| format!("{:?}", cookies.get::<Wide>())),
    ("set wide", |cookies| done(cookies.set(Wide(7)))),
    ("remove wide", |cookies| done(cookies.remove::<Wide>())),
    ("get moved", |cookies| format!("{:?} {}", cookies.get::<Moved>(), cookies.is_former::<Moved>())),
    ("set moved", |cookies| done(cookies.set(Moved("new".to_owned())))),
    ("change session", |cookies| {
        let mut seen = vec![cookies.get::<Session>().is_some()];
        done(cookies.set(Session::new()));
        seen.push(cookies.get::<Session>().is_some());
        done(cookies.remove::<Session>());
        seen.push(cookies.get::<Session>().is_some());
        cookies.undo::<Session>();
        seen.push(cookies.get::<Session>().is_some());
        format!("{seen:?}")
    }),
    ("undo", |cookies| {
        done(cookies.set(Session::new()));
        cookies.undo::<Session>();
        "undone".to_owned()
    }),
    ("roll", |cookies| {
        // A middleware renews the session after the handler signed the user out.
        done(cookies.remove::<Session>());
        cookies.get::<Session>().map_or_else(|| "signed out".to_owned(), |session| done(cookies.set(session)))
    }),
    ("start flow", |cookies| done(SiteCookies::from(cookies.clone()).flow().set("tab1", "pkce"))),
    ("end flow", |cookies| {
        let flows = SiteCookies::from(cookies.clone());
        let flow = flows.flow().get("tab1");
        done(flows.flow().remove("tab1"));
        format!("{flow:?} {:?}", flows.flow().keys())
    }),
    ("sign out", |cookies| done(SiteCookies::from(cookies.clone()).remove_all())),
    ("long session", |cookies| {
        done(cookies.set(SetCookie::new(Session::new()).max_age(Duration::from_secs(86_400 * 365))))
    }),
    ("get vault", |cookies| format!("{:?}", cookies.get::<Vault>())),
    ("poll vault", |cookies| {
        cookies.skip_reissue();
        format!("{:?}", cookies.get::<Vault>())
    }),
    ("set account", |cookies| done(cookies.set(Account("ada".to_owned())))),
    ("get account", |cookies| format!("{:?}", cookies.get::<Account>())),
    ("renew account", |cookies| match cookies.get::<Account>() {
        Some(_) => done(cookies.set(Account("bob".to_owned()))),
        None => "signed out".to_owned(),
    }),
    ("remove account", |cookies| done(cookies.remove::<Account>())),
    ("clear site data", |cookies| {
        cookies.clear_site_data();
        "cleared".to_owned()
    }),
];

fn done(result: Result<(), SetError>) -> String {
    result.map_or_else(|error| error.client_message().to_owned(), |()| "done".to_owned())
}

/// Returns the path of a step.
pub(crate) fn step_path(name: &str) -> String {
    let index = STEPS.iter().position(|(step, _)| *step == name).unwrap();
    format!("/step/{index}")
}

/// Handles `/step/<n>`.
pub(crate) fn step(cookies: &Cookies, index: u32) -> String {
    STEPS.get(index as usize).map_or_else(|| "no step".to_owned(), |(_, step)| step(cookies))
}

/// Handles `/late`. The route calls `late` in a streaming body, after the head of the response is sent. Returns the
/// text that becomes the response body.
pub(crate) fn late(cookies: &Cookies) -> String {
    cookies.set(Session::new()).map_or_else(|error| error.to_string(), |()| "set".to_owned())
}

/// Handles `/api/me`, in a nested router or scope at `/api`.
pub(crate) fn me(cookies: &Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session::new()).map(|()| "me")
}
