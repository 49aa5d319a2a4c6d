//! Writes the HTML of the page. The code escapes all text that a visitor typed. Scripts and styles are in separate
//! files, so the Content-Security-Policy can forbid inline scripts and styles.

use std::fmt::Write as _;

use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use axum::response::IntoResponse;

use crate::request_log::LoggedRequest;
use crate::{Lang, Theme};

/// The Content-Security-Policy allows only this site's own styles, scripts and forms.
pub(crate) const HEADERS: [(HeaderName, &str); 1] =
    [(CONTENT_SECURITY_POLICY, "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")];

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("shop.css"))
}

pub(crate) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("theme.js"))
}

pub(crate) fn home(name: Option<&str>, lang: Lang, theme: Option<Theme>, requests: &[LoggedRequest]) -> String {
    let (tag, greeting) = match lang {
        Lang::En => ("en", "Welcome aboard"),
        Lang::De => ("de", "Willkommen an Bord"),
    };
    let visitor = match name {
        Some(name) => format!(
            r#"<h2>{greeting}, {}.</h2>
<p>Your session is a <code>__Host-Http-</code> cookie. No script can read it, and no other host can set it. If your browser
has device-bound sessions and trusts the certificate, a stolen copy of the cookies stops working after ten minutes.</p>
<form method="post" action="/sign-out"><button>Sign out and remove all cookies</button></form>"#,
            escaped(name)
        ),
        None => format!(
            r#"<h2>{greeting}.</h2>
<p>Type any name. The sign-in sets three cookies, which the list below shows.</p>
<form method="post" action="/sign-in">
<label>Name <input name="name" required maxlength="40" autocomplete="off"></label>
<label>Language <select name="lang"><option value="en">English</option><option value="de">Deutsch</option></select></label>
<button class="main">Sign in</button>
</form>"#
        ),
    };
    let pressed = |this| theme.unwrap_or(Theme::Light) == this;
    format!(
        r#"<!doctype html>
<html lang="{tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The Hardtack Shop</title>
<script src="/theme.js"></script>
<link rel="stylesheet" href="/shop.css">
</head>
<body>
<header>
<h1>The Hardtack Shop</h1>
<form method="post" action="/theme" aria-label="Theme">
<button name="theme" value="light" aria-pressed="{light}">Light</button>
<button name="theme" value="dark" aria-pressed="{dark}">Dark</button>
</form>
</header>
<main>
<section class="card">{visitor}</section>
<section class="card">
<h2>Latest requests</h2>
<p class="soft">The requests on both ports, newest first, and the cookies of their responses. Long values are shortened.</p>
<ol>{requests}</ol>
</section>
</main>
</body>
</html>
"#,
        light = pressed(Theme::Light),
        dark = pressed(Theme::Dark),
        requests = list(requests),
    )
}

fn list(requests: &[LoggedRequest]) -> String {
    let mut html = String::new();
    for LoggedRequest { request_line, tls, status, set_cookies } in requests {
        let (class, scheme) = if *tls { ("tls", "TLS") } else { ("plain", "plain HTTP") };
        let outcome = outcome(*status, *tls, set_cookies.len());
        // Writing to a `String` cannot fail.
        let _ = write!(html, r#"<li><b class="{class}">{scheme}</b> {}: {status}, {outcome}"#, escaped(request_line));
        for header in set_cookies {
            let _ = write!(html, "<code>Set-Cookie: {}</code>", escaped(header));
        }
        html.push_str("</li>");
    }
    if html.is_empty() { "<li class=\"soft\">Nothing yet.</li>".to_owned() } else { html }
}

/// Describes the response. If the server refuses a request, the reason is only in the server's log, and never in the
/// response.
fn outcome(status: StatusCode, tls: bool, cookies: usize) -> String {
    match (status, cookies) {
        (StatusCode::PERMANENT_REDIRECT, _) => "redirected to https; no cookie was read or set".to_owned(),
        (StatusCode::FORBIDDEN, _) if !tls => "refused; no cookie was read or set".to_owned(),
        (StatusCode::BAD_REQUEST, 1..) => "a cookie could not be read, and is removed".to_owned(),
        (_, 0) => "no cookie".to_owned(),
        (_, 1) => "one cookie".to_owned(),
        (_, cookies) => format!("{cookies} cookies"),
    }
}

/// Escapes text for HTML elements and for quoted attributes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
