//! Generates crates from the test cases. Two libraries contain the declarations of all test cases. One library writes
//! attribute values as literals, and the other library uses constants. If a declaration compiles, a generated program
//! sets, sends and reads back its cookie.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use super::case::{Case, RunTime, declaration, producer_cases, reader_cases, reader_names};
use crate::vectors::decode_hex;
use crate::workspace::Workspace;

/// The results of compiling and running the crates.
pub(super) static RESULTS: LazyLock<Results> = LazyLock::new(Results::generate);

pub(super) struct Results {
    pub(super) literals: Build,
    pub(super) constants: Build,
    pub(super) written: Vec<WrittenCookie>,
    /// The values that the program read, as `Debug` text. The map key is the test case's id and the cookie's name.
    pub(super) read: BTreeMap<(String, String), String>,
}

/// The result of compiling one library.
pub(super) struct Build {
    pub(super) declarations: Vec<Declaration>,
    /// Errors whose place is outside the declarations, and errors that do not come from hardtack.
    pub(super) other_errors: Vec<String>,
}

/// The declaration of one test case.
pub(super) struct Declaration {
    pub(super) id: String,
    /// The beginning of each error message that the test expects.
    pub(super) faults: Vec<&'static str>,
    pub(super) is_rejected: bool,
    pub(super) lines: RangeInclusive<usize>,
    pub(super) errors: Vec<String>,
}

/// One cookie that the program set. The attributes of the cookie come from literals, from constants, from setters or
/// from a policy.
pub(super) struct WrittenCookie {
    pub(super) id: String,
    /// The header value, or the error, that `header_value` returned. If an attribute comes from a policy, the header
    /// value is from a jar.
    pub(super) header: Result<String, RunTimeError>,
    /// The `Set-Cookie` header that a jar writes for the cookie.
    pub(super) jar_header: String,
    /// The `Display` text of the cookie that `to_encoded_cookie` returned.
    pub(super) cookie: String,
    /// The value that a jar reads when the next request returns the cookie.
    pub(super) read_back: String,
}

#[derive(Debug, Clone)]
pub(super) struct RunTimeError {
    /// The setter or the key of the policy that caused the error.
    pub(super) setting: String,
    pub(super) text: String,
}

impl Results {
    fn generate() -> Results {
        let cases = producer_cases();
        let hardtack = "http = \"1\"\nhardtack = { path = \"HARDTACK/runtime\", features = [\"cookie\", \"testing\"] }";
        let all = Workspace::create("conformance", &["literals", "constants", "emitted"].map(|name| (name, hardtack)));
        // Cargo needs a source file in every workspace member. So write a small file until the real source is ready.
        for source in ["literals/src/lib.rs", "constants/src/lib.rs", "emitted/src/main.rs"] {
            if !all.directory.join(source).exists() {
                all.write(source, "fn main() {}");
            }
        }
        let sources = cases.iter().map(|case| (case, Some(case.literal())));
        let literals = compile(&all, "literals", sources);
        let sources = cases.iter().map(|case| (case, case.constant()));
        let constants = compile(&all, "constants", sources);
        let compiles = |build: &Build, case: &Case| {
            build.declarations.iter().any(|declaration| declaration.id == case.id && declaration.errors.is_empty())
        };

        let mut program = String::from(PROGRAM);
        let mut main = String::new();
        for (number, case) in cases.iter().enumerate() {
            let Case { id, value, .. } = case;
            let mut source = String::new();
            let mut body = String::new();
            let mut write = |name: &str| {
                writeln!(body, "write({id:?}, || SetCookie::new({name}({value:?}.into())), |it| it.0);").unwrap();
            };
            // Only setters can set `Expires` and a `Max-Age` of zero.
            let needs_setters = case.text("expires").is_some() || case.attributes.get("max_age") == Some(&0.into());
            if compiles(&literals, case) && !needs_setters {
                source += &case.literal();
                write("Literal");
            }
            if let (true, false, Some(constant)) = (compiles(&constants, case), needs_setters, case.constant()) {
                source += &constant;
                write("Constant");
            }
            if let (true, Some(run_time)) = (case.has_valid_name(), case.run_time()) {
                let RunTime { keys, policy, setter, now } = run_time;
                source += &declaration("Base", &format!("name = {:?}, {keys}{}", case.name, case.flags()));
                let cookie = format!("Base({value:?}.into())");
                if let Some(policy) = policy {
                    writeln!(body, "write_with({id:?}, Policy::builder().{policy}, {cookie}, |it| it.0);").unwrap();
                }
                if let Some(setter) = setter {
                    let set = format!("SetCookie::new({cookie}).{setter}");
                    let set = now.map_or(set.clone(), |now| format!("testing::at(at({now}), || {set})"));
                    writeln!(body, "write({id:?}, || {set}, |it| it.0);").unwrap();
                }
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
            for case in reader_cases() {
                let headers = &case.headers;
                writeln!(main, "read::<Reader{number}>({:?}, {name:?}, &{headers:?}, |it| it.0);", case.id).unwrap();
            }
        }
        writeln!(program, "fn main() {{\n{main}}}").unwrap();
        all.write("emitted/src/main.rs", &program);
        let output = all.cargo(&["run", "--quiet", "-p", "emitted"], &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut results = Results { literals, constants, written: Vec::new(), read: BTreeMap::new() };
        for row in String::from_utf8(output.stdout).unwrap().lines() {
            match row.split('\t').collect::<Vec<_>>().as_slice() {
                ["written", id, header, jar_header, cookie, read_back] => results.written.push(WrittenCookie {
                    id: (*id).to_owned(),
                    header: Ok((*header).to_owned()),
                    jar_header: (*jar_header).to_owned(),
                    cookie: (*cookie).to_owned(),
                    read_back: String::from_utf8(decode_hex(read_back)).unwrap(),
                }),
                ["error", id, setting, text] => results.written.push(WrittenCookie {
                    id: (*id).to_owned(),
                    header: Err(RunTimeError { setting: (*setting).to_owned(), text: (*text).to_owned() }),
                    jar_header: String::new(),
                    cookie: String::new(),
                    read_back: String::new(),
                }),
                ["read", id, name, values] => {
                    results.read.insert(((*id).to_owned(), (*name).to_owned()), (*values).to_owned());
                }
                _ => panic!("unexpected output of the program: {row:?}"),
            }
        }
        results
    }

    /// Returns the compile errors of a test case.
    pub(super) fn errors(&self, id: &str) -> Vec<String> {
        let all = self.literals.declarations.iter().chain(&self.constants.declarations);
        all.filter(|declaration| declaration.id == id).flat_map(|declaration| declaration.errors.clone()).collect()
    }

    pub(super) fn written(&self, id: &str) -> impl Iterator<Item = &WrittenCookie> {
        self.written.iter().filter(move |cookie| cookie.id == id)
    }
}

/// The beginning of the generated program. One module for each test case follows this text.
const PROGRAM: &str = r#"
#![allow(dead_code)]
use std::time::{Duration, SystemTime};
use hardtack::policy::PolicyBuilder;
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, ReadCookie, SetCookie, SetError, testing};
use http::{HeaderMap, HeaderValue};

fn at(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}

fn write<T: Cookie>(id: &str, set: impl Fn() -> SetCookie<T>, text: fn(T) -> String) {
    let header = match set().header_value(&testing::https()) {
        Ok(header) => header,
        Err(error) => {
            let SetError::Attribute { attribute, .. } = &error else { panic!("{id}: {error}") };
            return println!("error\t{id}\t{attribute}\t{error}");
        }
    };
    let cookie = set().to_encoded_cookie(&testing::https()).unwrap();
    let jar = Cookies::from_headers(&HeaderMap::new(), testing::https());
    jar.set(set()).unwrap();
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    let jar_header = response["set-cookie"].to_str().unwrap();
    let back = read_back(jar_header, text);
    println!("written\t{id}\t{}\t{jar_header}\t{cookie}\t{back}", header.to_str().unwrap());
}

fn write_with<T: Cookie>(id: &str, policy: PolicyBuilder, value: T, text: fn(T) -> String) {
    let policy = match policy.build() {
        Ok(policy) => PolicyHandle::new(policy),
        Err(error) => return println!("error\t{id}\t{}\t{error}", error.key()),
    };
    let jar = Cookies::from_headers(&HeaderMap::new(), testing::https()).with_policy(&policy);
    jar.set(value).unwrap();
    let mut response = HeaderMap::new();
    jar.write(&mut response);
    let header = response["set-cookie"].to_str().unwrap();
    println!("written\t{id}\t{header}\t{header}\t{header}\t{}", read_back(header, text));
}

fn read_back<T: Cookie>(header: &str, text: fn(T) -> String) -> String {
    let pair = header.split(';').next().unwrap();
    let mut request = HeaderMap::new();
    request.insert("cookie", HeaderValue::from_str(pair).unwrap());
    let back = Cookies::from_headers(&request, testing::https()).try_get::<T>().unwrap().unwrap();
    text(back).bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn read<T: ReadCookie>(id: &str, name: &str, headers: &[&str], text: fn(T) -> String) {
    let mut request = HeaderMap::new();
    for header in headers {
        request.append("cookie", header.parse().unwrap());
    }
    let found: Vec<String> =
        Cookies::from_headers(&request, testing::https()).get_all::<T>().map(|it| text(it.unwrap())).collect();
    println!("read\t{id}\t{name}\t{found:?}");
}
"#;

/// Compiles a library with one declaration for each test case. Each declaration is in its own module, so the line
/// number of an error shows which test case caused the error.
fn compile<'a>(all: &Workspace, member: &str, sources: impl Iterator<Item = (&'a Case, Option<String>)>) -> Build {
    let mut library = String::from("#![allow(dead_code, unused_imports)]\n");
    let mut declarations = Vec::new();
    for (number, (case, source)) in sources.enumerate() {
        let Some(source) = source else { continue };
        let first = library.lines().count() + 1;
        write!(library, "mod case_{number} {{\nuse core::time::Duration;\nuse hardtack::Cookie;\n{source}}}\n")
            .unwrap();
        let lines = first..=library.lines().count();
        declarations.push(Declaration {
            id: case.id.clone(),
            faults: case.faults(),
            is_rejected: case.is_rejected(),
            lines,
            errors: Vec::new(),
        });
    }
    all.write(&format!("{member}/src/lib.rs"), &library);
    let mut build = Build { declarations, other_errors: Vec::new() };
    for error in all.compile_errors(member, &[]) {
        let line = usize::try_from(error.line).unwrap();
        // Errors from the macros have no error code. E0080 is rustc's error code for a panic in a constant.
        let is_ours = error.code.as_ref().is_none_or(|code| code == "E0080");
        match build.declarations.iter_mut().find(|declaration| declaration.lines.contains(&line)) {
            Some(declaration) if is_ours => declaration.errors.push(error.text),
            _ => build.other_errors.push(format!("{error:?}")),
        }
    }
    assert!(build.declarations.iter().any(|declaration| !declaration.errors.is_empty()), "no declaration has an error");
    build
}
