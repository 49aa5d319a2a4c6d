//! Runs two third-party test suites on hardtack. `vectors/producer.json` tests the headers that servers write.
//! `vectors/reader.json` tests the headers that servers read.
//!
//! hardtack checks names and attributes at compile time. So the test writes a declaration for each test case into a
//! generated crate. The test compiles all declarations together. If the declaration of a cookie compiles, a generated
//! program sets, sends and reads back the cookie.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a malformed vector file fails the test"
)]

#[path = "conformance/case.rs"]
mod case;
#[allow(dead_code, reason = "other test binaries use more of it")]
#[path = "support/expected_cookie.rs"]
mod expected_cookie;
#[path = "conformance/generated_crates.rs"]
mod generated_crates;
#[allow(dead_code, reason = "other test binaries use more of it")]
#[path = "support/vectors.rs"]
mod vectors;
#[path = "support/workspace.rs"]
#[allow(dead_code, reason = "other test binaries use more of it")]
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use hardtack::{Cookie, Cookies, Policy, PolicyHandle, ReadCookie, SameSite, SetCookie, SetError, testing};
use hardtack_rules::syntax;

use case::{Case, producer_cases, reader_cases, reader_names};
use expected_cookie::ExpectedCookie;
use generated_crates::{Declaration, RESULTS};
use vectors::decode_hex;

const PRODUCER: &str = include_str!("vectors/producer.json");
const READER: &str = include_str!("vectors/reader.json");
const README: &str = include_str!("vectors/README.md");

/// The only test case in which our rules and the suite disagree. The domain in this case has only one label. Two hosts
/// cannot share a domain of one label, so our rules reject the domain. A browser rejects a cookie with a domain of one
/// label, or treats the cookie as host-only.
const SINGLE_LABEL: &str = "domain/53";

#[test]
fn headers_follow_the_strict_suite() {
    let mut disagreements = Disagreements::default();
    let cases = producer_cases();
    for case in &cases {
        let id = &case.id;
        let errors = RESULTS.errors(id);
        match case.outcome.as_str() {
            "emit" | "encode" | "refuse_or_encode" => {
                for error in errors {
                    disagreements.add(id, error);
                }
                for cookie in RESULTS.written(id) {
                    disagreements.extend(id, cookie.header.as_ref().err().map(|error| error.text.clone()));
                    let Ok(header) = &cookie.header else { continue };
                    disagreements.extend(id, case.differences(header));
                    let (read_back, jar_header) = (&cookie.read_back, &cookie.jar_header);
                    disagreements.extend(id, (*read_back != case.value).then(|| format!("read back as {read_back:?}")));
                    disagreements.extend(id, (jar_header != header).then(|| format!("a jar writes {jar_header:?}")));
                    let differs = parts(&cookie.cookie) != parts(header);
                    disagreements.extend(id, differs.then(|| cookie.cookie.clone()));
                }
            }
            // hardtack rejects a value that a browser would change, because hardtack does not normalise values.
            "refuse" | "refuse_or_normalise" => {
                let headers: Vec<_> = RESULTS.written(id).filter_map(|cookie| cookie.header.as_ref().ok()).collect();
                let is_untested = errors.is_empty() && RESULTS.written(id).count() == 0;
                disagreements.extend(id, is_untested.then(|| String::from("the case was not tested")));
                for header in headers {
                    disagreements.add(id, format!("emitted: {header}"));
                }
            }
            outcome => panic!("{id}: an outcome that the README does not list: {outcome}"),
        }
    }
    let single_label = "the domain is a single label, which no other host shares";
    assert_eq!(
        disagreements.finish("producer.json", cases.len()),
        BTreeMap::from([(
            SINGLE_LABEL.to_owned(),
            // The first string is the error message if the domain is a literal or a constant. The second string is the
            // error message of the policy's `cookie_domain`.
            BTreeSet::from([
                format!("{single_label}; leave the key out"),
                format!(
                    "`cookie_domain`: `localhost` is refused: {single_label}; leave `cookie_domain` out: cookies with \
                     `domain = policy` are then host-only"
                ),
            ]),
        )])
    );
}

/// Each generated library declares the cookies of all test cases. A build of the library must report each error once,
/// at the declaration that causes the error.
#[test]
fn one_build_reports_every_error() {
    let (mut rejected, mut accepted) = (0, 0);
    for build in [&RESULTS.literals, &RESULTS.constants] {
        for Declaration { id, is_rejected, errors, faults, .. } in &build.declarations {
            assert_eq!(errors.len(), usize::from(*is_rejected), "{id}: {errors:?}");
            for error in errors {
                assert!(faults.iter().any(|fault| error.starts_with(fault)), "{id}: {error}");
            }
            *(if *is_rejected { &mut rejected } else { &mut accepted }) += 1;
        }
        assert!(build.other_errors.is_empty(), "errors outside the declarations: {:?}", build.other_errors);
    }
    println!("producer.json: {rejected} declarations rejected, {accepted} accepted, in two builds");
    assert_eq!((rejected, accepted), (82, 182));
}

/// Policies and setters check values at run time, with the same rules as the macros.
#[test]
fn policies_and_setters_reject_the_same_values() {
    let mut by_setting = BTreeMap::new();
    for case in
        producer_cases().iter().filter(|case| case.outcome.starts_with("refuse") && case.outcome != "refuse_or_encode")
    {
        for cookie in RESULTS.written(&case.id) {
            let error = cookie.header.as_ref().expect_err(&case.id);
            *by_setting.entry(error.setting.clone()).or_insert(0) += 1;
        }
    }
    println!("producer.json: rejected at run time: {by_setting:?}");
    let expected = [("base_path", 6), ("cookie_domain", 8), ("expires", 2)];
    assert_eq!(by_setting, expected.map(|(setting, count)| (setting.to_owned(), count)).into());
}

/// A setter rejects no `Max-Age`. The setter removes fractions of a second, and cuts a longer `Max-Age` to the declared
/// `max_age`.
#[test]
fn setters_cut_a_max_age() {
    #[derive(Cookie)]
    #[cookie(max_age = "400d")]
    struct Foo(String);

    let cases = producer_cases();
    let refused = |case: &Case| case.outcome == "refuse" && case.attributes.get("max_age").is_some();
    let ids: Vec<_> = cases.iter().filter(|case| refused(case)).map(|case| case.id.as_str()).collect();
    assert_eq!(ids, ["max-age/-1", "max-age/3.14", "max-age/Infinity"]);
    for (max_age, sent) in [(Duration::from_millis(3_140), 3), (Duration::MAX, 34_560_000), (Duration::ZERO, 0)] {
        let header = SetCookie::new(Foo("baz".into())).max_age(max_age).header_value(&testing::https()).unwrap();
        assert!(header.to_str().unwrap().contains(&format!("; Max-Age={sent};")), "{header:?}");
    }
    // In the suite, the case `max-age/0` expects a header with `Max-Age=0`. In hardtack, only the setter accepts a
    // `Max-Age` of 0. With `Max-Age=0` in the declaration, each `set` would remove the cookie.
    assert!(syntax::check_max_age(Duration::ZERO).is_err());
    // A `Duration` cannot be negative or infinite. So the setter cannot be tested with the `Max-Age` of `max-age/-1`.
    assert!(Duration::try_from_secs_f64(-1.0).is_err() && Duration::try_from_secs_f64(f64::INFINITY).is_err());
}

#[test]
fn cookie_crate_parses_every_header() {
    let mut count = 0;
    for case in producer_cases() {
        for header in RESULTS.written(&case.id).filter_map(|cookie| cookie.header.as_ref().ok()) {
            count += 1;
            assert_cookie_crate_reads(&with_value_of(case.expected_cookie(), &case.value, header), header);
        }
    }
    assert_eq!(count, 190);
}

#[test]
fn browser_model_stores_every_header() {
    let mut count = 0;
    for case in producer_cases() {
        for header in RESULTS.written(&case.id).filter_map(|cookie| cookie.header.as_ref().ok()) {
            count += 1;
            with_value_of(case.expected_cookie(), &case.value, header).assert_stored(header, now());
        }
    }
    assert_eq!(count, 190);
}

/// For each cookie name in the suite, the generated program declares a `read_only` type. In each test case, each type
/// must read exactly the values of the cookie with its declared name.
#[test]
fn declared_types_read_their_own_values() {
    let mut disagreements = Disagreements::default();
    let (cases, names) = (reader_cases(), reader_names());
    for case in &cases {
        for name in &names {
            let expected: Vec<&str> =
                case.pairs.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect();
            let found = &RESULTS.read[&(case.id.clone(), name.clone())];
            let differs = *found != format!("{expected:?}");
            disagreements.extend(&case.id, differs.then(|| format!("{name}: {found}")));
        }
    }
    println!("reader.json: {} declared names", names.len());
    assert!(disagreements.finish("reader.json, get_all", cases.len()).is_empty());
}

/// Tests each kind of declaration. The test sets a cookie, changes the attributes of the cookie, and removes the
/// cookie. In each header, the cookie crate and the browser model must find the expected attributes.
#[test]
fn each_declaration_kind_is_parsed_as_declared() {
    #[derive(Cookie)]
    struct Plain(String);
    #[derive(Cookie)]
    #[cookie(max_age = "8h", same_site = Strict)]
    struct Session(String);
    #[derive(Cookie)]
    #[cookie(http_only = false, reason = "a script reads it")]
    struct Theme(String);
    #[derive(Cookie)]
    #[cookie(path = "/shop", max_age = "30d")]
    struct Cart(String);
    #[derive(Cookie)]
    #[cookie(domain = "Example.com", path = "/a b", max_age = "400d")]
    struct Sso(String);
    #[derive(Cookie)]
    #[cookie(domain = policy, path = "/app")]
    struct Everywhere(String);
    #[derive(Cookie)]
    #[cookie(same_site = None, partitioned, max_age = "400d", reason = "embedded by customers")]
    struct Widget(String);
    #[derive(Cookie)]
    #[cookie(name = "__Http-id", path = "/id")]
    struct Id(String);
    #[derive(Cookie)]
    #[cookie(name = "legacy", secure = false, http_only = false, max_age = "400d", reason = "an old proxy reads it")]
    struct Legacy(String);

    let value = || String::from("50 %; ä\"\\,\r\n=");
    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(2_145_916_900);
    let later = Duration::from_secs(90);

    assert_parsed_as_declared(|| SetCookie::new(Plain(value())), ExpectedCookie::from_spec(&Plain::SPEC, ""));
    assert_parsed_as_declared(|| SetCookie::new(Session(value())), ExpectedCookie::from_spec(&Session::SPEC, ""));
    assert_parsed_as_declared(|| SetCookie::new(Theme(value())), ExpectedCookie::from_spec(&Theme::SPEC, ""));
    assert_parsed_as_declared(|| SetCookie::new(Cart(value())), ExpectedCookie::from_spec(&Cart::SPEC, ""));
    assert_parsed_as_declared(|| SetCookie::new(Sso(value())), ExpectedCookie::from_spec(&Sso::SPEC, ""));
    assert_parsed_as_declared(|| SetCookie::new(Widget(value())), ExpectedCookie::from_spec(&Widget::SPEC, ""));
    assert_parsed_as_declared(|| SetCookie::new(Id(value())), ExpectedCookie::from_spec(&Id::SPEC, ""));
    assert_parsed_as_declared(|| SetCookie::new(Legacy(value())), ExpectedCookie::from_spec(&Legacy::SPEC, ""));

    let changed = || SetCookie::new(Sso(value())).max_age(later);
    let expected = ExpectedCookie { max_age: Some(90), ..ExpectedCookie::from_spec(&Sso::SPEC, "") };
    assert_parsed_as_declared(changed, expected);
    let strict = || testing::at(now(), || SetCookie::new(Widget(value())).same_site(SameSite::Strict).expires(moment));
    let expected = ExpectedCookie {
        same_site: SameSite::Strict,
        max_age: None,
        expires: Some(2_145_916_900),
        ..ExpectedCookie::from_spec(&Widget::SPEC, "")
    };
    assert_parsed_as_declared(strict, expected);
    let expected = ExpectedCookie { max_age: None, ..ExpectedCookie::from_spec(&Session::SPEC, "") };
    assert_parsed_as_declared(|| SetCookie::new(Session(value())).without_max_age(), expected);

    let removed = |spec| ExpectedCookie { max_age: Some(0), expires: Some(0), ..ExpectedCookie::from_spec(spec, "") };
    assert_parsed_as_declared(SetCookie::<Plain>::removal, removed(&Plain::SPEC));
    assert_parsed_as_declared(SetCookie::<Session>::removal, removed(&Session::SPEC));
    assert_parsed_as_declared(SetCookie::<Cart>::removal, removed(&Cart::SPEC));
    assert_parsed_as_declared(SetCookie::<Widget>::removal, removed(&Widget::SPEC));
    assert_parsed_as_declared(SetCookie::<Legacy>::removal, removed(&Legacy::SPEC));
    assert_parsed_as_declared(SetCookie::<Sso>::removal, removed(&Sso::SPEC));

    // A cookie that is declared with `domain = policy` needs a jar with a policy.
    let builder = Policy::builder().cookie_domain("example.net").base_path("/a%20b/c");
    let policy = PolicyHandle::new(builder.build().unwrap());
    let expected = ExpectedCookie {
        domain: Some("example.net".into()),
        path: "/a%20b/c/app".into(),
        ..ExpectedCookie::from_spec(&Everywhere::SPEC, "")
    };
    let removal = ExpectedCookie {
        domain: Some("example.net".into()),
        path: "/a%20b/c/app".into(),
        ..removed(&Everywhere::SPEC)
    };
    for (is_removal, expected, value) in [(false, expected, value()), (true, removal, String::new())] {
        let jar = Cookies::from_headers(&http::HeaderMap::new(), testing::https()).with_policy(&policy);
        let result = if is_removal { jar.remove::<Everywhere>() } else { jar.set(Everywhere(value.clone())) };
        result.unwrap();
        let mut response = http::HeaderMap::new();
        jar.write(&mut response);
        let header = response["set-cookie"].to_str().unwrap();
        let expected = with_value_of(expected, &value, header);
        assert_cookie_crate_reads(&expected, header);
        expected.assert_stored(header, now());
    }
    let without_policy = SetCookie::new(Everywhere(value())).header_value(&testing::https());
    assert!(matches!(without_policy, Err(SetError::NoPolicy { .. })), "{without_policy:?}");

    fn assert_parsed_as_declared<T: Cookie>(set: impl Fn() -> SetCookie<T>, expected: ExpectedCookie) {
        let value = if expected.expires == Some(0) { "" } else { "50 %; ä\"\\,\r\n=" };
        let header = set().header_value(&testing::https()).unwrap();
        let header = header.to_str().unwrap();
        let expected = with_value_of(expected, value, header);
        assert_cookie_crate_reads(&expected, header);
        expected.assert_stored(header, now());
        let cookie = set().to_encoded_cookie(&testing::https()).unwrap();
        expected.assert_cookie(&cookie);
        assert_eq!(parts(&cookie.to_string()), parts(header));
        let decoded = set().to_decoded_cookie(&testing::https()).unwrap();
        assert_eq!(decoded.value(), value);
        assert_eq!(parts(&decoded.encoded().to_string()).1, parts(header).1);
    }
}

/// Asserts that the cookie value in `header` decodes to `value`. Returns a copy of `expected` that contains the encoded
/// value from `header`.
fn with_value_of(expected: ExpectedCookie, value: &str, header: &str) -> ExpectedCookie {
    let raw = raw_value(header);
    assert_eq!(percent_decode(raw), value.as_bytes(), "{header}");
    ExpectedCookie { raw: raw.to_owned(), ..expected }
}

fn assert_cookie_crate_reads(expected: &ExpectedCookie, header: &str) {
    let cookie = cookie::Cookie::parse(header).unwrap_or_else(|error| panic!("{header}: {error}"));
    expected.assert_cookie(&cookie);
}

/// Returns 1 January 2038, the time of all audits in this test. Browsers limit the lifetime of a cookie. On this
/// date, every expiry in the suite is within the limit.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(2_145_916_800)
}

/// Splits a header value into the name-value pair and the set of attributes. Converts the names of the attributes to
/// lower case.
fn parts(header: &str) -> (&str, BTreeSet<String>) {
    let (pair, attributes) = header.split_once(';').unwrap_or((header, ""));
    let attributes: Vec<String> = attributes
        .split(';')
        .map(str::trim)
        .filter(|attribute| !attribute.is_empty())
        .map(|attribute| match attribute.split_once('=') {
            Some((key, value)) => format!("{}={value}", key.to_ascii_lowercase()),
            None => attribute.to_ascii_lowercase(),
        })
        .collect();
    let set: BTreeSet<String> = attributes.iter().cloned().collect();
    assert_eq!(set.len(), attributes.len(), "an attribute occurs twice: {header}");
    (pair, set)
}

fn raw_value(header: &str) -> &str {
    header.split(';').next().unwrap().split_once('=').unwrap().1
}

/// Percent-decodes a value. The function shares no code with the decoder in hardtack.
fn percent_decode(value: &str) -> Vec<u8> {
    let mut pieces = value.split('%');
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        bytes.extend(decode_hex(&piece[..2]));
        bytes.extend(piece[2..].bytes());
    }
    bytes
}

/// Converts an RFC 3339 time in UTC to Unix seconds. The function adds the days of each year, and shares no code with
/// the date functions in hardtack.
fn unix_seconds(instant: &str) -> i64 {
    let fields: Vec<i64> =
        instant.trim_end_matches('Z').split(['-', 'T', ':']).map(|field| field.parse().unwrap()).collect();
    let [year, month, day, hour, minute, second] = fields[..] else { panic!("{instant}") };
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_year = |year| if is_leap(year) { 366 } else { 365 };
    let since = (1970..year).map(days_of_year).sum::<i64>() - (year..1970).map(days_of_year).sum::<i64>();
    let months = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let in_year: i64 = months[..usize::try_from(month - 1).unwrap()].iter().sum();
    (since + in_year + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
}

/// The differences between hardtack and a suite. The key is the id of the test case.
#[derive(Default)]
struct Disagreements(BTreeMap<String, BTreeSet<String>>);

impl Disagreements {
    fn add(&mut self, id: &str, text: String) {
        self.0.entry(id.to_owned()).or_default().insert(text);
    }

    fn extend(&mut self, id: &str, texts: impl IntoIterator<Item = String>) {
        texts.into_iter().for_each(|text| self.add(id, text));
    }

    /// Prints the number of disagreements and returns the disagreements. Asserts that the test has read every test case
    /// in the vector file.
    fn finish(self, file: &str, cases: usize) -> BTreeMap<String, BTreeSet<String>> {
        println!("{file}: {cases} cases, {} disagreements", self.0.len());
        let start = format!("| `{}` | ", file.split(',').next().unwrap());
        let listed = README.lines().find_map(|line| line.strip_prefix(&start)?.split(' ').next()?.parse().ok());
        assert_eq!(Some(cases), listed, "{file}: cases read, and cases in vectors/README.md");
        self.0
    }
}
