//! The cookies that the page and its server share. Both the WebAssembly program and the server compile this file.

use hardtack::Cookie;

/// A host-only cookie without a lifetime.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, reason = "the page applies it before first paint")]
pub(crate) struct Theme(pub(crate) String);

/// A cookie with a path and a lifetime.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, path = "/shop", max_age = "30d", same_site = Strict, reason = "the page shows a count")]
pub(crate) struct Cart(pub(crate) u32);

/// A host-only cookie with a lifetime. `Cart` has a path that `cookieStore` cannot set.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, max_age = "30d", reason = "the page remembers a choice")]
pub(crate) struct Stay(pub(crate) String);

/// A cookie whose domain comes from the policy. The WebAssembly program does not have a policy.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, domain = policy, reason = "every page of the domain shows the name")]
pub(crate) struct Name(pub(crate) String);

/// A cookie of a page that other sites embed.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, same_site = None, partitioned, reason = "the map is embedded by partners")]
pub(crate) struct Map(pub(crate) String);

/// A cookie whose name has no prefix.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "legacy", http_only = false, reason = "old pages read this name")]
pub(crate) struct Legacy(pub(crate) String);

/// A cookie that is also sent over plain HTTP.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, secure = false, reason = "remembers a closed banner on a site without TLS")]
pub(crate) struct Banner(pub(crate) String);

/// A cookie whose domain does not cover the host of the test site.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, domain = "elsewhere.test", reason = "browsers do not store it")]
pub(crate) struct Elsewhere(pub(crate) String);

/// A cookie that an earlier release set under another name and in other scopes.
#[allow(clippy::duplicated_attributes, reason = "two `formerly` entries have the same path")]
#[derive(Cookie, Debug, PartialEq)]
#[cookie(
    http_only = false,
    path = "/shop",
    formerly(path = "/", domain = "site.test"),
    formerly(name = "tongue", path = "/", until = "9999-12-31"),
    reason = "the page shows the language"
)]
pub(crate) struct Language(pub(crate) String);

/// A family of cookies, one for each form.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(keyed, max_age = "1h", http_only = false, reason = "the page restores the text")]
pub(crate) struct Draft(pub(crate) String);

/// A cookie that another program owns.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "consent", http_only = false, read_only)]
pub(crate) struct Consent(pub(crate) String);
