//! Throws broken input at every construct: whatever stands there, a macro answers with tokens and
//! never panics.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::constructs::CONSTRUCTS;

const SOUPS_PER_CONSTRUCT: u64 = 150;

#[test]
fn no_input_makes_a_macro_panic() {
    for construct in CONSTRUCTS {
        let args: TokenStream = construct.args.parse().expect("a sample has balanced tokens");
        let input: TokenStream = construct.input.parse().expect("a sample has balanced tokens");
        for seed in 0..SOUPS_PER_CONSTRUCT {
            let mut random = Random(seed * 2 + 1);
            let mutated = (0..=seed % 5).fold(input.clone(), |tokens, _| mutate(tokens, &mut random));
            let args = if seed % 3 == 0 { mutate(args.clone(), &mut random) } else { args.clone() };
            // The expansion must be tokens; whether they are correct Rust depends on the soup.
            let _ = construct.kind.expand(args, mutated);
        }
    }
}

#[test]
fn every_construct_survives_the_input_of_every_other() {
    for construct in CONSTRUCTS {
        for other in CONSTRUCTS {
            let args: TokenStream = other.args.parse().expect("a sample has balanced tokens");
            let _ = construct.kind.expand(args, other.input.parse().expect("a sample has balanced tokens"));
        }
        let _ = construct.kind.expand(TokenStream::new(), TokenStream::new());
    }
}

#[test]
fn what_expands_without_error_is_correct_rust() {
    for construct in CONSTRUCTS.iter().filter(|construct| !construct.kind.is_attribute()) {
        let input: TokenStream = construct.input.parse().expect("a sample has balanced tokens");
        for seed in 0..SOUPS_PER_CONSTRUCT {
            let mutated = mutate(input.clone(), &mut Random(seed * 2 + 1));
            let expansion = construct.kind.expand(TokenStream::new(), mutated.clone());
            let parsed = syn::parse2::<syn::Expr>(expansion.clone());
            assert!(parsed.is_ok(), "{}: {mutated}\n{expansion}", construct.name);
        }
    }
}

/// Deletes, doubles, swaps or ungroups one token somewhere in the tree.
fn mutate(tokens: TokenStream, random: &mut Random) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    if trees.is_empty() {
        return TokenStream::new();
    }
    let place = random.below(trees.len());
    if let TokenTree::Group(group) = &trees[place]
        && random.below(4) != 0
    {
        let inner = mutate(group.stream(), random);
        let delimiter = match random.below(12) {
            0 => Delimiter::Bracket,
            1 => Delimiter::Parenthesis,
            _ => group.delimiter(),
        };
        trees[place] = Group::new(delimiter, inner).into();
        return trees.into_iter().collect();
    }
    match random.below(4) {
        0 => {
            trees.remove(place);
        }
        1 => trees.insert(place, trees[place].clone()),
        2 => {
            let other = random.below(trees.len());
            trees.swap(place, other);
        }
        _ => trees.truncate(place),
    }
    trees.into_iter().collect()
}

/// A small generator (xorshift), so that every run throws the same soups.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap_or(0) % bound
    }
}
