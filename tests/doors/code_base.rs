//! A code base with every side door open, one a line. After `REFUSED` stands what clippy says, after `OPEN` why it
//! says nothing; the other lines are hardtack's way, and nobody may object to them.
#![allow(dead_code)]

use hardtack::{Https, Listener, SetCookie, SetError, TrustedProxies};

/// Who is signed in.
#[derive(hardtack::Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

mod ours {
    use super::*;

    fn setting(cookies: &hardtack::Cookies) -> Result<(), SetError> {
        cookies.set(Session("a".into()))?;
        cookies.set(SetCookie::new(Session("a".into())).session())?;
        cookies.remove::<Session>()
    }

    fn reading(cookies: &hardtack::Cookies, theirs: &axum_extra::extract::CookieJar) -> bool {
        cookies.get::<Session>().is_ok() && theirs.get("legacy").is_some()
    }

    fn interoperating(https: &Https) -> Result<String, SetError> {
        let theirs = SetCookie::new(Session("a".into())).to_cookie(https)?;
        Ok(theirs.to_string())
    }

    fn listening() -> Result<Listener, hardtack::TrustedProxiesError> {
        let _ = (Listener::per_connection(), Listener::plain(), hardtack::MarkedAcceptor::plain());
        Ok(Listener::behind(TrustedProxies::new(["10.0.0.0/8"])?))
    }

    #[expect(clippy::disallowed_methods, reason = "the systemd unit gives this socket to the TLS terminator alone")]
    fn excepted() -> Listener {
        Listener::tls()
    }
}

mod words {
    use super::*;

    fn doors<A>(acceptor: A, proxies: TrustedProxies) {
        let _ = Listener::tls(); // REFUSED hardtack::Listener::tls
        let _ = hardtack::MarkedAcceptor::tls(acceptor); // REFUSED hardtack::MarkedAcceptor::tls
        let _: fn(A) -> _ = hardtack::MarkedAcceptor::tls; // REFUSED hardtack::MarkedAcceptor::tls
        let _ = TrustedProxies::unix_only(); // REFUSED hardtack::TrustedProxies::unix_only
        let _ = proxies.unix(); // REFUSED hardtack::TrustedProxies::unix
    }
}

mod by_the_cookie_crate {
    use cookie::Cookie; // REFUSED cookie::Cookie
    use cookie::{CookieJar, Key, SameSite};
    use hardtack::{Https, SetCookie};

    fn constructors() {
        let _ = Cookie::new("a", "b"); // REFUSED cookie::Cookie
        let _ = Cookie::build(("a", "b")); // REFUSED cookie::Cookie
        let _ = Cookie::from("a"); // REFUSED cookie::Cookie
        let _ = Cookie::parse("a=b; Secure"); // REFUSED cookie::Cookie
        let _ = "a=b".parse::<Cookie>(); // REFUSED cookie::Cookie
        let _ = hardtack::cookie::Cookie::new("a", "b"); // REFUSED cookie::Cookie
        let _ = cookie::CookieBuilder::new("a", "b"); // REFUSED cookie::CookieBuilder
    }

    fn jars(mut jar: CookieJar, key: &Key) {
        jar.add(("a", "b")); // REFUSED cookie::CookieJar::add
        jar.remove("a"); // REFUSED cookie::CookieJar::remove
        jar.private_mut(key).add(("a", "b")); // REFUSED cookie::PrivateJar::add
        jar.private_mut(key).remove("a"); // REFUSED cookie::PrivateJar::remove
        jar.signed_mut(key).add(("a", "b")); // REFUSED cookie::SignedJar::add
        jar.signed_mut(key).remove("a"); // REFUSED cookie::SignedJar::remove
    }

    fn changes(https: &Https) {
        let Ok(mut made) = SetCookie::new(super::Session("a".into())).to_cookie(https) else { return };
        made.set_name("a"); // REFUSED cookie::Cookie::set_name
        made.set_value("b"); // REFUSED cookie::Cookie::set_value
        made.set_secure(false); // REFUSED cookie::Cookie::set_secure
        made.set_http_only(false); // REFUSED cookie::Cookie::set_http_only
        made.set_same_site(SameSite::None); // REFUSED cookie::Cookie::set_same_site
        made.set_path("/a"); // REFUSED cookie::Cookie::set_path
        made.set_domain("example.com"); // REFUSED cookie::Cookie::set_domain
    }
}

mod by_axum_extra {
    use axum_extra::extract::cookie::Cookie; // REFUSED cookie::Cookie
    use axum_extra::extract::{CookieJar, PrivateCookieJar, SignedCookieJar};

    fn doors(jar: CookieJar, private: PrivateCookieJar, signed: SignedCookieJar) {
        let jar = jar.add(("a", "b")); // REFUSED axum_extra::extract::CookieJar::add
        let _ = jar.remove("a"); // REFUSED axum_extra::extract::CookieJar::remove
        let private = private.add(("a", "b")); // REFUSED axum_extra::extract::PrivateCookieJar::add
        let _ = private.remove("a"); // REFUSED axum_extra::extract::PrivateCookieJar::remove
        let signed = signed.add(("a", "b")); // REFUSED axum_extra::extract::SignedCookieJar::add
        let _ = signed.remove("a"); // REFUSED axum_extra::extract::SignedCookieJar::remove
        let _ = Cookie::new("a", "b"); // REFUSED cookie::Cookie
    }

    fn typed() {
        let _: Option<headers::SetCookie> = None; // REFUSED headers::SetCookie
    }
}

mod by_tower_cookies {
    use tower_cookies::Cookie; // REFUSED cookie::Cookie
    use tower_cookies::{Cookies, Key};

    fn doors(cookies: Cookies, key: &Key) {
        cookies.add(("a", "b").into()); // REFUSED tower_cookies::Cookies::add
        cookies.remove("a".into()); // REFUSED tower_cookies::Cookies::remove
        cookies.private(key).add(("a", "b").into()); // REFUSED tower_cookies::PrivateCookies::add
        cookies.private(key).remove("a".into()); // REFUSED tower_cookies::PrivateCookies::remove
        cookies.signed(key).add(("a", "b").into()); // REFUSED tower_cookies::SignedCookies::add
        cookies.signed(key).remove("a".into()); // REFUSED tower_cookies::SignedCookies::remove
        let _ = Cookie::new("a", "b"); // REFUSED cookie::Cookie
    }
}

mod by_actix_web {
    use actix_web::cookie::Cookie; // REFUSED cookie::Cookie
    use actix_web::{HttpRequest, HttpResponse, Responder};

    fn doors(request: &HttpRequest) {
        let Some(found) = request.cookie("a") else { return };
        let mut response = HttpResponse::Ok()
            .cookie(found.clone()) // REFUSED actix_web::HttpResponseBuilder::cookie
            .finish();
        let _ = response.add_cookie(&found); // REFUSED actix_web::HttpResponse::add_cookie
        let _ = response.add_removal_cookie(&found); // REFUSED actix_web::HttpResponse::add_removal_cookie
        let _ = response.customize().add_cookie(&found); // REFUSED actix_web::CustomizeResponder::add_cookie
        let _ = Cookie::new("a", "b"); // REFUSED cookie::Cookie
        let _ = actix_web::cookie::Cookie::build("a", "b").finish(); // REFUSED cookie::Cookie
    }
}

mod by_rocket {
    use rocket::http::{Cookie, CookieJar}; // REFUSED cookie::Cookie

    fn doors(jar: &CookieJar<'_>) {
        jar.add(("a", "b")); // REFUSED rocket::http::CookieJar::add
        jar.remove("a"); // REFUSED rocket::http::CookieJar::remove
        jar.add_private(("a", "b")); // REFUSED rocket::http::CookieJar::add_private
        jar.remove_private("a"); // REFUSED rocket::http::CookieJar::remove_private
        let _ = Cookie::new("a", "b"); // REFUSED cookie::Cookie
        let _ = Cookie::build(("a", "b")); // REFUSED cookie::Cookie
    }
}

mod by_poem {
    use poem::web::cookie::{Cookie, CookieJar}; // REFUSED poem::web::cookie::Cookie

    fn doors(jar: &CookieJar) {
        let Some(found) = jar.get("a") else { return };
        jar.add(found.clone()); // REFUSED poem::web::cookie::CookieJar::add
        jar.remove("a"); // REFUSED poem::web::cookie::CookieJar::remove
        jar.private().add(found.clone()); // REFUSED poem::web::cookie::PrivateCookieJar::add
        jar.private().remove("a"); // REFUSED poem::web::cookie::PrivateCookieJar::remove
        jar.signed().add(found); // REFUSED poem::web::cookie::SignedCookieJar::add
        jar.signed().remove("a"); // REFUSED poem::web::cookie::SignedCookieJar::remove
        let _ = Cookie::new_with_str("a", "b"); // REFUSED poem::web::cookie::Cookie
    }
}

mod by_salvo {
    use salvo_core::http::Response;
    use salvo_core::http::cookie::Cookie; // REFUSED cookie::Cookie

    fn doors(response: &mut Response) {
        response.add_cookie(("a", "b").into()); // REFUSED salvo_core::http::Response::add_cookie
        response.remove_cookie("a"); // REFUSED salvo_core::http::Response::remove_cookie
        response.remove_cookie_with(("a", "")); // REFUSED salvo_core::http::Response::remove_cookie_with
        response.cookies_mut().add(("a", "b")); // REFUSED cookie::CookieJar::add
        let _ = Cookie::new("a", "b"); // REFUSED cookie::Cookie
    }
}

mod by_web_sys {
    fn doors(page: &web_sys::HtmlDocument) {
        let _ = page.set_cookie("a=b"); // REFUSED web_sys::HtmlDocument::set_cookie
    }
}

mod by_header {
    use actix_web::http::header::SET_COOKIE as ACTIX; // REFUSED http::header::SET_COOKIE
    use http::header::SET_COOKIE; // REFUSED http::header::SET_COOKIE
    use http::header::SET_COOKIE as SET_COOKIE_BY_HAND;
    use http::{HeaderMap, HeaderValue, header};

    fn doors(mut response: HeaderMap, line: HeaderValue) {
        let _ = ACTIX;
        response.append(SET_COOKIE, line.clone()); // OPEN the import was refused
        response.append(SET_COOKIE_BY_HAND, line.clone());
        response.append(header::SET_COOKIE, line.clone()); // OPEN a constant
        response.append(http::header::SET_COOKIE, line.clone()); // OPEN a constant
        response.append("set-cookie", line.clone()); // OPEN a text
        response.append("Set-Cookie", line); // OPEN a text
    }
}
