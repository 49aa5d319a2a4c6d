//! Copies the template `examples/template`, replaces the template's placeholders as `cargo generate` does, and runs the
//! tests of the new application.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a panic in a helper fails the test")]

use std::fs;
use std::path::Path;

#[path = "support/workspace.rs"]
#[allow(dead_code, reason = "other test binaries use the rest")]
mod workspace;

use workspace::Workspace;

const FILES: [&str; 4] = [".gitignore", "Cargo.toml", "README.md", "src/main.rs"];

#[test]
fn application_from_the_template_passes_its_tests() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let template = repository.join("tests/examples/template");
    let patch = format!("[patch.crates-io]\nhardtack = {{ path = {:?} }}\n", repository.join("runtime"));
    let application = Workspace::create_with_root("template", &patch, &[("my-shop", "")]);
    for file in FILES {
        let text = fs::read_to_string(template.join(file)).unwrap().replace("{{project-name}}", "my-shop");
        assert!(!text.contains("{{"), "{file} has another placeholder");
        application.write(&format!("my-shop/{file}"), &text);
    }
    let output = application.cargo_or_download(&["test"], &[("RUSTFLAGS", "-D warnings")]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("test tests::a_user_signs_in_and_out ... ok"), "{text}");
}

#[test]
fn every_file_of_the_template_is_copied() {
    let mut count = 0;
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/template")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.file_name() != "cargo-generate.toml" {
                assert!(FILES.iter().any(|file| entry.path().ends_with(file)), "{}", entry.path().display());
                count += 1;
            }
        }
    }
    assert_eq!(count, FILES.len());
}
