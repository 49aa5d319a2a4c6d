//! Choices in, the text of a declaration out: keys, values, types and shapes that people write, right and wrong. Knows no
//! rule of the library: what is refused is its business.

/// One input of a macro.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Which macro takes it.
    pub by: By,
    /// What stands in the parentheses of `#[cookies(…)]`.
    pub arguments: String,
    /// The item below.
    pub item: String,
}

/// The macro of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `#[derive(Cookie)]`
    Cookie,
    /// `#[derive(CookieValue)]`
    CookieValue,
    /// `#[cookies]`
    Cookies,
}

/// How much of what is chosen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vocabulary {
    /// All of it: constants and types that nobody has, tokens in the wrong place.
    Everything,
    /// Only what rustc has nothing against by itself, so that what the macros accept must compile: known types, no
    /// constant, whole tokens. [`PRELUDE`] stands above.
    Sound,
}

/// What a sound declaration may name.
pub const PRELUDE: &str = "#[derive(hardtack::Cookie)] pub struct Basket(u32);\n\
     #[derive(hardtack::CookieValue)] pub enum Theme { Light, Dark }\n";

#[rustfmt::skip]
const KEYS: &[&str] = &[
    "name", "path", "domain", "max_age", "same_site", "http_only", "secure", "partitioned", "reason", "read_only",
    "json", "signed", "sealed", "existing", "rename_all", "rename", "crate",
];
/// Without those that ask a trait of the type, which rustc then misses.
#[rustfmt::skip]
const SOUND_KEYS: &[&str] = &[
    "name", "path", "domain", "max_age", "same_site", "http_only", "secure", "partitioned", "reason", "reason",
    "read_only", "signed", "sealed", "rename_all", "rename", "crate",
];
#[rustfmt::skip]
const STRANGE_KEYS: &[&str] = &[
    "Max-Age", "samesite", "HttpOnly", "expires", "session", "host_only", "banana", "r#path", "_", "self", "\"name\"",
    "name::path", "é", "", "=", "1", "secure secure", "#[cookie]", "!", "{}",
];
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "\"\"", "\"a\"", "\"sid\"", "\"__Host-sid\"", "\"__Secure-sid\"", "\"__Http-sid\"", "\"__Host-Http-sid\"",
    "\"__HOST-sid\"", "\"a b\"", "\"a;b\"", "\"é\"", "\"\\0\"", "\"/\"", "\"/app\"", "\"app\"", "\"/a;b\"", "\".a\"",
    "\"example.com\"", "\".example.com\"", "\"com\"", "\"127.0.0.1\"", "\"[::1]\"", "\"EXAMPLE.com\"", "\"a..b\"",
    "\"90s\"", "\"15m\"", "\"8h\"", "\"30d\"", "\"400d\"", "\"401d\"", "\"0s\"", "\"-1d\"", "\"1 y\"",
    "\"99999999999999999999d\"", "\"because the page reads it\"", "\" \"", "\"snake_case\"", "\"kebab-case\"",
    "\"SCREAMING-KEBAB-CASE\"", "\"Kebab\"", "\"pt-BR\"", "r#\"raw\"#", "\"true\"", "\"Lax\"",
];
const WORDS: &[&str] = &["true", "false", "Strict", "Lax", "None", "environment", "::hardtack", "hardtack"];
#[rustfmt::skip]
const STRANGE_VALUES: &[&str] = &[
    "NAME", "self::NAME", "crate::config::PATH", "28_800", "8h", "-1", "1.5", "b\"octets\"", "c\"text\"", "'a'",
    "env", "enviroment", "SameSite::Strict", "strict", "no", "Some(1)", "None::<u8>", "{ 1 + 1 }", "(\"/\")",
    "concat!(\"a\", \"b\")", "<T as Trait>::NAME", "if a { b } else { c }", "|x| x", "&NAME", "NAME[0]",
    "Duration::from_secs(8 * 3600)", "..", "", "=", "= true", "\"a\" \"b\"", "'", "#", "loop {}", "async {}",
    "unsafe { X }", "const { X }", "X as u8", "a.b.c()", "Foo { a: 1 }", "[1; 2]", "return", "break 'a", "let x = y",
    "match x { _ => {} }", "!x", "*x", "x?", "..=1",
];
#[rustfmt::skip]
const TYPES: &[&str] = &[
    "String", "u64", "u8", "i128", "bool", "char", "f64", "Box<str>", "::std::borrow::Cow<'static, str>",
    "::std::net::IpAddr", "::std::net::Ipv4Addr", "::std::num::NonZeroU8", "super::Theme",
];
#[rustfmt::skip]
const STRANGE_TYPES: &[&str] = &[
    "super::Basket", "T", "Option<u8>", "Vec<T>", "&'a str", "&'static str", "&mut T", "[u8; 4]", "[T]", "()",
    "(T, U)", "fn(T) -> U", "impl Trait", "dyn Trait + 'a", "!", "_", "*const T", "<T as Trait>::Item", "m!(T)",
    "for<'b> fn(&'b T)", "Self", "[u8; { 1 + 1 }]", "Cow<'a, str>", "str", "u8 = 1", "T::U", "r#type", "(u8)",
];
const NAMES: &[&str] = &["Session", "CSRFToken", "X", "r#Type", "cart", "Old_Name", "Basket_Id2", "Ünï"];
#[rustfmt::skip]
const FIELDS: &[&str] = &[
    "session", "theme", "set_theme", "r#type", "a", "remove_a", "set_a_with", "_", "cookies", "from", "SPECS",
    "clone",
];
const VARIANTS: &[&str] = &["En", "De", "PtBr", "PTBR", "pt_br", "r#En", "Ünï", "X"];
#[rustfmt::skip]
const GENERICS: &[&str] = &[
    "<T>", "<'a>", "<'a, T: Clone>", "<const N: usize>", "<T = u8>", "<T> where T: Copy", "<", "<>",
];
const VISIBILITIES: &[&str] = &["", "pub ", "pub(crate) ", "pub(in super) "];
const ATTRIBUTES: &[&str] = &["/// Docs.\n", "#[allow(dead_code)] ", "#[cfg(all())] "];
#[rustfmt::skip]
const STRANGE_ATTRIBUTES: &[&str] = &[
    "#[cookie] ", "#[cookie = \"a\"] ", "#[cookie{}] ", "#[derive(Clone)] ", "#[::cookie(name)] ", "#[cfg(any())] ",
    "#[doc = 1] ",
];

/// Chooses a number below another; the same one again where there is nothing to choose by.
pub type Choose<'a> = &'a mut dyn FnMut(usize) -> usize;

/// Grows one declaration.
#[must_use]
pub fn declaration(choose: Choose<'_>, vocabulary: Vocabulary) -> Declaration {
    let by = [By::Cookie, By::CookieValue, By::Cookies][choose(3)];
    let mut grown = Grown { choose, strange: vocabulary == Vocabulary::Everything };
    let arguments = if by == By::Cookies && grown.rarely() { grown.keys(2) } else { String::new() };
    let item = if by == By::Cookies { grown.set() } else { grown.item(by) };
    Declaration { by, arguments, item }
}

struct Grown<'a> {
    choose: Choose<'a>,
    strange: bool,
}

impl Grown<'_> {
    fn one(&mut self, of: &[&str]) -> String {
        of[(self.choose)(of.len())].to_owned()
    }

    fn either(&mut self, of: &[&str], strange: &[&str]) -> String {
        if self.strange && self.rarely() { self.one(strange) } else { self.one(of) }
    }

    fn rarely(&mut self) -> bool {
        (self.choose)(5) == 1
    }

    fn item(&mut self, by: By) -> String {
        let mut out = self.attributes();
        if (self.choose)(4) != 0 {
            let most = if by == By::Cookie { 6 } else { 2 };
            out.push_str(&format!("#[cookie({})]\n", self.keys(most)));
        }
        out.push_str(&self.one(VISIBILITIES));
        let name = self.one(NAMES);
        let generics = if self.strange && self.rarely() { self.one(GENERICS) } else { String::new() };
        let body = match (self.choose)(8) {
            0 => format!("struct {name}{generics};"),
            1 => format!(
                "struct {name}{generics} {{ {}{}: {} }}",
                self.one(VISIBILITIES),
                self.one(&["value", "r#type"]),
                self.of_type()
            ),
            2 | 3 => format!("struct {name}{generics}({}{});", self.attributes(), self.of_type()),
            4..=6 => format!("enum {name}{generics} {{ {} }}", self.variants()),
            _ if self.strange => {
                let bodies = [
                    format!("union {name}{generics} {{ a: u8 }}"),
                    format!("struct {name}{generics}({}, {});", self.of_type(), self.of_type()),
                    format!("struct {name}{generics} {{}}"),
                    format!("struct {name}{generics}();"),
                    format!("struct {name}{generics} {{ #[cookie({})] a: {} }}", self.keys(2), self.of_type()),
                    format!("fn {name}() {{}}"),
                    format!("struct {name} {{ a: {} b: }}", self.of_type()),
                    format!("type {name} = {};", self.of_type()),
                ];
                bodies[(self.choose)(bodies.len())].clone()
            }
            _ => format!("struct {name};"),
        };
        out + &body
    }

    fn set(&mut self) -> String {
        let mut out = self.attributes() + &self.one(VISIBILITIES);
        let mut seen = vec![];
        let fields: String = (0..(self.choose)(5)).filter_map(|_| self.field(&mut seen)).collect();
        out.push_str(&format!("struct {} {{ {fields} }}", self.one(NAMES)));
        if self.strange && self.rarely() {
            let ends = ["fn behind() {}", "<", ";", "struct Other;", "impl X {}"];
            out.push_str(&self.one(&ends));
        }
        out
    }

    fn field(&mut self, seen: &mut Vec<String>) -> Option<String> {
        let name = self.distinct(FIELDS, seen)?;
        let mut out = self.attributes();
        // Two of one type have one name, which only a `const` sees.
        let has_existing = !self.strange && seen.iter().any(|name| name == "existing");
        if (self.choose)(8) == 1 && !has_existing {
            seen.push("existing".to_owned());
            return Some(format!("{out}#[cookie(existing)] {name}: super::Basket, "));
        }
        if (self.choose)(4) != 0 {
            out.push_str(&format!("#[cookie({})] ", self.keys(5)));
        }
        let end = if self.strange && self.rarely() { self.one(&["", ";", ",,", "= 1,"]) } else { ", ".to_owned() };
        Some(out + &format!("{}{name}: {}{end}", self.one(VISIBILITIES), self.of_type()))
    }

    fn variants(&mut self) -> String {
        let (mut out, mut seen) = (String::new(), vec![]);
        for _ in 0..(self.choose)(5) {
            let Some(name) = self.distinct(VARIANTS, &mut seen) else { continue };
            out.push_str(&self.attributes());
            if self.rarely() {
                out.push_str(&format!("#[cookie({})] ", self.keys(1)));
            }
            out.push_str(&name);
            if self.strange && self.rarely() {
                out.push_str(&self.one(&[" = 1", "(u8)", " { a: u8 }", " b", "("]));
            }
            out.push_str(", ");
        }
        out
    }

    /// rustc itself refuses a name that comes twice, and a field `_`.
    fn distinct(&mut self, of: &[&str], seen: &mut Vec<String>) -> Option<String> {
        let name = self.one(of);
        if !self.strange && (name == "_" || seen.contains(&name)) {
            return None;
        }
        seen.push(name.clone());
        Some(name)
    }

    fn attributes(&mut self) -> String {
        if self.rarely() { self.either(ATTRIBUTES, STRANGE_ATTRIBUTES) } else { String::new() }
    }

    fn of_type(&mut self) -> String {
        self.either(TYPES, STRANGE_TYPES)
    }

    fn keys(&mut self, most: usize) -> String {
        let mut out = String::new();
        // Of many keys two contradict each other.
        let most = if self.strange { most } else { most.div_ceil(2) };
        for at in 0..=(self.choose)(most) {
            if at > 0 {
                out.push_str(if self.strange && self.rarely() { " " } else { ", " });
            }
            let key = if self.strange { self.either(KEYS, STRANGE_KEYS) } else { self.one(SOUND_KEYS) };
            out.push_str(&key);
            let value = match key.as_str() {
                "same_site" => self.either(&["Strict", "Lax", "None"], STRANGE_VALUES),
                "http_only" | "secure" => self.either(&["true", "false"], STRANGE_VALUES),
                "crate" => self.either(&["::hardtack", "hardtack"], STRANGE_VALUES),
                "reason" => self.either(&["\"because the page reads it\"", "\"x\""], TEXTS),
                "max_age" => self.either(&["\"90s\"", "\"8h\"", "\"30d\"", "\"500d\""], TEXTS),
                "path" => self.either(&["\"/\"", "\"/app\""], TEXTS),
                "domain" => self.either(&["\"example.com\"", "environment"], TEXTS),
                "name" => self.either(
                    &["\"sid\"", "\"__Host-sid\"", "\"__Secure-sid\"", "\"__Host-Http-sid\"", "\"__Http-sid\""],
                    TEXTS,
                ),
                "rename_all" => self.either(&["\"snake_case\"", "\"SCREAMING-KEBAB-CASE\"", "\"lowercase\""], TEXTS),
                "partitioned" | "read_only" | "json" | "signed" | "sealed" | "existing" => {
                    if !self.rarely() {
                        continue;
                    }
                    self.one(WORDS)
                }
                _ if self.rarely() => continue,
                _ => self.either(TEXTS, STRANGE_VALUES),
            };
            out.push_str(if self.strange && self.rarely() { "" } else { " = " });
            out.push_str(&value);
        }
        out
    }
}
