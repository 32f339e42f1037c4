//! `#[message]` as written: a struct or an enum.

use proc_macro2::TokenStream;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, GenericParam, Type};

use crate::diag::Errors;

/// A checked message type.
pub(crate) struct Message {
    pub(crate) input: DeriveInput,
    pub(crate) fields: Vec<Field>,
}

/// What must be a message too, and when it is there at all.
pub(crate) struct Field {
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) ty: Type,
}

/// Parses and checks; `None` means that the type cannot be a message.
pub(crate) fn parse(args: &TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Message> {
    if !args.is_empty() {
        errors.at(args, "`#[message]` takes no arguments; write it alone");
    }
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => {
            errors.at_span(error.span(), "`#[message]` goes on a struct or an enum");
            return None;
        }
    };
    let mut possible = true;
    for param in &input.generics.params {
        if let GenericParam::Lifetime(param) = param {
            errors.at(
                &param.lifetime,
                "a message borrows nothing, since it may cross a process boundary; own the data, \
                 or leave `#[message]` out and send it on a channel made by `channel::local()`",
            );
            possible = false;
        }
    }
    let mut fields = Vec::new();
    match &input.data {
        Data::Struct(data) => collect(&data.fields, &[], &mut fields),
        Data::Enum(data) => {
            for variant in &data.variants {
                collect(&variant.fields, &cfgs(&variant.attrs), &mut fields);
            }
        }
        Data::Union(data) => {
            errors.at_span(
                data.union_token.span(),
                "a union cannot be a message: nobody can tell which of its fields is there; write an enum",
            );
            possible = false;
        }
    }
    possible.then_some(Message { input, fields })
}

fn collect(fields: &Fields, outer: &[Attribute], into: &mut Vec<Field>) {
    into.extend(
        fields.iter().map(|field| Field {
            cfgs: outer.iter().cloned().chain(cfgs(&field.attrs)).collect(),
            ty: field.ty.clone(),
        }),
    );
}

/// The conditions under which an item exists; the expansion's part about it repeats them.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}
