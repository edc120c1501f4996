//! Frees what was removed, on a thread of its own.

use super::{News, priority};
use crate::base::memory;
use crate::engine::ClientId;
use crate::keyspace::Trash;
use std::sync::mpsc::{Sender, channel};
use tokio::sync::mpsc::UnboundedSender;

/// Bytes freed at once from which on they go back to the system, if they were most of what there was: then it is worth the wait
/// of those who allocate meanwhile.
const GIVEN_BACK_BYTES: u64 = 16 << 20;

/// The thread that frees.
#[derive(Debug)]
pub(super) struct Freer {
    sender: Option<Sender<(Trash, Option<ClientId>)>>,
    news: UnboundedSender<News>,
}

impl Freer {
    pub fn new(news: UnboundedSender<News>) -> Freer {
        Freer { sender: None, news }
    }

    /// Frees this soon, and tells of it.
    pub fn free(&mut self, trash: Trash, client: Option<ClientId>) {
        let news = self.news.clone();
        let sender = self.sender.get_or_insert_with(|| {
            let (sender, trash) = channel::<(Trash, Option<ClientId>)>();
            // Without the thread the sender fails, and what is sent is freed there.
            let _ = std::thread::Builder::new().name("free".into()).spawn(move || {
                priority::lower();
                while let Ok((trash, client)) = trash.recv() {
                    let (objects, before) = (trash.objects(), memory::used_bytes());
                    drop(trash);
                    let _ = news.send(News::Freed(objects, client));
                    let left = memory::used_bytes();
                    let freed = before.saturating_sub(left);
                    if freed >= GIVEN_BACK_BYTES && freed >= left {
                        memory::give_back();
                    }
                }
            });
            sender
        });
        if let Err(failed) = sender.send((trash, client)) {
            let (trash, client) = failed.0;
            let _ = self.news.send(News::Freed(trash.objects(), client));
        }
    }
}
