//! A code base that sets cookies in every way that bypasses hardtack.
//!
//! - `LINT` marks a line that causes a lint. After `LINT` comes the path that the lint reports.
//! - `MISSED` marks a line that bypasses hardtack without a lint. After `MISSED` comes the reason.
//!
//! All other lines must cause no lint.
#![allow(dead_code)]

use hardtack::axum_server::MarkedAcceptor;
use hardtack::{Https, SetCookie, SetError, TlsTermination, TrustedProxies};

/// The session of a signed-in user.
#[derive(hardtack::Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

mod by_hardtack {
    use super::*;

    fn setting(cookies: &hardtack::Cookies) -> Result<(), SetError> {
        cookies.set(Session("a".into()))?;
        cookies.set(SetCookie::new(Session("a".into())).without_max_age())?;
        cookies.remove::<Session>()
    }

    fn reading(cookies: &hardtack::Cookies, other: &axum_extra::extract::CookieJar) -> bool {
        cookies.try_get::<Session>().is_ok() && other.get("legacy").is_some()
    }

    fn interoperating(https: &Https) -> Result<String, SetError> {
        let cookie = SetCookie::new(Session("a".into())).to_encoded_cookie(https)?;
        Ok(cookie.to_string())
    }

    fn tls_termination() -> Result<TlsTermination, hardtack::tls::TrustedProxiesError> {
        let _ = (TlsTermination::per_connection(), TlsTermination::none(), MarkedAcceptor::plain());
        Ok(TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.0/8"])?))
    }

    #[expect(clippy::disallowed_methods, reason = "the systemd unit gives this socket to the TLS terminator alone")]
    fn with_an_exception() -> TlsTermination {
        TlsTermination::here()
    }
}

mod by_configuration {
    use super::*;

    fn side_doors<A>(acceptor: A, proxies: TrustedProxies) {
        let _ = TlsTermination::here(); // LINT hardtack::TlsTermination::here
        let _ = MarkedAcceptor::tls(acceptor); // LINT hardtack::axum_server::MarkedAcceptor::tls
        let _: fn(A) -> _ = MarkedAcceptor::tls; // LINT hardtack::axum_server::MarkedAcceptor::tls
        let _ = TrustedProxies::unix_socket(); // LINT hardtack::TrustedProxies::unix_socket
        let _ = proxies.with_unix_socket(); // LINT hardtack::TrustedProxies::with_unix_socket
    }
}

mod by_the_cookie_crate {
    use cookie::Cookie; // LINT cookie::Cookie
    use cookie::{CookieJar, Key, SameSite};
    use hardtack::{Https, SetCookie};

    fn constructors() {
        let _ = Cookie::new("a", "b"); // LINT cookie::Cookie
        let _ = Cookie::build(("a", "b")); // LINT cookie::Cookie
        let _ = Cookie::from("a"); // LINT cookie::Cookie
        let _ = Cookie::parse("a=b; Secure"); // LINT cookie::Cookie
        let _ = "a=b".parse::<Cookie>(); // LINT cookie::Cookie
        let _ = cookie::CookieBuilder::new("a", "b"); // LINT cookie::CookieBuilder
    }

    fn jars(mut jar: CookieJar, key: &Key) {
        jar.add(("a", "b")); // LINT cookie::CookieJar::add
        jar.remove("a"); // LINT cookie::CookieJar::remove
        jar.private_mut(key).add(("a", "b")); // LINT cookie::PrivateJar::add
        jar.private_mut(key).remove("a"); // LINT cookie::PrivateJar::remove
        jar.signed_mut(key).add(("a", "b")); // LINT cookie::SignedJar::add
        jar.signed_mut(key).remove("a"); // LINT cookie::SignedJar::remove
    }

    fn changes(https: &Https) {
        let Ok(mut cookie) = SetCookie::new(super::Session("a".into())).to_encoded_cookie(https) else { return };
        cookie.set_name("a"); // LINT cookie::Cookie::set_name
        cookie.set_value("b"); // LINT cookie::Cookie::set_value
        cookie.set_secure(false); // LINT cookie::Cookie::set_secure
        cookie.set_http_only(false); // LINT cookie::Cookie::set_http_only
        cookie.set_same_site(SameSite::None); // LINT cookie::Cookie::set_same_site
        cookie.set_path("/a"); // LINT cookie::Cookie::set_path
        cookie.set_domain("example.com"); // LINT cookie::Cookie::set_domain
        cookie.set_max_age(cookie::time::Duration::HOUR); // LINT cookie::Cookie::set_max_age
        cookie.set_expires(cookie::Expiration::Session); // LINT cookie::Cookie::set_expires
        cookie.make_permanent(); // LINT cookie::Cookie::make_permanent
        cookie.make_removal(); // LINT cookie::Cookie::make_removal
    }
}

mod by_axum_extra {
    use axum_extra::extract::cookie::Cookie; // LINT cookie::Cookie
    use axum_extra::extract::{CookieJar, PrivateCookieJar, SignedCookieJar};

    fn side_doors(jar: CookieJar, private: PrivateCookieJar, signed: SignedCookieJar) {
        let jar = jar.add(("a", "b")); // LINT axum_extra::extract::CookieJar::add
        let _ = jar.remove("a"); // LINT axum_extra::extract::CookieJar::remove
        let private = private.add(("a", "b")); // LINT axum_extra::extract::PrivateCookieJar::add
        let _ = private.remove("a"); // LINT axum_extra::extract::PrivateCookieJar::remove
        let signed = signed.add(("a", "b")); // LINT axum_extra::extract::SignedCookieJar::add
        let _ = signed.remove("a"); // LINT axum_extra::extract::SignedCookieJar::remove
        let _ = Cookie::new("a", "b"); // LINT cookie::Cookie
    }

    fn typed_header() {
        let _: Option<headers::SetCookie> = None; // LINT headers::SetCookie
    }
}

mod by_tower_cookies {
    use tower_cookies::Cookie; // LINT cookie::Cookie
    use tower_cookies::{Cookies, Key};

    fn side_doors(cookies: Cookies, key: &Key) {
        cookies.add(("a", "b").into()); // LINT tower_cookies::Cookies::add
        cookies.remove("a".into()); // LINT tower_cookies::Cookies::remove
        cookies.private(key).add(("a", "b").into()); // LINT tower_cookies::PrivateCookies::add
        cookies.private(key).remove("a".into()); // LINT tower_cookies::PrivateCookies::remove
        cookies.signed(key).add(("a", "b").into()); // LINT tower_cookies::SignedCookies::add
        cookies.signed(key).remove("a".into()); // LINT tower_cookies::SignedCookies::remove
        let _ = Cookie::new("a", "b"); // LINT cookie::Cookie
    }
}

mod by_actix_web {
    use actix_web::cookie::Cookie; // LINT cookie::Cookie
    use actix_web::{HttpRequest, HttpResponse, Responder};

    fn side_doors(request: &HttpRequest) {
        let Some(found) = request.cookie("a") else { return };
        let mut response = HttpResponse::Ok()
            .cookie(found.clone()) // LINT actix_web::HttpResponseBuilder::cookie
            .finish();
        let _ = response.add_cookie(&found); // LINT actix_web::HttpResponse::add_cookie
        let _ = response.add_removal_cookie(&found); // LINT actix_web::HttpResponse::add_removal_cookie
        let _ = response.customize().add_cookie(&found); // LINT actix_web::CustomizeResponder::add_cookie
        let _ = Cookie::new("a", "b"); // LINT cookie::Cookie
        let _ = actix_web::cookie::Cookie::build("a", "b").finish(); // LINT cookie::Cookie
    }
}

mod by_rocket {
    use rocket::http::{Cookie, CookieJar}; // LINT cookie::Cookie

    fn side_doors(jar: &CookieJar<'_>) {
        jar.add(("a", "b")); // LINT rocket::http::CookieJar::add
        jar.remove("a"); // LINT rocket::http::CookieJar::remove
        jar.add_private(("a", "b")); // LINT rocket::http::CookieJar::add_private
        jar.remove_private("a"); // LINT rocket::http::CookieJar::remove_private
        let _ = Cookie::new("a", "b"); // LINT cookie::Cookie
        let _ = Cookie::build(("a", "b")); // LINT cookie::Cookie
    }
}

mod by_poem {
    use poem::web::cookie::{Cookie, CookieJar}; // LINT poem::web::cookie::Cookie

    fn side_doors(jar: &CookieJar) {
        let Some(found) = jar.get("a") else { return };
        jar.add(found.clone()); // LINT poem::web::cookie::CookieJar::add
        jar.remove("a"); // LINT poem::web::cookie::CookieJar::remove
        jar.private().add(found.clone()); // LINT poem::web::cookie::PrivateCookieJar::add
        jar.private().remove("a"); // LINT poem::web::cookie::PrivateCookieJar::remove
        jar.signed().add(found); // LINT poem::web::cookie::SignedCookieJar::add
        jar.signed().remove("a"); // LINT poem::web::cookie::SignedCookieJar::remove
        let _ = Cookie::new_with_str("a", "b"); // LINT poem::web::cookie::Cookie
    }
}

mod by_salvo {
    use salvo_core::http::Response;
    use salvo_core::http::cookie::Cookie; // LINT cookie::Cookie

    fn side_doors(response: &mut Response) {
        response.add_cookie(("a", "b").into()); // LINT salvo_core::http::Response::add_cookie
        response.remove_cookie("a"); // LINT salvo_core::http::Response::remove_cookie
        response.remove_cookie_with(("a", "")); // LINT salvo_core::http::Response::remove_cookie_with
        response.cookies_mut().add(("a", "b")); // LINT cookie::CookieJar::add
        let _ = Cookie::new("a", "b"); // LINT cookie::Cookie
    }
}

mod by_web_sys {
    fn side_doors(page: &web_sys::HtmlDocument) {
        let _ = page.set_cookie("a=b"); // LINT web_sys::HtmlDocument::set_cookie
    }
}

mod by_header {
    use actix_web::http::header::SET_COOKIE as ACTIX; // LINT http::header::SET_COOKIE
    use http::header::SET_COOKIE; // LINT http::header::SET_COOKIE
    use http::header::SET_COOKIE as SET_COOKIE_BY_HAND;
    use http::{HeaderMap, HeaderValue, header};

    fn side_doors(mut response: HeaderMap, value: HeaderValue) {
        let _ = ACTIX;
        response.append(SET_COOKIE, value.clone()); // MISSED the import has a lint
        response.append(SET_COOKIE_BY_HAND, value.clone());
        response.append(header::SET_COOKIE, value.clone()); // MISSED a constant
        response.append(http::header::SET_COOKIE, value.clone()); // MISSED a constant
        response.append("set-cookie", value.clone()); // MISSED a string
        response.append("Set-Cookie", value); // MISSED a string
    }
}
