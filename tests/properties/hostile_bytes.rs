//! Tests hostile bytes in `Cookie` and `Set-Cookie` headers. The parsers must not panic. If a request contains hostile
//! bytes and a valid cookie, the parser must find the valid cookie.

use hardtack::audit::{Context, set_cookie};
use hardtack::spec::Spec;
use hardtack::{Cookies, ReadCookie, SameSite, testing};
use http::{HeaderMap, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;

use super::values::{AByHand, AF64, AString, AU32, AVersion, AnEnum, comes_back};
use super::{Present, config, text};

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn hostile_bytes_do_not_hide_a_valid_cookie(
        before in vec(piece(), 0..6), after in vec(piece(), 0..6), value in text(), apart in any::<bool>()
    ) {
        let valid = testing::request_header(&AString(value.clone()));
        let (before, after) = (before.join(&b';'), after.join(&b';'));
        let header = [&before[..], valid.as_bytes(), &after[..]].join(&b';');
        let mut request = HeaderMap::new();
        let headers = if apart { vec![&before[..], valid.as_bytes(), &after[..]] } else { vec![&header[..]] };
        // Skip headers with a control character, because a server rejects headers with a control character.
        let headers: Vec<_> = headers.into_iter().filter_map(|header| HeaderValue::from_bytes(header).ok()).collect();
        let is_there = apart || !headers.is_empty();
        request.extend(headers.into_iter().map(|header| (http::header::COOKIE, header)));
        let jar = Cookies::from_headers(&request, testing::https());
        prop_assert_eq!(jar.get_all::<AString>().count(), usize::from(is_there));
        prop_assert_eq!(jar.try_get::<AString>().unwrap().map(|cookie| cookie.0), is_there.then_some(value));
        let _ = (format!("{jar:?}"), jar.try_get::<AU32>(), jar.try_get::<AnEnum>(), jar.try_get::<Present>());
    }

    #[test]
    fn any_value_bytes_are_read_or_rejected(raw in vec(any::<u8>(), 0..40)) {
        let mut request = HeaderMap::new();
        for Spec { name, .. } in [AString::SPEC, AU32::SPEC, AF64::SPEC, AnEnum::SPEC, AByHand::SPEC, AVersion::SPEC] {
            if let Ok(header) = HeaderValue::from_bytes(&[name.as_bytes(), b"=", &raw].concat()) {
                request.append("cookie", header);
            }
        }
        let jar = Cookies::from_headers(&request, testing::https());
        let _ = (jar.try_get::<AU32>(), jar.try_get::<AF64>(), jar.try_get::<AnEnum>());
        let _ = (jar.try_get::<AByHand>(), jar.try_get::<AVersion>());
        if let Ok(Some(AString(text))) = jar.try_get::<AString>() {
            // If hardtack can read a value from a request, hardtack can also set a cookie with this value and read the
            // cookie again.
            comes_back(text, AString, |cookie| cookie.0)?;
        }
    }

    #[test]
    fn any_set_cookie_header_is_audited(
        header in set_cookie_header(), host in host(), path in ".{0,12}|/[a-z/?]{0,12}", https in any::<bool>()
    ) {
        let context = if https { Context::https(&host) } else { Context::http(&host) };
        let report = set_cookie(&header, &context.path(&path));
        let _ = (report.to_string(), format!("{report:?}"));
        if let Ok(stored) = report.stored {
            prop_assert!(!stored.secure || https);
            prop_assert!(stored.name_bytes().len() + stored.value_bytes().len() <= 4096);
            prop_assert!(stored.same_site != Some(SameSite::None) || stored.secure);
            prop_assert!(stored.path.starts_with('/'));
            prop_assert!(stored.host_only || host.to_ascii_lowercase().ends_with(&stored.domain) || host.contains(':'));
        }
    }
}

/// Generates a part of a `Cookie` header: any bytes, or text that is similar to a pair. The generated part never
/// contains a pair with the name of the valid cookie.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..20),
        vec(prop_oneof![Just(b'\t'), b' '..=b'~', 128..=255_u8], 0..20),
        "(__Host-Http-a_strin|__host-http-a_string|__Host-Http-a_string[ \\[.]x|a|=|,)?[ \t]*=?[\"%=a ,é]{0,8}"
            .prop_map(String::into_bytes),
    ]
}

/// Generates a `Set-Cookie` header: any bytes, or text that is similar to a real header.
fn set_cookie_header() -> impl Strategy<Value = Vec<u8>> {
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
        (4080..4110_usize).prop_map(|bytes| [b"a=", "x".repeat(bytes).as_bytes()].concat()),
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
