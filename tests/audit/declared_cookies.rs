//! Audits headers of cookies that this program declares. The audit finds no weakness in a cookie that is declared with
//! the default attributes. If a declaration gives a `reason` for a weak attribute, the audit's finding shows the
//! `reason`.

use hardtack::audit::{Context, set_cookie};
use hardtack::{Cookie, CookieValue, ReadCookie, SetCookie, testing};

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
fn default_declaration_has_no_findings() {
    let https = testing::https();
    let set = SetCookie::new(Session(String::from("opensesame"))).header_value(&https).unwrap();
    let removed = SetCookie::<Session>::removal().header_value(&https).unwrap();
    for header in [set, removed] {
        let report = set_cookie(header.as_bytes(), &Context::https("shop.example.com"));
        assert!(report.stored.is_ok() && report.findings.is_empty(), "{report}");
    }
}

#[test]
fn only_declared_weaknesses_have_a_reason() {
    let context = https().declared(&[Session::SPEC]).declared(ShopCookies::SPECS);
    let of = |header: &str| {
        let report = set_cookie(header.as_bytes(), &context);
        let all = report.findings.iter();
        all.map(|finding| format!("{} {}", finding.rule, finding.reason.unwrap_or("-"))).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        of("__Host-theme=dark; Path=/; Secure; SameSite=Lax"),
        "script-readable theme.js applies it before first paint"
    );
    // The declaration gives a `reason` for the missing `HttpOnly`. The declaration gives no `reason` for a missing
    // `SameSite`.
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
    // The letter case of this name differs from the declared name. Cookie names are case-sensitive, so no declaration
    // has this name.
    assert_eq!(of("Embed=7; Secure; HttpOnly; SameSite=Lax"), "unprefixed -");
    let report = set_cookie(b"screen=7; HttpOnly; SameSite=Lax", &context);
    assert_eq!(report.unexpected().count(), 0);
    assert!(report.to_string().ends_with("ASVS 3.3.3); expected, because the lobby's screens have no TLS"), "{report}");
    let _ = (Theme::Dark, <ShopCookies>::SPECS.len());
}
