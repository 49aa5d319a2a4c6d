//! Writes the inventory (the list of declared cookies) as an HTML page. The HTML page also fits the screen of a phone.
//! The HTML page contains no script and loads no other files. All text in the HTML page is escaped.

use std::fmt;
use std::fmt::Write as _;

use super::{Entry, Inventory, phrases};
use crate::audit::{Finding, Severity};

impl Inventory {
    /// Returns an HTML page that lists the cookies, with their source lines and their findings. A security team can use
    /// the HTML page to review the cookies. [`to_disclosure_html`](Inventory::to_disclosure_html) writes the page for
    /// the users of a site.
    ///
    /// The HTML page contains no script and loads no other files. A server can send the HTML page with the header
    /// `Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'`.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// /// Who is <signed> in.
    /// #[derive(Cookie)]
    /// #[cookie(max_age = "8h")]
    /// struct Session(String);
    ///
    /// let page = hardtack::inventory().to_html();
    /// assert!(page.contains("<p>Who is &lt;signed&gt; in.</p>"), "{page}");
    /// assert!(page.contains("<dt>lifetime</dt><dd>8 hours</dd>"), "{page}");
    /// assert!(!page.contains("<script") && !page.contains("src="));
    /// ```
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut page = start("Cookies");
        // Writing to a `String` never fails.
        let _ = writeln!(page, "<p>{}.</p>", Escaped(&self.summary()));
        for cookie in &self.cookies {
            write_article(cookie, &mut page);
        }
        page.push_str(END);
        page
    }
}

/// Returns the start of an HTML page with the given title, up to the heading. The title contains no HTML.
pub(super) fn start(title: &str) -> String {
    format!(
        "<!DOCTYPE html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>{title}</title>
<style>
{STYLE}</style>
<main>
<h1>{title}</h1>
"
    )
}

/// The end of an HTML page that begins with [`start`].
pub(super) const END: &str = "</main>\n</html>\n";

const STYLE: &str = ":root { color-scheme: light dark; --border: #8886; --alert: #b3261e; --soft: #666; }
@media (prefers-color-scheme: dark) { :root { --alert: #f2b8b5; --soft: #aaa; } }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; }
article { border: 1px solid var(--border); border-radius: .5rem; padding: .75rem 1rem; margin: 1rem 0; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
code { font: .95em ui-monospace, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; margin: .5rem 0 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
ul { margin: .5rem 0 0; padding-left: 1.2rem; } .unexpected { color: var(--alert); } small { color: var(--soft); }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin: 0 0 .4rem; } }
";

fn write_article(cookie: &Entry, page: &mut String) {
    let spec = &cookie.spec;
    let _ = writeln!(page, "<article>\n<h2><code>{}</code></h2>", Escaped(&phrases::name(spec)));
    if !cookie.purpose.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", WithCode(&cookie.purpose));
    }
    page.push_str("<dl>\n");
    let mut row = |term: &str, text: &str| {
        let _ = writeln!(page, "<dt>{term}</dt><dd>{}</dd>", Escaped(text));
    };
    if !spec.read_only {
        row("lifetime", &phrases::lifetime(spec));
        row("sent to", &phrases::hosts(spec));
    }
    row("attributes", &phrases::attributes(spec).join("; "));
    if let Some((companion, lifetime)) = phrases::companion(spec) {
        row("companion", &format!("{companion}, {lifetime}"));
    }
    if let Some(reason) = spec.reason {
        row("reason", reason);
    }
    for former in spec.former {
        row("formerly", &phrases::former(spec, former).replace('`', ""));
    }
    row("declared in", &format!("{} ({}:{})", cookie.path, cookie.file, cookie.line));
    if !cookie.same_name.is_empty() {
        row("same name as", &cookie.same_name.join(", "));
    }
    page.push_str("</dl>\n");
    if !cookie.findings.is_empty() {
        page.push_str("<ul>\n");
        cookie.findings.iter().for_each(|finding| write_finding(finding, page));
        page.push_str("</ul>\n");
    }
    page.push_str("</article>\n");
}

fn write_finding(finding: &Finding, page: &mut String) {
    let severity = match finding.severity {
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        _ => "Info",
    };
    let references: Vec<String> = finding.references.iter().map(ToString::to_string).collect();
    let (class, explanation) = match finding.reason {
        Some(reason) => ("expected", format!(" Expected: {reason}.")),
        None => ("unexpected", String::new()),
    };
    let _ = writeln!(
        page,
        "<li class=\"{class}\">{severity}: {}.{} <small>{}</small></li>",
        WithCode(&finding.message),
        WithCode(&explanation),
        Escaped(&references.join(", "))
    );
}

/// Displays text as HTML. Text between backticks becomes a `<code>` element.
pub(super) struct WithCode<'a>(pub(super) &'a str);

impl fmt::Display for WithCode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.split('`').enumerate().try_for_each(|(index, piece)| match index % 2 {
            0 => write!(f, "{}", Escaped(piece)),
            _ => write!(f, "<code>{}</code>", Escaped(piece)),
        })
    }
}

/// Displays text as HTML, and escapes the special characters of HTML. The escaped text is safe in an element and in a
/// quoted attribute.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hardtack_rules::auditors::{Severity, Weakness};
    use hardtack_rules::date::Day;
    use hardtack_rules::{DeviceBinding, Former, Seal};

    use super::super::tests::{entry, inventory_of};
    use super::{Finding, WithCode, write_finding};
    use crate::cookie::declaration::Spec;

    #[test]
    fn families_and_former_scopes_are_shown() {
        const OLD: Former<'static> = Former::new().name("<old>").until(Day::parse("1969-12-31").unwrap());
        let flow = Spec::new("flow").keyed().max_age(Duration::from_secs(60)).formerly(&[OLD]);
        let page = inventory_of([entry("shop", "Flow", flow)]).to_html();
        for text in [
            "<h2><code>flow.*</code></h2>",
            "<dt>formerly</dt><dd>&lt;old&gt;.*, host-only, Path=/, until 1969-12-31</dd>",
            "Info: <code>flow.*</code> has a <code>formerly</code> entry whose day <code>until</code> has passed",
        ] {
            assert!(page.contains(text), "{text}\n{page}");
        }
    }

    #[test]
    fn companion_is_a_row() {
        let session = Spec::new("__Host-Http-session").max_age(Duration::from_secs(86_400)).seal(Seal::Sealed);
        let bound = session.device_bound(DeviceBinding::new(Duration::from_secs(300)));
        let row = "<dt>companion</dt><dd>__Host-session-key, 5 minutes</dd>";
        assert!(inventory_of([entry("shop", "Session", bound)]).to_html().contains(row));
        assert!(!inventory_of([entry("shop", "Session", session)]).to_html().contains("companion"));
    }

    #[test]
    fn findings_show_severity_and_reason() {
        let html = |severity, reason| {
            let mut page = String::new();
            let message = "`a` has no `HttpOnly`".to_owned();
            let finding = Finding { rule: Weakness::ScriptReadable, severity, message, references: Vec::new(), reason };
            write_finding(&finding, &mut page);
            page
        };
        let unexpected = html(Severity::High, None);
        assert_eq!(
            unexpected,
            "<li class=\"unexpected\">High: <code>a</code> has no <code>HttpOnly</code>. <small></small></li>\n"
        );
        let expected = html(Severity::Low, Some("`x` reads <it>"));
        assert!(expected.starts_with("<li class=\"expected\">Low: "), "{expected}");
        assert!(expected.contains(" Expected: <code>x</code> reads &lt;it&gt;."), "{expected}");
        assert!(html(Severity::Medium, None).contains(">Medium: "));
        assert!(html(Severity::Info, None).contains(">Info: "));
        assert_eq!(WithCode("no code").to_string(), "no code");
    }
}
