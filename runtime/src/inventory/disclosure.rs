//! Writes the cookies of a program as an HTML page for the public. The HTML page has no source lines and no findings.
//! The HTML page also fits the screen of a phone, contains no script and loads no other files. All text in the HTML
//! page is escaped.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hardtack_rules::SameSite;
use hardtack_rules::syntax::MAX_LIFETIME;

use super::html::{self, Escaped, WithCode};
use super::{Entry, Inventory, phrases};
use crate::cookie::declaration::Spec;

impl Inventory {
    /// Returns an HTML page that informs the users of a site about its cookies. For each cookie, the page shows the
    /// name, the purpose, the lifetime, and who can read the cookie. The purpose is the first paragraph of the
    /// declaration's documentation. The page also shows the companion of a `device_bound` cookie. If several
    /// declarations describe one cookie, the page shows the cookie once.
    ///
    /// The page does not show the source code or the findings. [`to_html`](Inventory::to_html) shows the source code
    /// lines and the findings.
    ///
    /// The HTML page contains no script and loads no other files. A server can send the HTML page with the header
    /// `Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'`.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// /// Remembers who is signed in.
    /// #[derive(Cookie)]
    /// #[cookie(max_age = "8h")]
    /// struct Session(String);
    ///
    /// let page = hardtack::inventory().to_disclosure_html();
    /// assert!(page.contains("<p>Remembers who is signed in.</p>"), "{page}");
    /// assert!(page.contains("<dt>lifetime</dt><dd>8 hours</dd>"), "{page}");
    /// assert!(page.contains("<dt>read by</dt><dd>the server of this site</dd>"), "{page}");
    /// assert!(!page.contains("Session(") && !page.contains(".rs"));
    /// ```
    #[must_use]
    pub fn to_disclosure_html(&self) -> String {
        // For a browser, two cookies are different if their names or their scopes differ.
        let mut cookies: BTreeMap<_, &Entry> = BTreeMap::new();
        for cookie in &self.cookies {
            let Spec { name, domain, policy_domain, path, partitioned, keyed, .. } = cookie.spec;
            let shown = cookies.entry((name, domain, policy_domain, path, partitioned, keyed)).or_insert(cookie);
            // If several declarations describe one cookie, the page prefers a declaration that can set the cookie,
            // because a `read_only` declaration does not contain the attributes of the cookie.
            let is_better = |entry: &Entry| (!entry.spec.read_only, !entry.purpose.is_empty());
            if is_better(cookie) > is_better(shown) {
                *shown = cookie;
            }
        }
        let companions = cookies.values().filter(|cookie| phrases::companion(&cookie.spec).is_some());
        let count = phrases::count(cookies.len() + companions.count(), "cookie");
        let mut page = html::start("Cookies of this site");
        // Writing to a `String` never fails.
        let _ = writeln!(page, "<p>This site uses {count}.</p>");
        for cookie in cookies.into_values() {
            write_article(cookie, &mut page);
            if let Some((companion, lifetime)) = phrases::companion(&cookie.spec) {
                write_companion(&cookie.spec, &companion, &lifetime, &mut page);
            }
        }
        page.push_str(html::END);
        page
    }
}

fn write_article(cookie: &Entry, page: &mut String) {
    let Entry { spec, purpose, .. } = cookie;
    let _ = writeln!(page, "<article>\n<h2><code>{}</code></h2>", Escaped(&phrases::name(spec)));
    if !purpose.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", WithCode(purpose));
    }
    let lifetime = match spec.max_age {
        _ if spec.read_only => "decided by another program of this site".to_owned(),
        // Browsers shorten a longer lifetime.
        Some(max_age) => phrases::lifetime(&spec.max_age(max_age.min(MAX_LIFETIME))),
        None => "until you close the browser".to_owned(),
    };
    let _ = writeln!(
        page,
        "<dl>\n<dt>lifetime</dt><dd>{}</dd>\n<dt>read by</dt><dd>{}</dd>\n</dl>\n</article>",
        Escaped(&lifetime),
        Escaped(&readers(spec))
    );
}

fn write_companion(spec: &Spec, companion: &str, lifetime: &str, page: &mut String) {
    let _ = writeln!(
        page,
        "<article>\n<h2><code>{}</code></h2>\n<p>Shows that <code>{}</code> is used on the device on which you signed in. \
         Only some browsers have this cookie.</p>\n<dl>\n<dt>lifetime</dt><dd>{}</dd>\n<dt>read by</dt><dd>{}</dd>\n</dl>\n\
         </article>",
        Escaped(companion),
        Escaped(&phrases::name(spec)),
        Escaped(lifetime),
        Escaped(&readers(spec))
    );
}

/// Returns a phrase that lists the programs that can read the cookie.
fn readers(spec: &Spec) -> String {
    let mut readers = match spec.domain {
        // A `read_only` declaration does not contain the attributes with which the other program sets the cookie.
        _ if spec.read_only => return "this site, and the program of this site that sets it".to_owned(),
        Some(domain) => format!("the servers of {domain} and its subdomains"),
        None if spec.policy_domain => "the servers of this site's domain and its subdomains".to_owned(),
        None => "the server of this site".to_owned(),
    };
    if !spec.http_only {
        readers.push_str(", and the scripts of its pages");
    }
    if spec.same_site == SameSite::None {
        readers.push_str(", also while you visit other sites that use this one");
    }
    readers
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hardtack_rules::{DeviceBinding, SameSite, Seal};

    use super::super::tests::{entry, inventory_of};
    use super::readers;
    use crate::cookie::declaration::Spec;

    #[test]
    fn readers_follow_the_declaration() {
        let spec = Spec::new("a");
        for (spec, phrase) in [
            (spec, "the server of this site"),
            (spec.http_only(false), "the server of this site, and the scripts of its pages"),
            (spec.domain("example.com"), "the servers of example.com and its subdomains"),
            (spec.policy_domain(), "the servers of this site's domain and its subdomains"),
            (
                spec.same_site(SameSite::None),
                "the server of this site, also while you visit other sites that use this one",
            ),
            (spec.read_only(), "this site, and the program of this site that sets it"),
        ] {
            assert_eq!(readers(&spec), phrase);
        }
    }

    #[test]
    fn companion_is_a_cookie_of_the_page() {
        let session = Spec::new("__Host-Http-session").max_age(Duration::from_secs(86_400)).seal(Seal::Sealed);
        let bound = session.device_bound(DeviceBinding::new(Duration::from_secs(600)));
        let page = inventory_of([entry("shop", "Session", bound)]).to_disclosure_html();
        assert!(page.contains("<p>This site uses 2 cookies.</p>"), "{page}");
        assert!(
            page.contains(
                "<h2><code>__Host-session-key</code></h2>\n<p>Shows that <code>__Host-Http-session</code> is used on the \
                 device on which you signed in."
            ),
            "{page}"
        );
        assert!(page.contains("<dt>lifetime</dt><dd>10 minutes</dd>"), "{page}");
    }

    #[test]
    fn a_cookie_is_shown_once() {
        let mut own = entry("shop", "Id", Spec::new("__Host-id").max_age(Duration::from_secs(60)));
        own.purpose = "Signs you in.".to_owned();
        let reader = entry("admin", "Id", Spec::new("__Host-id").read_only());
        let other_path = entry("shop", "Cart", Spec::new("__Host-id").path("/cart"));
        let page = inventory_of([reader, own, other_path]).to_disclosure_html();
        assert!(page.contains("<p>This site uses 2 cookies.</p>"), "{page}");
        assert_eq!((page.matches("<article>").count(), page.matches("Signs you in.").count()), (2, 1), "{page}");
        assert!(page.contains("<dd>1 minute</dd>") && !page.contains("another program"), "{page}");
    }
}
