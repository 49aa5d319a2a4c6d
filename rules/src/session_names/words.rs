//! Finds the kind of a name from the words in the name. The words of `userSession_id` are `user`, `Session` and `id`.
//! The input is a name without its prefix, and the output is the kind of the name. The time is linear in the length of
//! the name.

use super::{NameKind, contains, is_csrf_like};

/// Words that mark the name of a session or login cookie. The word `token` also marks the name of a session or login
/// cookie, unless the name contains a word of `OTHER_TOKEN_WORDS`.
const SESSION_WORDS: &[&str] = &[
    "auth",
    "authn",
    "authz",
    "oauth",
    "authorization",
    "authorisation",
    "authentication",
    "sso",
    "jwt",
    "bearer",
    "credential",
    "credentials",
    "identity",
    "remember",
    "apikey",
    "tgc",
    "tgt",
    "tkt",
];

/// Pairs of words in the names of session and login cookies. The second word follows the first word directly.
const SESSION_PAIRS: &[(&str, &str)] = &[("sign", "in"), ("sign", "on"), ("log", "in"), ("log", "on"), ("api", "key")];

/// Beginnings of words in the names of session and login cookies, such as `loginid`.
const SESSION_BEGINNINGS: &[&str] = &["login", "logon", "signin", "signon", "rememberme", "sso"];

/// Ends of words in the names of session and login cookies, such as `userauth`.
const SESSION_ENDS: &[&str] = &["login", "logon", "signin", "signon", "auth", "sso", "tgc"];

/// Words that end with a word of `SESSION_ENDS`, but do not name a session. For example, `espresso` ends with `sso`.
const NOT_SESSION_ENDS: &[&str] = &["unauth", "espresso", "lasso", "picasso"];

/// The possible ends of a session word that begins with `auth`, such as `key` in `authkey`. Words with other ends, such
/// as `author`, do not name a session.
const AFTER_AUTH: &[&str] = &["cookie", "data", "id", "key", "sid", "ticket", "tkt", "token", "user"];

/// English words that contain `sess`, but do not name a session.
const NOT_SESS: &[&str] = &["assess", "reassess", "possess", "dispossess", "repossess", "obsess"];

/// Words that show that a cookie is not a session cookie, such as `last` in `last_login` and `tracking` in
/// `tracking_session`.
#[rustfmt::skip]
const OTHER_WORDS: &[&str] = &[
    // Flags.
    "authenticated", "check", "disabled", "enabled", "exists", "flag", "had", "has", "is", "islogin", "known",
    "loggedin", "supported", "valid",
    // People.
    "avatar", "nickname", "username",
    // The page's look.
    "banner", "collapsed", "color", "country", "currency", "dismissed", "expanded", "height", "hidden", "hide", "lang",
    "language", "layout", "locale", "popup", "position", "pref", "preference", "preferences", "prefs",
    "prompt", "region", "seen", "show", "shown", "theme", "timezone", "tooltip", "tour", "viewed", "width",
    // Consent.
    "accepted", "ccpa", "compliance", "disclaimer", "eula", "gdpr", "terms", "tos",
    // Analytics.
    "abtest", "analytics", "campaign", "experiment", "first", "ga", "gtm", "heatmap", "hotjar", "last", "mouseflow",
    "nr", "num", "pageviews", "recent", "recording", "replay", "rrweb", "rum", "sampled", "scroll", "tracker", "tracking",
    "utm", "variant", "visit", "visitor", "visitors", "visits",
    // Load balancers.
    "affinity", "loadbalancer", "sticky", "stickiness",
    // Tests that distinguish humans from bots.
    "captcha", "recaptcha", "turnstile",
];

/// Words that name a detail of a session or a login, such as `timeout` in `session_timeout`. A detail word before a
/// word such as `session` has no effect, because the detail word then belongs to the program's name. For example,
/// `private_mode_session` is a session cookie.
#[rustfmt::skip]
const DETAIL_WORDS: &[&str] = &[
    // Times.
    "activity", "age", "countdown", "created", "date", "duration", "heartbeat", "idle", "keepalive", "lifetime", "ping",
    "remaining", "start", "started", "time", "timer", "timestamp", "ttl", "tz",
    // Numbers.
    "attempt", "attempts", "clicks", "count", "counter", "depth", "failed", "failures", "hits", "limit", "max",
    "number", "retries", "tries", "views",
    // Ways to sign in, and results of a sign-in.
    "channel", "email", "error", "hint", "hints", "kind", "method", "mode", "name", "origin", "provider", "reason",
    "source", "state", "status", "type",
    // Addresses.
    "callback", "continue", "destination", "page", "pages", "path", "referer", "referrer", "return", "returnto", "uri",
    "url",
    // Parts of a page.
    "alert", "bucket", "checked", "choice", "closed", "dialog", "filter", "funnel", "menu", "message", "modal", "msg",
    "notice", "notification", "onboarding", "settings", "sort", "tab", "warning",
];

/// Words that show that a token does not sign a client in, such as `form` in `form_token`.
#[rustfmt::skip]
const OTHER_TOKEN_WORDS: &[&str] = &[
    "antiforgery", "authenticity", "balance", "cart", "checkout", "coupon", "design", "device", "discount", "download",
    "fcm", "form", "map", "mapbox", "push", "referral", "request", "symbol", "upload", "verification",
];

/// Words that name a detail of a session or a login only at the end of a name. For example, `session_end` is not a
/// session cookie, but `front_end_session` is.
const LAST_DETAIL_WORDS: &[&str] =
    &["active", "alive", "at", "domain", "end", "ended", "exp", "realm", "scope", "step", "version"];

/// Parts of words. Each part has the same effect as a word of `OTHER_WORDS`, even inside a longer word such as
/// `sessionexpires`.
const OTHER_PARTS: &[&[u8]] = &[b"consent", b"expir", b"redirect", b"timeout", b"tracker"];

/// Words that name a sign-in, such as `oauth` in `oauth_state`. If the name also contains a word of `STATE_WORDS`, the
/// cookie holds the state of a sign-in with another site.
const SIGN_IN_WORDS: &[&str] =
    &["auth", "authn", "oauth", "oidc", "openid", "openidconnect", "saml", "sso", "login", "logon", "signin", "idp"];

/// Words that name the state of a sign-in, such as `state` in `oauth_state`. The words count only if the name also
/// contains a word of `SIGN_IN_WORDS`.
const STATE_WORDS: &[&str] = &[
    "challenge",
    "correlation",
    "flow",
    "handshake",
    "nonce",
    "pkce",
    "relay",
    "relaystate",
    "request",
    "state",
    "transaction",
    "txn",
    "verification",
    "verifier",
];

/// Returns the kind of a name without its prefix.
pub(super) fn kind(name: &[u8]) -> NameKind {
    if is_csrf_like(name) {
        return NameKind::CsrfToken;
    }
    if is_phoenix_key(name) {
        return NameKind::Session;
    }
    let mut found = Found::default();
    let mut previous: &[u8] = b"";
    for word in Words(name) {
        found.add(previous, word);
        previous = word;
    }
    found.has_detail |= is_in(previous, LAST_DETAIL_WORDS);
    match found {
        Found { is_state: true, .. } | Found { is_sign_in: true, has_state: true, .. } => NameKind::SignInState,
        Found { is_other: true, .. } | Found { has_detail: true, .. } => NameKind::Other,
        Found { is_session: true, .. } | Found { has_token: true, is_other_token: false, .. } => NameKind::Session,
        Found { .. } => NameKind::Other,
    }
}

/// The result of comparing the words of a name with the lists in this file.
#[derive(Default)]
struct Found {
    /// True if the name contains a word or a pair of words that marks the name of a session cookie. The word `token`
    /// does not count.
    is_session: bool,
    has_token: bool,
    is_other_token: bool,
    is_other: bool,
    has_detail: bool,
    is_sign_in: bool,
    has_state: bool,
    /// True if a single word names both a sign-in and its state, such as `oauthstate`.
    is_state: bool,
}

impl Found {
    fn add(&mut self, previous: &[u8], word: &[u8]) {
        let is_session_word = is_session_word(word);
        let is_pair = |pairs: &[(&str, &str)]| pairs.iter().any(|(a, b)| is(previous, a) && is(word, b));
        self.is_session |= is_session_word || is_pair(SESSION_PAIRS);
        self.is_sign_in |= is_in(word, SIGN_IN_WORDS) || is_pair(&[("sign", "in"), ("sign", "on"), ("log", "in")]);
        let is_token = ends(word, "token") || is(word, "tokens");
        self.has_token |= is_token;
        self.is_other_token |= is_in(word, OTHER_TOKEN_WORDS);
        self.has_state |= is_in(word, STATE_WORDS);
        self.is_state |= SIGN_IN_WORDS.iter().any(|first| starts(word, first) && word.len() > first.len())
            && STATE_WORDS.iter().any(|last| last.len() > 4 && ends(word, last));
        self.is_other |= is_in(word, OTHER_WORDS) || OTHER_PARTS.iter().any(|part| contains(word, part));
        // A word can consist of two English words without a separator, such as `sessiontime` or `lastlogin`.
        let is_compound = is_session_word || starts(word, "token");
        let has_end = |list: &[&str]| is_compound && list.iter().any(|end| end.len() > 3 && ends(word, end));
        self.is_other |= is_compound && starts(word, "last") || has_end(OTHER_WORDS);
        if is_session_noun(word) {
            self.has_detail = false;
        }
        self.has_detail |= is_in(word, DETAIL_WORDS) || has_end(DETAIL_WORDS);
    }
}

/// Returns true for a word such as `session` or `PHPSESSID`.
fn is_session_noun(word: &[u8]) -> bool {
    contains(word, b"sess") && !NOT_SESS.iter().any(|start| starts(word, start)) || ends(word, "sid")
}

fn is_session_word(word: &[u8]) -> bool {
    is_in(word, SESSION_WORDS)
        || SESSION_BEGINNINGS.iter().any(|start| starts(word, start))
        || SESSION_ENDS.iter().any(|end| ends(word, end)) && !is_in(word, NOT_SESSION_ENDS)
        || is_session_noun(word)
        || starts(word, "auth") && word.get(4..).is_some_and(|rest| is_in(rest, AFTER_AUTH))
}

/// Returns true for `_shop_key`, the name of the session cookie in a new Phoenix application.
fn is_phoenix_key(name: &[u8]) -> bool {
    name.len() > "__key".len() && name.starts_with(b"_") && name.ends_with(b"_key")
}

fn is(word: &[u8], other: &str) -> bool {
    word.eq_ignore_ascii_case(other.as_bytes())
}

fn is_in(word: &[u8], list: &[&str]) -> bool {
    list.iter().any(|other| is(word, other))
}

fn starts(word: &[u8], start: &str) -> bool {
    word.get(..start.len()).is_some_and(|found| is(found, start))
}

fn ends(word: &[u8], end: &str) -> bool {
    word.len().checked_sub(end.len()).and_then(|start| word.get(start..)).is_some_and(|found| is(found, end))
}

/// Splits a name into its words. A word consists of ASCII letters. A capital letter after a small letter begins a new
/// word. If a small letter follows several capital letters, the last capital letter begins a new word. For example,
/// `PVEAuthCookie` has the words `PVE`, `Auth` and `Cookie`.
struct Words<'a>(&'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.0.iter().position(u8::is_ascii_alphabetic)?;
        let rest = self.0.get(start..)?;
        let is_end = |end: &usize| match rest.get(end.saturating_sub(1)..) {
            Some([a, b, ..]) if !b.is_ascii_alphabetic() || a.is_ascii_lowercase() && b.is_ascii_uppercase() => true,
            Some([a, b, c, ..]) => a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_lowercase(),
            _ => false,
        };
        let length = (1..rest.len()).find(is_end).unwrap_or(rest.len());
        let (word, tail) = rest.split_at_checked(length)?;
        self.0 = tail;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn names_are_split_into_words() {
        for (name, words) in [
            ("userSession_id", &["user", "Session", "id"][..]),
            ("ASP.NET_SessionId", &["ASP", "NET", "Session", "Id"]),
            ("PVEAuthCookie", &["PVE", "Auth", "Cookie"]),
            ("LtpaToken2", &["Ltpa", "Token"]),
            ("PHPSESSID", &["PHPSESSID"]),
            ("AWSELBAuthSessionCookie-0", &["AWSELB", "Auth", "Session", "Cookie"]),
            ("a1b", &["a", "b"]),
            ("aB", &["a", "B"]),
            ("AB", &["AB"]),
            ("ABc", &["A", "Bc"]),
            ("_\u{e9}x.", &["x"]),
            ("", &[]),
            ("..9", &[]),
        ] {
            assert!(Words(name.as_bytes()).eq(words.iter().map(|word| word.as_bytes())), "{name}");
        }
    }
}
