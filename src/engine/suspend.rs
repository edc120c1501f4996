//! What EXEC runs, one command after the other, and where it stops on the way.
//!
//! A command may wait for the driver: MIGRATE for another server, CONFIG SET for another port. The rest of its transaction then
//! waits with it, and so do the requests of all other clients, so that nothing comes between.

use super::Engine;
use super::client::ClientId;
use super::dispatch::Call;
use super::transaction::Queued;
use crate::resp::encode::Reply;
use std::collections::VecDeque;

/// A transaction that waits in the middle.
#[derive(Debug)]
pub struct Suspended {
    client: ClientId,
    rest: VecDeque<Queued>,
    /// What others are told of it at its end: the database and the arguments of each command.
    told: Vec<(usize, Vec<Vec<u8>>)>,
}

impl Engine {
    /// Whether a client's transaction runs.
    pub(super) fn is_in_exec(&self, id: ClientId) -> bool {
        self.clients.get(id).is_some_and(|client| client.multi.is_some())
    }

    /// Whether a transaction waits in the middle, so that nobody else may change anything.
    #[inline]
    pub(super) fn is_suspended(&self) -> bool {
        self.suspended.is_some()
    }

    /// Runs the commands of a client's transaction, up to one that waits, and ends it behind the last.
    pub(super) fn run_queued(
        &mut self,
        id: ClientId,
        mut rest: VecDeque<Queued>,
        reply: &mut Reply,
    ) {
        while let Some(Queued { command, subcommand, args }) = rest.pop_front() {
            let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            self.call(&mut Call { id, command, subcommand, args: &args, reply });
            if self.clients.get(id).is_some_and(|client| client.waits_for_save) {
                let told = self.transaction.take().unwrap_or_default();
                self.suspended = Some(Suspended { client: id, rest, told });
                return;
            }
        }
        self.end_transaction();
        self.discard_transaction(id);
        self.switch_log_if_scheduled();
    }

    /// Goes on with a client's transaction that waits in the middle, if there is one.
    pub(super) fn resume(&mut self, id: ClientId) {
        let Some(Suspended { rest, told, .. }) =
            self.suspended.take_if(|suspended| suspended.client == id)
        else {
            return;
        };
        self.transaction = Some(told);
        let Some(client) = self.clients.get_mut(id) else { return };
        // What others tell the client meanwhile comes behind its reply, the first part of which may be on its way already.
        let aside = Reply::new(client.out.is_resp3());
        let mut reply = std::mem::replace(&mut client.out, aside);
        self.reply_start = 0;
        self.run_queued(id, rest, &mut reply);
        if let Some(client) = self.clients.get_mut(id) {
            reply.insert(reply.len(), client.out.as_bytes());
            client.out = reply;
        }
        if !self.is_suspended() {
            self.serve_ready();
            self.run_paused();
            self.apply_stream();
        }
    }

    /// Brings the transaction of a client to its end that goes while it waits: all of it is run, as if the client were there.
    pub(super) fn end_suspended(&mut self, id: ClientId) {
        while self.suspended.as_ref().is_some_and(|suspended| suspended.client == id) {
            if let Some(client) = self.clients.get_mut(id) {
                client.waits_for_save = false;
            }
            self.resume(id);
        }
    }
}
