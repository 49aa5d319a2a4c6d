//! Migration from the `cookie` crate 0.18: plain cookies, jars and signed jars.

use hardtack::{Cookies, SetCookie, testing};
use http::HeaderMap;

use crate::TestResult;

#[test]
fn one_cookie_becomes_a_type() -> TestResult {
    let https = testing::https();
    // migration: cookie
    // before
    let before = cookie::Cookie::build(("session", "s3cr3t"))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(cookie::SameSite::Lax)
        .max_age(cookie::time::Duration::hours(8))
        .build();
    assert_eq!(before.to_string(), "session=s3cr3t; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=28800");

    // after
    #[derive(hardtack::Cookie)]
    #[cookie(max_age = "8h")]
    struct Session(String);

    let after = SetCookie::new(Session("s3cr3t".into())).header_value(&https)?;
    assert_eq!(after, "__Host-Http-session=s3cr3t; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax");
    // migration: end
    Ok(())
}

#[test]
fn cookie_jar_becomes_a_struct_of_cookies() -> TestResult {
    let (https, request, mut response) = (testing::https(), HeaderMap::new(), HeaderMap::new());
    // migration: several cookies
    // before
    let mut jar = cookie::CookieJar::new();
    jar.add(("cart", "7"));
    jar.add(cookie::Cookie::build(("lang", "de")).path("/").permanent());
    let mut before: Vec<String> = jar.delta().map(ToString::to_string).collect();
    before.sort();
    assert_eq!(before[0], "cart=7");
    assert!(before[1].starts_with("lang=de; Path=/; Max-Age=630720000; Expires=")); // 20 years; browsers allow 400 days

    // after
    #[hardtack::cookies]
    struct Shop {
        cart: u32,
        #[cookie(max_age = "400d", http_only = false, reason = "i18n.js reads it before first paint")]
        lang: String,
    }

    let cookies = Cookies::from_headers(&request, https);
    let shop = Shop::from(cookies.clone()); // in a framework: the handler takes a `Shop`
    shop.set_cart(7)?;
    shop.set_lang("de")?;
    cookies.write(&mut response); // in a framework: the layer does this
    let after: Vec<_> = response.get_all("set-cookie").iter().collect();
    assert_eq!(after[0], "__Host-Http-cart=7; Path=/; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(after[1], "__Host-lang=de; Path=/; Max-Age=34560000; Secure; SameSite=Lax");
    // migration: end
    Ok(())
}

#[test]
fn reading_returns_typed_values() -> TestResult {
    let https = testing::https();
    // migration: reading
    let header = "lang=de; lang=en; __Host-Http-cart=7";

    // before: text. If a name comes twice, the last value counts.
    let mut jar = cookie::CookieJar::new();
    cookie::Cookie::split_parse(header).filter_map(Result::ok).for_each(|cookie| jar.add_original(cookie));
    assert_eq!(jar.get("lang").map(cookie::Cookie::value), Some("en"));

    // after: a typed value. If a name comes twice, neither value counts, because an attacker may have set one of them.
    #[derive(hardtack::Cookie)]
    struct Cart(u32);
    #[derive(hardtack::Cookie)]
    #[cookie(name = "lang", reason = "the old name, until March")]
    struct Lang(String);

    let mut request = HeaderMap::new();
    request.insert("cookie", header.parse()?);
    let cookies = Cookies::from_headers(&request, https);
    assert_eq!(cookies.get().map(|Cart(items)| items), Some(7));
    assert!(cookies.get::<Lang>().is_none());
    assert!(matches!(cookies.try_get::<Lang>(), Err(hardtack::ReadError::Ambiguous { .. }))); // the reason
    // migration: end
    Ok(())
}

#[test]
fn removal_uses_the_declared_scope() -> TestResult {
    let https = testing::https();
    // migration: removing
    // before: a browser removes the cookie only if the removal has the Path and Domain of the cookie
    let mut before = cookie::Cookie::new("session", "");
    before.make_removal();
    assert!(before.to_string().starts_with("session=; Max-Age=0; Expires="));

    // after: the removal has the name, Path, Domain and flags of the declaration
    #[derive(hardtack::Cookie)]
    #[cookie(path = "/account")]
    struct Session(String);

    let after = SetCookie::<Session>::removal().header_value(&https)?; // or `cookies.remove::<Session>()?`
    assert_eq!(
        after,
        "__Secure-session=; Path=/account; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; \
         Secure; HttpOnly; SameSite=Lax"
    );
    // migration: end
    Ok(())
}

#[test]
fn values_are_always_encoded() -> TestResult {
    let https = testing::https();
    // migration: values
    // before: the value is written unchanged, unless the code calls `encoded()`
    let before = cookie::Cookie::new("note", "50%; Domain=example.com");
    assert_eq!(before.to_string(), "note=50%; Domain=example.com");
    assert_eq!(before.encoded().to_string(), "note=50%25%3B%20Domain%3Dexample.com");

    // after: the value is always encoded
    #[derive(hardtack::Cookie)]
    struct Note(String);

    let after = SetCookie::new(Note("50%; Domain=example.com".into())).header_value(&https)?;
    assert_eq!(after, "__Host-Http-note=50%25%3B%20Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax");
    // migration: end
    Ok(())
}

#[test]
fn signed_value_is_verified_by_its_library() -> TestResult {
    let https = testing::https();
    let key = cookie::Key::from(&[7; 64]);
    let mut old = cookie::CookieJar::new();
    old.signed_mut(&key).add(("user", "ada"));
    let header = old.get("user").unwrap().stripped().to_string();
    // migration: signed
    #[derive(hardtack::Cookie)]
    #[cookie(name = "user", read_only)]
    struct SignedUser(String);

    let mut request = HeaderMap::new();
    request.insert("cookie", header.parse()?);
    let SignedUser(text) = Cookies::from_headers(&request, https).get().unwrap();
    assert_ne!(text, "ada"); // signature and value; hardtack cannot verify the signature
    assert!(text.ends_with("=ada"));

    // The old library has the key and can verify the signature.
    let mut jar = cookie::CookieJar::new();
    jar.add_original(("user", text));
    assert_eq!(jar.signed(&key).get("user").unwrap().value(), "ada");
    // migration: end
    Ok(())
}
