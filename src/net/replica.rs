//! Snapshots on their way to replicas.
//!
//! A thread writes or reads the snapshot and hands it in pieces to the connections of its replicas, no faster than the slowest
//! of them takes it.

use super::cpus::Cpus;
use super::{News, Server, priority, save};
use crate::engine::{ClientId, SaveJob, SnapshotFor, Transferred};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Pieces that wait for a replica at most.
const PIECES_MAX: usize = 16;

/// Bytes of a piece.
const PIECE_BYTES: usize = 256 << 10;

/// A piece of a snapshot.
#[derive(Debug)]
pub(super) enum Piece {
    Bytes(Arc<[u8]>),
    /// All was sent. Without it the snapshot has failed.
    End,
}

/// Hands bytes to all that still take them.
struct Fan {
    senders: Vec<Sender<Piece>>,
}

impl Fan {
    fn end(&mut self) {
        self.senders.retain(|sender| sender.blocking_send(Piece::End).is_ok());
    }
}

impl Write for Fan {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece: Arc<[u8]> = bytes.into();
        self.senders.retain(|sender| sender.blocking_send(Piece::Bytes(piece.clone())).is_ok());
        match self.senders.is_empty() {
            true => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the last replica is gone")),
            false => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a snapshot for replicas.
pub(super) fn begin(server: &Server, snapshot: SnapshotFor) {
    let SnapshotFor { job, streamed_to } = snapshot;
    let (news, cpus) = (server.news.clone(), server.places.bgsave);
    match streamed_to {
        Some((ids, mark)) => {
            let senders = senders(server, &ids);
            spawn(news, cpus, move || stream(&job, senders, &mark));
        }
        None => {
            let name = OsStr::from_bytes(&server.engine.borrow().config().dbfilename).to_owned();
            let path = server.folder.borrow().join(name);
            let temporary = server.folder.borrow().join(format!("temp-{}.rdb", std::process::id()));
            spawn(news, cpus, move || {
                save::write(&job, &temporary)?;
                save::replace(&temporary, &path)?;
                path.metadata().map(|metadata| metadata.len())
            });
        }
    }
}

fn spawn(
    news: tokio::sync::mpsc::UnboundedSender<News>,
    cpus: Cpus,
    work: impl FnOnce() -> io::Result<u64> + Send + 'static,
) {
    let thread = std::thread::Builder::new().name("sync".into());
    let told = news.clone();
    let spawned = thread.spawn(move || {
        cpus.enter();
        priority::lower();
        let result = work().map_err(|e| e.to_string());
        let _ = told.send(News::Transferred(Transferred { result }));
    });
    if let Err(e) = spawned {
        let _ = news.send(News::Transferred(Transferred { result: Err(e.to_string()) }));
    }
}

fn stream(job: &SaveJob, senders: Vec<Sender<Piece>>, mark: &[u8]) -> io::Result<u64> {
    let mut fan = Fan { senders };
    job.write(&mut fan)?;
    fan.write_all(mark)?;
    fan.end();
    Ok(0)
}

/// Opens a way for pieces to each of these connections.
fn senders(server: &Server, ids: &[ClientId]) -> Vec<Sender<Piece>> {
    let open = |id: &ClientId| {
        let (sender, receiver) = channel(PIECES_MAX);
        server.give_snapshot(*id, receiver).then_some(sender)
    };
    ids.iter().filter_map(open).collect()
}

/// Sends the RDB file to replicas, to each at its own pace.
pub(super) fn send_file(server: &Server, ids: &[ClientId]) {
    let name = OsStr::from_bytes(&server.engine.borrow().config().dbfilename).to_owned();
    let path = server.folder.borrow().join(name);
    // Opened now: another save may put another file there.
    let files = ids.iter().map(|_| File::open(&path)).collect::<Vec<_>>();
    for (id, file) in ids.iter().zip(files) {
        let senders = senders(server, &[*id]);
        let thread = std::thread::Builder::new().name("send".into());
        // Without a thread or a file there is no end of the snapshot, and the connection is closed.
        let _ = thread.spawn(move || file.and_then(|file| copy(file, senders)));
    }
}

fn copy(mut file: File, senders: Vec<Sender<Piece>>) -> io::Result<()> {
    let mut fan = Fan { senders };
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            fan.end();
            return Ok(());
        }
        fan.write_all(buffer.get(..read).unwrap_or_default())?;
    }
}

impl Server {
    /// Lets a connection write a snapshot from now on; whether it is there.
    fn give_snapshot(&self, id: ClientId, receiver: Receiver<Piece>) -> bool {
        let Some(slot) = self.slot(id) else { return false };
        *slot.snapshot.borrow_mut() = Some(receiver);
        slot.wake();
        true
    }
}
