//! What an editor makes of the macros, by the real rust-analyzer on a small crate: completion, docs and definitions of
//! what they generate, and that a declaration which somebody is typing takes no method away from the code beside it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/lsp.rs"]
mod lsp;
#[path = "support/not_run.rs"]
mod not_run;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "support/workspace.rs"]
mod workspace;

use lsp::{Editor, Place};
use workspace::Workspace;

const COOKIES: &str = include_str!("editor/cookies.rs");
const HANDLERS: &str = include_str!("editor/handlers.rs");
/// Where a method is being chosen: below the declarations, and in another file.
const CHOOSING: [(&str, &str); 2] = [("cookies.remove_theme()?;", "cookies."), ("cookies.remove_cart()?;", "cookies.")];
const BELOW: &str = "    cookies.‸\n    cookies.remove_session_with";
const ELSEWHERE: &str = "    cookies.‸\n    cookies.set_theme";
const SESSION: [&str; 5] = ["session", "set_session", "set_session_with", "remove_session", "remove_session_with"];
const CART: [&str; 5] = ["cart", "set_cart", "set_cart_with", "remove_cart", "remove_cart_with"];
const THEME: [&str; 5] = ["theme", "set_theme", "set_theme_with", "remove_theme", "remove_theme_with"];
const LANG: [&str; 5] = ["lang", "set_lang", "set_lang_with", "remove_lang", "remove_lang_with"];

/// One start of the server for all: it loads the standard library, and compiles the macros.
#[test]
fn rust_analyzer() {
    let workspace = Workspace::create("editor", &[("shop", "hardtack = { path = \"OURS/runtime\" }")]);
    workspace.write("shop/src/lib.rs", "//! A shop.\n\npub mod cookies;\npub mod handlers;\n");
    workspace.write("shop/src/cookies.rs", COOKIES);
    workspace.write("shop/src/handlers.rs", HANDLERS);
    let Some(mut editor) = Editor::start(&workspace) else { return };
    for (name, scenario) in SCENARIOS {
        println!("{name}");
        show(&mut editor, &[]);
        scenario(&mut editor);
    }
}

/// Has the crate with something else in some places.
fn show(editor: &mut Editor, edits: &[(&str, &str)]) {
    let mut files = [("shop/src/cookies.rs", COOKIES.to_owned()), ("shop/src/handlers.rs", HANDLERS.to_owned())];
    for (written, typed) in edits {
        let places: usize = files.iter().map(|(_, text)| text.matches(written).count()).sum();
        assert_eq!(places, 1, "{written}");
        for (_, text) in &mut files {
            *text = text.replace(written, typed);
        }
    }
    for (file, text) in files {
        editor.show(file, &text);
    }
}

type Scenario = (&'static str, fn(&mut Editor));

const SCENARIOS: [Scenario; 10] = [
    ("a good declaration has no diagnostics", a_good_declaration_has_no_diagnostics),
    ("each method is offered and nothing of ours", each_method_is_offered_and_nothing_of_ours),
    ("a closure knows its cookie", a_closure_knows_its_cookie),
    ("docs are the field's and the line", docs_are_the_field_s_and_the_line),
    ("a method leads to its field", a_method_leads_to_its_field),
    ("an argument leads to its constant", an_argument_leads_to_its_constant),
    ("constants are offered in an argument", constants_are_offered_in_an_argument),
    ("a half-typed attribute leaves all methods", a_half_typed_attribute_leaves_all_methods),
    ("a half-typed field leaves the others' methods", a_half_typed_field_leaves_the_others_methods),
    ("a half-typed type stays a cookie", a_half_typed_type_stays_a_cookie),
];

fn a_good_declaration_has_no_diagnostics(editor: &mut Editor) {
    assert_eq!(editor.diagnostics(), Vec::<String>::new());
    // And it would tell one.
    show(editor, &[("cookies.remove_theme()?", "cookies.remove_theme(1)?")]);
    assert_eq!(editor.diagnostics().len(), 1);
}

fn each_method_is_offered_and_nothing_of_ours(editor: &mut Editor) {
    show(editor, &CHOOSING);
    // Not below the declarations: there the view's own private field, `0`, can be named too.
    let mut offered = editor.completions(ELSEWHERE);
    assert!(!offered.iter().any(|label| label.contains("__")), "{offered:?}");
    // What every type has is not ours.
    offered.retain(|label| !label.contains("(as "));
    offered.sort();
    let mut expected = [&SESSION[..], &CART, &THEME, &LANG, &["legacy"]].concat();
    expected.sort_unstable();
    assert_eq!(offered, expected);
}

fn a_closure_knows_its_cookie(editor: &mut Editor) {
    for (written, typed) in [
        ("|set_cookie| set_cookie.max_age(LIFE)", "|set_cookie| set_cookie.‸"),
        ("|lang| lang)", "|lang| lang.‸)"),
        ("|session| session)", "|session| session.‸)"),
    ] {
        show(editor, &[(written, &typed.replace('‸', ""))]);
        let offered = editor.completions(typed);
        assert!(!offered.iter().any(|label| label.contains("__")), "{offered:?}");
        for setter in ["max_age", "until", "session", "same_site", "path", "domain"] {
            assert!(offered.iter().any(|label| label == setter), "{typed}: no `{setter}` in {offered:?}");
        }
    }
}

fn docs_are_the_field_s_and_the_line(editor: &mut Editor) {
    const LINE: &str = "`__Host-Http-session=…; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict`";
    for (piece, line) in [
        ("cookies.ses‸sion()", "Reads `__Host-Http-session`."),
        ("cookies.set_ses‸sion(", &*format!("Sets {LINE}.")),
        ("cookies.remove_ses‸sion_with(", "Removes `__Host-Http-session`."),
        // A hover on the field tells of all its methods.
        ("pub ses‸sion:", LINE),
    ] {
        let told = editor.hover(piece);
        assert!(told.contains("Who is signed in.") && told.contains(line), "{piece}: {told}");
    }
    assert!(editor.hover("same_site = Str‸ict").contains("Sent with same-site requests only."));
    let told = editor.hover("cookies.set_lang_‸with(");
    assert!(told.contains("Sets the cookie that `Lang` declares."), "{told}");
    assert!(editor.hover("derive(Coo‸kie)]").contains("Declares a cookie"));
    assert!(editor.hover("derive(CookieVal‸ue)]").contains("the value of a cookie"));
    assert!(editor.hover("#[hardtack::coo‸kies]").contains("a getter, a setter and a remover"));

    show(editor, &CHOOSING);
    let told = editor.docs_of_completion(ELSEWHERE, "set_session");
    assert!(told.contains("Who is signed in.") && told.contains(LINE), "{told}");
}

fn a_method_leads_to_its_field(editor: &mut Editor) {
    for (piece, line, token) in [
        ("cookies.ses‸sion()", "pub session: String,", "session"),
        ("cookies.set_ses‸sion(", "pub session: String,", "session"),
        ("cookies.remove_ses‸sion_with(", "pub session: String,", "session"),
        ("cookies.set_cart_‸with(", "pub cart: u32,", "cart"),
        ("cookies.set_lang_‸with(", "pub lang: Lang,", "lang"),
        ("cookies.lega‸cy()", "pub legacy: String,", "legacy"),
        ("sign_in(cookies: &Shop‸Cookies", "pub struct ShopCookies {", "ShopCookies"),
        ("desk: De‸sk)", "pub struct Desk(String);", "Desk"),
        ("Theme::Da‸rk)", "Dark,", "Dark"),
        ("pub lang: La‸ng", "pub enum Lang {", "Lang"),
    ] {
        leads_to(editor, piece, line, token);
    }
}

fn an_argument_leads_to_its_constant(editor: &mut Editor) {
    const LIFE: &str = "pub const LIFE: Duration = Duration::from_secs(8 * 3600);";
    for (piece, line, token) in [
        ("#[cookie(max_age = LI‸FE)]", LIFE, "LIFE"),
        ("NAME, max_age = LI‸FE", LIFE, "LIFE"),
        ("name = NA‸ME", "pub const NAME: &str = \"__Host-Http-basket\";", "NAME"),
        ("path = OL‸D", "pub const OLD: &str = \"/old\";", "OLD"),
    ] {
        leads_to(editor, piece, line, token);
    }
}

/// There, and nowhere else: an editor asks where there are several.
fn leads_to(editor: &mut Editor, piece: &str, line: &str, token: &str) {
    let place = Place { file: "cookies.rs".to_owned(), line: line.to_owned(), token: token.to_owned() };
    assert_eq!(editor.definitions(piece), [place], "{piece}");
}

fn constants_are_offered_in_an_argument(editor: &mut Editor) {
    for (written, typed, constant) in [
        ("#[cookie(max_age = LIFE)]", "#[cookie(max_age = LI‸)]", "LIFE"),
        ("name = NAME, ", "name = NA‸, ", "NAME"),
        ("max_age = LIFE, path", "max_age = ‸, path", "LIFE"),
    ] {
        show(editor, &[(written, &typed.replace('‸', ""))]);
        let offered = editor.completions(typed);
        assert!(offered.iter().any(|label| label == constant), "{typed}: {offered:?}");
    }
}

const CART_ATTRIBUTE: &str = "#[cookie(name = NAME, max_age = LIFE, path = \"/\")]";
const CART_FIELD: &str = "pub cart: u32,";

fn a_half_typed_attribute_leaves_all_methods(editor: &mut Editor) {
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
        "#[cookie(max_age = LIFE.)]",
        "#[cookie(max_age = LIFE,,)]",
        "#[cookie(max_age = Duration::)]",
        "#[cookie(max_age = Duration::from_secs()]",
        "#[cookie(same_site = )]",
        "#[cookie(same_site = S)]",
        "#[cookie(same_site = SameSite::)]",
        "#[cookie(name = )]",
        "#[cookie(name = \"__Ho\")]",
        "#[cookie(http_only = )]",
        "#[cookie(http_only = f)]",
        "#[cookie(http_only = false)]",
        "#[cookie(http_only = false, rea)]",
        "#[cookie(existing, max)]",
        "#[cookie(domain = \"\")]",
        "#[cookie(domain = environment, )]",
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
    let all = [&SESSION[..], &CART, &THEME, &LANG, &["legacy"]].concat();
    for typed in typed {
        show(editor, &[CHOOSING[0], CHOOSING[1], (CART_ATTRIBUTE, typed)]);
        offers(editor, typed, &all);
    }
    // Behind the last field, too.
    for typed in ["/// Who", "#[", "#[cookie(", "#[cookie()]", "#[cookie(max_age = \"8h\")]", "pub x"] {
        show(editor, &[CHOOSING[0], CHOOSING[1], ("pub lang: Lang,", &format!("pub lang: Lang,\n    {typed}"))]);
        offers(editor, typed, &all);
    }
}

fn a_half_typed_field_leaves_the_others_methods(editor: &mut Editor) {
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
    let others = [&SESSION[..], &THEME, &LANG, &["legacy"]].concat();
    for typed in typed {
        show(editor, &[CHOOSING[0], CHOOSING[1], (CART_FIELD, typed)]);
        offers(editor, typed, &others);
        // The same with no attribute before it, and no `pub` or attribute behind it.
        let between = format!("{typed}\n    other: String,");
        show(editor, &[CHOOSING[0], CHOOSING[1], (CART_ATTRIBUTE, ""), (CART_FIELD, &between)]);
        offers(editor, typed, &others);
    }
}

fn a_half_typed_type_stays_a_cookie(editor: &mut Editor) {
    const DESK: &str = "pub struct Desk(String);";
    const ATTRIBUTE: &str = "#[cookie(max_age = LIFE)]\n";
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
    for (written, typed) in types.into_iter().chain(variants) {
        let choosing = ("SetCookie::new(desk).session()", "SetCookie::new(desk).");
        show(editor, &[choosing, ("|lang| lang)", "|lang| lang.)"), (written, typed)]);
        offers_at(editor, "SetCookie::new(desk).‸", typed, &["max_age"]);
        offers_at(editor, "|lang| lang.‸)", typed, &["max_age"]);
    }
}

fn offers(editor: &mut Editor, typed: &str, expected: &[&str]) {
    offers_at(editor, BELOW, typed, expected);
    offers_at(editor, ELSEWHERE, typed, expected);
}

fn offers_at(editor: &mut Editor, piece: &str, typed: &str, expected: &[&str]) {
    let offered = editor.completions(piece);
    let missing: Vec<_> = expected.iter().filter(|method| !offered.iter().any(|label| label == *method)).collect();
    assert!(missing.is_empty(), "{piece} with `{typed}`: no {missing:?}");
    assert!(!offered.iter().any(|label| label.contains("__")), "{piece} with `{typed}`: {offered:?}");
}
