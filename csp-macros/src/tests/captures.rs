//! What the walk over an inline block finds: a table of blocks, and the places that `par!` looks up before it starts them.
//!
//! `(x)` is what may also be a function, `[x]` a variable for certain, `[x.y; x]` a part that the block is seen to change.

use crate::expand::captures;

const TABLE: &[(&str, &str)] = &[
    // Variables and parts.
    ("out.send(1)?;", "[out]"),
    ("s.out.send(1)?; s.back.recv()", "[s.out] [s.back]"),
    ("pair.0.1.recv()", "[pair.0.1]"),
    ("(s).out.send(1)", "[s.out]"),
    ("self.out.send(self.next())", "[self] { [self.out] }"),
    ("s.look(); s.a.look(); s.a.b.look(); s.c.look()", "[s] { [s.a] { [s.a.b] } [s.c] }"),
    ("f().field.get(x.y)", "[x.y]"),
    ("v[i].send(1)", "[v] [i]"),
    ("for n in &numbers { out.send(n)?; }", "[numbers] [out]"),
    ("*x += 1; y = 2; -z", "[x] [y] [z]"),
    ("x as u8; lo..hi; a..=b; rx?", "(x) [lo] [hi] [a] [b] [rx]"),
    // Values: arguments, tuples, fields, the block's own value.
    ("consume(rx); (a, b); [c, d]; Job { e, f: g }; h", "(rx) (a) (b) (c) (d) (e) (g) (h)"),
    ("jobs.send(reply); list.push(end)", "[jobs] (reply) [list] (end)"),
    ("consume(rx); rx.recv()", "[rx]"),
    // What may want a function is left alone, unless a variable is seen elsewhere.
    ("list.map(helper).for_each(drop)", "[list]"),
    ("list.map(helper); helper.call()", "[list] [helper]"),
    ("worker(jobs); module::function(module::value); Type(CONST, Unit)", "(jobs)"),
    // Scopes.
    ("let out = out.clone(); out.send(1)", "[out]"),
    ("let x = 1; x.look(); { let y = x; y.look() } y.look()", "[y]"),
    ("let f = |a, (b, c)| a.look(b, c, d.e); f(1)", "[d.e]"),
    ("if let Some(x) = x.take() { x.look() } else { x.look() }", "[x]"),
    ("while let Ok(n) = rx.recv() { n.look() }", "[rx]"),
    ("match m { A(x) if x.ok() => x.look(), B { y, z: w } => { y.look(); w.look() } other => other.look() }", "[m]"),
    ("let Some(x) = o else { return y.look() }; x.look()", "(o) [y]"),
    ("fn helper() {} use some::{tool, other as mine}; consume(helper); mine.run(); tool.run(); x.run()", "[x]"),
    ("const n: u8 = 1; static s: u8 = 2; n.look(); s.look()", ""),
    ("use some::*; consume(perhaps); certain.look()", "[certain]"),
    ("'outer: loop { break 'outer x.look() }", "[x]"),
    // Patterns that leave something out capture only parts.
    ("let S { a, .. } = s; a.look()", ""),
    ("let (a, _) = pair; a.look()", ""),
    ("let _ = s; _ = t;", ""),
    ("let S { a, b } = s; match t { Some(x) => x, _ => 1 }", "(s) [t]"),
    ("S { a: 1, ..base }", ""),
    // Changes.
    (
        "s.n += 1; s.m = 2; s.v.push(x.y); s.w[0] = 3; take(&mut s.q); s.r.iter_mut(); s.t.look()",
        "[s.n; s] [s.m; s] [s.v; s] [x.y] [s.w; s] [s.q; s] [s.r; s] [s.t]",
    ),
    // What cannot be repeated outside, or might not be there.
    ("unsafe { u.field.look() }", ""),
    ("#[cfg(any())] let x = y.look(); #[cfg(any())] z.look(); w.look()", "[w]"),
    ("match m.kind { #[cfg(any())] A => x.look(), _ => {} } y.look()", "[y]"),
    ("[0; n]; Vec::<[u8; n]>::new(); const { n.look() }", ""),
    // Macros.
    ("println!(\"{} {name}\", rx.recv()?, name = s.n); vec![a.b; n]; assert_eq!(x, y)", "[rx] (n) [x] [y] [s.n] [a.b]"),
    ("let n = matches!(x, y); n", ""),
    ("define!(x = y); x.look(); y.look(); z.look()", "[z]"),
    (
        "alt! { rx ? n => n.look(out.a), (ready) & tx ! value => {}, after limit => stop.look(), stopped why => why.look() }",
        "[rx] [ready] [tx] (value) [limit] [stop] [out.a]",
    ),
    ("alt! { for (i, client) in clients { client.requests ?? r => r.look(i, log.all) } }", "[clients] [log.all]"),
    (
        "par! { { a.send(1)?; } move(b) { b.look(); c.look() } n * worker(d, &e), for f in g => { f.look() } }",
        "[a] [b] [c] [n] (d) [e] [g]",
    ),
    ("csp::spawn!(move(x) {}); seq! { p, q(r) }", "[x] [p] (r)"),
    ("alt! { not a choice }", ""),
];

#[test]
fn blocks_capture_what_the_table_says() {
    let mut wrong = Vec::new();
    for (block, expected) in TABLE {
        let parsed = syn::parse_str(&format!("{{ {block} }}")).expect("the table has correct blocks");
        let found = captures::expand(&captures::places(&parsed)).to_string();
        if squeezed(&found).replace("{}", "") != squeezed(expected) {
            wrong.push(format!("{block}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}
