//! Tests cookies of sign-ins with another site. Browsers do not send `SameSite=Lax` cookies with a POST from another
//! site, as in SAML and in OIDC `form_post`. The policy does not change a cookie that holds the state of a sign-in. For
//! every other cookie that the policy's stricter `SameSite` can break, an event contains the cookie's name.

use hardtack::SameSite;
use hardtack::event::Kind::HeaderHardened;
use hardtack::policy::{Baseline, Exception};
use hardtack::tls::Transport;

use super::{send_cookies, without_force_https};

#[tokio::test]
async fn state_of_a_sign_in_gets_no_same_site() {
    for name in [
        ".AspNetCore.Correlation.Zm9v",
        ".AspNetCore.OpenIdConnect.Nonce.Zm9v",
        "mod_auth_openidc_state_Zm9v",
        "_shibstate_1700000000_ab12",
        "x-ms-cpim-trans",
        "oauth_state",
        "saml_request_id",
        "next-auth.pkce.code_verifier",
    ] {
        let header = format!("{name}=opensesame; Path=/");
        let sent = send_cookies(without_force_https(), Transport::Tls, &[&header]).await;
        assert_eq!(sent.set_cookies(), [format!("{header}; Secure")]);
        assert_eq!(sent.event_summaries(), [(HeaderHardened, name, "insecure")]);
        assert!(!sent.events[0].reason.contains("SameSite"), "{}", sent.events[0].reason);
    }
}

#[tokio::test]
async fn event_names_the_exception_for_a_session_with_state() {
    let header = "connect.sid=opensesame; Path=/; Secure; HttpOnly";
    let sent = send_cookies(without_force_https(), Transport::Tls, &[header]).await;
    assert_eq!(sent.set_cookies(), [format!("{header}; SameSite=Lax")]);
    assert_eq!(
        sent.events[0].text,
        "header hardened `connect.sid` (same-site-missing, GET /): added SameSite; with `SameSite=Lax` browsers do not send \
         the cookie with a POST from another site (SAML, OIDC `form_post`, payments); if that fails, add \
         `Exception::for_cookie(\"connect.sid\").any_same_site()`"
    );
    // The exception of the event leaves `SameSite` alone, and the policy still demands everything else.
    let exception = Exception::for_cookie("connect.sid").any_same_site().because("the identity provider sends a form");
    for (header, added) in [(header, ""), ("connect.sid=opensesame; Path=/", "; Secure; HttpOnly")] {
        let sent = send_cookies(without_force_https().exception(exception.clone()), Transport::Tls, &[header]).await;
        assert_eq!(sent.set_cookies(), [format!("{header}{added}")]);
    }
    // The header of a library that sets `SameSite=None` for the sign-in stays as it is.
    let none = "connect.sid=opensesame; Path=/; Secure; HttpOnly; SameSite=None";
    let sent = send_cookies(without_force_https(), Transport::Tls, &[none]).await;
    assert_eq!((sent.set_cookies(), sent.events.len()), (vec![none.to_owned()], 0));
}

#[tokio::test]
async fn baseline_that_breaks_a_sign_in_is_named() {
    let strict = || without_force_https().baseline(Baseline::new().same_site(SameSite::Strict));
    for (header, note) in [
        (
            "_shibstate_1=opensesame; Path=/; Secure; HttpOnly; SameSite=None",
            "the cookie holds the state of a sign-in, and with `SameSite=Strict` browsers do not send the cookie with any \
             request from another site (SAML, OIDC `form_post`, payments); if that fails, add \
             `Exception::for_cookie(\"_shibstate_*\").any_same_site()`",
        ),
        ("oauth_state=opensesame; Path=/; Secure; HttpOnly; SameSite=Lax", "the cookie holds the state of a sign-in, "),
        ("basket=opensesame; Path=/; Secure; HttpOnly; SameSite=None", "with `SameSite=Strict` browsers do not send "),
    ] {
        let sent = send_cookies(strict(), Transport::Tls, &[header]).await;
        assert!(sent.set_cookies()[0].ends_with("; SameSite=Strict"), "{:?}", sent.set_cookies());
        let start = format!("tightened to the policy's baseline; {note}");
        assert!(sent.events[0].reason.starts_with(&start), "{}", sent.events[0].reason);
    }
    // Browsers send no `Lax` session cookie with such a POST anyway.
    let header = "basket=opensesame; Path=/; Secure; HttpOnly; SameSite=Lax";
    let sent = send_cookies(strict(), Transport::Tls, &[header]).await;
    assert_eq!(sent.events[0].reason, "tightened to the policy's baseline");
    // One exception covers all names that begin alike.
    let exception = Exception::for_cookie("_shibstate_*").any_same_site().because("the identity provider sends a form");
    let header = "_shibstate_2=opensesame; Path=/; Secure; HttpOnly; SameSite=None";
    let sent = send_cookies(strict().exception(exception), Transport::Tls, &[header]).await;
    assert_eq!((sent.set_cookies(), sent.events.len()), (vec![header.to_owned()], 0));
}
