//! While old and new stand beside each other: old names, new names, environments, a developer's machine, tests.

use std::net::{IpAddr, Ipv4Addr};

use hardtack::{AnyScheme, Cookie, Cookies, Listener, Policy, PolicyHandle, SetCookie, testing};
use http::{HeaderMap, Request};

use crate::{Outcome, assert_said, lines};

fn request(cookie: &str) -> HeaderMap {
    let mut request = HeaderMap::new();
    request.insert("cookie", cookie.parse().unwrap());
    request
}

#[test]
fn under_the_old_name() -> Outcome {
    let https = testing::https();
    let request = request("session=50%25; Theme=dark");
    // migration: old names
    /// The same name as before: others read it too. It can have no prefix, and says why.
    #[derive(Cookie)]
    #[cookie(name = "session", reason = "the reporting service reads it under this name until March")]
    struct Session(String);

    /// Another program sets it: read as it is, never set or removed here.
    #[derive(Cookie)]
    #[cookie(name = "Theme", read_only)]
    struct Theme(String);

    let cookies = Cookies::read(&request, https);
    assert_eq!(cookies.get::<Session>()?.map(|Session(id)| id).as_deref(), Some("50%")); // decoded: see `Values`
    assert_eq!(cookies.get::<Theme>()?.map(|Theme(name)| name).as_deref(), Some("dark"));
    cookies.set(Session("new".into()))?; // Set-Cookie: session=new; Path=/; Secure; HttpOnly; SameSite=Lax
    // migration: end
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    assert_said("old names", &lines(&response));
    Ok(())
}

mod renaming {
    use super::*;

    // migration: renaming
    #[derive(Cookie)]
    #[cookie(max_age = "8h")]
    pub struct Session(pub String);

    /// As the old code set it: its removal wants the same Path and Domain.
    #[derive(Cookie)]
    #[cookie(name = "session", path = "/", reason = "the old name: read, and removed, until March")]
    pub struct OldSession(String);

    /// The new one; else the old one, which becomes the new one.
    pub fn session(cookies: &Cookies) -> Result<Option<String>, Box<dyn std::error::Error>> {
        if let Some(Session(id)) = cookies.get()? {
            return Ok(Some(id));
        }
        let Some(OldSession(id)) = cookies.get()? else { return Ok(None) };
        // Set-Cookie: __Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax
        cookies.set(Session(id.clone()))?;
        // Set-Cookie: session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax
        cookies.remove::<OldSession>()?;
        Ok(Some(id))
    }

    pub fn sign_out(cookies: &Cookies) -> Result<(), hardtack::SetError> {
        cookies.remove::<Session>()?;
        cookies.remove::<OldSession>() // or the old one would sign in again
    }
    // migration: end
}

#[test]
fn a_new_name_signs_nobody_out() -> Outcome {
    for (carried, known, sends) in [
        ("a=1", None, false),
        ("session=s3cr3t", Some("s3cr3t"), true),
        ("__Host-Http-session=new; session=planted", Some("new"), false),
    ] {
        let cookies = Cookies::read(&request(carried), testing::https());
        assert_eq!(renaming::session(&cookies)?.as_deref(), known, "{carried}");
        let mut response = HeaderMap::new();
        cookies.write(&mut response);
        if sends {
            assert_said("renaming", &lines(&response));
        } else {
            assert!(lines(&response).is_empty(), "{carried}");
        }
    }

    let cookies = Cookies::read(&request("session=s3cr3t"), testing::https());
    renaming::sign_out(&cookies)?;
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    assert!(testing::removed::<renaming::Session>(&response) && testing::removed::<renaming::OldSession>(&response));
    Ok(())
}

#[test]
fn values_of_others() -> Outcome {
    // migration: encoded values
    #[derive(Cookie)]
    #[cookie(name = "note", reason = "the old name, until March")]
    struct Note(String);

    #[derive(Cookie)]
    #[cookie(name = "note", read_only)]
    struct RawNote(String);

    // what `encoded()`, axum-extra and Rocket write comes back equal
    let encoded = cookie::Cookie::new("note", "50 %; é").encoded().to_string();
    assert_eq!(encoded, "note=50%20%25%3B%20%C3%A9");
    let cookies = Cookies::read(&request(&encoded), testing::https());
    assert_eq!(cookies.get::<Note>()?.map(|Note(text)| text).as_deref(), Some("50 %; é"));

    // what was written as it is, is read as it is by `read_only`
    let cookies = Cookies::read(&request("note=%41"), testing::https());
    assert_eq!(cookies.get::<Note>()?.map(|Note(text)| text).as_deref(), Some("A"));
    assert_eq!(cookies.get::<RawNote>()?.map(|RawNote(text)| text).as_deref(), Some("%41"));
    // migration: end
    Ok(())
}

#[test]
fn one_domain_for_each_environment() -> Outcome {
    let (https, request, mut response) = (testing::https(), HeaderMap::new(), HeaderMap::new());
    let cookie_domain = "example.com".to_owned();
    // migration: environments
    // before: the domain of the environment, wherever a cookie is made
    let before = cookie::Cookie::build(("sso", "s3cr3t")).domain(cookie_domain.clone()).path("/").secure(true).build();
    assert_eq!(before.to_string(), "sso=s3cr3t; Secure; Path=/; Domain=example.com");

    // after: the declaration says that it differs, the environment's one policy says what it is
    #[derive(Cookie)]
    #[cookie(domain = environment)]
    struct Sso(String);

    let policy = PolicyHandle::new(Policy::builder().cookie_domain(cookie_domain).build()?); // or `HARDTACK_POLICY_COOKIE_DOMAIN`
    let cookies = Cookies::read(&request, https).policy(&policy); // the layer does it for handlers
    cookies.set(Sso("s3cr3t".into()))?;
    cookies.write(&mut response);
    assert_eq!(lines(&response), ["__Secure-sso=s3cr3t; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax"]);
    // migration: end
    Ok(())
}

#[test]
fn on_a_developer_s_machine() -> Outcome {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    // migration: localhost
    // before: another cookie in development than in production
    let before = cookie::Cookie::build(("session", "s3cr3t")).secure(!cfg!(debug_assertions)).build();
    assert_eq!(before.to_string().contains("Secure"), !cfg!(debug_assertions));

    // after: the same cookie; a debug build takes plain `http://localhost` for HTTPS, as browsers do
    #[derive(Cookie)]
    struct Session(String);

    let listener = Listener::per_connection().loopback_in_debug();
    let (parts, ()) = Request::get("/").header("host", "localhost:8080").body(())?.into_parts();
    let scheme = AnyScheme::from(listener.scheme(&parts, Some(loopback)));
    let line = SetCookie::new(Session("s3cr3t".into())).header_value(&scheme);
    assert_eq!(line.is_ok(), cfg!(debug_assertions));
    // migration: end
    if let Ok(line) = line {
        assert_eq!(line, "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax");
    }
    Ok(())
}

#[test]
fn in_tests() -> Outcome {
    // migration: tests
    #[derive(Cookie, Debug, PartialEq)]
    struct Session(String);

    fn sign_in(cookies: &Cookies) -> Result<(), hardtack::SetError> {
        cookies.set(Session("a b".into()))
    }

    let mut request = HeaderMap::new();
    request.insert("cookie", testing::request_header(&Session("old".into()))); // before: "session=old".parse()
    let cookies = Cookies::read(&request, testing::https());
    sign_in(&cookies)?;
    let mut response = HeaderMap::new();
    cookies.write(&mut response);

    // before: the text of a line, attributes and all
    let line = response["set-cookie"].to_str()?;
    assert_eq!(line, "__Host-Http-session=a%20b; Path=/; Secure; HttpOnly; SameSite=Lax");
    // after
    assert_eq!(testing::sent::<Session>(&response), Some(Session("a b".into())));
    assert!(!testing::removed::<Session>(&response));
    // migration: end
    Ok(())
}
