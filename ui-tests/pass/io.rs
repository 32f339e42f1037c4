//! Every form of an `#[io]` function.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]

use std::future::ready;

use csp::prelude::*;

/// Borrows, fails with `?`, returns early.
#[io]
pub fn parse(text: &str, default: &mut u32) -> Result<u32, std::num::ParseIntError> {
    if text.is_empty() {
        return Ok(*default);
    }
    *default = text.parse()?;
    Ok(*default)
}

#[io]
fn first(words: &[String]) -> &str {
    &words[0]
}

#[io]
fn nothing() {}

#[io]
fn numbers(below: u32) -> impl Iterator<Item = u32> {
    0..below
}

#[io]
async fn later<T: Send>(value: &T) -> Option<&T> {
    if ready(true).await {
        return Some(value);
    }
    None
}

#[io]
async fn fails(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number: u32 = text.parse()?;
    Ok(ready(number).await)
}

trait Store {
    fn load(&mut self, by: u32) -> u32;
}

struct Memory(u32);

impl Store for Memory {
    #[io]
    fn load(&mut self, by: u32) -> u32 {
        self.0 += by;
        self.0
    }
}

fn main() {
    let mut default = 3;
    assert_eq!(parse("", &mut default), Ok(3));
    assert_eq!(parse("4", &mut default), Ok(4));
    assert!(parse("x", &mut default).is_err());
    assert_eq!(first(&["a".into()]), "a");
    nothing();
    assert_eq!(numbers(3).sum::<u32>(), 3);
    assert_eq!(later(&1), Some(&1));
    assert_eq!(fails("5"), Ok(5));
    assert!(fails("").is_err());
    assert_eq!(Memory(1).load(2), 3);
}
