//! The grammar: dates, durations, names, paths and domains, each beside a second reading by hand.

use std::time::Duration;

use hardtack::cookie;
use hardtack_rules::date::{cookie_date, imf_fixdate};
use hardtack_rules::syntax;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{FIRST, LAST, config, domain, path};

proptest! {
    #![proptest_config(config(4096))]

    #[test]
    fn every_second_of_1601_to_9999_is_written_and_read(seconds in prop_oneof![FIRST..=LAST, any::<i64>()]) {
        match imf_fixdate(seconds) {
            Some(text) => {
                prop_assert!((FIRST..=LAST).contains(&seconds));
                prop_assert_eq!(cookie_date(&text), Some(seconds));
                // The cookie crate is the other witness.
                let line = format!("a=b; Expires={}", text.escape_ascii());
                let parsed = cookie::Cookie::parse(line).unwrap();
                prop_assert_eq!(parsed.expires_datetime().map(|it| it.unix_timestamp()), Some(seconds));
            }
            None => prop_assert!(!(FIRST..=LAST).contains(&seconds)),
        }
    }

    #[test]
    fn any_octets_are_a_date_or_none(
        text in vec(any::<u8>(), 0..40),
        near in "[ ,:;0-9a-z-]{0,8}(3[01] )?(Feb|mar|DEC)[a-z]? [0-9]{1,5}[ -]{1,2}([0-9]{1,3}:){2}[0-9]{1,2}[a-z]?"
    ) {
        for text in [&text[..], near.as_bytes()] {
            if let Some(seconds) = cookie_date(text) {
                prop_assert!((FIRST..=LAST).contains(&seconds));
                prop_assert_eq!(imf_fixdate(seconds).and_then(|text| cookie_date(&text)), Some(seconds));
            }
        }
    }

    #[test]
    fn a_duration_is_its_number_times_its_unit(
        text in prop_oneof!["[0-9]{0,22}[smhdw]?", ".{0,5}", "[-+ ]?[0-9]{1,3}[.]?[0-9]?[smhd ]{0,2}"]
    ) {
        prop_assert_eq!(syntax::duration(&text).ok(), duration_by_hand(&text).map(Duration::from_secs), "{}", text);
    }

    #[test]
    fn what_is_checked_is_checked_to_its_end(text in prop_oneof![".{0,40}", path(), domain(), "[!-~]{0,80}"]) {
        let av_octets = text.bytes().all(|octet| (0x20..0x7F).contains(&octet) && octet != b';');
        let is_path = text.starts_with('/') && text.len() <= 1024 && av_octets && !text.ends_with(' ');
        prop_assert_eq!(syntax::path(&text).is_ok(), is_path, "{:?}", text);
        let labels: Vec<&str> = text.split('.').collect();
        let is_label = |label: &&str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_number = labels.last().is_some_and(|last| last.bytes().all(|octet| octet.is_ascii_digit()));
        let is_domain = labels.len() > 1 && labels.iter().all(is_label) && !is_number && text.len() <= 253;
        prop_assert_eq!(syntax::domain(&text).is_ok(), is_domain, "{:?}", text);
        let is_token = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
        let is_name = !text.is_empty() && text.bytes().all(is_token);
        let lower = text.to_ascii_lowercase();
        let prefixes = ["__host-", "__secure-", "__http-", "__hosthttp-"];
        let is_prefixed = prefixes.iter().any(|prefix| lower.starts_with(prefix));
        prop_assert!(is_prefixed || syntax::name(&text).is_ok() == is_name, "{:?}", text);
        prop_assert!(syntax::name(&text).is_err() || is_name, "{:?}", text);
    }
}

/// `"8h"` as seconds, in numbers that cannot overflow.
fn duration_by_hand(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    (digits.parse::<u128>().ok()? * unit).try_into().ok()
}
