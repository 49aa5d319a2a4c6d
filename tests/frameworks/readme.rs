//! Compiles the code that the README shows for each framework. Checks that the README shows exactly the same code.

use hardtack::Cookie;

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
pub struct Session(String);

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
        fn readme_shows_these_files() {
            let readme = include_str!("../../README.md");
            for (file, text) in [$(($file, include_str!($file)),)*] {
                let block = format!("<!-- {file} -->\n```rust,ignore\n{text}```\n");
                assert!(readme.contains(&block), "README.md has no block that equals {file}");
            }
        }
    };
}

blocks! {
    with_actix, "actix", "readme/actix.rs";
    with_rocket, "rocket", "readme/rocket.rs";
    with_poem, "poem", "readme/poem.rs";
    with_salvo, "salvo", "readme/salvo.rs";
}
