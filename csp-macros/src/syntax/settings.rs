//! The arguments of `#[process(…)]`: backend, stack, name, shares_memory.

use proc_macro2::{Ident, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::{Lit, LitStr, Token};

use super::recover::skip_past_comma;
use crate::diag::Errors;

/// The backends that a program can name; whether one is compiled in is for the runtime crate to say.
pub(crate) const BACKENDS: [&str; 4] = ["threads", "coroutines", "processes", "seeded"];

const KEYS: &str = "`backend = threads`, `stack = \"256 KiB\"`, `name = \"…\"` and `shares_memory`";

/// What the attribute's arguments ask for.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) backend: Option<Ident>,
    /// Bytes.
    pub(crate) stack: Option<u64>,
    pub(crate) name: Option<LitStr>,
    pub(crate) shares_memory: bool,
}

/// Reads the attribute's arguments; mistakes are noted and the rest is still read.
pub(crate) fn parse(args: TokenStream, errors: &mut Errors) -> Settings {
    let mut settings = Settings::default();
    let parser = |input: ParseStream<'_>| {
        let mut seen = Vec::new();
        while !input.is_empty() {
            if let Err(error) = setting(input, &mut settings, &mut seen, errors) {
                errors.push(error);
                skip_past_comma(input)?;
            } else if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(args) {
        errors.push(error);
    }
    settings
}

fn setting(
    input: ParseStream<'_>,
    settings: &mut Settings,
    seen: &mut Vec<String>,
    errors: &mut Errors,
) -> syn::Result<()> {
    let key: Ident =
        input.parse().map_err(|error| syn::Error::new(error.span(), format!("expected a setting: {KEYS} exist")))?;
    let name = key.to_string();
    if seen.contains(&name) {
        errors.at(&key, format!("`{name}` is set twice; keep one of the two"));
    }
    match name.as_str() {
        "backend" => {
            equals(input, &key, "backend = threads")?;
            settings.backend = backend(input)?;
        }
        "stack" => {
            equals(input, &key, "stack = \"256 KiB\"")?;
            settings.stack = Some(stack(input)?);
        }
        "name" => {
            equals(input, &key, "name = \"…\"")?;
            let text = input
                .parse::<LitStr>()
                .map_err(|error| syn::Error::new(error.span(), "a process's name is a string: `name = \"…\"`"))?;
            settings.name = Some(text);
        }
        "shares_memory" => {
            if input.peek(Token![=]) {
                return Err(input.error("`shares_memory` takes no value; write it alone"));
            }
            settings.shares_memory = true;
        }
        _ => {
            return Err(syn::Error::new(key.span(), format!("no setting `{name}`; {KEYS} exist")));
        }
    }
    seen.push(name);
    Ok(())
}

fn equals(input: ParseStream<'_>, key: &Ident, example: &str) -> syn::Result<()> {
    match input.parse::<Token![=]>() {
        Ok(_) => Ok(()),
        Err(_) => Err(syn::Error::new(key.span(), format!("`{key}` needs a value: `{example}`"))),
    }
}

fn backend(input: ParseStream<'_>) -> syn::Result<Option<Ident>> {
    const LIST: &str = "`threads`, `coroutines`, `processes` and, for tests, `seeded` exist";
    let name: Ident = input.parse().map_err(|error| {
        let text = format!("a backend is named by a bare word, as in `backend = threads`; {LIST}");
        syn::Error::new(error.span(), text)
    })?;
    if BACKENDS.iter().any(|known| name == known) {
        return Ok(Some(name));
    }
    Err(syn::Error::new(name.span(), format!("no backend `{name}`; {LIST}")))
}

fn stack(input: ParseStream<'_>) -> syn::Result<u64> {
    const FORM: &str = "a stack size is a number of bytes or a text such as \"256 KiB\" (B, KiB, MiB, GiB)";
    let literal: Lit = input.parse().map_err(|error| syn::Error::new(error.span(), FORM))?;
    let size = match &literal {
        Lit::Int(number) => number.base10_parse().ok(),
        Lit::Str(text) => bytes(&text.value()),
        _ => None,
    };
    match size {
        Some(0) => {
            Err(syn::Error::new(literal.span(), "a stack of 0 bytes holds nothing; leave `stack` out for the default"))
        }
        Some(size) => Ok(size),
        None => Err(syn::Error::new(literal.span(), FORM)),
    }
}

/// Reads «256 KiB» and the like.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.replace('_', "").parse().ok()?;
    let unit: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}
