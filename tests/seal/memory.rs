//! Tests that a key leaves no copy of its secret in memory. The test builds a program twice, with and without
//! optimisations, because optimisations change which values the compiler copies to the stack. The program searches its
//! own memory through `/proc/self/mem`.

use crate::not_run::not_run;
use crate::workspace::Workspace;

#[test]
fn key_leaves_no_copy_of_its_secret() {
    if !cfg!(target_os = "linux") {
        return not_run("the search for keys reads `/proc/self/mem`");
    }
    let dependencies = "hardtack = { path = \"HARDTACK/runtime\", default-features = false, features = [\"seal\"] }";
    let workspace = Workspace::create("key-memory", &[("key-memory", dependencies)]);
    workspace.write("key-memory/src/main.rs", include_str!("memory/program.rs"));
    for profile in ["dev", "release"] {
        let output = workspace.cargo(&["run", "--profile", profile], &[]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{profile}: {text}{}", String::from_utf8_lossy(&output.stderr));
        for way in ["generate", "from_base64", "parse"] {
            let line = format!("{way}: 0 on the stack, 1 while held, 0 after the drop\n");
            assert!(text.contains(&line), "{profile}: {text}");
        }
    }
}
