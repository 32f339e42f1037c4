//! One guard of a choice: what it waits for.

use proc_macro2::{Ident, Punct, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Pat, Token, token};

/// What a branch waits for.
pub(crate) enum Guard {
    /// `receiver ? pat`
    Input { channel: Expr, question: Token![?], pat: Pat },
    /// `receiver ?? pat`
    Extended { channel: Expr, questions: [Token![?]; 2], pat: Pat },
    /// `sender ! value`
    Output { channel: Expr, bang: Token![!], value: Expr },
    /// `after deadline`
    After { keyword: Ident, deadline: Expr },
    /// `skip`
    Skip { keyword: Ident },
    /// `stopped pat`
    Stopped { keyword: Ident, pat: Pat },
}

const FORMS: &str =
    "`receiver ? pattern`, `receiver ?? pattern`, `sender ! value`, `after duration`, `skip` or `stopped reason`";

impl Guard {
    /// The first expression or word of the guard.
    pub(crate) fn start(&self) -> &dyn ToTokens {
        match self {
            Guard::Input { channel, .. } | Guard::Extended { channel, .. } | Guard::Output { channel, .. } => channel,
            Guard::After { keyword, .. } | Guard::Skip { keyword } | Guard::Stopped { keyword, .. } => keyword,
        }
    }

    /// Whether it is an input or an output.
    pub(crate) fn is_communication(&self) -> bool {
        matches!(self, Guard::Input { .. } | Guard::Extended { .. } | Guard::Output { .. })
    }

    /// Calls `visit` on every expression in the guard.
    pub(crate) fn exprs_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match self {
            Guard::Input { channel, .. } | Guard::Extended { channel, .. } => visit(channel),
            Guard::Output { channel, value, .. } => {
                visit(channel);
                visit(value);
            }
            Guard::After { deadline, .. } => visit(deadline),
            Guard::Skip { .. } | Guard::Stopped { .. } => {}
        }
    }
}

impl Parse for Guard {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if is_word(input, "after") {
            let keyword: Ident = input.parse()?;
            if input.peek(Token![=>]) || input.peek(Token![,]) || input.is_empty() {
                let text = "`after` needs a `Duration` or an `Instant`: `after Duration::from_millis(10) => …`";
                return Err(syn::Error::new(keyword.span(), text));
            }
            return Ok(Guard::After { keyword, deadline: input.parse()? });
        }
        if is_word(input, "skip") && !input.peek2(token::Paren) && !input.peek2(Token![::]) {
            return Ok(Guard::Skip { keyword: input.parse()? });
        }
        if is_word(input, "stopped") {
            let keyword: Ident = input.parse()?;
            if input.peek(Token![=>]) || input.peek(Token![,]) || input.is_empty() {
                let text = "`stopped` needs a pattern for the reason: `stopped reason => …`, or `stopped _ => …`";
                return Err(syn::Error::new(keyword.span(), text));
            }
            return Ok(Guard::Stopped { keyword, pat: Pat::parse_multi_with_leading_vert(input)? });
        }
        let channel = operand(input)?;
        if input.peek(Token![!]) {
            return Ok(Guard::Output { channel, bang: input.parse()?, value: output_value(input)? });
        }
        let question: Token![?] = input.parse()?;
        if input.peek(Token![?]) {
            let questions = [question, input.parse()?];
            return Ok(Guard::Extended { channel, questions, pat: received(input)? });
        }
        Ok(Guard::Input { channel, question, pat: received(input)? })
    }
}

/// Whether `word` stands here as a keyword: a channel of that name is followed by `?`, `!` or what
/// makes a longer operand of it.
fn is_word(input: ParseStream<'_>, word: &str) -> bool {
    let names_channel = (input.peek2(Token![!]) && !input.peek2(Token![!=]))
        || input.peek2(Token![?])
        || (input.peek2(Token![.]) && !input.peek2(Token![..]))
        || input.peek2(token::Bracket);
    !names_channel && input.fork().parse::<Ident>().is_ok_and(|ident| ident == word)
}

/// The left side of `?` or `!`: all tokens up to the first of them that stands outside brackets.
fn operand(input: ParseStream<'_>) -> syn::Result<Expr> {
    let start = input.span();
    let otherwise = input.peek(Token![_])
        || input.fork().parse::<Ident>().is_ok_and(|ident| ident == "default" || ident == "otherwise")
        || input.peek(Token![else]);
    let mut tokens = TokenStream::new();
    loop {
        if input.is_empty() || input.peek(Token![,]) || input.peek(Token![=>]) {
            let text = if otherwise {
                String::from("write `skip => …` for what to do when nothing else is ready")
            } else {
                format!("this waits for nothing; a guard is {FORMS}")
            };
            return Err(syn::Error::new(start, text));
        }
        let bang = input.peek(Token![!]) && !input.peek(Token![!=]);
        if bang || input.peek(Token![?]) {
            break;
        }
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    if tokens.is_empty() {
        let text = format!("a channel's end is missing left of this sign; a guard is {FORMS}");
        return Err(syn::Error::new(start, text));
    }
    let wrong = |place: &dyn ToTokens| {
        let text = "left of `?` and `!` stands a path, a field, an index, a method call or an expression in \
                    parentheses; a precondition stands in parentheses too: `(ready) & rows ? row => …`";
        syn::Error::new_spanned(place, text)
    };
    let Ok(operand) = syn::parse2::<Expr>(tokens.clone()) else { return Err(wrong(&tokens)) };
    match operand {
        Expr::Path(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::MethodCall(_)
        | Expr::Call(_)
        | Expr::Paren(_)
        | Expr::Group(_) => Ok(operand),
        _ => Err(wrong(&operand)),
    }
}

fn output_value(input: ParseStream<'_>) -> syn::Result<Expr> {
    if input.peek(Token![=>]) || input.peek(Token![,]) || input.is_empty() {
        return Err(input.error("an output needs a value: `sender ! value => …`"));
    }
    input.parse()
}

fn received(input: ParseStream<'_>) -> syn::Result<Pat> {
    if input.peek(Token![=>]) || input.peek(Token![,]) || input.is_empty() {
        return Err(input.error("an input needs a pattern for the message: `receiver ? message => …`, or `_`"));
    }
    Pat::parse_multi_with_leading_vert(input)
}

impl ToTokens for Guard {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Guard::Input { channel, question, pat } => {
                channel.to_tokens(tokens);
                question.to_tokens(tokens);
                pat.to_tokens(tokens);
            }
            Guard::Extended { channel, questions, pat } => {
                channel.to_tokens(tokens);
                questions[0].to_tokens(tokens);
                questions[1].to_tokens(tokens);
                pat.to_tokens(tokens);
            }
            Guard::Output { channel, bang, value } => {
                channel.to_tokens(tokens);
                // Alone, so that it cannot merge with what follows.
                let mut sign = Punct::new('!', Spacing::Alone);
                sign.set_span(bang.span);
                sign.to_tokens(tokens);
                value.to_tokens(tokens);
            }
            Guard::After { keyword, deadline } => {
                keyword.to_tokens(tokens);
                deadline.to_tokens(tokens);
            }
            Guard::Skip { keyword } => keyword.to_tokens(tokens),
            Guard::Stopped { keyword, pat } => {
                keyword.to_tokens(tokens);
                pat.to_tokens(tokens);
            }
        }
    }
}
