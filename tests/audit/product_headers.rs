//! Audits the `Set-Cookie` headers of known products, with the findings that `tests/vectors/product_headers.json`
//! expects.

use std::time::{Duration, SystemTime};

use hardtack::audit::{Context, set_cookie};
use hardtack_rules::date::parse_cookie_date;

use super::ids;
use crate::vectors::{cases, text};

#[test]
fn headers_of_products_have_the_expected_findings() {
    let (mut count, mut ignored, mut wrong) = (0, 0, Vec::new());
    for case in cases(include_str!("../vectors/product_headers.json")) {
        let seconds = parse_cookie_date(text(&case["now"]).as_bytes()).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap());
        let header = text(&case["set_cookie"]);
        let report = set_cookie(header.as_bytes(), &Context::https(text(&case["host"])).at(now));
        let mut found = ids(&report.findings);
        found.sort_unstable();
        let expected: Vec<&str> = case["findings"].as_array().unwrap().iter().map(text).collect();
        if found != expected {
            wrong.push(format!("{}: {header}\n  found    {found:?}\n  expected {expected:?}", text(&case["product"])));
        }
        count += 1;
        ignored += usize::from(expected.contains(&"attribute-ignored"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((count, ignored), (90, 14));
}
