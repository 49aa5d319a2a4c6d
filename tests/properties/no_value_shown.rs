//! No text of ours shows a value: no `Debug`, no error, no report.

use std::fmt::{self, Debug, Write as _};
use std::str::FromStr;

use hardtack::audit::{Seen, set_cookie};
use hardtack::{AnyScheme, Cookie, Cookies, Listener, ReadError, SetCookie, Spec, document_cookie, testing};
use http::HeaderMap;
use proptest::prelude::*;

use super::values::{AByHand, AF64, AU32, AVersion, AnEnum};
use super::{Cart, Everywhere, Legacy, SECRET, Script, Sso, config, encoded, text};

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn no_text_of_ours_shows_a_value(tail in "[a-zA-Z0-9]{8,12}", noise in text()) {
        let secret = format!("{SECRET}{tail}");
        let mut texts = String::new();
        let mut say = |text: &dyn Debug| write!(texts, "{text:?} {text:#?} ").unwrap();

        let set = SetCookie::new(Cart(secret.clone()));
        say(&set);
        say(&set.header_value(&testing::https()).unwrap());
        let plain = || AnyScheme::from(Listener::plain().scheme(&http::Request::new(()).into_parts().0, None));
        let refusals = [
            set.header_value(&plain()).unwrap_err(),
            set.path("no/root").header_value(&testing::https()).unwrap_err(),
            SetCookie::new(Sso(secret.repeat(300))).header_value(&testing::https()).unwrap_err(),
            SetCookie::new(Everywhere(secret.clone())).header_value(&testing::https()).unwrap_err(),
            SetCookie::new(Failing(Broken(secret.clone()))).header_value(&testing::https()).unwrap_err(),
        ];
        say(&refusals);
        say(&refusals.each_ref().map(ToString::to_string));

        let mut request = HeaderMap::new();
        for Spec { name, .. } in [AU32::SPEC, AnEnum::SPEC, AByHand::SPEC, AVersion::SPEC, AF64::SPEC, Legacy::SPEC] {
            request.append("cookie", format!("{name}={secret}; {name}x={secret}; {secret}").parse().unwrap());
        }
        request.append("cookie", format!("legacy={secret}2; noise={}", encoded(&noise)).parse().unwrap());
        let jar = Cookies::read(&request, testing::https());
        jar.set(Cart(secret.clone())).unwrap();
        say(&jar);
        let errors: [ReadError; 6] = [
            jar.get::<AU32>().map(|_| ()).unwrap_err(),
            jar.get::<AnEnum>().map(|_| ()).unwrap_err(),
            jar.get::<AByHand>().map(|_| ()).unwrap_err(),
            jar.get::<AVersion>().map(|_| ()).unwrap_err(),
            jar.get::<Legacy>().map(|_| ()).unwrap_err(),
            Cookies::read(&request, plain()).get::<AU32>().map(|_| ()).unwrap_err(),
        ];
        say(&errors);
        for error in &errors {
            say(&(error.to_string(), error.removal(), std::error::Error::source(error).map(ToString::to_string)));
        }
        let mut response = HeaderMap::new();
        jar.write(&mut response);
        say(&response);
        say(&jar.set(Cart(secret.clone())).unwrap_err());

        say(&document_cookie(&Script(secret.clone())).unwrap());
        say(&document_cookie(&Script(secret.repeat(300))).map(drop).unwrap_err());
        for line in [
            format!("id={secret}"),
            secret.clone(),
            format!("={secret}"),
            format!("id={secret}\0"),
            format!("__Host-id={secret}"),
            format!("id={secret}\u{fffd}; Secure; Max-Age=1"),
            format!("id={secret}; Domain=com"),
            format!("id={secret}; SameSite=None"),
        ] {
            let report = set_cookie(line.as_bytes(), &Seen::http("example.com"));
            say(&report);
            say(&report.to_string());
        }
        prop_assert!(!texts.contains(SECRET), "{}", texts);
    }
}

/// A `Display` that fails halfway.
struct Broken(String);

#[derive(Cookie)]
struct Failing(Broken);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)?;
        Err(fmt::Error)
    }
}

impl FromStr for Broken {
    type Err = ();
    fn from_str(_: &str) -> Result<Self, ()> {
        Err(())
    }
}
