//! An echo server and its clients: thousands of connections at once, each served by a process of its own.
//!
//! `#[io] async fn` awaits a future, here of the `async-io` crate, without holding up other processes. On coroutines a connection
//! costs two stacks; on threads, two threads; on processes, two OS processes. That crate has a thread which does not come along when
//! the system forks, so here only those use it that start nobody: the server waits for clients in a plain `#[io] fn`.
//!
//! ```sh
//! cargo run --release --example echo --features coroutines                # 5,000 connections, 10 lines over each
//! cargo run --release --example echo -- 500 100
//! ```

use std::io::{self, Read, Write};
use std::iter::repeat_n;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use async_io::Async;
use csp::prelude::*;
use csp_examples::cli;
use nix::sys::socket::{Backlog, listen};

#[io]
fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    Ok(listener.accept()?.0)
}

#[io]
async fn connect(address: SocketAddr) -> io::Result<Async<TcpStream>> {
    Async::<TcpStream>::connect(address).await
}

#[io]
async fn read(stream: &Async<TcpStream>, buffer: &mut [u8]) -> io::Result<usize> {
    stream.read_with(|mut stream| stream.read(buffer)).await
}

#[io]
async fn write(stream: &Async<TcpStream>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        bytes = &bytes[stream.write_with(|mut stream| stream.write(bytes)).await?..];
    }
    Ok(())
}

/// Accepts so many connections and serves each until its client closes it.
#[process]
fn server(listener: TcpListener, connections: usize) {
    scope(|s| {
        for _ in 0..connections {
            let stream = accept(&listener).expect("a connection can be accepted");
            s.spawn(echo(stream));
        }
    });
}

#[process]
fn echo(stream: TcpStream) {
    let stream = Async::new(stream).expect("a connection can be watched");
    let mut buffer = [0; 256];
    loop {
        match read(&stream, &mut buffer).expect("the client writes or closes") {
            0 => break,
            length => write(&stream, &buffer[..length]).expect("the client reads"),
        }
    }
}

/// Says that it is connected, waits until all are, and has its lines echoed. How many were.
#[process]
fn client(
    number: usize,
    address: SocketAddr,
    lines: usize,
    connected: Sender<()>,
    start: Receiver<()>,
) -> Result<usize, Stopped> {
    let stream = connect(address).expect("the server accepts");
    connected.send(())?;
    start.recv()?;
    for line in 0..lines {
        let line = format!("line {line} of client {number}\n");
        write(&stream, line.as_bytes()).expect("the server reads");
        let mut echoed = vec![0; line.len()];
        let mut length = 0;
        while length < echoed.len() {
            length += read(&stream, &mut echoed[length..]).expect("the server writes");
        }
        assert_eq!(echoed, line.as_bytes());
    }
    Ok(lines)
}

/// Lets the clients go once all of them are connected.
#[process]
fn starter(connections: usize, connected: Receiver<()>, start: Sender<()>) {
    for _ in 0..connections {
        connected.recv()?;
    }
    for _ in 0..connections {
        start.send(())?;
    }
}

fn main() -> io::Result<()> {
    let [connections, lines] = cli::numbers([("CONNECTIONS", 5000, 1..=100_000), ("LINES", 10, 1..=1_000_000)]);
    cli::allow_open_files(2 * connections as u64 + 64);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    // std lets 128 wait to be accepted; the system sends the others away, to try again after a second, two more, four more …
    listen(&listener, Backlog::MAXCONN)?;
    let address = listener.local_addr()?;
    let began = Instant::now();
    let (connected_out, connected) = channel();
    let (start_out, start) = channel();
    let ends = (0..).zip(repeat_n((connected_out, start), connections));
    let ((), (), echoed) = par! {
        server(listener, connections),
        starter(connections, connected, start_out),
        for (number, (connected, start)) in ends => client(number, address, lines, connected, start),
    };
    let echoed: usize = echoed.into_iter().map(|lines| lines.expect("the starter starts all")).sum();
    println!("{connections} connections at once, {echoed} lines echoed");
    eprintln!("{:.2} s", began.elapsed().as_secs_f64());
    Ok(())
}
