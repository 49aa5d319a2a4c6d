//! Tests that the `Debug` output, the errors and the reports of hardtack do not contain a cookie's value.

use std::fmt::{self, Debug, Write as _};
use std::str::FromStr;

use hardtack::audit::{Context, set_cookie};
use hardtack::spec::Spec;
use hardtack::{
    AnyScheme, Cookie, CookieFamily, Cookies, ReadCookie, ReadError, SameSite, SetCookie, TlsTermination,
    document_cookie, testing,
};
use http::HeaderMap;
use proptest::prelude::*;

use super::values::{AByHand, AF64, AU32, AVersion, AnEnum};
use super::{Cart, Everywhere, Legacy, SECRET, Script, Sso, config, encoded, text};

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn no_output_contains_a_value(tail in "[a-zA-Z0-9]{8,12}", noise in text()) {
        let secret = format!("{SECRET}{tail}");
        let mut texts = String::new();
        let mut collect = |text: &dyn Debug| write!(texts, "{text:?} {text:#?} ").unwrap();

        let set = SetCookie::new(Cart(secret.clone()));
        collect(&set);
        collect(&set.header_value(&testing::https()).unwrap());
        let plain = || AnyScheme::from(TlsTermination::none().detect(&http::Request::new(()).into_parts().0, None));
        let set_errors = [
            set.header_value(&plain()).unwrap_err(),
            set.same_site(SameSite::None).header_value(&testing::https()).unwrap_err(),
            SetCookie::new(Sso(secret.repeat(300))).header_value(&testing::https()).unwrap_err(),
            SetCookie::new(Everywhere(secret.clone())).header_value(&testing::https()).unwrap_err(),
            SetCookie::new(Failing(Broken(secret.clone()))).header_value(&testing::https()).unwrap_err(),
        ];
        collect(&set_errors);
        collect(&set_errors.each_ref().map(ToString::to_string));

        let mut request = HeaderMap::new();
        for Spec { name, .. } in [AU32::SPEC, AnEnum::SPEC, AByHand::SPEC, AVersion::SPEC, AF64::SPEC, Legacy::SPEC] {
            request.append("cookie", format!("{name}={secret}; {name}x={secret}; {secret}").parse().unwrap());
        }
        request.append("cookie", format!("legacy={secret}2; noise={}", encoded(&noise)).parse().unwrap());
        request.append("cookie", format!("old={secret}; {}.k={secret}", AFamily::SPEC.name).parse().unwrap());
        let jar = Cookies::from_headers(&request, testing::https());
        jar.set(Cart(secret.clone())).unwrap();
        collect(&jar);
        let errors: [ReadError; 8] = [
            jar.try_get::<Moved>().map(|_| ()).unwrap_err(),
            jar.family::<AFamily>().try_get("k").map(|_| ()).unwrap_err(),
            jar.try_get::<AU32>().map(|_| ()).unwrap_err(),
            jar.try_get::<AnEnum>().map(|_| ()).unwrap_err(),
            jar.try_get::<AByHand>().map(|_| ()).unwrap_err(),
            jar.try_get::<AVersion>().map(|_| ()).unwrap_err(),
            jar.try_get::<Legacy>().map(|_| ()).unwrap_err(),
            Cookies::from_headers(&request, plain()).try_get::<AU32>().map(|_| ()).unwrap_err(),
        ];
        collect(&errors);
        for error in &errors {
            collect(&(error.to_string(), error.client_message(), std::error::Error::source(error).map(ToString::to_string)));
        }
        collect(&jar.family::<AFamily>());
        collect(&jar.family::<AFamily>().set(&format!("{secret} "), AFamily(7)).unwrap_err());
        let mut response = HeaderMap::new();
        jar.write(&mut response);
        collect(&response);
        let mut browser = testing::Browser::new("https://shop.example");
        browser.store(&response);
        collect(&browser);
        collect(&jar.set(Cart(secret.clone())).unwrap_err());

        collect(&document_cookie(&Script(secret.clone())).unwrap());
        collect(&document_cookie(&Script(secret.repeat(300))).map(drop).unwrap_err());
        for header in [
            format!("id={secret}"),
            secret.clone(),
            format!("={secret}"),
            format!("id={secret}\0"),
            format!("__Host-id={secret}"),
            format!("id={secret}\u{fffd}; Secure; Max-Age=1"),
            format!("id={secret}; Domain=com"),
            format!("id={secret}; SameSite=None"),
        ] {
            let report = set_cookie(header.as_bytes(), &Context::http("example.com"));
            collect(&report);
            collect(&report.to_string());
        }
        prop_assert!(!texts.contains(SECRET), "{}", texts);
    }
}

/// A cookie that the request carries under its earlier name only.
#[derive(Cookie, Debug)]
#[cookie(formerly(name = "old", until = "9999-12-31"), reason = "browsers still hold the old cookie")]
struct Moved(#[allow(dead_code, reason = "the test only reads an invalid value")] u32);

#[derive(Cookie, Debug)]
#[cookie(keyed, max_age = "10m")]
struct AFamily(u32);

/// A value whose `Display` implementation writes the value, and then returns an error.
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
