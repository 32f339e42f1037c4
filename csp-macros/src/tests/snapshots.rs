//! Compares each construct's expansion with the committed one in `csp-macros/snapshots`.
//!
//! After a deliberate change, `CSP_BLESS=1 cargo test -p csp-macros` writes them anew; review the
//! difference before it is committed.

use std::path::PathBuf;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::quote;

use super::constructs::{CONSTRUCTS, Construct};

#[test]
fn expansions_are_the_committed_ones() {
    let bless = env::var_os("CSP_BLESS").is_some();
    let mut wrong = Vec::new();
    for construct in CONSTRUCTS {
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(construct.name).with_extension("rs");
        let now = snapshot(construct);
        if bless {
            fs::write(&path, now).expect("the snapshot can be written");
        } else if fs::read_to_string(&path).ok().as_deref() != Some(&now) {
            wrong.push(format!("{}:\n{now}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "expansions differ; `CSP_BLESS=1` writes them:\n{}", wrong.join("\n"));
}

#[test]
fn expansions_are_deterministic() {
    for construct in CONSTRUCTS {
        assert_eq!(snapshot(construct), snapshot(construct), "{}", construct.name);
    }
}

#[test]
fn expansions_contain_no_unsafe_and_only_absolute_paths() {
    for construct in CONSTRUCTS {
        let text = expand(construct).to_string();
        assert!(!text.contains("unsafe"), "{}", construct.name);
        for (place, _) in text.match_indices("__private") {
            assert!(text[..place].ends_with(":: csp :: "), "{}: {text}", construct.name);
        }
        assert!(!text.contains("compile_error"), "{}: {text}", construct.name);
    }
}

fn expand(construct: &Construct) -> TokenStream {
    let parse = |text: &str| text.parse::<TokenStream>().expect("a sample has balanced tokens");
    construct.kind.expand(parse(construct.args), parse(construct.input))
}

/// The sample as comment, and its expansion as formatted source.
fn snapshot(construct: &Construct) -> String {
    let expansion = expand(construct);
    let file = if construct.kind.is_attribute() { expansion } else { quote!(fn example() { let value = #expansion; }) };
    let file = syn::parse2(file).expect("an expansion is correct Rust");
    let mut text =
        String::from("//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.\n\n");
    for line in construct.kind.written(construct.args, construct.input).lines() {
        text.push_str(format!("// {line}").trim_end());
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&prettyplease::unparse(&file));
    text
}
