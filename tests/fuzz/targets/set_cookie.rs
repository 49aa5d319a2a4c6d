//! Octets in: the first chooses a policy, the others are `Set-Cookie` lines, one a line. The audit takes any octets; what
//! leaves through the layer is byte for byte what was written but for what the policy adds or replaces, the same when it
//! passes once more, and Secure in our own model of a browser's store. That model agrees with the `cookie_store` crate.

#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use arbitrary::Unstructured;
use cookie_store::{CookieDomain, CookieExpiration};
use hardtack::audit::{self, Seen, Stored};
use hardtack::{Caching, Floor, ForeignCookies, Listener, Policy, PolicyBuilder, PolicyLayer, SameSite, testing};
use hardtack_fuzz::{exchange, field_values, pairs, trimmed};
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use url::Url;

const HOST: &str = "www.example.com";
/// Excepted in every policy.
const EXCEPTED: &[u8] = b"legacy";
const LISTED: &[u8] = b"basket_key";
const DAY: Duration = Duration::from_secs(86_400);
/// 2026-09-04, so that dates of this century stand on both sides.
const NOW: Duration = Duration::from_secs(1_788_480_000);
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// What a policy of the table demands, in the terms of this file.
struct Demands {
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

static POLICIES: LazyLock<Vec<Demands>> = LazyLock::new(|| {
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
        let (https, plain) = (policy.layer(Listener::tls()), policy.layer(Listener::plain()));
        Demands { mode, same_site, http_only, max_age, https, plain }
    })
    .into()
});

fn policy(mode: Mode, same_site: Option<SameSite>, http_only: bool, max_age: bool) -> PolicyBuilder {
    let mut floor = Floor::new();
    if let Some(same_site) = same_site {
        floor = floor.same_site(same_site);
    }
    if http_only {
        floor = floor.http_only();
    }
    if max_age {
        floor = floor.max_age(LONGEST);
    }
    let foreign = match mode {
        Mode::Observe => ForeignCookies::Observe,
        Mode::Harden => ForeignCookies::Harden,
        Mode::Refuse => ForeignCookies::Refuse,
    };
    Policy::builder()
        .force_https(false)
        .foreign_cookies(foreign)
        .floor(floor)
        .caching(if http_only { Caching::NoStore } else { Caching::Private })
        .session_names(["basket_key"])
        .exception("legacy", "the old shop reads it")
}

fuzz_target!(|input: &[u8]| {
    let now = SystemTime::UNIX_EPOCH + NOW;
    let seen = Seen::https(HOST).path("/dir/page").at(now);
    audit_any_octets(input, &seen);
    agree_with_cookie_store(input);
    let Some((choice, lines)) = input.split_first() else { return };
    let demands = &POLICIES[usize::from(*choice) % POLICIES.len()];
    let lines = field_values(lines);
    testing::at(now, || {
        let left = through(&demands.https, &lines);
        leaves_over_https(demands, &lines, &left, &seen);
        assert_eq!(through(&demands.https, &left), left, "hardening twice is hardening once");
        over_plain_http(demands, &lines);
    });
});

/// The lines that come out of a layer, in order.
fn through(layer: &PolicyLayer, lines: &[HeaderValue]) -> Vec<HeaderValue> {
    let fields = lines.iter().map(|line| (SET_COOKIE, line.clone())).collect();
    let request = Request::get("/dir/page").header("host", HOST).body(()).expect("a request");
    let (response, reached) = exchange(layer, request, fields);
    assert!(reached);
    let left: Vec<_> = response.headers().get_all(SET_COOKIE).iter().cloned().collect();
    assert_eq!(left.is_empty(), !response.headers().contains_key(CACHE_CONTROL), "a cookie is not for shared caches");
    left
}

fn leaves_over_https(demands: &Demands, lines: &[HeaderValue], left: &[HeaderValue], seen: &Seen) {
    let stays = |line: &&HeaderValue| demands.mode != Mode::Refuse || name(line.as_bytes()) == EXCEPTED;
    let expected: Vec<_> = lines.iter().filter(stays).collect();
    assert_eq!(left.len(), expected.len());
    for (before, after) in expected.into_iter().zip(left) {
        let (before, after) = (before.as_bytes(), after.as_bytes());
        if name(before) == EXCEPTED {
            assert_eq!(before, after, "an excepted cookie is not touched");
            continue;
        }
        differs_by_demand(demands, before, after);
        let (was, is) = (audit::set_cookie(before, seen).stored, audit::set_cookie(after, seen).stored);
        if let (Ok(was), Err(rejection)) = (&was, &is) {
            panic!("{was:?} is dropped for {rejection:?}");
        }
        let Ok(is) = is else { continue };
        assert!(is.secure || demands.mode == Mode::Observe, "{is:?}");
        assert!(is.http_only || !demands.http_only, "{is:?}");
        if let Some(least) = demands.same_site.filter(|least| *least != SameSite::None) {
            assert!(is.same_site.is_some_and(|found| found.is_at_least(least)), "{is:?}");
        }
        if demands.max_age {
            assert!(is.expires.is_none_or(|end| end <= SystemTime::UNIX_EPOCH + NOW + LONGEST), "{is:?}");
        }
        if let Ok(was) = was {
            no_looser(&was, &is);
        }
    }
    let mut headers = HeaderMap::new();
    left.iter().for_each(|line| {
        headers.append(SET_COOKIE, line.clone());
    });
    let reports = audit::response(&headers, seen);
    assert_eq!(reports.iter().filter(|report| report.cookie.is_some()).count(), left.len());
    // Of one line alone the audit says the same, but that it knows no HSTS.
    for (report, line) in reports.iter().zip(left) {
        assert_eq!(report.stored, audit::set_cookie(line.as_bytes(), seen).stored);
    }
}

/// The same cookie, and nothing weaker.
fn no_looser(was: &Stored, is: &Stored) {
    assert_eq!((was.name_octets(), was.value_octets()), (is.name_octets(), is.value_octets()));
    assert_eq!((&was.domain, was.host_only, &was.path), (&is.domain, is.host_only, &is.path));
    assert_eq!((was.partitioned, was.is_removal()), (is.partitioned, is.is_removal()));
    assert!(is.secure >= was.secure && is.http_only >= was.http_only);
    match (was.same_site, is.same_site) {
        (Some(was), Some(is)) => assert!(is.is_at_least(was)),
        (Some(was), None) => panic!("{was} is gone"),
        (None, _) => {}
    }
    assert!(match (was.expires, is.expires) {
        (Some(was), Some(is)) => is <= was,
        (None, end) => end.is_none(),
        (Some(_), None) => false,
    });
}

/// Piece by piece: the same octets, but for the value of a `SameSite` or `Max-Age` that a floor replaced; behind them what
/// was added, each at most once.
fn differs_by_demand(demands: &Demands, before: &[u8], after: &[u8]) {
    let (old, new): (Vec<_>, Vec<_>) = (pieces(before), pieces(after));
    assert!(new.len() >= old.len());
    for (at, (old, new)) in old.iter().zip(&new).enumerate() {
        if old == new {
            continue;
        }
        let key = trimmed(old.split(|octet| *octet == b'=').next().expect("one piece at least"));
        let (floored, value) = match key.to_ascii_lowercase().as_slice() {
            b"samesite" => (demands.same_site.is_some(), demands.same_site.map(|least| least.to_string())),
            b"max-age" => (demands.max_age, Some(LONGEST.as_secs().to_string())),
            _ => panic!("{:?} became {:?}", old.escape_ascii(), new.escape_ascii()),
        };
        let value = value.expect("a floor");
        let was = pairs(old).next().and_then(|(_, value)| value).unwrap_or_default();
        assert!(was.len() <= 1024, "a browser does not read it");
        assert!(at > 0 && floored && trimmed(new) == [key, b"=", value.as_bytes()].concat());
    }
    let hardens = demands.mode == Mode::Harden;
    let lowered = name(before).to_ascii_lowercase();
    let holds = |part: &[u8]| lowered.windows(part.len()).any(|window| window == part);
    let is_token = holds(b"csrf") || holds(b"xsrf");
    let mut added: Vec<String> =
        new[old.len()..].iter().map(|piece| String::from_utf8_lossy(piece).into_owned()).collect();
    for added in &added {
        let demanded = match added.as_str() {
            " Secure" => hardens,
            " HttpOnly" => demands.http_only || hardens && !is_token,
            " SameSite=Lax" => demands.same_site == Some(SameSite::Lax) || hardens,
            " SameSite=Strict" => demands.same_site == Some(SameSite::Strict),
            _ => demands.max_age && *added == format!(" Max-Age={}", LONGEST.as_secs()),
        };
        assert!(demanded, "{added}");
    }
    let count = added.len();
    added.sort_by_key(|added| added.split('=').next().map(str::to_owned));
    added.dedup_by_key(|added| added.split('=').next().map(str::to_owned));
    assert_eq!(added.len(), count, "an attribute is added once");
    // What looks like a session is asked of the name alone.
    if hardens && (name(before) == LISTED || lowered == b"__host-id") {
        let found = attributes(after);
        assert!(found.iter().any(|(key, _)| key == b"httponly"));
        assert!(found.iter().any(|(key, value)| key == b"samesite" && !value.is_empty()));
    }
}

fn over_plain_http(demands: &Demands, lines: &[HeaderValue]) {
    let left = through(&demands.plain, lines);
    for line in &left {
        let line = line.as_bytes();
        assert!(!attributes(line).iter().any(|(key, _)| key == b"secure"), "{}", line.escape_ascii());
        assert!(demands.mode == Mode::Observe || name(line) == EXCEPTED, "{}", line.escape_ascii());
    }
    let leaves = |line: &&HeaderValue| {
        let is_secure = attributes(line.as_bytes()).iter().any(|(key, _)| key == b"secure");
        !is_secure && (demands.mode == Mode::Observe || name(line.as_bytes()) == EXCEPTED)
    };
    assert_eq!(left.len(), lines.iter().filter(leaves).count());
    assert_eq!(through(&demands.plain, &left), left);
}

fn pieces(line: &[u8]) -> Vec<&[u8]> {
    line.split(|octet| *octet == b';').collect()
}

/// Without `=` the whole pair is a value (6265bis 5.6).
fn name(line: &[u8]) -> &[u8] {
    match pairs(line).next() {
        Some((name, Some(_))) => name,
        _ => b"",
    }
}

/// The attributes that a browser reads, the names in lower case.
fn attributes(line: &[u8]) -> Vec<(Vec<u8>, &[u8])> {
    let all = pairs(line).skip(1).map(|(key, value)| (key.to_ascii_lowercase(), value.unwrap_or_default()));
    all.filter(|(_, value)| value.len() <= 1024).collect()
}

/// Any octets: no panic, the texts say nothing of a value, and over plain HTTP nothing Secure is stored.
fn audit_any_octets(line: &[u8], seen: &Seen) {
    const VALUE: &str = "Zq9xKj2vW";
    let report = audit::set_cookie(line, seen);
    let _ = (report.to_string(), format!("{report:?}"));
    if let Ok(stored) = &report.stored {
        assert!(!line.iter().any(|octet| matches!(octet, 0..=8 | 10..=31 | 127)));
        assert!(stored.name_octets().len() + stored.value_octets().len() <= 4096);
        assert!(stored.path.starts_with('/') && HOST.ends_with(&stored.domain));
        assert!(stored.expires.is_none_or(|end| end <= SystemTime::UNIX_EPOCH + NOW + 400 * DAY));
        assert!(stored.secure || !(stored.partitioned || stored.same_site == Some(SameSite::None)));
        assert!(stored.secure || !stored.name.to_ascii_lowercase().starts_with("__host-"));
    }
    let plain = audit::set_cookie(line, &Seen::http("127.0.0.1").path("").at(SystemTime::UNIX_EPOCH));
    assert!(plain.stored.map_or(true, |stored| !stored.secure));
    let mut halves = line.splitn(2, |octet| *octet == b'=');
    if let (Some(name), Some(rest)) = (halves.next().filter(|name| !name.contains(&b';')), halves.next()) {
        let attributes = rest.iter().position(|octet| *octet == b';').map_or(&[][..], |at| &rest[at..]);
        let told = audit::set_cookie(&[name, b"=", VALUE.as_bytes(), attributes].concat(), seen);
        assert!(!format!("{told} {told:?}").contains(VALUE), "{told:?}");
    }
}

/// The common subset, grown from the input: a line of a name and a value that are tokens (the name without a prefix), and
/// of these attributes, each at most once, in any letter case and order: `Path` that begins with `/`, `Domain` that is the
/// host, a parent of two labels or more or a stranger, with or without its leading dot, `Max-Age` that is a number of up
/// to nine digits or a negative one, `Expires` as IMF-fixdate, `HttpOnly`, `Secure`, `SameSite=Strict` or `Lax`. Out of it
/// stays what RFC 6265bis added to RFC 6265, which `cookie_store` follows: prefixes, control octets, sizes, nameless
/// cookies, `SameSite=None`, `Partitioned`, an `Expires` in other forms, and repeated attributes, of which it takes the
/// last that it knows how to read and not the last. It sets no end to a life: we do, at 400 days.
fn agree_with_cookie_store(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok(line) = common_line(&mut input) else { return };
    let host = ["www.example.com", "example.com", "192.0.2.7"][input.int_in_range(0..=2).unwrap_or(0)];
    let path = ["/", "/dir", "/dir/", "/dir/page", "/dir/page?a=/b"][input.int_in_range(0..=4).unwrap_or(0)];
    let url = Url::parse(&format!("https://{host}{path}")).expect("a URL");
    // They ask the system's clock.
    let now = SystemTime::now();
    let ours = audit::set_cookie(line.as_bytes(), &Seen::https(host).path(path).at(now)).stored;
    let theirs = cookie_store::Cookie::parse(line.as_str(), &url);
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(_), Err(_)) => return,
        (ours, theirs) => panic!("{line}: {ours:?}, and {theirs:?}"),
    };
    assert_eq!((ours.name.as_str(), ours.value.as_str()), theirs.name_value(), "{line}");
    let (domain, host_only) = match &theirs.domain {
        CookieDomain::HostOnly(host) => (host, true),
        CookieDomain::Suffix(domain) => (domain, false),
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!((&ours.domain, ours.host_only), (domain, host_only), "{line}");
    assert_eq!(ours.path, String::from(theirs.path.clone()), "{line}");
    assert_eq!(ours.secure, theirs.secure().unwrap_or(false), "{line}");
    assert_eq!(ours.http_only, theirs.http_only().unwrap_or(false), "{line}");
    let same_site = theirs.same_site().map(|same_site| same_site.to_string());
    assert_eq!(ours.same_site.map(|same_site| same_site.to_string()), same_site, "{line}");
    assert_eq!(ours.is_removal(), theirs.is_expired(), "{line}");
    match (ours.expires, &theirs.expires) {
        (None, CookieExpiration::SessionEnd) => {}
        (Some(_), CookieExpiration::AtUtc(_)) if ours.is_removal() => {}
        (Some(ours), CookieExpiration::AtUtc(theirs)) => {
            let theirs = SystemTime::from(*theirs).min(now + 400 * DAY);
            let apart = ours.duration_since(theirs).unwrap_or_else(|behind| behind.duration());
            let meanwhile = now.elapsed().unwrap_or_default();
            assert!(apart < Duration::from_secs(5) + meanwhile, "{line}");
        }
        (ours, theirs) => panic!("{line}: {ours:?}, and {theirs:?}"),
    }
}

fn common_line(input: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    const TOKEN: &[u8] = b"abcXYZ019!#$&'*+-.^_`|~";
    let text = |input: &mut Unstructured<'_>, octets: &[u8], least: usize| -> arbitrary::Result<String> {
        let length = input.int_in_range(least..=8)?;
        (0..length).map(|_| input.choose(octets).map(|octet| char::from(*octet))).collect()
    };
    let spaces = |input: &mut Unstructured<'_>| input.choose(&["", " ", "  ", "\t"]).copied();
    let mut line = [spaces(input)?, &text(input, TOKEN, 1)?, spaces(input)?, "=", spaces(input)?].concat();
    line.push_str(&text(input, b"abcXYZ019!#$&'()*+-./:<=>?@[]^_`{|}~\",%\\ ", 0)?);
    let mut left = vec!["Path", "Domain", "Max-Age", "Expires", "HttpOnly", "Secure", "SameSite"];
    for _ in 0..input.int_in_range(0..=7)? {
        let key = left.remove(input.choose_index(left.len())?);
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
                let date = hardtack_rules::date::imf_fixdate(seconds).expect("a year of four digits");
                format!("={}", date.escape_ascii())
            }
            "SameSite" => format!("={}", input.choose(&["Strict", "Lax", "lax", "STRICT"])?),
            _ => String::new(),
        };
        let key = if input.arbitrary()? { key.to_owned() } else { key.to_lowercase() };
        line.extend([";", spaces(input)?, &key, spaces(input)?, &value, spaces(input)?]);
    }
    Ok(line)
}
