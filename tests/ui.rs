//! To come.

#[test]
fn refusals() {
    let t = trybuild::TestCases::new();
    t.compile_fail("ui/fail/attribute/*.rs");
}
