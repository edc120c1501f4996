//! Freeing large values on another thread.

use super::client::ClientId;
use super::{Action, Engine};
use crate::keyspace::Trash;

/// What is being freed.
#[derive(Debug, Default)]
pub struct Freeing {
    /// Values that are still to be freed.
    pub pending_objects: u64,
}

impl Engine {
    /// Lets another thread free what was removed, and a client wait for that.
    #[inline]
    pub(super) fn free_trash(&mut self, client: Option<ClientId>) {
        if let Some(trash) = self.keyspace.take_trash() {
            self.free(trash, client);
        }
    }

    /// Lets another thread free values, and a client wait for that.
    pub(super) fn free(&mut self, trash: Trash, client: Option<ClientId>) {
        self.freeing.pending_objects += trash.objects();
        self.actions.push_back(Action::Free { trash, client });
    }

    /// Learns that so many values were freed.
    pub fn freed(&mut self, objects: u64, client: Option<ClientId>) {
        self.freeing.pending_objects = self.freeing.pending_objects.saturating_sub(objects);
        self.stats.lazyfreed_objects += objects;
        if let Some(id) = client {
            self.release(id, None);
        }
    }
}
