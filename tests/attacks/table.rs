//! The table of results, `table.txt`: attack × setup × engine. Each test compares its own column with the file. With
//! the environment variable `ATTACKS=overwrite`, each test writes its own column.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use super::attack::{Attack, Outcome};

pub(crate) const COLUMNS: [&str; 4] = ["raw requests", "Chromium", "Firefox", "WebKitGTK"];

/// The outcomes of one column, by attack and row.
pub(crate) type Column = BTreeMap<(String, String), String>;

/// The rows of one attack, each with one cell per column.
pub(crate) struct Block {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) rows: Vec<(String, [String; 4])>,
}

const HEADER: &str = "\
The attacks of tests/attacks against each setup. The tests compare this file with their results.

succeeds                the attacker reached the goal
refused                 the server received the attacker's cookie and did not use it
blocked by the browser  the browser did not store the attacker's cookie, or did not send it
signed out              the victim is signed out, and can sign in again
locked out              the victim cannot sign in while the attacker's cookie is in the browser
error                   the server responds with this status
-                       the attack consists of the storing in a browser, so there is no raw request

WebKitGTK is not Safari. It has the engine of Safari and another cookie store, which ignores the prefixes of names. The
prefix is the protection against sibling hosts, so this column shows the attacks without that protection.
";

const NO_CELL: &str = "not run";

pub(crate) fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../attacks/table.txt")
}

/// Reads the file.
pub(crate) fn read() -> Vec<Block> {
    parse(include_str!("table.txt"))
}

fn parse(text: &str) -> Vec<Block> {
    let mut blocks = Vec::<Block>::new();
    for block in text.split("\n\n").filter(|block| block.starts_with("== ")) {
        let mut lines = block.lines();
        let name = lines.next().unwrap_or_default()[3..].to_owned();
        let mut rows = Vec::new();
        for line in lines {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            match cells[..] {
                [row, raw, chromium, firefox, webkit] if row != "setup" => {
                    rows.push((row.to_owned(), [raw, chromium, firefox, webkit].map(str::to_owned)));
                }
                _ => {}
            }
        }
        blocks.push(Block { name, summary: String::new(), rows });
    }
    blocks
}

fn render(blocks: &[Block]) -> String {
    let mut text = HEADER.to_owned();
    let width = blocks.iter().flat_map(|block| &block.rows).map(|(row, _)| row.chars().count()).max().unwrap_or(0);
    let line = |row: &str, cells: [&str; 4]| {
        let [raw, chromium, firefox, webkit] = cells;
        format!("{row:width$} | {raw:12} | {chromium:22} | {firefox:22} | {webkit}\n")
    };
    for block in blocks {
        text += &format!("\n== {}\n{}\n{}", block.name, block.summary, line("setup", COLUMNS));
        for (row, cells) in &block.rows {
            text += &line(row, cells.each_ref().map(String::as_str));
        }
    }
    text
}

/// Returns the rows of an attack, in order.
pub(crate) fn rows(attack: &Attack) -> Vec<String> {
    let setups = super::setups_of(attack).into_iter().map(|setup| setup.row);
    setups.chain(attack.careless.map(|careless| careless.row.to_owned())).collect()
}

/// Compares the results with the file. Panics and lists the differences if a cell differs.
pub(crate) fn compare(column: usize, found: &Column) {
    // The tests of the engines can run at the same time.
    static FILE: Mutex<()> = Mutex::new(());
    let _file = FILE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let text = fs::read_to_string(path()).unwrap_or_default();
    let mut cells = BTreeMap::new();
    for block in parse(&text) {
        cells.extend(block.rows.into_iter().map(|(row, cells)| ((block.name.clone(), row), cells)));
    }
    let mut blocks = Vec::new();
    for attack in super::record::attacks() {
        let row = |row: String| {
            let key = (attack.name.to_owned(), row.clone());
            let mut cells = cells.get(&key).cloned().unwrap_or([NO_CELL; 4].map(str::to_owned));
            cells[column] = found.get(&key).cloned().unwrap_or_else(|| NO_CELL.to_owned());
            (row, cells)
        };
        let rows = rows(&attack).into_iter().map(row).collect();
        let exceptions = super::EXCEPTIONS.iter().filter(|exception| exception.attack == attack.name);
        let exceptions = exceptions.map(|exception| match exception.row {
            None => format!("`{}`: {}.", exception.outcome, exception.reason),
            Some(row) => format!("`{}` in {row}: {}.", exception.outcome, exception.reason),
        });
        let no_control = attack.no_control.map(|reason| format!("No control: {reason}."));
        let summary: Vec<_> = [attack.summary.to_owned()].into_iter().chain(exceptions).chain(no_control).collect();
        blocks.push(Block { name: attack.name.to_owned(), summary: summary.join("\n"), rows });
    }
    let new = render(&blocks);
    if std::env::var_os("ATTACKS").is_some_and(|value| value == "overwrite") {
        fs::write(path(), new).unwrap();
        return;
    }
    let differences: Vec<String> = new
        .lines()
        .zip(text.lines())
        .filter(|(new, old)| new != old)
        .map(|(new, old)| format!("expected: {old}\n   found: {new}"))
        .collect();
    assert!(
        new == text,
        "{}: the results differ from tests/attacks/table.txt; ATTACKS=overwrite writes the file\n{}",
        COLUMNS[column],
        differences.join("\n")
    );
}

/// Adds the outcome of one run. An attack runs once per setup.
pub(crate) fn add(column: &mut Column, attack: &Attack, row: &str, outcome: Outcome) {
    column.insert((attack.name.to_owned(), row.to_owned()), outcome.to_string());
}
