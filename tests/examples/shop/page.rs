//! The page, as text: what a visitor wrote is escaped, and no script or style stands in the page itself.

use std::fmt::Write as _;

use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use axum::response::IntoResponse;

use crate::ledger::Exchange;
use crate::{Lang, Theme};

/// Our own style and script, our own forms, and nothing else.
pub(crate) const HEADERS: [(HeaderName, &str); 1] =
    [(CONTENT_SECURITY_POLICY, "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")];

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("shop.css"))
}

pub(crate) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("theme.js"))
}

pub(crate) fn home(name: Option<&str>, lang: Lang, theme: Option<Theme>, exchanges: &[Exchange]) -> String {
    let (tag, greeting) = match lang {
        Lang::En => ("en", "Welcome aboard"),
        Lang::De => ("de", "Willkommen an Bord"),
    };
    let visitor = match name {
        Some(name) => format!(
            r#"<h2>{greeting}, {}.</h2>
<p>Your session is a <code>__Host-Http-</code> cookie: no script reads it, no other host writes it.</p>
<form method="post" action="/sign-out"><button>Sign out and forget me</button></form>"#,
            escaped(name)
        ),
        None => format!(
            r#"<h2>{greeting}.</h2>
<p>Any name will do. Signing in sets three cookies; below stands what was sent.</p>
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
<h2>What left, and what was refused</h2>
<p class="soft">The last exchanges on both ports, newest first; long values are cut.</p>
<ol>{exchanges}</ol>
</section>
</main>
</body>
</html>
"#,
        light = pressed(Theme::Light),
        dark = pressed(Theme::Dark),
        exchanges = list(exchanges),
    )
}

fn list(exchanges: &[Exchange]) -> String {
    let mut html = String::new();
    for Exchange { asked, tls, status, set_cookie } in exchanges {
        let (class, carrier) = if *tls { ("tls", "TLS") } else { ("plain", "plain HTTP") };
        let outcome = outcome(*status, *tls, set_cookie.len());
        // Writing to a string does not fail.
        let _ = write!(html, r#"<li><b class="{class}">{carrier}</b> {}: {status}, {outcome}"#, escaped(asked));
        for line in set_cookie {
            let _ = write!(html, "<code>Set-Cookie: {}</code>", escaped(line));
        }
        html.push_str("</li>");
    }
    if html.is_empty() { "<li class=\"soft\">Nothing yet.</li>".to_owned() } else { html }
}

/// What the exchange came to. The evidence behind a refusal is in the server's log and goes to no client.
fn outcome(status: StatusCode, tls: bool, lines: usize) -> String {
    match (status, lines) {
        (StatusCode::PERMANENT_REDIRECT, _) => "sent on to https; nothing was read or set".to_owned(),
        (StatusCode::FORBIDDEN, _) if !tls => "refused; nothing was read or set".to_owned(),
        (StatusCode::BAD_REQUEST, 1..) => "a cookie could not be read and is removed".to_owned(),
        (_, 0) => "no cookie".to_owned(),
        (_, 1) => "one cookie".to_owned(),
        (_, lines) => format!("{lines} cookies"),
    }
}

/// Text for HTML, in an element or in a quoted attribute.
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
