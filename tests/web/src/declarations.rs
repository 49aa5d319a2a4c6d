//! The cookies that the page and its server share: declared once, compiled for both.

use hardtack::Cookie;

/// Host-only, until the browser closes.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, reason = "the page applies it before first paint")]
pub(crate) struct Theme(pub(crate) String);

/// Under a path, for a month.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, path = "/shop", max_age = "30d", same_site = Strict, reason = "the page counts what is in it")]
pub(crate) struct Cart(pub(crate) u32);

/// For a domain that the program does not know.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, domain = environment, reason = "every page of the domain greets by it")]
pub(crate) struct Name(pub(crate) String);

/// Embedded by partners.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, same_site = None, partitioned, reason = "the map is embedded by partners")]
pub(crate) struct Map(pub(crate) String);

/// Without a prefix.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "legacy", http_only = false, reason = "old pages know it by this name")]
pub(crate) struct Legacy(pub(crate) String);

/// For plain HTTP too.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, secure = false, reason = "whether a banner was closed, on a site without TLS")]
pub(crate) struct Banner(pub(crate) String);

/// Another program's.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "consent", http_only = false, read_only)]
pub(crate) struct Consent(pub(crate) String);
