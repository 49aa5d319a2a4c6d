//! The inventory for people: one page, readable on a phone, without script and without anything that it loads. Every text
//! is escaped, whoever wrote it.

use std::fmt;
use std::fmt::Write as _;

use super::{Inventory, Listed, words};
use crate::audit::{Finding, Severity};

impl Inventory {
    /// Writes the list as one HTML page, to be served as a disclosure of cookies or handed to a tester.
    ///
    /// It has no script, loads nothing, and keeps to a `Content-Security-Policy` of
    /// `default-src 'none'; style-src 'unsafe-inline'`.
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
    /// assert!(page.contains("Who is &lt;signed&gt; in.") && page.contains("8 hours"), "{page}");
    /// assert!(!page.contains("<script") && !page.contains("src="));
    /// ```
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut page = String::from(HEAD);
        // Writing to a string does not fail.
        let _ = writeln!(page, "<p>{}.</p>", Escaped(&self.summary()));
        for cookie in &self.cookies {
            article(cookie, &mut page);
        }
        page.push_str("</main>\n</html>\n");
        page
    }
}

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>Cookies</title>
<style>
:root { color-scheme: light dark; --line: #8886; --open: #b3261e; --soft: #666; }
@media (prefers-color-scheme: dark) { :root { --open: #f2b8b5; --soft: #aaa; } }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: 1rem 0; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
code { font: .95em ui-monospace, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; margin: .5rem 0 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
ul { margin: .5rem 0 0; padding-left: 1.2rem; } .open { color: var(--open); } small { color: var(--soft); }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin: 0 0 .4rem; } }
</style>
<main>
<h1>Cookies</h1>
";

fn article(cookie: &Listed, page: &mut String) {
    let spec = &cookie.spec;
    let _ = writeln!(page, "<article>\n<h2><code>{}</code></h2>", Escaped(spec.name));
    if !cookie.purpose.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", Code(&cookie.purpose));
    }
    page.push_str("<dl>\n");
    let mut row = |term: &str, text: &str| {
        let _ = writeln!(page, "<dt>{term}</dt><dd>{}</dd>", Escaped(text));
    };
    if !spec.read_only {
        row("kept", &words::life(spec));
        row("sent to", &words::hosts(spec));
    }
    row("how", &words::attributes(spec).join("; "));
    if let Some(reason) = spec.reason {
        row("why so", reason);
    }
    row("declared", &format!("{} ({}:{})", cookie.path, cookie.file, cookie.line));
    if !cookie.same_name.is_empty() {
        row("same name", &cookie.same_name.join(", "));
    }
    page.push_str("</dl>\n");
    if !cookie.findings.is_empty() {
        page.push_str("<ul>\n");
        cookie.findings.iter().for_each(|finding| item(finding, page));
        page.push_str("</ul>\n");
    }
    page.push_str("</article>\n");
}

fn item(finding: &Finding, page: &mut String) {
    let severity = match finding.severity {
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        _ => "For information",
    };
    let references: Vec<String> = finding.references.iter().map(ToString::to_string).collect();
    let (class, known) = match finding.reason {
        Some(reason) => ("known", format!(" Expected: {reason}.")),
        None => ("open", String::new()),
    };
    let _ = writeln!(
        page,
        "<li class=\"{class}\">{severity}: {}.{} <small>{}</small></li>",
        Code(&finding.message),
        Code(&known),
        Escaped(&references.join(", "))
    );
}

/// A text of ours: what stands between backticks is code.
struct Code<'a>(&'a str);

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.split('`').enumerate().try_for_each(|(at, piece)| match at % 2 {
            0 => write!(f, "{}", Escaped(piece)),
            _ => write!(f, "<code>{}</code>", Escaped(piece)),
        })
    }
}

/// A text that is nothing but text to HTML, within an element or a quoted attribute.
struct Escaped<'a>(&'a str);

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
    use hardtack_rules::auditors::{Severity, Weakness};

    use super::{Code, Finding, item};

    #[test]
    fn a_finding_says_how_grave_it_is_and_whether_it_is_expected() {
        let shown = |severity, reason| {
            let mut page = String::new();
            let message = "`a` has no `HttpOnly`".to_owned();
            let finding = Finding { rule: Weakness::ScriptReadable, severity, message, references: Vec::new(), reason };
            item(&finding, &mut page);
            page
        };
        let open = shown(Severity::High, None);
        assert_eq!(
            open,
            "<li class=\"open\">High: <code>a</code> has no <code>HttpOnly</code>. <small></small></li>\n"
        );
        let known = shown(Severity::Low, Some("`x` reads <it>"));
        assert!(known.starts_with("<li class=\"known\">Low: "), "{known}");
        assert!(known.contains(" Expected: <code>x</code> reads &lt;it&gt;."), "{known}");
        assert!(shown(Severity::Medium, None).contains(">Medium: "));
        assert!(shown(Severity::Info, None).contains(">For information: "));
        assert_eq!(Code("no code").to_string(), "no code");
    }
}
