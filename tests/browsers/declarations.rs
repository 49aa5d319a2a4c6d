//! Test cases for declared cookies. The test cases cover every kind of declaration, values that are hard to transport,
//! and `SetCookie` overrides. Each test case contains functions that set, read and remove one cookie. Each test case
//! also contains the attributes that a browser must store.

use std::fmt::Debug;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hardtack::spec::{ScriptVisible, Spec};
use hardtack::{
    AnyScheme, Cookie, CookieValue, Cookies, Policy, PolicyHandle, ReadCookie, ReadError, SameSite, SetCookie,
    SetError, document_cookie, testing,
};
use http::HeaderMap;
use http::header::SET_COOKIE;

use super::site::DOMAIN;

/// Cookie values that could end an HTML element, a string literal or a header. Some of the values contain bytes that
/// the cookie grammar does not allow.
pub(crate) const HOSTILE: [&str; 14] = [
    // hardtack percent-encodes no byte of this value, so the text reaches the page unchanged.
    "</script><script>window.ran=1</script>",
    "<!--<script>",
    "\";window.ran=1;\"",
    "';window.ran=1;'",
    "\\\";window.ran=1;//",
    "\u{2028}window.ran=1\u{2029}",
    "]]>",
    "${window.ran=1}`;window.ran=1;`",
    "a\0b",
    "a\r\nSet-Cookie: ran=1\r\n\r\nb",
    "%",
    "50 % 100%25 ä € 🍪",
    "; Domain=evil.test; ran=1, ran=2",
    " \t\"quoted\"\u{7f}&amp;",
];

#[derive(Cookie, Debug, PartialEq)]
struct Plain(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(max_age = "8h", same_site = Strict)]
struct Session(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, reason = "a script reads it")]
struct Theme(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(same_site = None, partitioned, reason = "embedded by customers")]
struct Widget(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(same_site = None, reason = "embedded by customers")]
struct Embedded(u8);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(path = "/shop", max_age = "30d")]
struct Cart(u64);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(domain = "shop.test")]
struct Sso(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(domain = policy, max_age = "400d")]
struct Everywhere(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "__Http-id", path = "/shop")]
struct Id(i16);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "banner", secure = false, http_only = false, reason = "an old proxy reads it")]
struct Banner(bool);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "__Host-1!#$%&'*+-.^_`|~", http_only = false, reason = "every punctuation mark that a name may have")]
struct Odd(char);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(path = "/a'b&c", http_only = false, reason = "a script writes it")]
struct Quoted(String);

#[derive(Cookie, Debug, PartialEq)]
struct Visited;

#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, reason = "a script reads it")]
enum Lang {
    De,
    PtBr,
}

#[derive(Cookie, Debug, PartialEq)]
struct Low(i128);

#[derive(Cookie, Debug, PartialEq)]
struct Ratio(f64);

#[derive(Cookie, Debug, PartialEq)]
struct Address(Ipv4Addr);

#[derive(CookieValue, Debug, PartialEq, Clone)]
struct Key(String);

#[hardtack::cookies]
struct SetOfCookies {
    #[cookie(max_age = "90s", same_site = Strict)]
    field_key: Key,
    #[cookie(http_only = false, reason = "a script reads it")]
    field_number: u16,
    #[cookie(domain = policy, path = "/shop")]
    field_shared: String,
    #[cookie(existing)]
    lang: Lang,
}

/// A declared cookie with one value. A handler uses the functions to set, read and remove the cookie.
#[derive(Clone)]
pub(crate) struct CookieCase {
    pub(crate) label: String,
    pub(crate) spec: Spec,
    /// True if the cookie's value is in the list `HOSTILE`.
    pub(crate) is_hostile: bool,
    /// The attributes that a `SetCookie` changed, in place of the declared attributes.
    pub(crate) overrides: Overrides,
    /// The `Set-Cookie` header value in a response over HTTPS.
    pub(crate) header: String,
    /// The text that a script assigns to `document.cookie`, and the same text as a JavaScript string. The field is
    /// `None` if no script writes this cookie.
    pub(crate) script: Option<(String, String)>,
    pub(crate) set: Action<Result<(), SetError>>,
    /// Returns `Some(true)` if the handler reads the same value that it set.
    pub(crate) get: Action<Result<Option<bool>, ReadError>>,
    pub(crate) remove: Action<Result<(), SetError>>,
}

type Action<R> = Arc<dyn Fn(&Cookies<AnyScheme>) -> R + Send + Sync>;

/// The attributes that a `SetCookie` changed. A browser must store the changed attributes in place of the declared
/// attributes.
#[derive(Clone, Default)]
pub(crate) struct Overrides {
    pub(crate) same_site: Option<SameSite>,
    pub(crate) lifetime: Option<Lifetime>,
}

#[derive(Clone, Copy)]
pub(crate) enum Lifetime {
    Session,
    MaxAge(Duration),
    Expires(SystemTime),
}

impl CookieCase {
    /// Returns the encoded value in the `Set-Cookie` header.
    pub(crate) fn value(&self) -> &str {
        self.header[self.spec.name.len() + 1..].split(';').next().unwrap()
    }

    /// Returns the `Set-Cookie` header with `value` in place of the encoded value.
    pub(crate) fn header_with_value(&self, value: &str) -> String {
        format!("{}={value}{}", self.spec.name, &self.header[self.spec.name.len() + 1 + self.value().len()..])
    }

    /// Returns true if browsers accept a cookie with this name only from the host itself.
    pub(crate) fn is_host_bound(&self) -> bool {
        self.spec.name.starts_with("__Host-")
    }

    pub(crate) fn path(&self) -> &'static str {
        self.spec.path
    }

    /// Returns the `Domain` attribute of the `Set-Cookie` header.
    pub(crate) fn domain(&self) -> Option<&'static str> {
        self.spec.domain.or(self.spec.policy_domain.then_some(DOMAIN))
    }

    pub(crate) fn same_site(&self) -> SameSite {
        self.overrides.same_site.unwrap_or(self.spec.same_site)
    }

    pub(crate) fn lifetime(&self) -> Lifetime {
        self.overrides.lifetime.unwrap_or(self.spec.max_age.map_or(Lifetime::Session, Lifetime::MaxAge))
    }

    /// Returns the path of a page below the cookie's path.
    pub(crate) fn page_path(&self, page: &str) -> String {
        format!("{}{page}", self.path().trim_end_matches('/'))
    }
}

/// Returns all test cases.
pub(crate) fn all() -> Vec<CookieCase> {
    let text = || String::from("s3cr3t");
    let minute = Duration::from_secs(60);
    // The returned time is a whole second, because `Expires` cannot contain a fraction of a second.
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds() + 7200);
    let mut all = vec![
        declared("default", move || Plain(text())),
        declared("empty", || Plain(String::new())),
        declared("of 4096 bytes", || Plain("x".repeat(4096 - Plain::SPEC.name.len()))),
        declared("max_age, Strict", move || Session(text())),
        scripted("http_only = false", move || Theme(text())),
        declared("None, partitioned", move || Widget(text())),
        declared("None", || Embedded(u8::MAX)),
        declared("path", || Cart(u64::MAX)),
        declared("domain", move || Sso(text())),
        declared("domain of the policy, 400 days", move || Everywhere(text())),
        declared("__Http-", || Id(i16::MIN)),
        scripted("secure = false", || Banner(true)),
        scripted("odd name", || Odd('🍪')),
        scripted("odd path", move || Quoted(text())),
        declared("unit", || Visited),
        scripted("enum", || Lang::PtBr),
        declared("i128", || Low(i128::MIN)),
        declared("f64", || Ratio(-0.1e-300)),
        declared("Ipv4Addr", || Address(Ipv4Addr::new(192, 0, 2, 1))),
    ];
    for text in HOSTILE {
        let hostile = [
            declared(&format!("default, {text:?}"), move || Plain(text.to_owned())),
            scripted(&format!("http_only = false, {text:?}"), move || Theme(text.to_owned())),
        ];
        all.extend(hostile.map(|hostile| CookieCase { is_hostile: true, ..hostile }));
    }

    let with_lifetime = |lifetime| Overrides { lifetime: Some(lifetime), ..Overrides::default() };
    all.push(overridden(
        "max_age",
        || Session("a".into()),
        with_lifetime(Lifetime::MaxAge(minute)),
        move |cookie| cookie.max_age(minute),
    ));
    all.push(overridden(
        "expires",
        || Session("a".into()),
        with_lifetime(Lifetime::Expires(later)),
        move |cookie| cookie.expires(later),
    ));
    all.push(overridden(
        "without_max_age",
        || Session("a".into()),
        with_lifetime(Lifetime::Session),
        SetCookie::without_max_age,
    ));
    let strict = Overrides { same_site: Some(SameSite::Strict), ..Overrides::default() };
    all.push(overridden("same_site", || Widget("a".into()), strict, |cookie| cookie.same_site(SameSite::Strict)));

    let [key, number, shared, _] = SetOfCookies::SPECS else { panic!("four fields") };
    all.push(field(
        key,
        |fields| fields.set_field_key(Key("a b".into())),
        |fields| Ok(fields.try_field_key()?.map(|key| key == Key("a b".into()))),
        |fields| fields.remove_field_key(),
    ));
    all.push(field(
        number,
        |fields| fields.set_field_number(7),
        |fields| Ok(fields.try_field_number()?.map(|number| number == 7)),
        |fields| fields.remove_field_number(),
    ));
    all.push(field(
        shared,
        |fields| fields.set_field_shared("ä"),
        |fields| Ok(fields.try_field_shared()?.map(|shared| shared == "ä")),
        |fields| fields.remove_field_shared(),
    ));
    all.push(field(
        &Lang::SPEC,
        |fields| fields.set_lang(Lang::De),
        |fields| Ok(fields.try_lang()?.map(|lang| lang == Lang::De)),
        |fields| fields.remove_lang(),
    ));
    all
}

/// Returns a test case with the declared attributes.
fn declared<T>(label: &str, value: impl Fn() -> T + Send + Sync + 'static) -> CookieCase
where
    T: Cookie + PartialEq,
{
    overridden(label, value, Overrides::default(), |cookie| cookie)
}

/// Returns a test case without `SetCookie` overrides, for a cookie that scripts may write.
fn scripted<T>(label: &str, value: impl Fn() -> T + Send + Sync + 'static) -> CookieCase
where
    T: Cookie + ScriptVisible + PartialEq,
{
    let text = document_cookie(&value()).unwrap();
    CookieCase { script: Some((text.to_string(), text.js_string())), ..declared(label, value) }
}

/// Returns a test case in which a `SetCookie` overrides attributes of the cookie. `set` applies the overrides to the
/// cookie.
fn overridden<T>(
    label: &str,
    value: impl Fn() -> T + Send + Sync + 'static,
    overrides: Overrides,
    set: impl Fn(SetCookie<T>) -> SetCookie<T> + Send + Sync + 'static,
) -> CookieCase
where
    T: Cookie + PartialEq,
{
    let value = Arc::new(value);
    let expected = value.clone();
    let set: Action<_> = Arc::new(move |cookies| cookies.set(set(SetCookie::new(value()))));
    CookieCase {
        label: format!("{}, {label}", T::SPEC.name),
        spec: T::SPEC,
        is_hostile: false,
        overrides,
        header: set_cookie_header(&set),
        script: None,
        set,
        get: Arc::new(move |cookies| Ok(cookies.try_get::<T>()?.map(|read| read == expected()))),
        remove: Arc::new(|cookies| cookies.remove::<T>()),
    }
}

/// Returns a test case for a field of the `#[cookies]` struct. The functions of the test case call the generated
/// methods of the struct.
fn field(
    spec: &Spec,
    set: fn(SetOfCookies<AnyScheme>) -> Result<(), SetError>,
    get: fn(SetOfCookies<AnyScheme>) -> Result<Option<bool>, ReadError>,
    remove: fn(SetOfCookies<AnyScheme>) -> Result<(), SetError>,
) -> CookieCase {
    let set: Action<_> = Arc::new(move |cookies| set(cookies.clone().into()));
    CookieCase {
        label: format!("{}, a field", spec.name),
        spec: *spec,
        is_hostile: false,
        overrides: Overrides::default(),
        header: set_cookie_header(&set),
        script: None,
        set,
        get: Arc::new(move |cookies| get(cookies.clone().into())),
        remove: Arc::new(move |cookies| remove(cookies.clone().into())),
    }
}

/// Returns the `Set-Cookie` header that `set` writes over HTTPS.
fn set_cookie_header(set: &Action<Result<(), SetError>>) -> String {
    let policy = PolicyHandle::new(Policy::builder().cookie_domain(DOMAIN).build().unwrap());
    let cookies = Cookies::from_headers(&HeaderMap::new(), AnyScheme::from(testing::https())).with_policy(&policy);
    set(&cookies).unwrap();
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    response[SET_COOKIE].to_str().unwrap().to_owned()
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}
