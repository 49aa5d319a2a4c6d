//! Plants secrets in `Set-Cookie` and `Cookie` headers, and searches each text that hardtack emits. A text may show a
//! secret only inside a name, a `Domain` or a `Path`, and only if each earlier character of the name, `Domain` or
//! `Path` is allowed there.
//!
//! The fuzz target `planted_values` and a test of the package `hardtack-tests` use this file.

use std::cell::RefCell;
use std::fmt::{Debug, Display, Write as _};
use std::sync::LazyLock;

use hardtack::audit::{self, Context, Report};
use hardtack::policy::{Baseline, Exception, UndeclaredCookies};
use hardtack::spec::Spec;
use hardtack::tower::PolicyLayer;
use hardtack::{
    AnyScheme, Cookie, CookieFamily, Cookies, Policy, PolicyHandle, ReadCookie, SameSite, TlsTermination, testing,
};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request};

const HOST: &str = "www.site.example";
/// The text at the beginning of each secret. After this text, a secret has its number and an `x`.
const SECRET: &str = "Zq9xKj2vW";
/// The largest number of secrets in one check.
pub const MAX_SECRETS: usize = 64;

/// The two kinds of headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The `Set-Cookie` header of a response.
    SetCookie,
    /// The `Cookie` header of a request.
    Cookie,
}

/// Returns each place in the header at which the check plants a secret: the start, the end, and both sides of each byte
/// that is not a letter or a digit.
pub fn places(header: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let is_border = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let before = |at: usize| at.checked_sub(1).and_then(|before| header.get(before));
    (0..=header.len()).filter(move |at| is_border(header.get(*at)) || is_border(before(*at)))
}

/// A header with a planted secret.
struct Planted {
    header: HeaderValue,
    kind: Kind,
    /// True if a text may show the secret.
    may_be_shown: bool,
    /// True if the jar of a later request may show the secret.
    may_be_sent_as_name: bool,
}

/// Sends a request through a layer to an application that responds with the given headers. Returns the headers of the
/// response.
pub type SendThrough = fn(&PolicyLayer, Request<()>, HeaderMap) -> HeaderMap;

/// Plants a secret in each place of each header, and checks all texts that hardtack emits. Returns the number of
/// secrets in the texts.
///
/// # Panics
///
/// Panics if a text shows a secret that it must not show.
pub fn check(headers: &[(Kind, &[u8])], send: SendThrough) -> usize {
    // A fuzzer sees the bytes that the program compares, so it learns the secret, and writes the secret into a name.
    let is_learned = |header: &[u8]| header.windows(SECRET.len()).any(is_secret);
    let all = headers
        .iter()
        .filter(|(_, header)| !is_learned(header))
        .flat_map(|(kind, header)| places(header).map(|place| (*kind, *header, place)));
    let (mut batch, mut shown) = (Vec::new(), 0);
    for (kind, header, place) in all {
        let (start, end) = header.split_at(place);
        let secret = format!("{SECRET}{:03}x", batch.len());
        let Ok(value) = HeaderValue::from_bytes(&[start, secret.as_bytes(), end].concat()) else { continue };
        batch.push(Planted {
            may_be_shown: may_be_shown(kind, value.as_bytes(), place),
            may_be_sent_as_name: may_be_sent_as_name(kind, value.as_bytes(), place),
            header: value,
            kind,
        });
        if batch.len() == MAX_SECRETS {
            shown += check_batch(&std::mem::take(&mut batch), send);
        }
    }
    shown + check_batch(&batch, send)
}

/// Returns true if the text is the secret, in any letter case.
fn is_secret(text: &[u8]) -> bool {
    text.eq_ignore_ascii_case(SECRET.as_bytes())
}

/// Returns true if a text may show a secret at `place`.
fn may_be_shown(kind: Kind, header: &[u8], place: usize) -> bool {
    let start = header.iter().take(place).rposition(|byte| *byte == b';').map_or(0, |semicolon| semicolon + 1);
    let before = trim_start(&header[start..place]);
    let piece = header[place..].split(|byte| *byte == b';').next().unwrap_or_default();
    if kind == Kind::Cookie || start == 0 {
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        return before.iter().all(is_token) && piece.contains(&b'=');
    }
    let mut halves = before.splitn(2, |byte| *byte == b'=');
    let name = halves.next().unwrap_or_default().trim_ascii_end().to_ascii_lowercase();
    let Some(value) = halves.next().map(trim_start) else { return false };
    let is_one_of = |others: &'static [u8]| move |byte: &u8| byte.is_ascii_alphanumeric() || others.contains(byte);
    match name.as_slice() {
        b"domain" => value.iter().all(is_one_of(b"-._:[]")),
        b"path" => value.iter().all(is_one_of(b"/-._~%!$&'()*+:@")),
        _ => false,
    }
}

/// Returns true if the jar of a later request may show a secret at `place`. A browser sends a cookie without a name as
/// its value alone. For the `Set-Cookie` header `=a=b`, the browser sends `a=b`, and the server reads the name `a`.
fn may_be_sent_as_name(kind: Kind, header: &[u8], place: usize) -> bool {
    let Some(value) = trim_start(header).strip_prefix(b"=").map(trim_start) else { return false };
    let place = place.checked_sub(header.len() - value.len());
    kind == Kind::SetCookie && place.is_some_and(|place| may_be_shown(Kind::SetCookie, value, place))
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// Returns the number of secrets in the texts. Panics if a text must not show one of these secrets.
fn check_batch(batch: &[Planted], send: SendThrough) -> usize {
    let (mut request, mut response) = (HeaderMap::new(), HeaderMap::new());
    for planted in batch {
        match planted.kind {
            Kind::SetCookie => response.append(SET_COOKIE, planted.header.clone()),
            Kind::Cookie => request.append(COOKIE, planted.header.clone()),
        };
    }
    let mut texts = Texts::default();
    audit_texts(&response, &mut texts);
    layer_texts(&request, &response, send, &mut texts);
    jar_texts(&request, &mut texts);
    let browser = browser_texts(&response, &mut texts);
    let mut later = Texts::default();
    later.debug(&browser.cookies::<hardtack::Https>());
    shown(batch, &texts, |planted| planted.may_be_shown)
        + shown(batch, &later, |planted| planted.may_be_shown || planted.may_be_sent_as_name)
}

/// Returns the number of secrets in `texts`. Panics if one of these secrets is not allowed.
fn shown(batch: &[Planted], texts: &Texts, is_allowed: fn(&Planted) -> bool) -> usize {
    let texts = texts.0.to_ascii_lowercase();
    let secret = SECRET.to_ascii_lowercase();
    let mut shown = 0;
    for (at, _) in texts.match_indices(&secret) {
        let number = texts[at + secret.len()..].get(..4).and_then(|text| text.strip_suffix('x')?.parse().ok());
        // hardtack shortens a long name, so the shortened name can end inside a secret.
        let Some(planted) = number.and_then(|number: usize| batch.get(number)) else { continue };
        let around: String = texts[..at].chars().rev().take(120).collect::<Vec<_>>().into_iter().rev().collect();
        assert!(
            is_allowed(planted),
            "{:?} is shown after: {around}",
            planted.header.as_bytes().escape_ascii().to_string()
        );
        shown += 1;
    }
    shown
}

/// The texts that hardtack emitted.
#[derive(Default)]
struct Texts(String);

impl Texts {
    fn show(&mut self, shown: &(impl Display + Debug)) {
        let _ = writeln!(self.0, "{shown}\n{shown:?}\n{shown:#?}");
    }

    fn debug(&mut self, shown: &impl Debug) {
        let _ = writeln!(self.0, "{shown:?}\n{shown:#?}");
    }
}

// ---- The audit.

const DECLARED: &[Spec] = &[Session::SPEC, Sealed::SPEC, Flow::SPEC, Wide::SPEC];

fn audit_texts(response: &HeaderMap, texts: &mut Texts) {
    let mut show = |report: &Report| {
        texts.show(report);
        report.findings.iter().for_each(|finding| texts.show(finding));
        if let Err(rejection) = &report.stored {
            texts.show(rejection);
        }
        texts.debug(&serde_json::to_string(report));
    };
    for context in [Context::https(HOST).declared(DECLARED), Context::http("127.0.0.1").path("/a/b")] {
        response.get_all(SET_COOKIE).iter().for_each(|header| show(&audit::set_cookie(header.as_bytes(), &context)));
        audit::response(response, &context).last().into_iter().for_each(&mut show);
    }
}

// ---- The layer and its events.

thread_local! {
    static EVENTS: RefCell<Texts> = RefCell::default();
}

static LAYERS: LazyLock<Vec<PolicyLayer>> = LazyLock::new(|| {
    let modes = [UndeclaredCookies::Observe, UndeclaredCookies::Harden, UndeclaredCookies::Refuse];
    let policies = modes.map(|mode| {
        Policy::builder()
            .force_https(false)
            .undeclared_cookies(mode)
            .declared(DECLARED)
            .keyring(testing::keyring())
            .baseline(Baseline::new().same_site(SameSite::Strict).http_only())
            .exception(Exception::for_cookie("legacy").any_same_site().because("tested"))
            .host_prefix(["PHPSESSID"])
            .on_event(|event| {
                EVENTS.with_borrow_mut(|texts| {
                    texts.show(event);
                    let _ = write!(texts.0, "{:?} {} {:?}", event.cookie, event.reason, event.evidence);
                });
            })
            .build()
            .expect("a policy")
    });
    let terminations = || [TlsTermination::here(), TlsTermination::none()];
    policies.iter().flat_map(|policy| terminations().map(|termination| policy.layer(termination))).collect()
});

fn layer_texts(request: &HeaderMap, response: &HeaderMap, send: SendThrough, texts: &mut Texts) {
    for layer in LAYERS.iter() {
        let mut head = Request::get("/dir/page").header("host", HOST).body(()).expect("a request");
        head.headers_mut().extend(request.clone());
        let _ = send(layer, head, response.clone());
    }
    texts.0.push_str(&EVENTS.with_borrow_mut(std::mem::take).0);
}

// ---- The jar and its errors.

#[derive(Cookie, Debug)]
#[cookie(name = "sid", http_only = false, reason = "the page reads it")]
struct Session(#[allow(dead_code, reason = "only read as text")] u32);

#[derive(Cookie, Debug)]
#[cookie(sealed)]
struct Sealed(#[allow(dead_code, reason = "only read as text")] u32);

#[derive(Cookie, Debug)]
#[cookie(keyed, max_age = "10m")]
struct Flow(#[allow(dead_code, reason = "only read as text")] u32);

#[derive(Cookie, Debug)]
#[cookie(name = "__Secure-wide", domain = "site.example", path = "/dir", max_age = "1h")]
struct Wide(#[allow(dead_code, reason = "only read as text")] u32);

fn jar_texts(request: &HeaderMap, texts: &mut Texts) {
    static POLICY: LazyLock<PolicyHandle> = LazyLock::new(|| {
        let policy = Policy::builder().keyring(testing::keyring());
        let policy = policy.on_event(|event| EVENTS.with_borrow_mut(|texts| texts.show(event)));
        PolicyHandle::new(policy.build().expect("a policy"))
    });
    let head = Request::new(()).into_parts().0;
    let plain = AnyScheme::from(TlsTermination::none().detect(&head, None));
    let plain = Cookies::from_headers(request, plain).with_policy(&POLICY);
    let jar = Cookies::from_headers(request, testing::https()).with_policy(&POLICY);
    let mut errors = vec![
        plain.try_get::<Session>().map(|_| ()),
        plain.try_get::<Sealed>().map(|_| ()),
        jar.try_get::<Session>().map(|_| ()),
        jar.try_get::<Sealed>().map(|_| ()),
        jar.try_get::<Wide>().map(|_| ()),
    ];
    errors.extend(jar.get_all::<Session>().map(|result| result.map(|_| ())));
    errors.extend(jar.get_all::<Sealed>().map(|result| result.map(|_| ())));
    let flows = jar.family::<Flow>();
    errors.extend(flows.keys().iter().map(|key| flows.try_get(key).map(|_| ())));
    for error in errors.into_iter().filter_map(Result::err) {
        texts.show(&error);
        texts.debug(&(error.client_message(), std::error::Error::source(&error).map(ToString::to_string)));
    }
    let _ = (jar.remove::<Session>(), jar.remove::<Wide>(), flows.set("k", Flow(1)));
    texts.debug(&(&jar, &plain, &flows));
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    texts.debug(&response);
    texts.0.push_str(&EVENTS.with_borrow_mut(std::mem::take).0);
}

// ---- The browser in memory.

fn browser_texts(response: &HeaderMap, texts: &mut Texts) -> testing::Browser {
    let mut browser = testing::Browser::new(&format!("https://{HOST}/dir/page"));
    browser.store(response);
    texts.debug(&browser);
    browser.rejected().iter().for_each(|rejected| texts.show(rejected));
    browser.stored().iter().for_each(|stored| texts.show(stored));
    browser
}

// ---- Generated headers.

const NAMES: &[&str] = &[
    "sid",
    "legacy",
    "PHPSESSID",
    "__Host-Http-PHPSESSID",
    "phpsessid",
    "s[id]",
    "\"sid\"",
    "a b",
    "",
    "\tsid",
    "a,b",
    "a:b",
    "é",
    "__Host-id",
    "__host-id",
    "__Secure-wide",
    "__Host-Http-sealed",
    "__Host-Http-flow.k",
    "Set-Cookie: sid",
    "{\"sid\"",
];
const EQUALS: &[&str] = &["=", "=", "=", " = ", "\t=", "= ", "==", ":", ""];
const VALUES: &[&str] = &[
    "1",
    "",
    "a b",
    "\"1\"",
    "\"1; Path=/x\"",
    "1,b=2",
    "1, b=2",
    "1 , s[id] = 2",
    "1,\"b\"=2",
    "{\"a\":\"b\"}",
    "1\t2",
    "a=b",
    "1%3B2",
    "é",
];
const ATTRIBUTES: &[&str] = &[
    "Domain",
    "domain",
    "DOMAIN",
    "Path",
    "path",
    "PATH",
    "Max-Age",
    "Expires",
    "Secure",
    "HttpOnly",
    "SameSite",
    "Partitioned",
    "Priority",
    "Version",
    "Comment",
    "X-Unknown",
    "",
    "Domain,Path",
];
const ATTRIBUTE_VALUES: &[&str] = &[
    "",
    "/",
    "/dir",
    "/x,sid=1",
    "/x, sid=1",
    "/x,s[id]=1",
    "/x , sid = 1",
    "/x,\"sid\"=1",
    "/x|sid",
    "/x sid",
    "\"/x\"",
    "/x?a=b",
    "/x#a",
    "x",
    "site.example",
    ".site.example",
    "evil.example",
    "evil.example,sid=1",
    "evil.example , sid =1",
    "evil.example,s[id]=1",
    "evil.example,\"sid\"=1",
    "evil.example;sid=1",
    "evil.example/sid=1",
    "evil.example:8080",
    "com",
    "com, sid=1",
    "[::1]",
    "b\u{fc}cher.example",
    "0",
    "-1",
    "60",
    "99999999999",
    "1, sid=2",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT, sid=1",
    "Fri, 31 Dec 2100 00:00:00 GMT",
    "Lax",
    "None",
    "Strict, sid=1",
    "banana",
    "High",
    "true",
];
const SEPARATORS: &[&str] = &["; ", "; ", "; ", ";", " ;", ";;", ",", ", "];

/// Generates a header from the choices of `choose`. The function `choose` returns a number below its argument.
pub fn header(choose: &mut dyn FnMut(usize) -> usize) -> (Kind, Vec<u8>) {
    let mut pick = |texts: &[&'static str]| texts[choose(texts.len()) % texts.len()];
    let mut text = String::new();
    let kind = if pick(&["a", "a", "a", "b"]) == "a" { Kind::SetCookie } else { Kind::Cookie };
    text += pick(NAMES);
    text += pick(EQUALS);
    text += pick(VALUES);
    while pick(&["end", "more", "more"]) == "more" && text.len() < 200 {
        text += pick(SEPARATORS);
        let (names, values) = match kind {
            Kind::SetCookie => (ATTRIBUTES, ATTRIBUTE_VALUES),
            Kind::Cookie => (NAMES, VALUES),
        };
        text += pick(names);
        text += pick(EQUALS);
        text += pick(values);
    }
    (kind, text.into_bytes())
}
