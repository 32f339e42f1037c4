//! `#[message]` as written: a struct or an enum.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, GenericParam, Member, Type};

use crate::diag::Errors;

/// A checked message type.
pub(crate) struct Message {
    pub(crate) input: DeriveInput,
    pub(crate) shape: Shape,
}

/// What a value of it consists of.
pub(crate) enum Shape {
    Struct(Vec<Field>),
    Enum(Vec<Variant>),
}

/// One of an enum's variants, and when it is there at all.
pub(crate) struct Variant {
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) fields: Vec<Field>,
}

/// What must be a message too, and when it is there at all.
pub(crate) struct Field {
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) member: Member,
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
    if let Some(packed) = packed(&input.attrs) {
        errors.at(
            packed,
            "the fields of a packed type cannot be borrowed, so it cannot be a message: leave `packed` out",
        );
        possible = false;
    }
    let shape = match &input.data {
        Data::Struct(data) => Shape::Struct(fields(&data.fields, errors)),
        Data::Enum(data) => Shape::Enum(
            data.variants
                .iter()
                .map(|variant| Variant {
                    cfgs: cfgs(&variant.attrs),
                    name: variant.ident.clone(),
                    fields: fields(&variant.fields, errors),
                })
                .collect(),
        ),
        Data::Union(data) => {
            errors.at_span(
                data.union_token.span(),
                "a union cannot be a message: nobody can tell which of its fields is there; write an enum",
            );
            return None;
        }
    };
    (possible && errors.is_empty()).then_some(Message { input, shape })
}

fn fields(fields: &Fields, errors: &mut Errors) -> Vec<Field> {
    if let Fields::Unnamed(unnamed) = fields {
        for field in unnamed.unnamed.iter().filter(|field| !cfgs(&field.attrs).is_empty()) {
            errors
                .at(field, "whether this field is there decides which numbers the others have: give the fields names");
        }
    }
    let field =
        |(field, member): (&syn::Field, Member)| Field { cfgs: cfgs(&field.attrs), member, ty: field.ty.clone() };
    fields.iter().zip(fields.members()).map(field).collect()
}

/// The word `packed` in `#[repr(…)]`.
fn packed(attrs: &[Attribute]) -> Option<Ident> {
    let reprs = attrs.iter().filter(|attr| attr.path().is_ident("repr"));
    let tokens = reprs.filter_map(|attr| attr.meta.require_list().ok()).flat_map(|list| list.tokens.clone());
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "packed" => Some(ident),
        _ => None,
    })
}

/// The conditions under which an item exists; the expansion's part about it repeats them.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}
