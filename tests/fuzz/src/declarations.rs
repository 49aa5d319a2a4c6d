//! Generates the text of declarations from random choices. The declarations combine the keys, values and types that
//! developers write in real code. The generator does not know the library's rules, so a declaration may be valid or
//! invalid.

/// One input of a macro.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The macro that receives the declaration.
    pub macro_kind: MacroKind,
    /// The text between the parentheses of `#[cookies(…)]`.
    pub arguments: String,
    /// The annotated item.
    pub item: String,
}

/// One of the three macros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacroKind {
    /// `#[derive(Cookie)]`
    Cookie,
    /// `#[derive(CookieValue)]`
    CookieValue,
    /// `#[cookies]`
    Cookies,
}

/// The set of code pieces from which the generator chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vocabulary {
    /// All code pieces. Some code pieces contain tokens in the wrong place, or constants and types that do not exist.
    Everything,
    /// Only code pieces that rustc itself accepts: known types and complete tokens, but no constants. If the macros
    /// accept a sound declaration, the declaration must compile. The declaration is compiled in a submodule of a module
    /// that begins with [`PRELUDE`].
    Sound,
}

/// The items that a declaration with the vocabulary [`Sound`](Vocabulary::Sound) may use.
pub const PRELUDE: &str = "#[derive(hardtack::Cookie)] pub struct Basket(u32);\n\
     #[derive(hardtack::CookieValue)] pub enum Theme { Light, Dark }\n";

#[rustfmt::skip]
const KEYS: &[&str] = &[
    "name", "path", "domain", "max_age", "same_site", "http_only", "secure", "partitioned", "reason", "read_only",
    "json", "signed", "sealed", "existing", "rename_all", "rename", "crate", "formerly", "keyed", "raw", "unsigned",
    "until", "idle", "device_bound", "every", "optional",
];
/// The keys of a declaration with the vocabulary `Sound`. Some keys need a trait that not every type in this file
/// implements. The list omits these keys, because rustc would report an error.
#[rustfmt::skip]
const SOUND_KEYS: &[&str] = &[
    "name", "path", "domain", "max_age", "same_site", "http_only", "secure", "partitioned", "reason", "reason",
    "read_only", "signed", "sealed", "rename_all", "rename", "crate", "formerly", "formerly", "keyed",
];
/// The keys in the parentheses of `formerly`.
#[rustfmt::skip]
const FORMER: &[&str] = &[
    "name = \"sid\"", "name = \"__Host-old\"", "name = \"__Secure-old\"", "path = \"/\"", "path = \"/app\"",
    "domain = none", "domain = policy", "domain = \"example.com\"", "partitioned", "partitioned = false", "raw",
    "unsigned", "until = \"2027-03-01\"", "until = \"2027-03-01\"",
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
const WORDS: &[&str] = &["true", "false", "Strict", "Lax", "None", "policy", "environment", "::hardtack", "hardtack"];
#[rustfmt::skip]
const STRANGE_VALUES: &[&str] = &[
    "NAME", "self::NAME", "crate::config::PATH", "28_800", "8h", "-1", "1.5", "b\"bytes\"", "c\"text\"", "'a'",
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

/// Whole lists of keys in the parentheses of `formerly`. Most declarations with such a list are valid.
#[rustfmt::skip]
const WHOLE_FORMER: &[&str] = &[
    "partitioned = true", "path = \"/\", partitioned", "domain = \"old.example.com\"", "path = \"/old\"",
    "name = \"__Host-old\", domain = none, path = \"/\", until = \"2027-03-01\"",
    "name = \"__Host-Http-old\", domain = none, path = \"/\", raw, until = \"2027-03-01\"",
    "until = \"2027-03-01\", name = \"old\", raw",
];

/// A function that returns a number below its argument. After the end of the fuzzer's input, the function always
/// returns the same number.
pub type Choose<'a> = &'a mut dyn FnMut(usize) -> usize;

/// Generates one declaration.
#[must_use]
pub fn declaration(choose: Choose<'_>, vocabulary: Vocabulary) -> Declaration {
    let macro_kind = [MacroKind::Cookie, MacroKind::CookieValue, MacroKind::Cookies][choose(3)];
    let mut generator = Generator { choose, strange: vocabulary == Vocabulary::Everything };
    let arguments =
        if macro_kind == MacroKind::Cookies && generator.rarely() { generator.keys(2) } else { String::new() };
    let item = if macro_kind == MacroKind::Cookies { generator.set() } else { generator.item(macro_kind) };
    Declaration { macro_kind, arguments, item }
}

struct Generator<'a> {
    choose: Choose<'a>,
    /// True if the generator may choose code pieces that rustc does not accept.
    strange: bool,
}

impl Generator<'_> {
    fn pick(&mut self, texts: &[&str]) -> String {
        texts[(self.choose)(texts.len())].to_owned()
    }

    fn pick_or_strange(&mut self, texts: &[&str], strange: &[&str]) -> String {
        if self.strange && self.rarely() { self.pick(strange) } else { self.pick(texts) }
    }

    /// Returns true for about one choice in five.
    fn rarely(&mut self) -> bool {
        (self.choose)(5) == 1
    }

    fn item(&mut self, macro_kind: MacroKind) -> String {
        let mut out = self.attributes();
        if (self.choose)(4) != 0 {
            let max = if macro_kind == MacroKind::Cookie { 6 } else { 2 };
            out.push_str(&format!("#[cookie({})]\n", self.keys(max)));
        }
        out.push_str(&self.pick(VISIBILITIES));
        let name = self.pick(NAMES);
        let generics = if self.strange && self.rarely() { self.pick(GENERICS) } else { String::new() };
        let body = match (self.choose)(8) {
            0 => format!("struct {name}{generics};"),
            1 => format!(
                "struct {name}{generics} {{ {}{}: {} }}",
                self.pick(VISIBILITIES),
                self.pick(&["value", "r#type"]),
                self.field_type()
            ),
            2 | 3 => format!("struct {name}{generics}({}{});", self.attributes(), self.field_type()),
            4..=6 => format!("enum {name}{generics} {{ {} }}", self.variants()),
            _ if self.strange => {
                let bodies = [
                    format!("union {name}{generics} {{ a: u8 }}"),
                    format!("struct {name}{generics}({}, {});", self.field_type(), self.field_type()),
                    format!("struct {name}{generics} {{}}"),
                    format!("struct {name}{generics}();"),
                    format!("struct {name}{generics} {{ #[cookie({})] a: {} }}", self.keys(2), self.field_type()),
                    format!("fn {name}() {{}}"),
                    format!("struct {name} {{ a: {} b: }}", self.field_type()),
                    format!("type {name} = {};", self.field_type()),
                ];
                bodies[(self.choose)(bodies.len())].clone()
            }
            _ => format!("struct {name};"),
        };
        out + &body
    }

    fn set(&mut self) -> String {
        let mut out = self.attributes() + &self.pick(VISIBILITIES);
        let mut seen = vec![];
        let fields: String = (0..(self.choose)(5)).filter_map(|_| self.field(&mut seen)).collect();
        out.push_str(&format!("struct {} {{ {fields} }}", self.pick(NAMES)));
        if self.strange && self.rarely() {
            let ends = ["fn behind() {}", "<", ";", "struct Other;", "impl X {}"];
            out.push_str(&self.pick(&ends));
        }
        out
    }

    fn field(&mut self, seen: &mut Vec<String>) -> Option<String> {
        let name = self.new_name(FIELDS, seen)?;
        let mut out = self.attributes();
        // Two fields of the same `existing` type declare the same cookie name. The macro accepts the two fields. rustc
        // then reports an error in a `const` of the expansion.
        let has_existing = !self.strange && seen.iter().any(|name| name == "existing");
        if (self.choose)(8) == 1 && !has_existing {
            seen.push("existing".to_owned());
            return Some(format!("{out}#[cookie(existing)] {name}: super::Basket, "));
        }
        if (self.choose)(4) != 0 {
            out.push_str(&format!("#[cookie({})] ", self.keys(5)));
        }
        let end = if self.strange && self.rarely() { self.pick(&["", ";", ",,", "= 1,"]) } else { ", ".to_owned() };
        Some(out + &format!("{}{name}: {}{end}", self.pick(VISIBILITIES), self.field_type()))
    }

    fn variants(&mut self) -> String {
        let (mut out, mut seen) = (String::new(), vec![]);
        for _ in 0..(self.choose)(5) {
            let Some(name) = self.new_name(VARIANTS, &mut seen) else { continue };
            out.push_str(&self.attributes());
            if self.rarely() {
                out.push_str(&format!("#[cookie({})] ", self.keys(1)));
            }
            out.push_str(&name);
            if self.strange && self.rarely() {
                out.push_str(&self.pick(&[" = 1", "(u8)", " { a: u8 }", " b", "("]));
            }
            out.push_str(", ");
        }
        out
    }

    /// Picks a name. If the declaration must be sound, returns `None` for a repeated name and for `_`. rustc itself
    /// rejects a repeated name and `_`.
    fn new_name(&mut self, names: &[&str], seen: &mut Vec<String>) -> Option<String> {
        let name = self.pick(names);
        if !self.strange && (name == "_" || seen.contains(&name)) {
            return None;
        }
        seen.push(name.clone());
        Some(name)
    }

    fn attributes(&mut self) -> String {
        if self.rarely() { self.pick_or_strange(ATTRIBUTES, STRANGE_ATTRIBUTES) } else { String::new() }
    }

    fn field_type(&mut self) -> String {
        self.pick_or_strange(TYPES, STRANGE_TYPES)
    }

    fn keys(&mut self, max: usize) -> String {
        let mut out = String::new();
        // If a declaration has many keys, some of them usually contradict each other. The macros reject a declaration
        // with contradictory keys. So a sound declaration has fewer keys than other declarations.
        let max = if self.strange { max } else { max.div_ceil(2) };
        for index in 0..=(self.choose)(max) {
            if index > 0 {
                out.push_str(if self.strange && self.rarely() { " " } else { ", " });
            }
            let key = if self.strange { self.pick_or_strange(KEYS, STRANGE_KEYS) } else { self.pick(SOUND_KEYS) };
            out.push_str(&key);
            // A `keyed` cookie needs a `max_age`.
            if key == "keyed" && !self.rarely() {
                out.push_str(", max_age = \"10m\"");
                continue;
            }
            if key == "formerly" && !(self.strange && self.rarely()) {
                out.push_str(&format!("({})", self.former_keys()));
                continue;
            }
            let value = match key.as_str() {
                "same_site" => self.pick_or_strange(&["Strict", "Lax", "None"], STRANGE_VALUES),
                "http_only" | "secure" => self.pick_or_strange(&["true", "false"], STRANGE_VALUES),
                "crate" => self.pick_or_strange(&["::hardtack", "hardtack"], STRANGE_VALUES),
                "reason" => self.pick_or_strange(&["\"because the page reads it\"", "\"x\""], TEXTS),
                "idle" | "every" => self.pick_or_strange(&["\"30m\"", "\"0s\"", "\"30d\""], TEXTS),
                "max_age" => self.pick_or_strange(&["\"90s\"", "\"8h\"", "\"30d\"", "\"500d\""], TEXTS),
                "path" => self.pick_or_strange(&["\"/\"", "\"/app\""], TEXTS),
                "domain" => self.pick_or_strange(&["\"example.com\"", "policy"], TEXTS),
                "name" => self.pick_or_strange(
                    &["\"sid\"", "\"__Host-sid\"", "\"__Secure-sid\"", "\"__Host-Http-sid\"", "\"__Http-sid\""],
                    TEXTS,
                ),
                "rename_all" => {
                    self.pick_or_strange(&["\"snake_case\"", "\"SCREAMING-KEBAB-CASE\"", "\"lowercase\""], TEXTS)
                }
                "partitioned" | "read_only" | "json" | "signed" | "sealed" | "existing" | "keyed" | "raw"
                | "unsigned" | "device_bound" | "optional" => {
                    if !self.rarely() {
                        continue;
                    }
                    self.pick(WORDS)
                }
                _ if self.rarely() => continue,
                _ => self.pick_or_strange(TEXTS, STRANGE_VALUES),
            };
            out.push_str(if self.strange && self.rarely() { "" } else { " = " });
            out.push_str(&value);
        }
        out
    }

    /// Returns the keys in the parentheses of `formerly`.
    fn former_keys(&mut self) -> String {
        if self.strange && self.rarely() {
            return self.keys(2);
        }
        if (self.choose)(4) != 0 {
            return self.pick(WHOLE_FORMER);
        }
        let keys: Vec<String> = (0..(self.choose)(4)).map(|_| self.pick(FORMER)).collect();
        keys.join(", ")
    }
}
