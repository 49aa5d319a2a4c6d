//! Tests the kinds of names. The table of products in the workspace's tests has many more names.

use super::{NameKind, contains_csrf, contains_sess_or_login, is_csrf_like, is_session_like, is_sign_in_state, kind};

#[test]
fn common_session_names_are_recognised() {
    for name in [
        "id",
        "axum-login.session",
        "PHPSESSID",
        "JSESSIONID",
        "JSESSIONID.1f2e3d",
        "ASP.NET_SessionId",
        ".AspNetCore.Session",
        ".ASPXAUTH",
        "_shop_session",
        "_shop_key",
        "laravel_session",
        "sessionid",
        "connect.sid",
        "__Host-sid",
        "__hOST-SID",
        "login_token",
        "remember_me",
        "rememberme",
        "remember-me",
        "REMEMBERME",
        "remember_token",
        "token",
        "user_token",
        "accessToken",
        "SSO",
        "front_end_session",
        "webmailsession",
        "cart_session",
        "authkey",
        "userauth",
        "sign_in",
        "AADSSO",
        "private_mode_user_session",
        "page_sid",
        "onboarding_session",
        "realm_auth_token",
        "authorisation",
        "bucket_session",
        "choice_session_id",
        "exp_sessionid",
        "invite_token",
        "sessions",
    ] {
        assert!(is_session_like(name.as_bytes()), "{name}");
    }
}

#[test]
fn names_that_only_look_like_sessions_are_not() {
    for name in [
        "theme",
        "lang",
        "identity_hint",
        "basket",
        "sidebar",
        "csrftoken",
        "csrf_login",
        "__Host-",
        "",
        "login_hint",
        "loginHint",
        "session_expiry",
        "sessionExpiresAt",
        "sessiontimeout",
        "session_end",
        "lastlogin",
        "last_login",
        "isLoggedIn",
        "logged_in",
        "auth_provider",
        "return_after_login",
        "token_type",
        "tokentype",
        "form_token",
        "author",
        "authority_id",
        "assessment",
        "possession",
        "catalogindex",
        "bloginfo",
        "side",
        "sessions_seen",
        "session_mode",
        "tracking_session",
        "sticky_session_id",
        "calltrackersession",
        "_pin_unauth",
        "login_onboarding",
        "oauth_scope",
        "auth_realm",
        "login_step",
        "token_version",
        "ab_session_bucket",
        "remember_choice",
        "session_warning",
        "jwt_exp",
        "tokenExp",
        "num_sessions",
        "hadSession",
        "islogin",
        "auth_panel_position",
        "login_panel_collapsed",
        "ga_session_id",
        "mapbox_token",
        "referral_token",
        "token_balance",
    ] {
        assert!(!is_session_like(name.as_bytes()), "{name}");
    }
}

#[test]
fn state_of_a_sign_in_is_not_a_session() {
    for name in [
        "oauth_state",
        "oauthstate",
        "oidc.nonce",
        "auth_verification",
        "login_state",
        "saml_request_id",
        "next-auth.pkce.code_verifier",
        "sb-shop-auth-token-code-verifier",
        "__Host-oauth_state",
    ] {
        assert!(is_sign_in_state(name.as_bytes()) && !is_session_like(name.as_bytes()), "{name}");
    }
    for name in ["state", "nonce", "session", "login", "estate", "oauth", "state_token"] {
        assert!(!is_sign_in_state(name.as_bytes()), "{name}");
    }
}

#[test]
fn csrf_and_xsrf_tokens_are_recognised() {
    for name in ["csrftoken", "_CSRF", "XSRF-TOKEN", "__Host-x-csrf-token", "xsrf"] {
        assert!(is_csrf_like(name.as_bytes()), "{name}");
        assert_eq!(kind(name.as_bytes()), NameKind::CsrfToken, "{name}");
        assert!(!is_session_like(name.as_bytes()), "{name}");
    }
    for name in ["session", "csr", "xsr-f", ""] {
        assert!(!is_csrf_like(name.as_bytes()), "{name}");
    }
    assert!(is_csrf_like(b"session_csrf") && is_session_like(b"session_csrf"));
}

#[test]
fn the_observatory_tests_ignore_letter_case() {
    assert!(contains_sess_or_login(b"ASP.NET_SessionId") && contains_sess_or_login(b"wordpress_logged_LOGIN"));
    assert!(!contains_sess_or_login(b"ses") && !contains_sess_or_login(b"sid"));
    assert!(contains_csrf(b"csrftoken") && contains_csrf(b"_CSRF") && !contains_csrf(b"XSRF-TOKEN"));
}
