//! Declarations of every kind, with values that are hard to carry and with what a `SetCookie` varies: each can be set,
//! read and removed by a handler, and says what a browser must keep of it.

use std::fmt::Debug;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hardtack::{
    AnyScheme, Cookie, CookieValue, Cookies, Policy, PolicyHandle, ReadError, SameSite, ScriptReadable, SetCookie,
    SetError, Spec, document_cookie, testing,
};
use http::HeaderMap;
use http::header::SET_COOKIE;

use super::site::DOMAIN;

/// What none of the grammar's octets can stand for, and what ends an element, a string, a header or a sentence.
pub(crate) const HOSTILE: [&str; 14] = [
    // Without a space: nothing of it is encoded.
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
#[cookie(domain = environment, max_age = "400d")]
struct Everywhere(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "__Http-id", path = "/shop")]
struct Id(i16);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "banner", secure = false, http_only = false, reason = "an old proxy reads it")]
struct Banner(bool);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "__Host-1!#$%&'*+-.^_`|~", http_only = false, reason = "every octet that a name may have")]
struct Odd(char);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(path = "/a'b&c", http_only = false, reason = "a script writes it")]
struct Quoted(String);

#[derive(Cookie, Debug, PartialEq)]
struct Seen;

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
    #[cookie(domain = environment, path = "/shop")]
    field_shared: String,
    #[cookie(existing)]
    lang: Lang,
}

/// One declaration with one value: what a handler does with it, and what a browser must make of it.
#[derive(Clone)]
pub(crate) struct Declared {
    pub(crate) label: String,
    pub(crate) spec: Spec,
    /// Whether the value is one of `HOSTILE`.
    pub(crate) is_hostile: bool,
    /// What differs from the declaration.
    pub(crate) varied: Varied,
    /// The Set-Cookie line over HTTPS.
    pub(crate) line: String,
    /// The text for `document.cookie`, and the same as a JavaScript string, where a script may write the cookie.
    pub(crate) script: Option<(String, String)>,
    pub(crate) set: Act<Result<(), SetError>>,
    /// Whether what came back is equal.
    pub(crate) get: Act<Result<Option<bool>, ReadError>>,
    pub(crate) remove: Act<Result<(), SetError>>,
}

type Act<R> = Arc<dyn Fn(&Cookies<AnyScheme>) -> R + Send + Sync>;

/// What a browser must keep where it is not what the declaration says.
#[derive(Clone, Default)]
pub(crate) struct Varied {
    pub(crate) path: Option<&'static str>,
    pub(crate) domain: Option<&'static str>,
    pub(crate) same_site: Option<SameSite>,
    pub(crate) life: Option<Life>,
}

#[derive(Clone, Copy)]
pub(crate) enum Life {
    Session,
    MaxAge(Duration),
    Until(SystemTime),
}

impl Declared {
    /// The value as the wire carries it.
    pub(crate) fn value(&self) -> &str {
        self.line[self.spec.name.len() + 1..].split(';').next().unwrap()
    }

    /// The line with another value.
    pub(crate) fn line_with(&self, value: &str) -> String {
        format!("{}={value}{}", self.spec.name, &self.line[self.spec.name.len() + 1 + self.value().len()..])
    }

    /// Whether no other host can write the name.
    pub(crate) fn is_host_bound(&self) -> bool {
        self.spec.name.starts_with("__Host-")
    }

    pub(crate) fn path(&self) -> &'static str {
        self.varied.path.unwrap_or(self.spec.path)
    }

    /// The `Domain` that the line has.
    pub(crate) fn domain(&self) -> Option<&'static str> {
        self.varied.domain.or(self.spec.domain).or(self.spec.environment_domain.then_some(DOMAIN))
    }

    pub(crate) fn same_site(&self) -> SameSite {
        self.varied.same_site.unwrap_or(self.spec.same_site)
    }

    pub(crate) fn life(&self) -> Life {
        self.varied.life.unwrap_or(self.spec.max_age.map_or(Life::Session, Life::MaxAge))
    }

    /// A page that the cookie goes to.
    pub(crate) fn under(&self, page: &str) -> String {
        format!("{}{page}", self.path().trim_end_matches('/'))
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Declared> {
    let text = || String::from("s3cr3t");
    let minute = Duration::from_secs(60);
    // A whole second, as `Expires` has it.
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds() + 7200);
    let mut all = vec![
        declared("default", move || Plain(text())),
        declared("empty", || Plain(String::new())),
        declared("of 4096 octets", || Plain("x".repeat(4096 - Plain::SPEC.name.len()))),
        declared("max_age, Strict", move || Session(text())),
        scripted("http_only = false", move || Theme(text())),
        declared("None, partitioned", move || Widget(text())),
        declared("None", || Embedded(u8::MAX)),
        declared("path", || Cart(u64::MAX)),
        declared("domain", move || Sso(text())),
        declared("domain of the environment, 400 days", move || Everywhere(text())),
        declared("__Http-", || Id(i16::MIN)),
        scripted("secure = false", || Banner(true)),
        scripted("odd name", || Odd('🍪')),
        scripted("odd path", move || Quoted(text())),
        declared("unit", || Seen),
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
        all.extend(hostile.map(|hostile| Declared { is_hostile: true, ..hostile }));
    }

    let life = |life| Varied { life: Some(life), ..Varied::default() };
    all.push(varied(
        "max_age",
        || Plain("a".into()),
        life(Life::MaxAge(minute)),
        move |it| it.max_age(minute),
        |it| it,
    ));
    all.push(varied("until", || Plain("a".into()), life(Life::Until(later)), move |it| it.until(later), |it| it));
    all.push(varied("session", || Session("a".into()), life(Life::Session), SetCookie::session, |it| it));
    let strict = Varied { same_site: Some(SameSite::Strict), ..Varied::default() };
    all.push(varied("same_site", || Widget("a".into()), strict, |it| it.same_site(SameSite::Strict), |it| it));
    let deeper = Varied { path: Some("/shop/7"), ..Varied::default() };
    all.push(varied("path", || Cart(7), deeper, |it| it.path("/shop/7"), |it| it.path("/shop/7")));
    let host = Varied { domain: Some("www.shop.test"), ..Varied::default() };
    all.push(varied(
        "domain",
        || Sso("a".into()),
        host,
        |it| it.domain("www.shop.test"),
        |it| it.domain("www.shop.test"),
    ));

    let [key, number, shared, _] = SetOfCookies::SPECS else { panic!("four fields") };
    all.push(field(
        key,
        |fields| fields.set_field_key(Key("a b".into())),
        |fields| Ok(fields.field_key()?.map(|key| key == Key("a b".into()))),
        |fields| fields.remove_field_key(),
    ));
    all.push(field(
        number,
        |fields| fields.set_field_number(7),
        |fields| Ok(fields.field_number()?.map(|number| number == 7)),
        |fields| fields.remove_field_number(),
    ));
    all.push(field(
        shared,
        |fields| fields.set_field_shared("ä"),
        |fields| Ok(fields.field_shared()?.map(|shared| shared == "ä")),
        |fields| fields.remove_field_shared(),
    ));
    all.push(field(
        &Lang::SPEC,
        |fields| fields.set_lang(Lang::De),
        |fields| Ok(fields.lang()?.map(|lang| lang == Lang::De)),
        |fields| fields.remove_lang(),
    ));
    all
}

fn declared<T>(label: &str, value: impl Fn() -> T + Send + Sync + 'static) -> Declared
where
    T: Cookie + PartialEq,
{
    varied(label, value, Varied::default(), |it| it, |it| it)
}

/// The same of a cookie that a script may write.
fn scripted<T>(label: &str, value: impl Fn() -> T + Send + Sync + 'static) -> Declared
where
    T: Cookie + ScriptReadable + PartialEq,
{
    let text = document_cookie(&value()).unwrap();
    Declared { script: Some((text.to_string(), text.js_string())), ..declared(label, value) }
}

/// With what a `SetCookie` varies, and what its removal must vary alike.
fn varied<T>(
    label: &str,
    value: impl Fn() -> T + Send + Sync + 'static,
    varied: Varied,
    set: impl Fn(SetCookie<T>) -> SetCookie<T> + Send + Sync + 'static,
    removal: impl Fn(SetCookie<T>) -> SetCookie<T> + Send + Sync + 'static,
) -> Declared
where
    T: Cookie + PartialEq,
{
    let value = Arc::new(value);
    let expected = value.clone();
    let set: Act<_> = Arc::new(move |cookies| cookies.set(set(SetCookie::new(value()))));
    Declared {
        label: format!("{}, {label}", T::SPEC.name),
        spec: T::SPEC,
        is_hostile: false,
        varied,
        line: line(&set),
        script: None,
        set,
        get: Arc::new(move |cookies| Ok(cookies.get::<T>()?.map(|read| read == expected()))),
        remove: Arc::new(move |cookies| cookies.set(removal(SetCookie::<T>::removal()))),
    }
}

/// A field of the struct, by its own methods.
fn field(
    spec: &Spec,
    set: fn(SetOfCookies<AnyScheme>) -> Result<(), SetError>,
    get: fn(SetOfCookies<AnyScheme>) -> Result<Option<bool>, ReadError>,
    remove: fn(SetOfCookies<AnyScheme>) -> Result<(), SetError>,
) -> Declared {
    let set: Act<_> = Arc::new(move |cookies| set(cookies.clone().into()));
    Declared {
        label: format!("{}, a field", spec.name),
        spec: *spec,
        is_hostile: false,
        varied: Varied::default(),
        line: line(&set),
        script: None,
        set,
        get: Arc::new(move |cookies| get(cookies.clone().into())),
        remove: Arc::new(move |cookies| remove(cookies.clone().into())),
    }
}

fn line(set: &Act<Result<(), SetError>>) -> String {
    let policy = PolicyHandle::new(Policy::builder().cookie_domain(DOMAIN).build().unwrap());
    let cookies = Cookies::read(&HeaderMap::new(), AnyScheme::from(testing::https())).policy(&policy);
    set(&cookies).unwrap();
    let mut response = HeaderMap::new();
    cookies.write(&mut response);
    response[SET_COOKIE].to_str().unwrap().to_owned()
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}
