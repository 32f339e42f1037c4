//! Compiles every program in `pass/` and `fail/`.

#[test]
fn messages_and_programs() {
    let tests = trybuild::TestCases::new();
    tests.pass("pass/*.rs");
    tests.compile_fail("fail/*/*.rs");
}
