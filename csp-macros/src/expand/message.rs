//! A message type gets its `Message` implementation: how its values become bytes, and bytes its values.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::parse_quote_spanned;
use syn::spanned::Spanned;

use crate::path;
use crate::syntax::message::{Field, Message, Shape, Variant, cfgs};

/// The item itself comes first, unchanged.
///
/// That a field is a message is asked in the bodies of the functions, at the field's type, and is no bound of the implementation:
/// so a type may hold itself.
pub(crate) fn expand(message: Message, csp: &TokenStream) -> TokenStream {
    let Message { input: item, shape } = message;
    let name = &item.ident;
    let cfgs = cfgs(&item.attrs);
    let mut generics = item.generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote_spanned!(Span::mixed_site()=> #csp::Message));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let Body { plain, len, encode, decode, ends } = match &shape {
        Shape::Struct(fields) => structure(fields, csp),
        Shape::Enum(variants) => enumeration(name, variants, csp),
    };
    // If the type has a destructor, this conflicts, and the name of the type is blamed.
    let no_drop =
        path::located(&quote_spanned!(Span::mixed_site()=> #csp::__private::MessagesMustNotImplementDrop), name.span());
    let no_drop = quote_spanned! {Span::mixed_site().located_at(name.span())=>
        #(#cfgs)*
        #[allow(deprecated)]
        impl #impl_generics #no_drop for #name #type_generics #where_clause {}
    };
    quote_spanned! {Span::mixed_site()=>
        #item
        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, unreachable_code, unused_variables, clippy::all, clippy::pedantic)]
        impl #impl_generics #csp::Message for #name #type_generics #where_clause {
            #plain
            fn __encoded_len(&self) -> ::core::primitive::usize {
                #len
            }
            fn __encode(self, __out: &mut #csp::__private::Encoder<'_>) {
                #encode
            }
            fn __decode(
                __input: &mut #csp::__private::Decoder<'_>,
            ) -> ::core::result::Result<Self, #csp::__private::Malformed> {
                #decode
            }
            fn __each_end(&self, __visitor: &mut #csp::__private::Visitor<'_>) {
                #ends
            }
        }
        #no_drop
    }
}

/// What stands in the implementation.
struct Body {
    plain: TokenStream,
    len: TokenStream,
    encode: TokenStream,
    decode: TokenStream,
    ends: TokenStream,
}

/// Plain if all fields are: then it is copied as it lies in memory.
fn structure(fields: &[Field], csp: &TokenStream) -> Body {
    let name = quote_spanned!(Span::mixed_site()=> Self);
    let Parts { take, look, len, encode, make, ends } = parts(&name, fields, csp);
    let plain = fields.iter().map(|Field { cfgs, ty, .. }| {
        quote_spanned! {Span::mixed_site()=>
            #(#cfgs)*
            let __plain = __plain && <#ty as #csp::Message>::PLAIN;
        }
    });
    Body {
        plain: quote_spanned! {Span::mixed_site()=>
            const PLAIN: ::core::primitive::bool = {
                let __plain = true;
                #(#plain)*
                __plain
            };
        },
        len: quote_spanned! {Span::mixed_site()=>
            if #csp::__private::is_plain::<Self>() {
                return ::core::mem::size_of::<Self>();
            }
            let #look = *self;
            let __len = 0;
            #len
            __len
        },
        encode: quote_spanned! {Span::mixed_site()=>
            if #csp::__private::is_plain::<Self>() {
                return __out.plain(self);
            }
            let #take = self;
            #encode
        },
        decode: quote_spanned! {Span::mixed_site()=>
            if #csp::__private::is_plain::<Self>() {
                return __input.plain();
            }
            ::core::result::Result::Ok(#make)
        },
        ends: quote_spanned! {Span::mixed_site()=>
            if #csp::__private::is_plain::<Self>() {
                return;
            }
            let #look = *self;
            #ends
        },
    }
}

/// A tag, and the variant's fields.
fn enumeration(name: &Ident, variants: &[Variant], csp: &TokenStream) -> Body {
    let unknown = format!("no variant of `{name}` has this tag");
    let (mut len_arms, mut encode_arms, mut decode_arms, mut ends_arms) = (vec![], vec![], vec![], vec![]);
    for (tag, Variant { cfgs, name, fields }) in (0_u32..).zip(variants) {
        let name = quote_spanned!(Span::mixed_site()=> Self::#name);
        let Parts { take, look, len, encode, make, ends } = parts(&name, fields, csp);
        len_arms.push(quote_spanned! {Span::mixed_site()=>
            #(#cfgs)*
            #look => {
                let __len = ::core::mem::size_of::<::core::primitive::u32>();
                #len
                __len
            }
        });
        encode_arms.push(quote_spanned! {Span::mixed_site()=>
            #(#cfgs)*
            #take => {
                __out.tag(#tag);
                #encode
            }
        });
        ends_arms.push(quote_spanned! {Span::mixed_site()=>
            #(#cfgs)*
            #look => {
                #ends
            }
        });
        decode_arms.push(quote_spanned! {Span::mixed_site()=>
            #(#cfgs)*
            #tag => ::core::result::Result::Ok(#make),
        });
    }
    Body {
        plain: TokenStream::new(),
        len: quote_spanned! {Span::mixed_site()=> match *self { #(#len_arms)* } },
        encode: quote_spanned! {Span::mixed_site()=> match self { #(#encode_arms)* } },
        decode: quote_spanned! {Span::mixed_site()=>
            match __input.tag()? {
                #(#decode_arms)*
                _ => ::core::result::Result::Err(#csp::__private::Malformed::new(#unknown)),
            }
        },
        ends: quote_spanned! {Span::mixed_site()=> match *self { #(#ends_arms)* } },
    }
}

/// What is said about the fields of a struct or of a variant, in order.
///
/// The names begin with `__` although they are hygienic: a constant of the user's with the same name would be taken for the pattern.
struct Parts {
    /// The pattern that takes the value apart.
    take: TokenStream,
    /// The pattern that borrows its fields.
    look: TokenStream,
    /// Adds their lengths to `__len`.
    len: TokenStream,
    /// Writes them to `__out`.
    encode: TokenStream,
    /// Makes the value from `__input`.
    make: TokenStream,
    /// Shows their ends to `__visitor`.
    ends: TokenStream,
}

fn parts(name: &TokenStream, fields: &[Field], csp: &TokenStream) -> Parts {
    let (mut take, mut look, mut len, mut encode, mut make, mut ends) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    for (index, Field { cfgs, member, ty }) in fields.iter().enumerate() {
        let value = Ident::new(&format!("__field_{index}"), Span::mixed_site().located_at(ty.span()));
        let message = quote_spanned!(Span::mixed_site()=> <#ty as #csp::Message>);
        let each = |tokens: TokenStream| quote_spanned!(Span::mixed_site()=> #(#cfgs)* #tokens);
        take.push(each(quote_spanned!(Span::mixed_site()=> #member: #value)));
        look.push(each(quote_spanned!(Span::mixed_site()=> #member: ref #value)));
        len.push(each(quote_spanned!(Span::mixed_site()=> let __len = __len + #message::__encoded_len(#value);)));
        ends.push(each(quote_spanned!(Span::mixed_site()=> #message::__each_end(#value, __visitor);)));
        encode.push(each(quote_spanned!(Span::mixed_site()=> #message::__encode(#value, __out);)));
        make.push(each(quote_spanned!(Span::mixed_site()=> #member: #message::__decode(__input)?)));
    }
    let whole = |parts: Vec<TokenStream>| quote_spanned!(Span::mixed_site()=> #name { #(#parts),* });
    Parts {
        take: whole(take),
        look: whole(look),
        len: len.into_iter().collect(),
        encode: encode.into_iter().collect(),
        ends: ends.into_iter().collect(),
        make: whole(make),
    }
}
