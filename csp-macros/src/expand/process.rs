//! A process becomes a function that builds a process value.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, FnArg, GenericParam, Generics, Pat, Receiver, Type};

use super::naming::Names;
use super::returns;
use crate::path;
use crate::syntax::process::{Arg, ProcessFn, bare};
use crate::syntax::settings::Settings;

/// The whole expansion.
pub(crate) fn expand(mut process: ProcessFn, csp: &TokenStream) -> TokenStream {
    let mut names = Names::default();
    if let Some(receiver) = &mut process.receiver {
        names.receiver(receiver);
    }
    for arg in &mut process.args {
        names.argument(&mut arg.ty);
    }
    let mut lints = quote!(clippy::type_complexity);
    if names.declare(&mut process.generics) {
        lints.extend(quote!(, clippy::needless_lifetimes));
    }

    let body = body(&mut process, csp);
    let ProcessFn { settings, attrs, vis, name, generics, receiver, args, output, .. } = &process;
    let meta = meta(settings, name, csp);
    let types: Vec<&Type> = receiver.iter().map(|this| &*this.ty).chain(args.iter().map(|arg| &arg.ty)).collect();
    let own_types: Vec<&Type> = args.iter().map(|arg| &arg.ty).collect();
    let params: Vec<Ident> = args.iter().enumerate().map(|(i, arg)| param(i, arg)).collect();
    let slots = slots(args.len());
    let output = match output {
        Some(ty) => quote!(#ty),
        None => quote_spanned!(Span::mixed_site()=> ()),
    };
    // A type that is not `Send` is blamed in the list of arguments.
    let tuple = quote_spanned!(Span::mixed_site().located_at(process.args_place)=> (#(#types,)*));
    let (impl_generics, _, where_clause) = generics.split_for_impl();

    let outer_receiver = receiver.as_ref().map(immutable).into_iter();
    let this = receiver.as_ref().map(|receiver| &receiver.self_token).into_iter();
    let (run, hidden) = match receiver {
        None => (quote_spanned!(Span::mixed_site()=> |(#(#slots,)*): (#(#types,)*)| -> #output { #body }), None),
        Some(receiver) => {
            let hidden = hidden_name(name);
            let arguments = arguments(generics);
            let attrs = attrs.iter().filter(|attr| belongs_to_body(attr));
            let method = quote_spanned! {Span::mixed_site()=>
                #(#attrs)*
                #[doc(hidden)]
                #[allow(#lints)]
                fn #hidden #impl_generics (#receiver, #(#slots: #own_types),*) -> #output #where_clause { #body }
            };
            let run = quote_spanned! {Span::mixed_site()=>
                |(__self, #(#slots,)*): (#(#types,)*)| -> #output { Self::#hidden #arguments (__self, #(#slots),*) }
            };
            (run, Some(method))
        }
    };
    // In a list of its own, the receiver has a name that is no keyword.
    let seen = receiver.iter().map(|_| Ident::new("__self", Span::mixed_site())).chain(slots.iter().cloned());
    let visit = quote_spanned!(Span::mixed_site()=> #csp::__visit!((#(#types,)*): #(#seen)*));
    let inputs = outer_receiver.chain(params.iter().zip(&own_types).map(|(param, ty)| quote!(#param: #ty)));
    let attrs = attrs.iter().filter(|attr| receiver.is_none() || !attr.path().is_ident("expect"));
    quote_spanned! {Span::mixed_site()=>
        #(#attrs)*
        #[allow(#lints)]
        #vis fn #name #impl_generics (#(#inputs),*) -> #csp::Process<(#(#types,)*), #output> #where_clause {
            #csp::__private::process::<#tuple, #output>(#meta, (#(#this,)* #(#params,)*), #run, #visit)
        }
        #hidden
    }
}

/// What runs when the process runs; the arguments are in `slots`.
fn body(process: &mut ProcessFn, csp: &TokenStream) -> TokenStream {
    if process.output.is_none() {
        returns::wrap(&mut process.body, true);
    }
    let user = &process.body;
    let lent = lent(&process.args, csp);
    let bind = bind(&process.args);
    match &process.output {
        Some(ty) => quote_spanned! {Span::mixed_site()=>
            #lent
            #bind
            #[allow(
                unused_braces,
                clippy::let_and_return,
                clippy::let_unit_value,
                clippy::diverging_sub_expression
            )]
            let __output: #ty = #user;
            #[allow(unreachable_code)]
            __output
        },
        None => quote_spanned! {Span::mixed_site()=>
            #lent
            #csp::__private::quiet(move || -> ::core::result::Result<(), #csp::__private::Quit> {
                #bind
                #[allow(
                    unused_braces,
                    clippy::let_unit_value,
                    clippy::unused_unit,
                    clippy::diverging_sub_expression
                )]
                let _unit: () = #user;
                #[allow(unreachable_code)]
                ::core::result::Result::Ok(())
            })
        },
    }
}

/// Ends that are lent to the process (`&Sender<T>` and the like) are told how it ended: declared
/// before the body, this guard drops after it.
fn lent(args: &[Arg], csp: &TokenStream) -> Option<TokenStream> {
    let lent: Vec<Ident> = args
        .iter()
        .zip(slots(args.len()))
        .filter(|(arg, _)| is_shared_reference(&arg.ty))
        .map(|(_, slot)| slot)
        .collect();
    if lent.is_empty() {
        return None;
    }
    Some(quote_spanned! {Span::mixed_site()=>
        let _lent = #csp::__private::LentGuard::new({
            #[allow(unused_imports)]
            use #csp::__private::{LentEnd as _, NotAnEnd as _};
            [#((&#csp::__private::Probe(#lent)).lent()),*]
        });
    })
}

fn is_shared_reference(ty: &Type) -> bool {
    matches!(bare(ty), Type::Reference(reference) if reference.mutability.is_none())
}

/// Binds the user's patterns to the arguments.
fn bind(args: &[Arg]) -> TokenStream {
    let bind = args.iter().zip(slots(args.len())).map(|(Arg { attrs, pat, .. }, slot)| {
        quote_spanned!(Span::mixed_site()=> #(#attrs)* #[allow(clippy::let_unit_value)] let #pat = #slot;)
    });
    bind.collect()
}

fn slots(count: usize) -> Vec<Ident> {
    (0..count).map(|i| format_ident!("__a{i}", span = Span::mixed_site())).collect()
}

/// The name of an argument in the outer signature: the user's own where there is one.
fn param(index: usize, arg: &Arg) -> Ident {
    match &arg.pat {
        Pat::Ident(pat) if pat.subpat.is_none() && pat.by_ref.is_none() => pat.ident.clone(),
        _ => format_ident!("arg{index}", span = Span::mixed_site()),
    }
}

/// `self` as the outer function takes it: without the `mut` that only the body needs.
fn immutable(receiver: &Receiver) -> TokenStream {
    let mut receiver = receiver.clone();
    receiver.attrs.clear();
    if receiver.reference.is_none() {
        receiver.mutability = None;
    }
    let receiver = FnArg::Receiver(receiver);
    quote!(#receiver)
}

/// The name of the method that holds a method's body. In the `impl` of a trait rustc answers with
/// «method `…` is not a member of trait `…`», so the name says what is wrong.
fn hidden_name(name: &Ident) -> Ident {
    format_ident!("a_process_cannot_be_a_method_of_a_trait_impl_{}", name.unraw(), span = name.span())
}

/// The turbofish that hands the outer function's parameters to the hidden method.
fn arguments(generics: &Generics) -> Option<TokenStream> {
    let names: Vec<&Ident> = generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Lifetime(_) => None,
            GenericParam::Type(param) => Some(&param.ident),
            GenericParam::Const(param) => Some(&param.ident),
        })
        .collect();
    (!names.is_empty()).then(|| quote!(::<#(#names),*>))
}

/// Whether an attribute of a method also speaks about its body.
fn belongs_to_body(attr: &Attribute) -> bool {
    ["cfg", "allow", "warn", "deny", "forbid", "expect"].iter().any(|name| attr.path().is_ident(name))
}

fn meta(settings: &Settings, name: &Ident, csp: &TokenStream) -> TokenStream {
    let text = Literal::string(&name.unraw().to_string());
    let mut meta = quote_spanned!(Span::mixed_site()=> #csp::__private::Meta::new(#text));
    if let Some(backend) = &settings.backend {
        let backend = path::backend(csp, backend);
        meta.extend(quote_spanned!(Span::mixed_site()=> .backend(#backend)));
    }
    if let Some(stack) = settings.stack {
        let stack = Literal::u64_unsuffixed(stack);
        meta.extend(quote_spanned!(Span::mixed_site()=> .stack_size(#stack)));
    }
    if let Some(name) = &settings.name {
        meta.extend(quote_spanned!(Span::mixed_site()=> .named(#name)));
    }
    if settings.shares_memory {
        meta.extend(quote_spanned!(Span::mixed_site()=> .shares_memory()));
    }
    meta
}
