//! Runs the real rust-analyzer on a small crate that uses the macros. The test checks completion, docs and definitions
//! of the generated code. The test also checks that a half-typed declaration does not remove the methods of other
//! declarations.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic in a helper fails the test")]

#[allow(dead_code, reason = "other test binaries use the rest")]
#[path = "support/lsp.rs"]
mod lsp;
#[path = "support/not_run.rs"]
mod not_run;
#[allow(dead_code, reason = "other test binaries use the rest")]
#[path = "support/workspace.rs"]
mod workspace;

use lsp::{Editor, Place};
use workspace::Workspace;

const COOKIES: &str = include_str!("editor/cookies.rs");
const HANDLERS: &str = include_str!("editor/handlers.rs");
/// Two edits. Each edit makes one method call incomplete. The first call is in the file that declares the cookies. The
/// second call is in a different file.
const INCOMPLETE_CALLS: [(&str, &str); 2] =
    [("cookies.remove_theme()?;", "cookies."), ("cookies.remove_cart()?;", "cookies.")];
const SAME_FILE: &str = "    cookies.‸\n    cookies.remove_session";
const OTHER_FILE: &str = "    cookies.‸\n    cookies.set_theme";
const SESSION: [&str; 5] = ["session", "try_session", "set_session", "set_session_with", "remove_session"];
const CART: [&str; 5] = ["cart", "try_cart", "set_cart", "set_cart_with", "remove_cart"];
const THEME: [&str; 5] = ["theme", "try_theme", "set_theme", "set_theme_with", "remove_theme"];
const LANG: [&str; 5] = ["lang", "try_lang", "set_lang", "set_lang_with", "remove_lang"];

/// The methods of a `read_only` field, and the method of the whole set.
const OTHERS: [&str; 3] = ["legacy", "try_legacy", "remove_all"];

/// All scenarios share one rust-analyzer process, because rust-analyzer starts slowly. rust-analyzer must first load
/// the standard library and compile the macros.
#[test]
fn rust_analyzer() {
    let workspace = Workspace::create("editor", &[("shop", "hardtack = { path = \"HARDTACK/runtime\" }")]);
    workspace.write("shop/src/lib.rs", "//! A shop.\n\npub mod cookies;\npub mod handlers;\n");
    workspace.write("shop/src/cookies.rs", COOKIES);
    workspace.write("shop/src/handlers.rs", HANDLERS);
    let Some(mut editor) = Editor::start(&workspace) else { return };
    for (name, scenario) in SCENARIOS {
        println!("{name}");
        edit(&mut editor, &[]);
        scenario(&mut editor);
    }
}

/// Opens the crate's files in the editor. Applies `edits` to the text before the editor receives the text. Each text to
/// replace must occur exactly once.
fn edit(editor: &mut Editor, edits: &[(&str, &str)]) {
    let mut files = [("shop/src/cookies.rs", COOKIES.to_owned()), ("shop/src/handlers.rs", HANDLERS.to_owned())];
    for (original, typed) in edits {
        let matches: usize = files.iter().map(|(_, text)| text.matches(original).count()).sum();
        assert_eq!(matches, 1, "{original}");
        for (_, text) in &mut files {
            *text = text.replace(original, typed);
        }
    }
    for (file, text) in files {
        editor.set_text(file, &text);
    }
}

type Scenario = (&'static str, fn(&mut Editor));

const SCENARIOS: [Scenario; 10] = [
    ("valid code has no diagnostics", valid_code_has_no_diagnostics),
    ("only the public methods are offered", only_the_public_methods_are_offered),
    ("closure parameters have a known type", closure_parameters_have_a_known_type),
    ("hover shows the field's docs and the header", hover_shows_docs_and_header),
    ("the definition of a method is its field", definition_of_a_method_is_its_field),
    ("the definition of an argument is its constant", definition_of_an_argument_is_its_constant),
    ("constants are offered in arguments", constants_are_offered_in_arguments),
    ("a half-typed attribute keeps all methods", half_typed_attribute_keeps_all_methods),
    ("a half-typed field keeps the other fields' methods", half_typed_field_keeps_other_methods),
    ("a half-typed type stays a cookie", half_typed_type_stays_a_cookie),
];

fn valid_code_has_no_diagnostics(editor: &mut Editor) {
    assert_eq!(editor.diagnostics(), Vec::<String>::new());
    // Check that the server reports an error if the code contains an error.
    edit(editor, &[("cookies.remove_theme()?", "cookies.remove_theme(1)?")]);
    assert_eq!(editor.diagnostics().len(), 1);
}

fn only_the_public_methods_are_offered(editor: &mut Editor) {
    edit(editor, &INCOMPLETE_CALLS);
    // In the file that declares the cookies, the server also offers the private field `0` of the cookie set.
    let mut offered = editor.completions(OTHER_FILE);
    assert!(!offered.iter().any(|label| label.contains("__")), "{offered:?}");
    // Ignore the methods that every type has through a trait with a blanket impl.
    offered.retain(|label| !label.contains("(as "));
    offered.sort();
    let mut expected = [&SESSION[..], &CART, &THEME, &LANG, &OTHERS].concat();
    expected.sort_unstable();
    assert_eq!(offered, expected);
}

fn closure_parameters_have_a_known_type(editor: &mut Editor) {
    for (original, typed) in
        [("|set_cookie| set_cookie.max_age(LIFETIME)", "|set_cookie| set_cookie.‸"), ("|lang| lang)", "|lang| lang.‸)")]
    {
        edit(editor, &[(original, &typed.replace('‸', ""))]);
        let offered = editor.completions(typed);
        assert!(!offered.iter().any(|label| label.contains("__")), "{offered:?}");
        for setter in ["max_age", "expires", "without_max_age", "same_site"] {
            assert!(offered.iter().any(|label| label == setter), "{typed}: no `{setter}` in {offered:?}");
        }
    }
}

fn hover_shows_docs_and_header(editor: &mut Editor) {
    const HEADER: &str = "`__Host-Http-session=…; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict`";
    for (snippet, sentence) in [
        ("cookies.try_ses‸sion()", "Reads `__Host-Http-session`."),
        ("cookies.set_ses‸sion(", &*format!("Sets {HEADER}.")),
        ("cookies.remove_ses‸sion(", "Removes `__Host-Http-session`."),
        // The hover text of a field contains the docs of all methods that the macro generates for the field.
        ("pub ses‸sion:", HEADER),
    ] {
        let hover = editor.hover(snippet);
        assert!(hover.contains("The session of the signed-in user.") && hover.contains(sentence), "{snippet}: {hover}");
    }
    assert!(editor.hover("same_site = Str‸ict").contains("Browsers send the cookie with same-site requests only."));
    let hover = editor.hover("cookies.set_lang_‸with(");
    assert!(hover.contains("Sets the cookie that `Lang` declares."), "{hover}");
    assert!(editor.hover("derive(Coo‸kie)]").contains("Declares a cookie"));
    assert!(editor.hover("derive(CookieVal‸ue)]").contains("the value of a cookie"));
    assert!(editor.hover("#[hardtack::coo‸kies]").contains("getters, setters and a remover"));

    edit(editor, &INCOMPLETE_CALLS);
    let docs = editor.completion_docs(OTHER_FILE, "set_session");
    assert!(docs.contains("The session of the signed-in user.") && docs.contains(HEADER), "{docs}");
}

fn definition_of_a_method_is_its_field(editor: &mut Editor) {
    for (snippet, line, token) in [
        ("cookies.try_ses‸sion()", "pub session: String,", "session"),
        ("cookies.set_ses‸sion(", "pub session: String,", "session"),
        ("cookies.remove_ses‸sion(", "pub session: String,", "session"),
        ("cookies.set_cart_‸with(", "pub cart: u32,", "cart"),
        ("cookies.set_lang_‸with(", "pub lang: Lang,", "lang"),
        ("cookies.try_lega‸cy()", "pub legacy: String,", "legacy"),
        ("sign_in(cookies: &Shop‸Cookies", "pub struct ShopCookies {", "ShopCookies"),
        ("desk: De‸sk)", "pub struct Desk(String);", "Desk"),
        ("Theme::Da‸rk)", "Dark,", "Dark"),
        ("pub lang: La‸ng", "pub enum Lang {", "Lang"),
    ] {
        assert_definition(editor, snippet, line, token);
    }
}

fn definition_of_an_argument_is_its_constant(editor: &mut Editor) {
    const LIFETIME: &str = "pub const LIFETIME: Duration = Duration::from_secs(8 * 3600);";
    for (snippet, line, token) in [
        ("#[cookie(max_age = LI‸FETIME)]", LIFETIME, "LIFETIME"),
        ("NAME, max_age = LI‸FETIME", LIFETIME, "LIFETIME"),
        ("name = NA‸ME", "pub const NAME: &str = \"__Host-Http-basket\";", "NAME"),
        ("path = OL‸D", "pub const OLD: &str = \"/old\";", "OLD"),
    ] {
        assert_definition(editor, snippet, line, token);
    }
}

/// Asserts that the token at the cursor has exactly one definition. If a token has several definitions, an editor asks
/// the user to choose.
fn assert_definition(editor: &mut Editor, snippet: &str, line: &str, token: &str) {
    let place = Place { file: "cookies.rs".to_owned(), line: line.to_owned(), token: token.to_owned() };
    assert_eq!(editor.definitions(snippet), [place], "{snippet}");
}

fn constants_are_offered_in_arguments(editor: &mut Editor) {
    for (original, typed, constant) in [
        ("#[cookie(max_age = LIFETIME)]", "#[cookie(max_age = LI‸)]", "LIFETIME"),
        ("name = NAME, ", "name = NA‸, ", "NAME"),
        ("max_age = LIFETIME, path", "max_age = ‸, path", "LIFETIME"),
    ] {
        edit(editor, &[(original, &typed.replace('‸', ""))]);
        let offered = editor.completions(typed);
        assert!(offered.iter().any(|label| label == constant), "{typed}: {offered:?}");
    }
}

const CART_ATTRIBUTE: &str = "#[cookie(name = NAME, max_age = LIFETIME, path = \"/\")]";
const CART_FIELD: &str = "pub cart: u32,";

fn half_typed_attribute_keeps_all_methods(editor: &mut Editor) {
    let typed = [
        "#",
        "#[",
        "#[c",
        "#[]",
        "#[cookie",
        "#[cookie]",
        "#[cookie =",
        "#[cookie = ]",
        "#[cookie(",
        "#[cookie()]",
        "#[cookie(,)]",
        "#[cookie(=)]",
        "#[cookie(sam",
        "#[cookie(sam)]",
        "#[cookie(max_age",
        "#[cookie(max_age =",
        "#[cookie(max_age = )]",
        "#[cookie(max_age = \"\")]",
        "#[cookie(max_age = \"8\")]",
        "#[cookie(max_age = \"8h\"",
        "#[cookie(max_age = \"8h\"]",
        "#[cookie(max_age \"8h\")]",
        "#[cookie(max_age = 8)]",
        "#[cookie(max_age = -)]",
        "#[cookie(max_age = LI)]",
        "#[cookie(max_age = LIFETIME.)]",
        "#[cookie(max_age = LIFETIME,,)]",
        "#[cookie(max_age = Duration::)]",
        "#[cookie(max_age = Duration::from_secs()]",
        "#[cookie(same_site = )]",
        "#[cookie(same_site = S)]",
        "#[cookie(same_site = SameSite::)]",
        "#[cookie(name = )]",
        "#[cookie(formerly",
        "#[cookie(formerly)]",
        "#[cookie(formerly()]",
        "#[cookie(formerly(nam))]",
        "#[cookie(formerly(name = , until))]",
        "#[cookie(name = \"__Ho\")]",
        "#[cookie(http_only = )]",
        "#[cookie(http_only = f)]",
        "#[cookie(http_only = false)]",
        "#[cookie(http_only = false, rea)]",
        "#[cookie(existing, max)]",
        "#[cookie(domain = \"\")]",
        "#[cookie(domain = policy, )]",
        "#[cookie(path = \"x\")] #[cookie(",
        "#[doc",
        "#[cfg(",
        "#[allow(",
        "#[deprecated(",
        "#[serde(x)]",
        "#[cookie(max_age = \"8h\"))]",
        "#[cookie(max_age = \"8h\")]]",
        "]",
        "///",
    ];
    let all = [&SESSION[..], &CART, &THEME, &LANG, &OTHERS].concat();
    for typed in typed {
        edit(editor, &[INCOMPLETE_CALLS[0], INCOMPLETE_CALLS[1], (CART_ATTRIBUTE, typed)]);
        assert_offered_in_both_files(editor, typed, &all);
    }
    // Type an incomplete field after the last field.
    for typed in ["/// Who", "#[", "#[cookie(", "#[cookie()]", "#[cookie(max_age = \"8h\")]", "pub x"] {
        let edited = format!("pub lang: Lang,\n    {typed}");
        edit(editor, &[INCOMPLETE_CALLS[0], INCOMPLETE_CALLS[1], ("pub lang: Lang,", &edited)]);
        assert_offered_in_both_files(editor, typed, &all);
    }
}

fn half_typed_field_keeps_other_methods(editor: &mut Editor) {
    let typed = [
        "",
        "p",
        "pub",
        "pub c",
        "pub cart",
        "pub cart:",
        "pub cart: ,",
        "pub cart: u",
        "pub cart: u32",
        "pub cart: &",
        "pub cart: &str,",
        "pub cart: Option<",
        "pub cart: Option<,",
        "pub cart: Option<>,",
        "pub cart: Vec<u32",
        "pub cart: crate::",
        "pub cart: crate::,",
        "pub cart: Theme::,",
        "pub cart: Box<dyn",
        "pub cart: dyn ,",
        "pub cart: impl ,",
        "pub cart: fn(",
        "pub cart: [",
        "pub cart: [u8; ],",
        "pub cart: (",
        "pub cart: (),",
        "pub cart: <T,",
        "pub cart: _,",
        "pub cart: !,",
        "pub cart: u32 = ,",
        "pub cart: u32 = 1,",
        "pub cart: u32;",
        "pub cart: u32,,",
        "pub cart u32,",
        "pub cart,",
        "pub : u32,",
        ": u32,",
        "pub 1: u32,",
        "pub(",
        "pub(cra) cart: u32,",
        "pub(crate) cart,",
        "cart",
        "cart:",
        "pub type: u32,",
        "fn",
        "fn x() {}",
        "let x = 3;",
        "struct X;",
        "..",
        "m!(),",
        "pub cart: m!(),",
        "pub cart: u32),",
        "pub cart: u32],",
        "pub set: u32,",
        "pub session: u32,",
        "pub set_session: u32,",
        "// ",
        "'",
        "(",
    ];
    let others = [&SESSION[..], &THEME, &LANG, &OTHERS].concat();
    for typed in typed {
        edit(editor, &[INCOMPLETE_CALLS[0], INCOMPLETE_CALLS[1], (CART_FIELD, typed)]);
        assert_offered_in_both_files(editor, typed, &others);
        // Repeat the check with a different source text: the incomplete field has no attribute, and the next field has
        // neither `pub` nor an attribute.
        let between = format!("{typed}\n    other: String,");
        edit(editor, &[INCOMPLETE_CALLS[0], INCOMPLETE_CALLS[1], (CART_ATTRIBUTE, ""), (CART_FIELD, &between)]);
        assert_offered_in_both_files(editor, typed, &others);
    }
}

fn half_typed_type_stays_a_cookie(editor: &mut Editor) {
    const DESK: &str = "pub struct Desk(String);";
    const ATTRIBUTE: &str = "#[cookie(max_age = LIFETIME)]\n";
    let types = [
        (DESK, "pub struct Desk"),
        (DESK, "pub struct Desk()"),
        (DESK, "pub struct Desk(String)"),
        (DESK, "pub struct Desk(pub );"),
        (DESK, "pub struct Desk(&);"),
        (DESK, "pub struct Desk(Option<);"),
        (DESK, "pub struct Desk(String, );"),
        (DESK, "pub struct Desk { id }"),
        (DESK, "pub struct Desk { id: }"),
        (ATTRIBUTE, "#[cookie =]\n"),
        (ATTRIBUTE, "#[cookie(sam)]\n"),
        (ATTRIBUTE, "#[cookie(max_age = )]\n"),
        (ATTRIBUTE, "#\n"),
        (ATTRIBUTE, "#[]\n"),
    ];
    let variants = [
        "PtBr De,",
        "PtBr = ,",
        "PtBr(",
        "PtBr(String),",
        "1,",
        "pub,",
        "#[] PtBr,",
        "#[cookie =] PtBr,",
        "#[cookie(ren)] PtBr,",
        "#[cookie(rename = )] PtBr,",
    ];
    let variants = variants.into_iter().map(|typed| ("PtBr,", typed));
    for (original, typed) in types.into_iter().chain(variants) {
        let incomplete_call = ("SetCookie::new(desk).without_max_age()", "SetCookie::new(desk).");
        edit(editor, &[incomplete_call, ("|lang| lang)", "|lang| lang.)"), (original, typed)]);
        assert_offered(editor, "SetCookie::new(desk).‸", typed, &["max_age"]);
        assert_offered(editor, "|lang| lang.‸)", typed, &["max_age"]);
    }
}

fn assert_offered_in_both_files(editor: &mut Editor, typed: &str, expected: &[&str]) {
    assert_offered(editor, SAME_FILE, typed, expected);
    assert_offered(editor, OTHER_FILE, typed, expected);
}

fn assert_offered(editor: &mut Editor, snippet: &str, typed: &str, expected: &[&str]) {
    let offered = editor.completions(snippet);
    let missing: Vec<_> = expected.iter().filter(|method| !offered.iter().any(|label| label == *method)).collect();
    assert!(missing.is_empty(), "{snippet} with `{typed}`: no {missing:?}");
    assert!(!offered.iter().any(|label| label.contains("__")), "{snippet} with `{typed}`: {offered:?}");
}
