//! `#[process]` as written: a function, and the rules for it.

use proc_macro2::{Ident, Span, TokenStream};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, FnArg, Generics, Item, ItemFn, Pat, Receiver, ReturnType, Signature, TraitItemFn, Type,
    TypeImplTrait, Visibility,
};

use super::settings::{self, Settings};
use super::sharing;
use crate::diag::Errors;

/// A checked process.
pub(crate) struct ProcessFn {
    pub(crate) settings: Settings,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) receiver: Option<Receiver>,
    pub(crate) args: Vec<Arg>,
    /// The parentheses around the arguments.
    pub(crate) args_place: Span,
    /// `None` for a quiet process, whose output is `()`.
    pub(crate) output: Option<Type>,
    pub(crate) body: Block,
}

/// One argument other than `self`.
pub(crate) struct Arg {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) pat: Pat,
    pub(crate) ty: Type,
}

/// Parses and checks. `None` means that nothing can be made of the item; otherwise the process can
/// be expanded although mistakes may have been noted.
pub(crate) fn parse(args: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<ProcessFn> {
    let settings = settings::parse(args, errors);
    let function = function(item, errors)?;
    let ItemFn { attrs, vis, sig, block } = function;
    let expandable = check_signature(&sig, errors);
    let mut receiver = None;
    let mut args = Vec::new();
    for input in sig.inputs {
        match input {
            FnArg::Receiver(this) => receiver = Some(this),
            FnArg::Typed(arg) => args.push(Arg { attrs: arg.attrs, pat: *arg.pat, ty: *arg.ty }),
        }
    }
    for arg in &args {
        check_attributes(&arg.attrs, errors);
    }
    if !settings.shares_memory {
        let types = args.iter().map(|arg| &arg.ty).chain(receiver.iter().map(|this| &*this.ty));
        types.for_each(|ty| sharing::check(ty, errors));
    }
    let output = match sig.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => {
            Some(*ty).filter(|ty| !matches!(bare(ty), Type::Tuple(unit) if unit.elems.is_empty()))
        }
    };
    expandable.then_some(ProcessFn {
        settings,
        attrs,
        vis,
        name: sig.ident,
        generics: sig.generics,
        receiver,
        args,
        args_place: sig.paren_token.span.join(),
        output,
        body: *block,
    })
}

/// The type without parentheses, and without the group that a macro's `$ty:ty` stands in.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => bare(&inner.elem),
        Type::Group(inner) => bare(&inner.elem),
        _ => ty,
    }
}

/// The function under the attribute, or a word about what stands there instead.
fn function(item: TokenStream, errors: &mut Errors) -> Option<ItemFn> {
    match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => return Some(function),
        Err(error) => match (syn::parse2::<TraitItemFn>(item.clone()), syn::parse2::<Item>(item)) {
            (Ok(method), _) => errors.at(
                &method.sig.ident,
                "a process has a body, and a method of a trait cannot be a process; \
                 write a free function, or a method in an `impl` block without a trait",
            ),
            (_, Ok(Item::Impl(block))) => errors.at_span(
                block.impl_token.span,
                "`#[process]` goes on a function; write it on each method of this block that shall be a process",
            ),
            (_, Ok(Item::Trait(block))) => errors.at_span(
                block.trait_token.span,
                "`#[process]` goes on a function, and a method of a trait cannot be a process; write a free function",
            ),
            (_, Ok(other)) => {
                errors.at_span(other.span(), "`#[process]` goes on a function: `#[process] fn name(arguments) { … }`")
            }
            (Err(_), Err(_)) => errors.push(error),
        },
    }
    None
}

/// Notes what a process's signature cannot have; false if the function cannot be expanded then.
fn check_signature(sig: &Signature, errors: &mut Errors) -> bool {
    let mut expandable = true;
    if let Some(token) = &sig.asyncness {
        errors.at(
            token,
            "a process is not `async`: its channel operations wait by themselves; leave `async` out \
             (`#[io] async fn` awaits a future inside a process)",
        );
        expandable = false;
    }
    if let Some(token) = &sig.constness {
        errors.at(token, "a process is not `const`; leave `const` out");
    }
    if let Some(token) = &sig.unsafety {
        errors.at(
            token,
            "a process is not `unsafe`: nobody stands where it starts; leave `unsafe` out and use an `unsafe` block inside",
        );
    }
    if let Some(token) = &sig.abi {
        errors.at(token, "a process has Rust's own calling convention; leave `extern` out");
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(variadic, "a process takes a fixed number of arguments; leave `...` out");
        expandable = false;
    }
    if let ReturnType::Type(_, ty) = &sig.output {
        if let Type::Never(never) = bare(ty) {
            errors.at(never, "a process that never ends needs no output type; leave `-> !` out");
            expandable = false;
        }
        let mut opaque = Opaque { errors, found: false };
        opaque.visit_type(ty);
        expandable &= !opaque.found;
    }
    expandable
}

/// Looks for `impl Trait` in an output type.
struct Opaque<'e> {
    errors: &'e mut Errors,
    found: bool,
}

impl<'ast> Visit<'ast> for Opaque<'_> {
    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.found = true;
        self.errors.at(
            ty,
            "a process's output has a named type, since it may cross a process boundary; \
             name the type instead of `impl Trait`",
        );
        visit::visit_type_impl_trait(self, ty);
    }
}

fn check_attributes(attrs: &[Attribute], errors: &mut Errors) {
    for attr in attrs {
        if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            errors.at(
                attr,
                "an argument of a process cannot depend on `cfg`; write `#[cfg(…)]` on two whole functions instead",
            );
        }
    }
}
