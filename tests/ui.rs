//! To come.

#[test]
fn refusals() {
    let t = trybuild::TestCases::new();
    t.compile_fail("ui/fail/constant/*.rs");
    t.compile_fail("ui/fail/context/*.rs");
}
