//! The rule that processes share no memory: finds locks, atomics and shared cells in argument types.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{ParenthesizedGenericArguments, PathSegment, Type, TypeBareFn, TypeReference};

use crate::diag::Errors;

const LOCKS: [&str; 8] = ["Mutex", "RwLock", "ReentrantLock", "Condvar", "Barrier", "Once", "OnceLock", "LazyLock"];
const ATOMICS: [&str; 16] = [
    "Atomic",
    "AtomicCell",
    "AtomicBool",
    "AtomicPtr",
    "AtomicI8",
    "AtomicI16",
    "AtomicI32",
    "AtomicI64",
    "AtomicI128",
    "AtomicIsize",
    "AtomicU8",
    "AtomicU16",
    "AtomicU32",
    "AtomicU64",
    "AtomicU128",
    "AtomicUsize",
];
const CELLS: [&str; 4] = ["Cell", "RefCell", "OnceCell", "LazyCell"];

/// Notes every name in `ty` that stands for memory which several processes could write.
pub(super) fn check(ty: &Type, errors: &mut Errors) {
    Search { errors, shared: false }.visit_type(ty);
}

struct Search<'e> {
    errors: &'e mut Errors,
    /// Whether we are below an `Arc` or a shared reference.
    shared: bool,
}

impl Search<'_> {
    fn blame(&mut self, name: &Ident, kind: &str) {
        self.errors.at(
            name,
            format!(
                "`{name}` is {kind}, and processes share no memory; send messages on a channel instead \
                 (take a `Sender` or a `Receiver`), or write `#[process(shares_memory)]` to allow it"
            ),
        );
    }

    fn below_shared(&mut self, search: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.shared, true);
        search(self);
        self.shared = outside;
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
        let is = |names: &[&str]| names.iter().any(|name| segment.ident == name);
        if is(&LOCKS) {
            self.blame(&segment.ident, "a lock");
        } else if is(&ATOMICS) {
            self.blame(&segment.ident, "an atomic");
        } else if segment.ident == "UnsafeCell" {
            self.blame(&segment.ident, "a raw cell");
        } else if self.shared && is(&CELLS) {
            self.blame(&segment.ident, "a cell behind a shared pointer");
        }
        if segment.ident == "Arc" || segment.ident == "Weak" {
            self.below_shared(|search| visit::visit_path_segment(search, segment));
        } else {
            visit::visit_path_segment(self, segment);
        }
    }

    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if reference.mutability.is_some() {
            visit::visit_type_reference(self, reference);
        } else {
            self.below_shared(|search| visit::visit_type_reference(search, reference));
        }
    }

    // The types in a function's signature say what it takes, not what it holds.
    fn visit_type_bare_fn(&mut self, _: &'ast TypeBareFn) {}
    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}
}
