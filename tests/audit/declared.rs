//! What this program declares: nothing is raised about a default, and what a declaration explains is expected.

use hardtack::audit::{Seen, set_cookie};
use hardtack::{Cookie, CookieValue, SetCookie, testing};

use super::https;

#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

#[derive(CookieValue)]
enum Theme {
    Dark,
}

#[hardtack::cookies]
struct ShopCookies {
    #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
    theme: Theme,
    #[cookie(same_site = None, name = "embed", reason = "partners embed the basket")]
    basket: u32,
    #[cookie(secure = false, http_only = true, reason = "the lobby's screens have no TLS")]
    screen: u32,
}

#[test]
fn a_cookie_as_it_is_declared_by_default_raises_nothing() {
    let https = testing::https();
    let set = SetCookie::new(Session(String::from("opensesame"))).header_value(&https).unwrap();
    let removed = SetCookie::<Session>::removal().header_value(&https).unwrap();
    for line in [set, removed] {
        let report = set_cookie(line.as_bytes(), &Seen::https("shop.example.com"));
        assert!(report.stored.is_ok() && report.findings.is_empty(), "{report}");
    }
}

#[test]
fn what_a_declaration_explains_is_expected_and_nothing_else_is() {
    let seen = https().declared(&[Session::SPEC]).declared(ShopCookies::SPECS);
    let of = |line: &str| {
        let report = set_cookie(line.as_bytes(), &seen);
        let all = report.findings.iter();
        all.map(|finding| format!("{} {}", finding.rule, finding.reason.unwrap_or("-"))).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        of("__Host-theme=dark; Path=/; Secure; SameSite=Lax"),
        "script-readable theme.js applies it before first paint"
    );
    // Its reason is for one weakening.
    assert_eq!(
        of("__Host-theme=dark; Path=/; Secure"),
        "script-readable theme.js applies it before first paint, same-site-missing -"
    );
    assert_eq!(
        of("embed=7; Secure; HttpOnly; SameSite=None"),
        "same-site-none partners embed the basket, unprefixed partners embed the basket"
    );
    assert_eq!(
        of("screen=7; HttpOnly; SameSite=Lax"),
        "insecure the lobby's screens have no TLS, unprefixed the lobby's screens have no TLS"
    );
    // Others' cookies, and another letter case, are nobody's declaration.
    assert_eq!(of("Embed=7; Secure; HttpOnly; SameSite=Lax"), "unprefixed -");
    let report = set_cookie(b"screen=7; HttpOnly; SameSite=Lax", &seen);
    assert_eq!(report.unexpected().count(), 0);
    assert!(report.to_string().ends_with("ASVS 3.3.3); expected, since the lobby's screens have no TLS"), "{report}");
    let _ = (Theme::Dark, <ShopCookies>::SPECS.len());
}
