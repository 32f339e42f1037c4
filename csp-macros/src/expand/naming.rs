//! Names what a signature leaves unnamed: elided lifetimes and `impl Trait` arguments.
//!
//! The argument types of a process are written more than once (in the signature, in the type of the
//! process value, in the body's closure), so nothing in them may stay anonymous.

use proc_macro2::{Ident, Span};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Expr, GenericParam, Generics, Lifetime, LifetimeParam, ParenthesizedGenericArguments, Path, Receiver, Token, Type,
    TypeBareFn, TypeParam, TypePath, TypeReference,
};

/// The names given so far.
#[derive(Default)]
pub(super) struct Names {
    lifetimes: Vec<LifetimeParam>,
    types: Vec<TypeParam>,
}

impl Names {
    /// Leaves nothing anonymous in the type of an argument.
    pub(super) fn argument(&mut self, ty: &mut Type) {
        self.visit_type_mut(ty);
    }

    /// Leaves nothing anonymous in `self`, `&self` and the like.
    pub(super) fn receiver(&mut self, receiver: &mut Receiver) {
        match &mut receiver.reference {
            Some((and, lifetime)) => {
                if lifetime.as_ref().is_none_or(|lifetime| lifetime.ident == "_") {
                    *lifetime = Some(self.lifetime(and.span));
                }
                if let Type::Reference(ty) = &mut *receiver.ty {
                    ty.lifetime.clone_from(lifetime);
                }
            }
            None => self.visit_type_mut(&mut receiver.ty),
        }
    }

    /// Declares the names; says whether a lifetime was among them.
    pub(super) fn declare(self, generics: &mut Generics) -> bool {
        let named_lifetimes = !self.lifetimes.is_empty();
        let declared = std::mem::take(&mut generics.params);
        generics.params = (self.lifetimes.into_iter().map(GenericParam::from))
            .chain(declared)
            .chain(self.types.into_iter().map(GenericParam::from))
            .collect();
        named_lifetimes
    }

    fn lifetime(&mut self, span: Span) -> Lifetime {
        let name = Lifetime::new(&format!("'__l{}", self.lifetimes.len()), span);
        self.lifetimes.push(LifetimeParam::new(name.clone()));
        name
    }
}

impl VisitMut for Names {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        // `&(impl A + B)` needs its parentheses, `&I` would be warned about them.
        if let Type::Paren(paren) = ty
            && matches!(*paren.elem, Type::ImplTrait(_))
        {
            *ty = (*paren.elem).clone();
        }
        visit_mut::visit_type_mut(self, ty);
        if let Type::ImplTrait(opaque) = ty {
            let name = Ident::new(&format!("__I{}", self.types.len()), opaque.impl_token.span);
            let mut param = TypeParam::from(name.clone());
            param.colon_token = Some(Token![:](opaque.impl_token.span));
            param.bounds = std::mem::take(&mut opaque.bounds);
            self.types.push(param);
            *ty = Type::Path(TypePath { qself: None, path: Path::from(name) });
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(self.lifetime(reference.and_token.span));
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.lifetime(lifetime.span());
        }
    }

    // What is elided in a function's signature belongs to that signature.
    fn visit_type_bare_fn_mut(&mut self, _: &mut TypeBareFn) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {}
    fn visit_expr_mut(&mut self, _: &mut Expr) {}
}
