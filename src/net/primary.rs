//! The connections to the primary that is followed: one, or a second one while a snapshot comes over that.

use super::{News, Server, now, priority};
use crate::base::background::breathe;
use crate::engine::{LastLoad, PrimaryId, SnapshotPart};
use crate::feed::{Control, Input, parallel};
use crate::keyspace::{self, Keyspace, Settings};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bytes read at once.
const READ_BYTES: usize = 256 << 10;

/// Pieces of a snapshot that wait to be loaded; the primary waits behind them.
const PIECES_MAX: usize = 16;

/// Connects to a primary and serves the connection until its end.
pub(super) fn connect(server: &Rc<Server>, id: PrimaryId, host: &[u8], port: u16) {
    let server = Rc::clone(server);
    let host = String::from_utf8_lossy(host).into_owned();
    tokio::task::spawn_local(async move {
        let ended = run(&server, id, &host, port).await;
        let why = match ended {
            Ok(()) => "connection closed".to_owned(),
            Err(e) => e.to_string(),
        };
        server.engine.borrow_mut().primary_closed(id, &why, now());
        server.settle();
    });
}

/// Connects from an address of this machine if it can be had, as `bind-source-addr` promises, else from any.
async fn connect_from(source: &[u8], host: &str, port: u16) -> io::Result<TcpStream> {
    let source = String::from_utf8_lossy(source);
    let sources: Vec<SocketAddr> = match source.is_empty() {
        true => Vec::new(),
        false => lookup_host((&*source, 0)).await.map(Iterator::collect).unwrap_or_default(),
    };
    if !sources.is_empty() {
        for target in lookup_host((host, port)).await? {
            for source in sources.iter().filter(|source| source.is_ipv4() == target.is_ipv4()) {
                let socket = match target {
                    SocketAddr::V4(_) => TcpSocket::new_v4()?,
                    SocketAddr::V6(_) => TcpSocket::new_v6()?,
                };
                if socket.bind(*source).is_ok()
                    && let Ok(stream) = socket.connect(target).await
                {
                    return Ok(stream);
                }
            }
        }
    }
    TcpStream::connect((host, port)).await
}

async fn run(server: &Rc<Server>, id: PrimaryId, host: &str, port: u16) -> io::Result<()> {
    let source = server.engine.borrow().config().bind_source_addr.clone();
    let mut stream = tokio::select! {
        stream = connect_from(&source, host, port) => stream?,
        () = until_old(server, id) => return Ok(()),
    };
    let _ = stream.set_nodelay(true);
    server.engine.borrow_mut().primary_connected(id, now());
    server.settle();
    let (mut buffer, mut output) = (Vec::with_capacity(READ_BYTES), Vec::new());
    let mut loader = None;
    loop {
        server.engine.borrow_mut().take_primary_output(id, &mut output);
        if !output.is_empty() {
            tokio::select! {
                written = stream.write_all(&output) => written?,
                () = until_old(server, id) => return Ok(()),
            }
        }
        pass_parts(server, id, &mut loader).await;
        let (is_current, wants) = {
            let engine = server.engine.borrow();
            (engine.is_current_primary(id), engine.wants_primary_bytes(id))
        };
        if !is_current {
            return Ok(());
        }
        if server.engine.borrow().holds_stream(id) {
            server.engine.borrow_mut().apply_held(id, now());
            server.settle();
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            ready = stream.readable(), if wants => {
                ready?;
                buffer.clear();
                match stream.try_read_buf(&mut buffer) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(_) => {
                        server.engine.borrow_mut().primary_bytes(id, &buffer, now());
                        server.settle();
                    }
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                    Err(e) => return Err(e),
                }
            }
            () = server.primary_news.notified() => {}
        }
    }
}

/// Waits until a link is not the present one any more.
async fn until_old(server: &Server, id: PrimaryId) {
    while server.engine.borrow().is_current_primary(id) {
        server.primary_news.notified().await;
    }
}

/// Passes parts of a snapshot on to the thread that loads it.
async fn pass_parts(server: &Rc<Server>, id: PrimaryId, loader: &mut Option<Sender<Vec<u8>>>) {
    loop {
        let part = server.engine.borrow_mut().next_snapshot_part(id);
        match part {
            None => return,
            Some(SnapshotPart::Begin(control)) => *loader = load(server, id, control),
            Some(SnapshotPart::Bytes(bytes)) => {
                if let Some(sender) = &*loader {
                    // A loader that has given up tells why by itself.
                    let _ = sender.send(bytes).await;
                    // There is much more of it, and others may have to answer clients.
                    std::thread::yield_now();
                }
            }
            Some(SnapshotPart::End) => *loader = None,
        }
    }
}

/// Begins to load a snapshot on a thread of its own.
fn load(server: &Rc<Server>, id: PrimaryId, control: Arc<Control>) -> Option<Sender<Vec<u8>>> {
    let (sender, receiver) = channel(PIECES_MAX);
    let settings = server.engine.borrow().settings().clone();
    let news = server.news.clone();
    let thread = std::thread::Builder::new().name("sync-load".into());
    let spawned = thread.spawn(move || {
        // Clients are served meanwhile.
        priority::lower();
        let loaded = load_all(settings, receiver, &control).map(Box::new);
        let _ = news.send(News::SnapshotLoaded(id, loaded));
    });
    spawned.ok().map(|_| sender)
}

fn load_all(
    settings: Settings,
    receiver: Receiver<Vec<u8>>,
    control: &Control,
) -> Result<(Keyspace, LastLoad, usize), String> {
    let mut keyspace = Keyspace::new(settings);
    let reader = Box::new(Pieces { receiver, piece: Vec::new(), at: 0 });
    let input = Input::from_reader("the primary".into(), reader, None);
    let mut input = input.map_err(|e| e.to_string())?;
    // One processor stays for clients, which are served meanwhile.
    let threads = parallel::default_threads().saturating_sub(1).max(1);
    // Whether a key's time has passed is for the primary to say.
    let loaded =
        keyspace::load_rdb(&mut keyspace, &mut input, now().unix_ms, false, threads, control);
    let loaded = loaded.map_err(|e| format!("{e:?}"))?;
    match &loaded.ending {
        Some(ending) if ending.is_checksum_wrong() => Err("wrong checksum".into()),
        Some(_) => {
            let db = loaded.aux.iter().find(|(name, _)| name == b"repl-stream-db");
            let db = db.and_then(|(_, value)| std::str::from_utf8(value).ok()?.parse().ok());
            Ok((keyspace, LastLoad::from(&loaded), db.unwrap_or(0)))
        }
        None => Err("the snapshot has no end".into()),
    }
}

/// Reads what comes in pieces.
struct Pieces {
    receiver: Receiver<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.piece.len() {
            let Some(piece) = self.receiver.blocking_recv() else { return Ok(0) };
            (self.piece, self.at) = (piece, 0);
            breathe();
        }
        let rest = self.piece.get(self.at..).unwrap_or_default();
        let n = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        self.at += n;
        Ok(n)
    }
}
