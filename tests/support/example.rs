//! An example's binary. `cargo test` builds it; `cargo test --test …` does not, and then it is built here.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Where the example is, built anew where one of these files, or of the files in these folders, is younger than it.
pub(crate) fn built(name: &str, sources: &[&str]) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(Path::parent).expect("target/<profile>/deps");
    let example = profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let built = youngest(&example);
    if built.is_none() || sources.iter().any(|source| youngest(&root.join(source)) > built) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "hardtack-tests", "--example", name, "--target-dir"]);
        cargo.arg(profile.parent().expect("the target directory")).current_dir(root);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo runs").success(), "the example `{name}` does not build");
    }
    example
}

/// When the file, or the last in the folder, was written.
fn youngest(path: &Path) -> Option<SystemTime> {
    let own = path.metadata().and_then(|data| data.modified()).ok();
    let inside = std::fs::read_dir(path).into_iter().flatten().flatten();
    inside.map(|entry| youngest(&entry.path())).fold(own, Option::max)
}
