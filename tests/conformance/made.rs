//! The crates that are made of the cases: each declaration compiled, and each that compiles set, sent and read back.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use super::case::{Case, declaration, producer, reader, reader_names};
use crate::vectors::unhex;
use crate::workspace::Workspace;

/// What became of the vectors in the crates that were made of them.
pub(super) static MADE: LazyLock<Made> = LazyLock::new(Made::make);

pub(super) struct Made {
    pub(super) literals: Build,
    pub(super) constants: Build,
    pub(super) shown: Vec<Shown>,
    /// What each name reads in each case, as `Debug` writes it.
    pub(super) read: BTreeMap<(String, String), String>,
}

/// One library of declarations, compiled.
pub(super) struct Build {
    pub(super) declared: Vec<Declared>,
    pub(super) elsewhere: Vec<String>,
}

pub(super) struct Declared {
    pub(super) id: String,
    /// How the rule book begins to say what is wrong.
    pub(super) faults: Vec<&'static str>,
    pub(super) is_refused: bool,
    pub(super) lines: RangeInclusive<usize>,
    pub(super) errors: Vec<String>,
}

/// One cookie that the program set: as a literal or a constant declares it, or by setters.
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) line: Result<String, String>,
    pub(super) jar: String,
    /// What `to_cookie` displays.
    pub(super) cookie: String,
    /// What came back from the browser.
    pub(super) read: String,
}

impl Made {
    fn make() -> Made {
        let cases = producer();
        let hardtack = "http = \"1\"\nhardtack = { path = \"OURS/runtime\", features = [\"cookie\", \"testing\"] }";
        let all = Workspace::create("conformance", &["literals", "constants", "emitted"].map(|name| (name, hardtack)));
        // A member wants a target before its turn has come.
        for source in ["literals/src/lib.rs", "constants/src/lib.rs", "emitted/src/main.rs"] {
            if !all.directory.join(source).exists() {
                all.write(source, "fn main() {}");
            }
        }
        let sources = cases.iter().map(|case| (case, Some(case.literal())));
        let literals = check(&all, "literals", sources);
        let sources = cases.iter().map(|case| (case, case.constant()));
        let constants = check(&all, "constants", sources);
        let compiled = |build: &Build, case: &Case| {
            build.declared.iter().any(|declared| declared.id == case.id && declared.errors.is_empty())
        };

        let mut program = String::from(PROGRAM);
        let mut main = String::new();
        for (number, case) in cases.iter().enumerate() {
            let Case { id, value, .. } = case;
            let mut source = String::new();
            let mut body = String::new();
            let mut show = |name: &str, setters: &str| {
                writeln!(body, "show({id:?}, || SetCookie::new({name}({value:?}.into())){setters}, |it| it.0);")
                    .unwrap();
            };
            let given_by_setters_alone =
                case.text("expires").is_some() || case.attributes.get("max_age") == Some(&0.into());
            if compiled(&literals, case) && !given_by_setters_alone {
                source += &case.literal();
                show("Literal", "");
            }
            if let (true, false, Some(constant)) = (compiled(&constants, case), given_by_setters_alone, case.constant())
            {
                source += &constant;
                show("Constant", "");
            }
            let setters = case.setters();
            if case.is_named() && !setters.is_empty() {
                source += &declaration("Base", &format!("name = {:?}, {}", case.name, case.flags()));
                show("Base", &setters);
            }
            if !body.is_empty() {
                writeln!(program, "mod case_{number} {{\nuse super::*;\n{source}\npub fn run() {{\n{body}}}\n}}")
                    .unwrap();
                writeln!(main, "case_{number}::run();").unwrap();
            }
        }
        for (number, name) in reader_names().iter().enumerate() {
            writeln!(
                program,
                "#[derive(Cookie)]\n#[cookie(name = {name:?}, read_only)]\nstruct Reader{number}(String);"
            )
            .unwrap();
            for case in reader() {
                let fields = &case.fields;
                writeln!(main, "read::<Reader{number}>({:?}, {name:?}, &{fields:?}, |it| it.0);", case.id).unwrap();
            }
        }
        writeln!(program, "fn main() {{\n{main}}}").unwrap();
        all.write("emitted/src/main.rs", &program);
        let output = all.cargo(&["run", "--quiet", "-p", "emitted"], &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut made = Made { literals, constants, shown: Vec::new(), read: BTreeMap::new() };
        for row in String::from_utf8(output.stdout).unwrap().lines() {
            match row.split('\t').collect::<Vec<_>>().as_slice() {
                ["sent", id, line, jar, cookie, read] => made.shown.push(Shown {
                    id: (*id).to_owned(),
                    line: Ok((*line).to_owned()),
                    jar: (*jar).to_owned(),
                    cookie: (*cookie).to_owned(),
                    read: String::from_utf8(unhex(read)).unwrap(),
                }),
                ["refused", id, error] => made.shown.push(Shown {
                    id: (*id).to_owned(),
                    line: Err((*error).to_owned()),
                    jar: String::new(),
                    cookie: String::new(),
                    read: String::new(),
                }),
                ["read", id, name, values] => {
                    made.read.insert(((*id).to_owned(), (*name).to_owned()), (*values).to_owned());
                }
                _ => panic!("the program wrote {row:?}"),
            }
        }
        made
    }

    pub(super) fn refused(&self, id: &str) -> Vec<String> {
        let all = self.literals.declared.iter().chain(&self.constants.declared);
        all.filter(|declared| declared.id == id).flat_map(|declared| declared.errors.clone()).collect()
    }

    pub(super) fn shown(&self, id: &str) -> impl Iterator<Item = &Shown> {
        self.shown.iter().filter(move |shown| shown.id == id)
    }
}

/// What stands before the cases of the program.
const PROGRAM: &str = r#"
#![allow(dead_code)]
use std::time::{Duration, SystemTime};
use hardtack::{Cookie, Cookies, ReadCookie, SetCookie, testing};
use http::{HeaderMap, HeaderValue};

fn at(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}

fn show<T: Cookie>(id: &str, set: impl Fn() -> SetCookie<T>, text: fn(T) -> String) {
    let line = match set().header_value(&testing::https()) {
        Ok(line) => line,
        Err(error) => return println!("refused\t{id}\t{error}"),
    };
    let cookie = set().to_cookie(&testing::https()).unwrap();
    let jar = Cookies::read(&HeaderMap::new(), testing::https());
    jar.set(set()).unwrap();
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    let sent = &response["set-cookie"];
    let pair = sent.as_bytes().split(|octet| *octet == b';').next().unwrap();
    let mut request = HeaderMap::new();
    request.insert("cookie", HeaderValue::from_bytes(pair).unwrap());
    let back = Cookies::read(&request, testing::https()).get::<T>().unwrap().unwrap();
    let back: String = text(back).bytes().map(|octet| format!("{octet:02x}")).collect();
    println!("sent\t{id}\t{}\t{}\t{cookie}\t{back}", line.to_str().unwrap(), sent.to_str().unwrap());
}

fn read<T: ReadCookie>(id: &str, name: &str, fields: &[&str], text: fn(T) -> String) {
    let mut request = HeaderMap::new();
    for field in fields {
        request.append("cookie", field.parse().unwrap());
    }
    let found: Vec<String> =
        Cookies::read(&request, testing::https()).get_all::<T>().map(|it| text(it.unwrap())).collect();
    println!("read\t{id}\t{name}\t{found:?}");
}
"#;

/// Compiles one declaration a case, each in a module of its own lines, and says what was wrong with each.
fn check<'a>(all: &Workspace, member: &str, sources: impl Iterator<Item = (&'a Case, Option<String>)>) -> Build {
    let mut library = String::from("#![allow(dead_code, unused_imports)]\n");
    let mut declared = Vec::new();
    for (number, (case, source)) in sources.enumerate() {
        let Some(source) = source else { continue };
        let first = library.lines().count() + 1;
        write!(library, "mod case_{number} {{\nuse core::time::Duration;\nuse hardtack::Cookie;\n{source}}}\n")
            .unwrap();
        let lines = first..=library.lines().count();
        declared.push(Declared {
            id: case.id.clone(),
            faults: case.faults(),
            is_refused: case.is_refused(),
            lines,
            errors: Vec::new(),
        });
    }
    all.write(&format!("{member}/src/lib.rs"), &library);
    let mut build = Build { declared, elsewhere: Vec::new() };
    for refused in all.refused(member, &[]) {
        let line = usize::try_from(refused.line).unwrap();
        let by_us = refused.code.as_ref().is_none_or(|code| code == "E0080");
        match build.declared.iter_mut().find(|declared| declared.lines.contains(&line)) {
            Some(declared) if by_us => declared.errors.push(refused.text),
            _ => build.elsewhere.push(format!("{refused:?}")),
        }
    }
    assert!(build.declared.iter().any(|declared| !declared.errors.is_empty()), "nothing was refused");
    build
}
