//! Writes the inventory (the list of declared cookies) as text for a terminal. The text has one row for each cookie.
//! Below each row, the text lists the details of the cookie.

use std::fmt::Write as _;

use super::{Entry, Inventory, phrases};
use crate::wire::printable::Printable;

impl Inventory {
    /// Returns the inventory as text for a terminal. The text has one row for each cookie. Below each row, the text
    /// lists the purpose, the source line, the companion of a `device_bound` cookie, the `formerly` entries and the
    /// findings of the cookie. If the declaration
    /// gives no reason for a weakness, the text of the finding begins with `unexpected:`. The name of a `keyed` cookie
    /// ends with `.*`. Control characters in the text, for example in a `reason`, are escaped.
    ///
    /// ```standalone_crate
    /// use hardtack::Cookie;
    ///
    /// /// The session of the signed-in user.
    /// #[derive(Cookie)]
    /// #[cookie(max_age = "8h")]
    /// struct Session(String);
    ///
    /// let table = hardtack::inventory().to_table();
    /// assert!(table.contains("__Host-Http-session  8 hours   Secure HttpOnly Lax"), "{table}");
    /// assert!(table.ends_with("1 cookie, no findings\n"), "{table}");
    /// ```
    #[must_use]
    pub fn to_table(&self) -> String {
        let rows: Vec<[String; 4]> = self.cookies.iter().map(row).collect();
        let head = ["cookie", "lifetime", "attributes", "type"].map(str::to_owned);
        let width = |column: usize| {
            let cells = rows.iter().chain([&head]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let [first, second, third] = [width(0), width(1), width(2)];
        let format_row = |[name, lifetime, attributes, path]: &[String; 4]| {
            format!("{name:first$}  {lifetime:second$}  {attributes:third$}  {path}\n")
        };
        let mut table = format_row(&head);
        for (cookie, row) in self.cookies.iter().zip(&rows) {
            table.push_str(&format_row(row));
            write_details(cookie, &mut table);
        }
        table.push_str(&self.summary());
        table.push('\n');
        table
    }

    /// Returns a summary with three numbers: the number of cookies, the number of findings, and the number of findings
    /// without a reason.
    pub(super) fn summary(&self) -> String {
        let findings = || self.cookies.iter().flat_map(|cookie| &cookie.findings);
        let cookies = phrases::count(self.cookies.len(), "cookie");
        match (findings().count(), findings().filter(|finding| !finding.is_expected()).count()) {
            (0, _) => format!("{cookies}, no findings"),
            (all, 0) => format!("{cookies}, {}, each with a reason", phrases::count(all, "finding")),
            (all, unexpected) => {
                format!("{cookies}, {}, {unexpected} without a reason", phrases::count(all, "finding"))
            }
        }
    }
}

fn row(cookie: &Entry) -> [String; 4] {
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
        attributes.extend(spec.policy_domain.then(|| "Domain=policy".to_owned()));
        attributes.extend((spec.path != "/").then(|| format!("Path={}", spec.path)));
    }
    attributes.extend(spec.seal.map(|seal| seal.to_string()));
    attributes.extend(
        spec.device_bound
            .map(|binding| if binding.optional { "device-bound (optional)" } else { "device-bound" }.to_owned()),
    );
    let cells = [phrases::name(spec), phrases::lifetime(spec), attributes.join(" "), cookie.path.clone()];
    cells.map(|cell| Printable(&cell).to_string())
}

fn write_details(cookie: &Entry, table: &mut String) {
    let Entry { purpose, file, line, .. } = cookie;
    let purpose = if purpose.is_empty() { "(no documentation)" } else { purpose };
    // Writing to a `String` never fails.
    let _ = writeln!(table, "    {}\n    {}:{line}", Printable(purpose), Printable(file));
    if let Some((companion, lifetime)) = phrases::companion(&cookie.spec) {
        let _ = writeln!(table, "    companion `{}`, {lifetime}", Printable(&companion));
    }
    for former in cookie.spec.former {
        let _ = writeln!(table, "    formerly {}", Printable(&phrases::former(&cookie.spec, former)));
    }
    for path in &cookie.same_name {
        let _ = writeln!(table, "    same name as {}", Printable(path));
    }
    for finding in &cookie.findings {
        let mark = if finding.is_expected() { "" } else { "unexpected: " };
        let _ = writeln!(table, "    {mark}{}", Printable(&finding.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hardtack_rules::date::Day;
    use hardtack_rules::{DeviceBinding, Former, Seal};

    use super::super::tests::{entry, inventory_of};
    use crate::cookie::declaration::Spec;

    #[test]
    fn control_characters_are_escaped() {
        let spec = Spec::new("__Host-a").http_only(false).reason("forged\n1 cookie, no findings\u{1b}[2J\u{202e}");
        let mut cookie = entry("shop", "A\u{1b}", spec);
        cookie.purpose = "Purpose\u{1b}[31m\rof\u{2066} it".to_owned();
        cookie.file = "src/\u{7}lib.rs";
        let table = inventory_of([cookie]).to_table();
        assert!(!table.contains(|c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{2066}'))));
        assert_eq!(table.lines().count(), 6, "{table}");
        assert!(table.contains("forged\\u{a}1 cookie, no findings\\u{1b}[2J\\u{202e}"), "{table}");
    }

    #[test]
    fn companion_is_below_its_cookie() {
        let binding = DeviceBinding::new(DeviceBinding::DEFAULT_EVERY);
        let session = Spec::new("__Host-Http-session").max_age(Duration::from_secs(86_400)).seal(Seal::Sealed);
        let table = inventory_of([entry("shop", "Session", session.device_bound(binding))]).to_table();
        for line in [
            "__Host-Http-session  1 day     Secure HttpOnly Lax sealed device-bound  shop::Session",
            "    companion `__Host-session-key`, 10 minutes",
        ] {
            assert!(table.lines().any(|found| found == line), "{line}\n{table}");
        }
        let table = inventory_of([entry("shop", "Session", session.device_bound(binding.optional()))]).to_table();
        assert!(table.contains(" sealed device-bound (optional)  shop::Session"), "{table}");
        assert!(!inventory_of([entry("shop", "Session", session)]).to_table().contains("companion"));
    }

    #[test]
    fn families_and_former_scopes_are_shown() {
        const SID: Former<'static> = Former::new().name("__Host-sid").until(Day::parse("1969-12-31").unwrap());
        let flow = Spec::new("__Host-flow").keyed().max_age(Duration::from_secs(60)).formerly(&[SID]);
        let table = inventory_of([entry("shop", "Flow", flow)]).to_table();
        for line in [
            "__Host-flow.*  1 minute  Secure HttpOnly Lax  shop::Flow",
            "    formerly `__Host-sid.*`, host-only, Path=/, until 1969-12-31",
            "    unexpected: info former-expired: `__Host-flow.*` has a `formerly` entry whose day `until` has passed \
             (`__Host-sid.*`, host-only, Path=/, until 1969-12-31); remove the entry when browsers no longer hold the \
             former cookie",
            "1 cookie, 1 finding, 1 without a reason",
        ] {
            assert!(table.lines().any(|found| found == line), "{line}\n{table}");
        }
    }
}
