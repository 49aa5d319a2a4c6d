//! Octets: whatever a request or a line holds is read without harm, and hides no good pair.

use hardtack::audit::{Seen, set_cookie};
use hardtack::{Cookie, Cookies, SameSite, Spec, testing};
use http::{HeaderMap, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;

use super::values::{AByHand, AF64, AString, AU32, AVersion, AnEnum, comes_back};
use super::{Present, config, text};

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn no_octets_in_a_request_do_harm_or_hide_a_good_pair(
        before in vec(piece(), 0..6), after in vec(piece(), 0..6), value in text(), apart in any::<bool>()
    ) {
        let good = testing::request_header(&AString(value.clone()));
        let (before, after) = (before.join(&b';'), after.join(&b';'));
        let line = [&before[..], good.as_bytes(), &after[..]].join(&b';');
        let mut request = HeaderMap::new();
        let fields = if apart { vec![&before[..], good.as_bytes(), &after[..]] } else { vec![&line[..]] };
        // No server hands over a field with a control octet.
        let fields: Vec<_> = fields.into_iter().filter_map(|field| HeaderValue::from_bytes(field).ok()).collect();
        let is_there = apart || !fields.is_empty();
        request.extend(fields.into_iter().map(|field| (http::header::COOKIE, field)));
        let jar = Cookies::read(&request, testing::https());
        prop_assert_eq!(jar.get_all::<AString>().count(), usize::from(is_there));
        prop_assert_eq!(jar.get::<AString>().unwrap().map(|it| it.0), is_there.then_some(value));
        let _ = (format!("{jar:?}"), jar.get::<AU32>(), jar.get::<AnEnum>(), jar.get::<Present>());
    }

    #[test]
    fn any_octets_as_a_value_are_read_or_refused(raw in vec(any::<u8>(), 0..40)) {
        let mut request = HeaderMap::new();
        for Spec { name, .. } in [AString::SPEC, AU32::SPEC, AF64::SPEC, AnEnum::SPEC, AByHand::SPEC, AVersion::SPEC] {
            if let Ok(field) = HeaderValue::from_bytes(&[name.as_bytes(), b"=", &raw].concat()) {
                request.append("cookie", field);
            }
        }
        let jar = Cookies::read(&request, testing::https());
        let _ = (jar.get::<AU32>(), jar.get::<AF64>(), jar.get::<AnEnum>());
        let _ = (jar.get::<AByHand>(), jar.get::<AVersion>());
        if let Ok(Some(AString(text))) = jar.get::<AString>() {
            // What was read is what is sent back, once it is written.
            comes_back(text, AString, |it| it.0)?;
        }
    }

    #[test]
    fn any_octets_as_a_line_are_judged(
        line in line(), host in host(), path in ".{0,12}|/[a-z/?]{0,12}", https in any::<bool>()
    ) {
        let seen = if https { Seen::https(&host) } else { Seen::http(&host) };
        let report = set_cookie(&line, &seen.path(&path));
        let _ = (report.to_string(), format!("{report:?}"));
        if let Ok(stored) = report.stored {
            prop_assert!(!stored.secure || https);
            prop_assert!(stored.name_octets().len() + stored.value_octets().len() <= 4096);
            prop_assert!(stored.same_site != Some(SameSite::None) || stored.secure);
            prop_assert!(stored.path.starts_with('/'));
            prop_assert!(stored.host_only || host.to_ascii_lowercase().ends_with(&stored.domain) || host.contains(':'));
        }
    }
}

/// A piece of a `Cookie` field: octets, or what looks like a pair; never the name that is looked for.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..20),
        vec(prop_oneof![Just(b'\t'), b' '..=b'~', 128..=255_u8], 0..20),
        "(__Host-Http-a_strin|__host-http-a_string|__Host-Http-a_string[ \\[.]x|a|=|,)?[ \t]*=?[\"%=a ,é]{0,8}"
            .prop_map(String::into_bytes),
    ]
}

/// A Set-Cookie line: any octets, or what nearly is one.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let attribute = prop_oneof![
        "(?i)( |\t)?(path|domain|max-age|expires|secure|httponly|samesite|partitioned)[ =]{0,3}[/.a-z0-9: -]{0,12}"
            .prop_map(String::into_bytes),
        "(?i); (max-age=[-+]?[0-9]{0,30}|samesite=(none|lax|strict|x)|domain=[.]?(com|example[.]com|é))"
            .prop_map(String::into_bytes),
        "(?i)expires=(mon, )?[0-9]{1,3}[- ](jan|feb|dec)[- ][0-9]{1,5} [0-9]{1,3}:[0-9]{1,2}:[0-9]{1,2} gmt"
            .prop_map(String::into_bytes),
        vec(any::<u8>(), 0..16),
    ];
    let first = prop_oneof![
        vec(any::<u8>(), 0..30),
        "(__(host|SECURE|Http|Host-Http)-)?[a-z =]{0,8}".prop_map(String::into_bytes),
        (4080..4110_usize).prop_map(|octets| [b"a=", "x".repeat(octets).as_bytes()].concat()),
    ];
    (first, vec(attribute, 0..6)).prop_map(|(first, attributes)| [vec![first], attributes].concat().join(&b';'))
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::from("example.com")),
        "(www\\.)?[a-zA-Z.]{0,8}\\.com(:[0-9]{0,3})?",
        "\\[?[0-9a-f:]{0,8}\\]?(:80)?",
        ".{0,12}",
    ]
}
