//! The macros find the library under the name that a crate gave it.

#[test]
fn every_macro_finds_the_renamed_library() {
    assert_eq!(csp_renamed::total(10), 45);
}
