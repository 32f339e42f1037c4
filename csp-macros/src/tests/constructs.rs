//! One sample of each construct, for the snapshots and as the seed of the token soups.

use proc_macro2::TokenStream;

use crate::entry;
use crate::syntax::alt::Order;

/// A construct's sample and what expands it.
pub(super) struct Construct {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The attribute's arguments.
    pub(super) args: &'static str,
    /// The item, or what stands between the macro's braces.
    pub(super) input: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Process,
    Io,
    Message,
    Par,
    Seq,
    Spawn,
    Alt,
    PriAlt,
}

impl Kind {
    /// The expansion, for a user who calls the runtime crate `csp`.
    pub(super) fn expand(self, args: TokenStream, input: TokenStream) -> TokenStream {
        let csp = &quote::quote!(::csp);
        match self {
            Kind::Process => entry::process(args, input, csp),
            Kind::Io => entry::io(&args, input, csp),
            Kind::Message => entry::message(&args, input, csp),
            Kind::Par => entry::par(input, "par", csp),
            Kind::Seq => entry::par(input, "seq", csp),
            Kind::Spawn => entry::spawn(input, csp),
            Kind::Alt => entry::alt(input, Order::Fair, csp),
            Kind::PriAlt => entry::alt(input, Order::Priority, csp),
        }
    }

    /// How the construct is written around its arguments and input.
    pub(super) fn written(self, args: &str, input: &str) -> String {
        let args = if args.is_empty() { String::new() } else { format!("({args})") };
        match self {
            Kind::Process => format!("#[process{args}]\n{input}"),
            Kind::Io => format!("#[io{args}]\n{input}"),
            Kind::Message => format!("#[message{args}]\n{input}"),
            Kind::Par => format!("par! {{\n{input}\n}}"),
            Kind::Seq => format!("seq! {{\n{input}\n}}"),
            Kind::Spawn => format!("spawn!({input})"),
            Kind::Alt => format!("alt! {{\n{input}\n}}"),
            Kind::PriAlt => format!("pri_alt! {{\n{input}\n}}"),
        }
    }

    pub(super) fn is_attribute(self) -> bool {
        matches!(self, Kind::Process | Kind::Io | Kind::Message)
    }
}

const fn sample(name: &'static str, kind: Kind, args: &'static str, input: &'static str) -> Construct {
    Construct { name, kind, args, input }
}

pub(super) const CONSTRUCTS: &[Construct] = &[
    sample(
        "process_quiet",
        Kind::Process,
        "backend = threads, stack = \"256 KiB\", name = \"copy\"",
        "/// Copies.
pub fn copy<T: Message>(from: Receiver<T>, to: &Sender<T>, mut left: u32) {
    while left > 0 {
        if left == 7 { return; }
        alt! { from ? item => { to.send(item)?; left -= 1 }, stopped _ => return }
    }
}",
    ),
    sample(
        "process_output",
        Kind::Process,
        "",
        "fn sum(numbers: Receiver<u32>, (low, high): (u32, u32), keep: impl Fn(&u32) -> bool) -> Result<u32, Stopped> {
    let first = numbers.recv()?;
    Ok(if keep(&first) { first.clamp(low, high) } else { 0 })
}",
    ),
    sample(
        "process_method",
        Kind::Process,
        "shares_memory",
        "/// Serves.
pub(crate) fn serve<const N: usize>(&mut self, clients: &[Receiver<u32>; N]) -> u32 where Self: Sized {
    self.total
}",
    ),
    sample(
        "io",
        Kind::Io,
        "",
        "/// Reads.
pub fn read(name: &Path) -> io::Result<String> { fs::read_to_string(name) }",
    ),
    sample(
        "io_async",
        Kind::Io,
        "",
        "async fn get(url: &str) -> Result<String, Error> { fetch(url).await?.text().await }",
    ),
    sample(
        "message",
        Kind::Message,
        "",
        "/// A tree.
#[derive(Clone)]
pub enum Tree<T, const N: usize = 4> where T: Clone {
    Leaf([T; N]),
    #[cfg(feature = \"deep\")]
    Node { left: Box<Tree<T, N>>, right: Box<Tree<T, N>> },
}",
    ),
    sample(
        "message_struct",
        Kind::Message,
        "",
        "/// A row of a picture.
pub struct Row<T> {
    pub number: u32,
    #[cfg(feature = \"deep\")]
    depth: f64,
    pixels: [T; 4],
}",
    ),
    sample(
        "par",
        Kind::Par,
        "",
        "    farmer(rows, tiles, 1000),
    8 * worker(rows, tiles),
    for (i, end) in ends.into_iter().enumerate() => worker(end, i),
    { println!(\"{}\", total.recv()?); }
    move(low, high) { low + high }",
    ),
    sample("seq", Kind::Seq, "", "    backend = threads;\n    first(1), second(2)"),
    sample("spawn", Kind::Spawn, "", "logger(lines)"),
    sample(
        "alt",
        Kind::Alt,
        "",
        "    tiles ? tile => image.place(tile),
    (next < height) & self.rows ! next => next += 1,
    requests[0] ?? Request { reply, .. } => { reply.send(1)?; }
    after Duration::from_secs(1) => break 'outer,",
    ),
    sample(
        "alt_replicated",
        Kind::Alt,
        "",
        "    for (i, client) in clients.iter().enumerate() {
        (open[i]) & client.requests ? request => handle(i, request),
        for mut tag in tags { client.replies ! tag => { tag += 1; } }
    }
    stopped reason => return Err(reason),",
    ),
    sample("pri_alt", Kind::PriAlt, "", "    stop ? _ => { return } <> work ? item => { run(item) } <> skip => {}"),
];
