//! Compiles the code that the guide's page `runtime/docs/frameworks.md` and `COMPARE.md` show for each framework.
//! Checks that the pages show exactly the same code.

use hardtack::Cookie;

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
pub struct Session(String);

const GUIDE: &str = include_str!("../../runtime/docs/frameworks.md");
const COMPARE: &str = include_str!("../../COMPARE.md");

/// The line of a page that comes before the code of a file.
const FENCE: &str = "```rust,ignore (compiled by tests/frameworks/guide_page.rs)\n";

macro_rules! blocks {
    ($($framework:ident, $feature:literal, $file:literal;)*) => {
        $(
            #[cfg(feature = $feature)]
            #[allow(dead_code, missing_docs, unreachable_pub, reason = "an excerpt of a program")]
            mod $framework {
                use super::Session;
                include!($file);
            }
        )*

        #[test]
        fn page_shows_exactly_these_files() {
            let files = [$(($file, include_str!($file)),)*];
            for (file, text) in files {
                let block = format!("<!-- {file} -->\n{FENCE}{text}```\n");
                assert!(GUIDE.contains(&block), "runtime/docs/frameworks.md has no block that equals {file}");
            }
            assert_eq!(GUIDE.matches("```rust,ignore").count(), files.len());
        }
    };
}

blocks! {
    with_actix, "actix", "guide_page/actix.rs";
    with_rocket, "rocket", "guide_page/rocket.rs";
    with_poem, "poem", "guide_page/poem.rs";
    with_salvo, "salvo", "guide_page/salvo.rs";
}

#[cfg(feature = "actix")]
#[allow(dead_code, missing_docs, unreachable_pub, reason = "an excerpt of a program")]
mod with_actix_session {
    include!("guide_page/actix_session.rs");
}

#[test]
fn compare_shows_exactly_this_file() {
    let text = include_str!("guide_page/actix_session.rs");
    let block = format!("{FENCE}{text}```\n");
    assert!(COMPARE.contains(&block), "COMPARE.md has no block that equals guide_page/actix_session.rs");
}
