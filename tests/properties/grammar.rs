//! Compares each of hardtack's parsers (of dates, durations, names, paths and domains) with a second implementation.

use std::time::Duration;

use hardtack_rules::date::{format_imf_fixdate, parse_cookie_date};
use hardtack_rules::syntax;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{FIRST, LAST, config, domain, path};

proptest! {
    #![proptest_config(config(4096))]

    #[test]
    fn dates_from_1601_to_9999_are_parsed_back(seconds in prop_oneof![FIRST..=LAST, any::<i64>()]) {
        match format_imf_fixdate(seconds) {
            Some(text) => {
                prop_assert!((FIRST..=LAST).contains(&seconds));
                prop_assert_eq!(parse_cookie_date(&text), Some(seconds));
                // The cookie crate reads the same date from the text.
                let header = format!("a=b; Expires={}", text.escape_ascii());
                let parsed = cookie::Cookie::parse(header).unwrap();
                prop_assert_eq!(parsed.expires_datetime().map(|date| date.unix_timestamp()), Some(seconds));
            }
            None => prop_assert!(!(FIRST..=LAST).contains(&seconds)),
        }
    }

    #[test]
    fn any_bytes_are_a_date_or_rejected(
        text in vec(any::<u8>(), 0..40),
        near in "[ ,:;0-9a-z-]{0,8}(3[01] )?(Feb|mar|DEC)[a-z]? [0-9]{1,5}[ -]{1,2}([0-9]{1,3}:){2}[0-9]{1,2}[a-z]?"
    ) {
        for text in [&text[..], near.as_bytes()] {
            if let Some(seconds) = parse_cookie_date(text) {
                prop_assert!((FIRST..=LAST).contains(&seconds));
                prop_assert_eq!(format_imf_fixdate(seconds).and_then(|text| parse_cookie_date(&text)), Some(seconds));
            }
        }
    }

    #[test]
    fn a_duration_is_its_number_times_its_unit(
        text in prop_oneof!["[0-9]{0,22}[smhdw]?", ".{0,5}", "[-+ ]?[0-9]{1,3}[.]?[0-9]?[smhd ]{0,2}"]
    ) {
        let expected = duration_by_hand(&text).map(Duration::from_secs);
        prop_assert_eq!(syntax::parse_duration(&text).ok(), expected, "{}", text);
    }

    #[test]
    fn paths_domains_and_names_follow_the_grammar(text in prop_oneof![".{0,40}", path(), domain(), "[!-~]{0,80}"]) {
        let av_bytes = text.bytes().all(|byte| (0x20..0x7F).contains(&byte) && byte != b';');
        let is_path = text.starts_with('/') && text.len() <= 1024 && av_bytes && !text.ends_with(' ');
        prop_assert_eq!(syntax::check_path(&text).is_ok(), is_path, "{:?}", text);
        let labels: Vec<&str> = text.split('.').collect();
        let is_label = |label: &&str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_number = labels.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        let is_domain = labels.len() > 1 && labels.iter().all(is_label) && !is_number && text.len() <= 253;
        prop_assert_eq!(syntax::check_domain(&text).is_ok(), is_domain, "{:?}", text);
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_name = !text.is_empty() && text.bytes().all(is_token);
        let lower = text.to_ascii_lowercase();
        let prefixes = ["__host-", "__secure-", "__http-", "__hosthttp-"];
        let is_prefixed = prefixes.iter().any(|prefix| lower.starts_with(prefix));
        prop_assert!(is_prefixed || syntax::check_name(&text).is_ok() == is_name, "{:?}", text);
        prop_assert!(syntax::check_name(&text).is_err() || is_name, "{:?}", text);
    }
}

/// Parses a duration, for example `8h`, and returns its seconds. The function uses arithmetic that cannot overflow.
fn duration_by_hand(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    (digits.parse::<u128>().ok()? * unit).try_into().ok()
}
