//! Sends `Set-Cookie` headers through the policy's layer and the audit. The first byte of the input selects a policy.
//! Each line of the rest is a header. The target checks the following properties:
//!
//! - The audit accepts any bytes.
//! - The layer only adds or replaces attributes that the policy demands.
//! - If a header passes through the layer a second time, the layer does not change the header.
//! - The audit predicts that a browser stores the hardened cookie with the attributes that the policy demands.
//! - The audit agrees with the crate `cookie_store`.

#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use arbitrary::Unstructured;
use cookie_store::{CookieDomain, CookieExpiration};
use hardtack::audit::{self, Context, Stored};
use hardtack::policy::{Baseline, Caching, Exception, PolicyBuilder, UndeclaredCookies};
use hardtack::tower::PolicyLayer;
use hardtack::{Policy, SameSite, TlsTermination, testing};
use hardtack_fuzz::{header_values, pairs, send, trim};
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use url::Url;

const HOST: &str = "www.example.com";
/// The name of a cookie with an exception in every policy.
const EXCEPTED: &[u8] = b"legacy";
/// A cookie name that is in the setting `session_names` of every policy.
const SESSION_NAME: &[u8] = b"basket_key";
const DAY: Duration = Duration::from_secs(86_400);
/// The test's clock shows 2026-09-04. An `Expires` date of this century may be before or after this time.
const NOW: Duration = Duration::from_secs(1_788_480_000);
const MAX_AGE: Duration = Duration::from_secs(30 * 86_400);

/// The layers of one policy, and the policy's settings that the checks need.
struct PolicyCase {
    mode: Mode,
    same_site: Option<SameSite>,
    http_only: bool,
    max_age: bool,
    https: PolicyLayer,
    plain: PolicyLayer,
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Observe,
    Harden,
    Refuse,
}

static POLICIES: LazyLock<Vec<PolicyCase>> = LazyLock::new(|| {
    use Mode::{Harden, Observe, Refuse};
    [
        (Harden, None, false, false),
        (Harden, Some(SameSite::Lax), false, false),
        (Harden, Some(SameSite::Strict), true, true),
        (Harden, None, false, true),
        (Harden, Some(SameSite::None), true, false),
        (Observe, None, false, false),
        (Observe, Some(SameSite::Strict), true, true),
        (Refuse, None, false, false),
    ]
    .map(|(mode, same_site, http_only, max_age)| {
        let policy = policy(mode, same_site, http_only, max_age).build().expect("a policy");
        let (https, plain) = (policy.layer(TlsTermination::here()), policy.layer(TlsTermination::none()));
        PolicyCase { mode, same_site, http_only, max_age, https, plain }
    })
    .into()
});

fn policy(mode: Mode, same_site: Option<SameSite>, http_only: bool, max_age: bool) -> PolicyBuilder {
    let mut baseline = Baseline::new();
    if let Some(same_site) = same_site {
        baseline = baseline.same_site(same_site);
    }
    if http_only {
        baseline = baseline.http_only();
    }
    if max_age {
        baseline = baseline.longest_max_age(MAX_AGE);
    }
    let undeclared = match mode {
        Mode::Observe => UndeclaredCookies::Observe,
        Mode::Harden => UndeclaredCookies::Harden,
        Mode::Refuse => UndeclaredCookies::Refuse,
    };
    Policy::builder()
        .force_https(false)
        .undeclared_cookies(undeclared)
        .baseline(baseline)
        .caching(if http_only { Caching::NoStore } else { Caching::Private })
        .session_names(["basket_key"])
        .exception(Exception::for_cookie("legacy").everything().because("the old shop reads it"))
}

fuzz_target!(|input: &[u8]| {
    let now = SystemTime::UNIX_EPOCH + NOW;
    let context = Context::https(HOST).path("/dir/page").at(now);
    check_audit(input, &context);
    compare_with_cookie_store(input);
    let Some((choice, headers)) = input.split_first() else { return };
    let case = &POLICIES[usize::from(*choice) % POLICIES.len()];
    let headers = header_values(headers);
    testing::at(now, || {
        let sent = pass_through(&case.https, &headers);
        check_https(case, &headers, &sent, &context);
        assert_eq!(pass_through(&case.https, &sent), sent, "a second pass changed a header");
        check_plain_http(case, &headers);
    });
});

/// Sends a response with the given `Set-Cookie` headers through the layer. Returns the `Set-Cookie` headers of the
/// layer's response, in order.
fn pass_through(layer: &PolicyLayer, headers: &[HeaderValue]) -> Vec<HeaderValue> {
    let headers = headers.iter().map(|header| (SET_COOKIE, header.clone())).collect();
    let request = Request::get("/dir/page").header("host", HOST).body(()).expect("a request");
    let (response, reached) = send(layer, request, headers);
    assert!(reached);
    let sent: Vec<_> = response.headers().get_all(SET_COOKIE).iter().cloned().collect();
    let has_cache_control = response.headers().contains_key(CACHE_CONTROL);
    assert_eq!(sent.is_empty(), !has_cache_control, "shared caches may store a response with a cookie");
    sent
}

/// Checks the headers that the layer sent over HTTPS.
fn check_https(case: &PolicyCase, written: &[HeaderValue], sent: &[HeaderValue], context: &Context) {
    let is_sent = |header: &&HeaderValue| case.mode != Mode::Refuse || name(header.as_bytes()) == EXCEPTED;
    let expected: Vec<_> = written.iter().filter(is_sent).map(HeaderValue::as_bytes).collect();
    for (before, after) in with_results(case, &expected, sent) {
        let before = &*before;
        if !expected.contains(&before) {
            let stored = audit::set_cookie(before, context).stored;
            assert!(stored.map_or(true, |cookie| cookie.is_removal()), "a second header that does not remove a cookie");
        }
        if name(before) == EXCEPTED {
            assert_eq!(before, after, "a cookie with an exception was changed");
            continue;
        }
        check_changes(case, before, after);
        let stored_before = audit::set_cookie(before, context).stored;
        let stored_after = audit::set_cookie(after, context).stored;
        if let (Ok(cookie), Err(rejection)) = (&stored_before, &stored_after) {
            panic!("hardening made {cookie:?} invalid: {rejection:?}");
        }
        let Ok(hardened) = stored_after else { continue };
        assert!(hardened.secure || case.mode == Mode::Observe, "{hardened:?}");
        assert!(hardened.http_only || !case.http_only, "{hardened:?}");
        if let Some(weakest) = case.same_site.filter(|weakest| *weakest != SameSite::None) {
            assert!(hardened.same_site.is_some_and(|found| found.is_at_least(weakest)), "{hardened:?}");
        }
        if case.max_age {
            assert!(
                hardened.expires.is_none_or(|expires| expires <= SystemTime::UNIX_EPOCH + NOW + MAX_AGE),
                "{hardened:?}"
            );
        }
        if let Ok(cookie) = stored_before {
            check_not_weaker(&cookie, &hardened);
        }
    }
    let mut headers = HeaderMap::new();
    sent.iter().for_each(|header| {
        headers.append(SET_COOKIE, header.clone());
    });
    let reports = audit::response(&headers, context);
    assert_eq!(reports.iter().filter(|report| report.cookie.is_some()).count(), sent.len());
    // The audit of a response and the audit of a single header agree on the stored cookie.
    for (report, header) in reports.iter().zip(sent) {
        assert_eq!(report.stored, audit::set_cookie(header.as_bytes(), context).stored);
    }
}

/// Returns each header that the layer received, with the header that the layer sent for it. The layer sends a removal
/// without a `Path` a second time, with `Path=/`. For this second header, the result has a second pair: the received
/// header with `; Path=/` at its end, and the second header.
fn with_results<'a>(case: &PolicyCase, expected: &[&[u8]], sent: &'a [HeaderValue]) -> Vec<(Vec<u8>, &'a [u8])> {
    let mut results = Vec::new();
    let mut remaining = sent.iter().map(HeaderValue::as_bytes).peekable();
    for (index, before) in expected.iter().enumerate() {
        let rooted = [before, &b"; Path=/"[..]].concat();
        let is_completed = case.mode == Mode::Harden && name(before) != EXCEPTED;
        let is_host_only = name(before).to_ascii_lowercase().starts_with(b"__host-");
        match remaining.next_if(|after| is_result(before, after)) {
            Some(after) => results.push((before.to_vec(), after)),
            // Browsers accept a `__Host-` name only with `Path=/`, so the layer sends only the header with `Path=/`.
            // The layer sends no header if the response sets or removes the cookie with `Path=/`.
            None => {
                assert!(is_completed && is_host_only, "{:?} was not sent", before.escape_ascii());
                if let Some(after) = remaining.next_if(|after| is_result(&rooted, after)) {
                    results.push((rooted, after));
                }
                continue;
            }
        }
        // If the next received header has `Path=/`, the layer sends no second header: the sent header belongs to the
        // next received header.
        let is_next = |after: &[u8]| expected.get(index + 1).is_some_and(|next| is_result(next, after));
        if is_completed && !is_host_only {
            if let Some(after) = remaining.next_if(|after| is_result(&rooted, after) && !is_next(after)) {
                results.push((rooted, after));
            }
        }
    }
    assert_eq!(remaining.next(), None, "the layer added a header");
    results
}

/// Returns true if the layer could have changed `before` to `after`. The layer may only replace values of `SameSite`
/// and `Max-Age`, and add attributes that a policy demands.
fn is_result(before: &[u8], after: &[u8]) -> bool {
    let (old, new) = (pieces(before), pieces(after));
    let key = |piece: &[u8]| trim(piece.split(|byte| *byte == b'=').next().unwrap_or_default()).to_ascii_lowercase();
    let is_replaceable = |piece: &[u8]| matches!(key(piece).as_slice(), b"samesite" | b"max-age");
    let Some(added) = new.get(old.len()..) else { return false };
    old.iter()
        .zip(&new)
        .enumerate()
        .all(|(index, (old, new))| old == new || index > 0 && is_replaceable(old) && key(old) == key(new))
        && added.iter().all(|piece| piece.starts_with(b" ") && *piece != b" Path=/")
}

/// Checks that `before` and `after` set the same cookie, and that no attribute of `after` is weaker than in `before`.
fn check_not_weaker(before: &Stored, after: &Stored) {
    assert_eq!((before.name_bytes(), before.value_bytes()), (after.name_bytes(), after.value_bytes()));
    assert_eq!((&before.domain, before.host_only, &before.path), (&after.domain, after.host_only, &after.path));
    assert_eq!((before.partitioned, before.is_removal()), (after.partitioned, after.is_removal()));
    assert!(after.secure >= before.secure && after.http_only >= before.http_only);
    match (before.same_site, after.same_site) {
        (Some(before), Some(after)) => assert!(after.is_at_least(before)),
        (Some(before), None) => panic!("{before} was removed"),
        (None, _) => {}
    }
    assert!(match (before.expires, after.expires) {
        (Some(before), Some(after)) => after <= before,
        (None, expires) => expires.is_none(),
        (Some(_), None) => false,
    });
}

/// Compares the pieces of a header before and after the layer. The layer may replace the values of `SameSite` and
/// `Max-Age` with the baseline's values. The layer does not change the other pieces of the header. The layer adds new
/// attributes at the end of the header, each at most once.
fn check_changes(case: &PolicyCase, before: &[u8], after: &[u8]) {
    let (old, new): (Vec<_>, Vec<_>) = (pieces(before), pieces(after));
    assert!(new.len() >= old.len());
    for (index, (old, new)) in old.iter().zip(&new).enumerate() {
        if old == new {
            continue;
        }
        let key = trim(old.split(|byte| *byte == b'=').next().expect("at least one part"));
        let (is_in_baseline, value) = match key.to_ascii_lowercase().as_slice() {
            b"samesite" => (case.same_site.is_some(), case.same_site.map(|weakest| weakest.to_string())),
            b"max-age" => (case.max_age, Some(MAX_AGE.as_secs().to_string())),
            _ => panic!("{:?} became {:?}", old.escape_ascii(), new.escape_ascii()),
        };
        let value = value.expect("a value in the baseline");
        let old_value = pairs(old).next().and_then(|(_, value)| value).unwrap_or_default();
        assert!(old_value.len() <= 1024, "browsers ignore such a long attribute value, so it must not be replaced");
        assert!(index > 0 && is_in_baseline && trim(new) == [key, b"=", value.as_bytes()].concat());
    }
    let hardens = case.mode == Mode::Harden;
    let lower_case = name(before).to_ascii_lowercase();
    let contains = |part: &[u8]| lower_case.windows(part.len()).any(|window| window == part);
    let is_csrf_token = contains(b"csrf") || contains(b"xsrf");
    let mut added: Vec<String> =
        new[old.len()..].iter().map(|piece| String::from_utf8_lossy(piece).into_owned()).collect();
    for added in &added {
        let is_demanded = match added.as_str() {
            " Secure" => hardens,
            " HttpOnly" => case.http_only || hardens && !is_csrf_token,
            " SameSite=Lax" => case.same_site == Some(SameSite::Lax) || hardens,
            " SameSite=Strict" => case.same_site == Some(SameSite::Strict),
            _ => case.max_age && *added == format!(" Max-Age={}", MAX_AGE.as_secs()),
        };
        assert!(is_demanded, "{added}");
    }
    let count = added.len();
    added.sort_by_key(|added| added.split('=').next().map(str::to_owned));
    added.dedup_by_key(|added| added.split('=').next().map(str::to_owned));
    assert_eq!(added.len(), count, "an attribute was added twice");
    // A cookie with a session name gets `HttpOnly` and `SameSite`.
    if hardens && (name(before) == SESSION_NAME || lower_case == b"__host-id") {
        let found = attributes(after);
        assert!(found.iter().any(|(key, _)| key == b"httponly"));
        assert!(found.iter().any(|(key, value)| key == b"samesite" && !value.is_empty()));
    }
}

/// Checks the headers that the layer sends over plain HTTP.
fn check_plain_http(case: &PolicyCase, headers: &[HeaderValue]) {
    let sent = pass_through(&case.plain, headers);
    for header in &sent {
        let header = header.as_bytes();
        assert!(!attributes(header).iter().any(|(key, _)| key == b"secure"), "{}", header.escape_ascii());
        assert!(case.mode == Mode::Observe || name(header) == EXCEPTED, "{}", header.escape_ascii());
    }
    let is_sent = |header: &&HeaderValue| {
        let is_secure = attributes(header.as_bytes()).iter().any(|(key, _)| key == b"secure");
        !is_secure && (case.mode == Mode::Observe || name(header.as_bytes()) == EXCEPTED)
    };
    assert_eq!(sent.len(), headers.iter().filter(is_sent).count());
    assert_eq!(pass_through(&case.plain, &sent), sent);
}

fn pieces(header: &[u8]) -> Vec<&[u8]> {
    header.split(|byte| *byte == b';').collect()
}

/// Returns the cookie's name. If the header has no `=`, the name is empty and the whole text is the value (6265bis
/// 5.6).
fn name(header: &[u8]) -> &[u8] {
    match pairs(header).next() {
        Some((name, Some(_))) => name,
        _ => b"",
    }
}

/// Returns the attributes of a header, except attributes that browsers ignore. Browsers ignore an attribute value of
/// more than 1024 bytes. The returned attribute names are in lower case.
fn attributes(header: &[u8]) -> Vec<(Vec<u8>, &[u8])> {
    let all = pairs(header).skip(1).map(|(key, value)| (key.to_ascii_lowercase(), value.unwrap_or_default()));
    all.filter(|(_, value)| value.len() <= 1024).collect()
}

/// Checks three properties of the audit. The audit accepts any bytes. The audit's texts do not contain a cookie's
/// value. The audit predicts that browsers drop a Secure cookie of a plain HTTP response.
fn check_audit(header: &[u8], context: &Context) {
    const VALUE: &str = "Zq9xKj2vW";
    let report = audit::set_cookie(header, context);
    let _ = (report.to_string(), format!("{report:?}"));
    if let Ok(stored) = &report.stored {
        assert!(!header.iter().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)));
        assert!(stored.name_bytes().len() + stored.value_bytes().len() <= 4096);
        assert!(stored.path.starts_with('/') && HOST.ends_with(&stored.domain));
        assert!(stored.expires.is_none_or(|expires| expires <= SystemTime::UNIX_EPOCH + NOW + 400 * DAY));
        assert!(stored.secure || !(stored.partitioned || stored.same_site == Some(SameSite::None)));
        assert!(stored.secure || !stored.name.to_ascii_lowercase().starts_with("__host-"));
    }
    let plain = audit::set_cookie(header, &Context::http("127.0.0.1").path("").at(SystemTime::UNIX_EPOCH));
    assert!(plain.stored.map_or(true, |stored| !stored.secure));
    let mut parts = header.splitn(2, |byte| *byte == b'=');
    if let (Some(name), Some(rest)) = (parts.next().filter(|name| !name.contains(&b';')), parts.next()) {
        let attributes = rest.iter().position(|byte| *byte == b';').map_or(&[][..], |at| &rest[at..]);
        let report = audit::set_cookie(&[name, b"=", VALUE.as_bytes(), attributes].concat(), context);
        assert!(!format!("{report} {report:?}").contains(VALUE), "{report:?}");
    }
}

/// Compares the audit with `cookie_store`. Generates a header for which the audit and `cookie_store` must return the
/// same cookie. The header has:
///
/// - a name that is a token without a prefix, and a value;
/// - each of the following attributes at most once, in any order and letter case:
///   - `Path`, which begins with `/`,
///   - `Domain`, with or without a leading dot: the host, a parent domain of at least two labels, or another domain,
///   - `Max-Age`, which is negative or has up to nine digits,
///   - `Expires` as an IMF-fixdate,
///   - `HttpOnly`, `Secure`, and `SameSite=Strict` or `Lax`.
///
/// `cookie_store` follows RFC 6265. RFC 6265bis changed some rules, so the generated header does not contain:
///
/// - name prefixes,
/// - control characters,
/// - names, values or attributes that exceed a size limit,
/// - cookies without a name,
/// - `SameSite=None` and `Partitioned`,
/// - forms of `Expires` other than an IMF-fixdate,
/// - repeated attributes: `cookie_store` uses the last valid attribute, and RFC 6265bis uses the last attribute.
///
/// The audit limits a lifetime to 400 days. `cookie_store` has no limit for a lifetime.
fn compare_with_cookie_store(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok(header) = common_header(&mut input) else { return };
    let host = ["www.example.com", "example.com", "192.0.2.7"][input.int_in_range(0..=2).unwrap_or(0)];
    let path = ["/", "/dir", "/dir/", "/dir/page", "/dir/page?a=/b"][input.int_in_range(0..=4).unwrap_or(0)];
    let url = Url::parse(&format!("https://{host}{path}")).expect("a URL");
    // `cookie_store` reads the system's clock, so the audit uses the time of that clock too.
    let now = SystemTime::now();
    let ours = audit::set_cookie(header.as_bytes(), &Context::https(host).path(path).at(now)).stored;
    let theirs = cookie_store::Cookie::parse(header.as_str(), &url);
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(_), Err(_)) => return,
        (ours, theirs) => panic!("{header}: {ours:?}, and {theirs:?}"),
    };
    assert_eq!((ours.name.as_str(), ours.value.as_str()), theirs.name_value(), "{header}");
    let (domain, host_only) = match &theirs.domain {
        CookieDomain::HostOnly(host) => (host, true),
        CookieDomain::Suffix(domain) => (domain, false),
        other => panic!("{header}: {other:?}"),
    };
    assert_eq!((&ours.domain, ours.host_only), (domain, host_only), "{header}");
    assert_eq!(ours.path, String::from(theirs.path.clone()), "{header}");
    assert_eq!(ours.secure, theirs.secure().unwrap_or(false), "{header}");
    assert_eq!(ours.http_only, theirs.http_only().unwrap_or(false), "{header}");
    let same_site = theirs.same_site().map(|same_site| same_site.to_string());
    assert_eq!(ours.same_site.map(|same_site| same_site.to_string()), same_site, "{header}");
    assert_eq!(ours.is_removal(), theirs.is_expired(), "{header}");
    match (ours.expires, &theirs.expires) {
        (None, CookieExpiration::SessionEnd) => {}
        (Some(_), CookieExpiration::AtUtc(_)) if ours.is_removal() => {}
        (Some(ours), CookieExpiration::AtUtc(theirs)) => {
            let theirs = SystemTime::from(*theirs).min(now + 400 * DAY);
            let difference = ours.duration_since(theirs).unwrap_or_else(|earlier| earlier.duration());
            let meanwhile = now.elapsed().unwrap_or_default();
            assert!(difference < Duration::from_secs(5) + meanwhile, "{header}");
        }
        (ours, theirs) => panic!("{header}: {ours:?}, and {theirs:?}"),
    }
}

/// Generates a header for [`compare_with_cookie_store`].
fn common_header(input: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    const TOKEN: &[u8] = b"abcXYZ019!#$&'*+-.^_`|~";
    let text = |input: &mut Unstructured<'_>, bytes: &[u8], min: usize| -> arbitrary::Result<String> {
        let length = input.int_in_range(min..=8)?;
        (0..length).map(|_| input.choose(bytes).map(|byte| char::from(*byte))).collect()
    };
    let spaces = |input: &mut Unstructured<'_>| input.choose(&["", " ", "  ", "\t"]).copied();
    let mut header = [spaces(input)?, &text(input, TOKEN, 1)?, spaces(input)?, "=", spaces(input)?].concat();
    header.push_str(&text(input, b"abcXYZ019!#$&'()*+-./:<=>?@[]^_`{|}~\",%\\ ", 0)?);
    let mut remaining = vec!["Path", "Domain", "Max-Age", "Expires", "HttpOnly", "Secure", "SameSite"];
    for _ in 0..input.int_in_range(0..=7)? {
        let key = remaining.remove(input.choose_index(remaining.len())?);
        let value = match key {
            "Path" => format!("=/{}", text(input, b"dirpage/%.~", 0)?),
            "Domain" => {
                let domains =
                    ["www.example.com", "example.com", "Example.COM", "xample.com", "a.www.example.com", "example.org"];
                format!("={}{}", input.choose(&["", "."])?, input.choose(&domains)?)
            }
            "Max-Age" => match input.int_in_range(0..=3)? {
                0 => format!("=-{}", input.arbitrary::<u16>()?),
                1 => "=0".to_owned(),
                _ => format!("={}", input.int_in_range(0..=999_999_999_u32)?),
            },
            "Expires" => {
                let seconds = input.int_in_range(0..=4_000_000_000_i64)?;
                let date = hardtack_rules::date::format_imf_fixdate(seconds).expect("a year of four digits");
                format!("={}", date.escape_ascii())
            }
            "SameSite" => format!("={}", input.choose(&["Strict", "Lax", "lax", "STRICT"])?),
            _ => String::new(),
        };
        let key = if input.arbitrary()? { key.to_owned() } else { key.to_lowercase() };
        header.extend([";", spaces(input)?, &key, spaces(input)?, &value, spaces(input)?]);
    }
    Ok(header)
}
