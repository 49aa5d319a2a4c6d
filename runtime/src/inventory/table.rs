//! The inventory for a terminal: a row for each cookie, what is to be known of it below.

use std::fmt::Write as _;

use super::{Inventory, Listed, words};

impl Inventory {
    /// Writes the list for a terminal: a row for each cookie; below it the purpose, the place, and each finding with the
    /// declared reason or the word `OPEN`.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// /// Who is signed in.
    /// #[derive(Cookie)]
    /// #[cookie(max_age = "8h")]
    /// struct Session(String);
    ///
    /// let table = hardtack::inventory().to_table();
    /// assert!(table.contains("__Host-Http-session"), "{table}");
    /// assert!(table.ends_with("1 cookie, nothing that a tester would raise\n"), "{table}");
    /// ```
    #[must_use]
    pub fn to_table(&self) -> String {
        let rows: Vec<[String; 4]> = self.cookies.iter().map(row).collect();
        let head = ["cookie", "life", "attributes", "type"].map(str::to_owned);
        let width = |column: usize| {
            let cells = rows.iter().chain([&head]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let [first, second, third] = [width(0), width(1), width(2)];
        let line = |[name, life, attributes, path]: &[String; 4]| {
            format!("{name:first$}  {life:second$}  {attributes:third$}  {path}\n")
        };
        let mut table = line(&head);
        for (cookie, row) in self.cookies.iter().zip(&rows) {
            table.push_str(&line(row));
            below(cookie, &mut table);
        }
        table.push_str(&self.summary());
        table.push('\n');
        table
    }

    /// How many cookies, and how many findings that no reason explains.
    pub(super) fn summary(&self) -> String {
        let plural = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let findings = || self.cookies.iter().flat_map(|cookie| &cookie.findings);
        let cookies = plural(self.cookies.len(), "cookie");
        match (findings().count(), findings().filter(|finding| !finding.is_expected()).count()) {
            (0, _) => format!("{cookies}, nothing that a tester would raise"),
            (all, 0) => format!("{cookies}, {}, each with its reason", plural(all, "finding")),
            (all, open) => format!("{cookies}, {}, {open} without a reason", plural(all, "finding")),
        }
    }
}

fn row(cookie: &Listed) -> [String; 4] {
    let spec = &cookie.spec;
    let mut attributes = Vec::new();
    if spec.read_only {
        attributes.push("read only".to_owned());
    } else {
        attributes.extend(spec.secure.then(|| "Secure".to_owned()));
        attributes.extend(spec.http_only.then(|| "HttpOnly".to_owned()));
        attributes.push(spec.same_site.to_string());
        attributes.extend(spec.partitioned.then(|| "Partitioned".to_owned()));
        attributes.extend(spec.domain.map(|domain| format!("Domain={domain}")));
        attributes.extend(spec.environment_domain.then(|| "Domain=environment".to_owned()));
        attributes.extend((spec.path != "/").then(|| format!("Path={}", spec.path)));
    }
    attributes.extend(spec.seal.map(|seal| seal.to_string()));
    [spec.name.to_owned(), words::life(spec), attributes.join(" "), cookie.path.clone()]
}

fn below(cookie: &Listed, table: &mut String) {
    let Listed { purpose, file, line, .. } = cookie;
    let purpose = if purpose.is_empty() { "(no docs say what it is for)" } else { purpose };
    // Writing to a string does not fail.
    let _ = writeln!(table, "    {purpose}\n    {file}:{line}");
    for other in &cookie.same_name {
        let _ = writeln!(table, "    the same name as {other}");
    }
    for finding in &cookie.findings {
        let _ = match finding.is_expected() {
            true => writeln!(table, "    {finding}"),
            false => writeln!(table, "    OPEN: {finding}"),
        };
    }
}
