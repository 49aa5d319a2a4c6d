//! Migration while old and new code run at the same time. The regions show old and new cookie names, several
//! environments, development and tests.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use hardtack::{AnyScheme, Cookie, Cookies, Policy, PolicyHandle, SetCookie, TlsTermination, testing};
use http::{HeaderMap, Request};

use crate::{TestResult, assert_shown, set_cookies};

fn request(cookie: &str) -> HeaderMap {
    let mut request = HeaderMap::new();
    request.insert("cookie", cookie.parse().unwrap());
    request
}

#[test]
fn old_names_are_read_and_set() -> TestResult {
    let https = testing::https();
    let request = request("session=50%25; Theme=dark");
    // migration: old names
    /// The cookie keeps the old name, because another program reads the cookie. A name without a prefix needs a `reason`.
    #[derive(Cookie)]
    #[cookie(name = "session", reason = "the reporting service reads it under this name until March")]
    struct Session(String);

    /// A cookie of another program. hardtack only reads the cookie, and does not decode the value.
    #[derive(Cookie)]
    #[cookie(name = "Theme", read_only)]
    struct Theme(String);

    let cookies = Cookies::from_headers(&request, https);
    assert_eq!(cookies.get().map(|Session(id)| id).as_deref(), Some("50%")); // decoded
    assert_eq!(cookies.get().map(|Theme(name)| name).as_deref(), Some("dark"));
    cookies.set(Session("new".into()))?; // Set-Cookie: session=new; Path=/; Secure; HttpOnly; SameSite=Lax
    // migration: end
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    assert_shown("old names", &set_cookies(&response));
    Ok(())
}

mod renaming {
    use super::*;

    // migration: renaming
    /// The session of the signed-in user. The old release set the cookie `session`.
    #[derive(Cookie)]
    #[cookie(
        max_age = "8h",
        formerly(name = "session", path = "/", until = "2027-03-01"),
        reason = "browsers hold the old name, which has no prefix"
    )]
    pub struct Session(pub String);

    /// Returns the session id. If the request has only the old cookie, makes a new session id and replaces the old cookie.
    pub fn session(cookies: &Cookies) -> Result<Option<String>, hardtack::SetError> {
        let Some(Session(mut id)) = cookies.get() else { return Ok(None) };
        if cookies.is_former::<Session>() {
            id = renew(&id); // in the session store
            // Set-Cookie: session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax
            // Set-Cookie: __Host-Http-session=renewed; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax
            cookies.set(Session(id.clone()))?;
        }
        Ok(Some(id))
    }

    pub fn sign_out(cookies: &Cookies) -> Result<(), hardtack::SetError> {
        cookies.remove::<Session>() // removes the new and the old cookie
    }
    // migration: end

    fn renew(_: &str) -> String {
        "renewed".to_owned()
    }
}

/// Runs on 1 December 2026, before the day in `until`.
#[test]
fn new_name_keeps_users_signed_in() -> TestResult {
    testing::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_083_200), || {
        for (header, session, replaces_old_cookie) in [
            ("a=1", None, false),
            ("session=s3cr3t", Some("renewed"), true),
            ("__Host-Http-session=new; session=planted", Some("new"), false),
            // If the request contains the old name twice, the old cookie counts as absent.
            ("session=s3cr3t; session=other", None, false),
            ("session=s3cr3t; session=s3cr3t", None, false),
        ] {
            let cookies = Cookies::from_headers(&request(header), testing::https());
            assert_eq!(renaming::session(&cookies)?.as_deref(), session, "{header}");
            let mut response = HeaderMap::new();
            cookies.write(&mut response);
            if replaces_old_cookie {
                assert_shown("renaming", &set_cookies(&response));
            } else {
                assert!(set_cookies(&response).is_empty(), "{header}");
            }
        }

        let cookies = Cookies::from_headers(&request("session=s3cr3t"), testing::https());
        renaming::sign_out(&cookies)?;
        let mut response = HeaderMap::new();
        cookies.write(&mut response);
        assert!(testing::removed::<renaming::Session>(&response));
        assert!(set_cookies(&response).iter().any(|header| header.starts_with("session=; Path=/; Max-Age=0; ")));
        Ok(())
    })
}

#[test]
fn values_of_other_libraries_are_read() -> TestResult {
    // migration: encoded values
    #[derive(Cookie)]
    #[cookie(name = "note", reason = "the old name, until March")]
    struct Note(String);

    #[derive(Cookie)]
    #[cookie(name = "note", read_only)]
    struct RawNote(String);

    // If `encoded()`, axum-extra or Rocket encoded the value, hardtack reads the original value.
    let encoded = cookie::Cookie::new("note", "50 %; é").encoded().to_string();
    assert_eq!(encoded, "note=50%20%25%3B%20%C3%A9");
    let cookies = Cookies::from_headers(&request(&encoded), testing::https());
    assert_eq!(cookies.get().map(|Note(text)| text).as_deref(), Some("50 %; é"));

    // If the value was written without encoding, declare the cookie `read_only`. hardtack then does not decode the value.
    let cookies = Cookies::from_headers(&request("note=%41"), testing::https());
    assert_eq!(cookies.get().map(|Note(text)| text).as_deref(), Some("A"));
    assert_eq!(cookies.get().map(|RawNote(text)| text).as_deref(), Some("%41"));
    // migration: end
    Ok(())
}

#[test]
fn domain_comes_from_the_policy() -> TestResult {
    let (https, request, mut response) = (testing::https(), HeaderMap::new(), HeaderMap::new());
    let cookie_domain = "example.com".to_owned();
    // migration: environments
    // before: each place that makes a cookie passes the domain of the environment
    let before = cookie::Cookie::build(("sso", "s3cr3t")).domain(cookie_domain.clone()).path("/").secure(true).build();
    assert_eq!(before.to_string(), "sso=s3cr3t; Secure; Path=/; Domain=example.com");

    // after: the declaration takes the domain from the policy. Each environment has its own policy.
    #[derive(Cookie)]
    #[cookie(domain = policy)]
    struct Sso(String);

    let policy = PolicyHandle::new(Policy::builder().cookie_domain(cookie_domain).build()?); // or `HARDTACK_POLICY_COOKIE_DOMAIN`
    let cookies = Cookies::from_headers(&request, https).with_policy(&policy); // in a framework: the layer does this
    cookies.set(Sso("s3cr3t".into()))?;
    cookies.write(&mut response);
    assert_eq!(
        set_cookies(&response),
        ["__Secure-sso=s3cr3t; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax"]
    );
    // migration: end
    Ok(())
}

#[test]
fn localhost_counts_as_https_in_debug_builds() -> TestResult {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    // migration: localhost
    // before: the cookie in development differs from the cookie in production
    let before = cookie::Cookie::build(("session", "s3cr3t")).secure(!cfg!(debug_assertions)).build();
    assert_eq!(before.to_string().contains("Secure"), !cfg!(debug_assertions));

    // after: the cookie is the same. In debug builds `http://localhost` counts as HTTPS, as in browsers.
    #[derive(Cookie)]
    struct Session(String);

    let tls_termination = TlsTermination::per_connection();
    let (parts, ()) = Request::get("/").header("host", "localhost:8080").body(())?.into_parts();
    let scheme = AnyScheme::from(tls_termination.detect(&parts, Some(loopback)));
    let set_cookie = SetCookie::new(Session("s3cr3t".into())).header_value(&scheme);
    assert_eq!(set_cookie.is_ok(), cfg!(debug_assertions));
    // migration: end
    if let Ok(set_cookie) = set_cookie {
        assert_eq!(set_cookie, "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax");
    }
    Ok(())
}

#[test]
fn tests_compare_values() -> TestResult {
    // migration: tests
    #[derive(Cookie, Debug, PartialEq)]
    struct Session(String);

    fn sign_in(cookies: &Cookies) -> Result<(), hardtack::SetError> {
        cookies.set(Session("a b".into()))
    }

    let mut request = HeaderMap::new();
    request.insert("cookie", testing::request_header(&Session("old".into()))); // before: "session=old".parse()
    let cookies = Cookies::from_headers(&request, testing::https());
    sign_in(&cookies)?;
    let mut response = HeaderMap::new();
    cookies.write(&mut response);

    // before: compare the whole text of the header
    let set_cookie = response["set-cookie"].to_str()?;
    assert_eq!(set_cookie, "__Host-Http-session=a%20b; Path=/; Secure; HttpOnly; SameSite=Lax");
    // after
    assert_eq!(testing::sent::<Session>(&response), Some(Session("a b".into())));
    assert!(!testing::removed::<Session>(&response));
    // migration: end
    Ok(())
}
