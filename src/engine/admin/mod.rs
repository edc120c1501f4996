//! Commands that need the server: a file per subject.

mod connection;
mod server;

pub(super) use connection::REDIS_VERSION;

use super::dispatch::Handler;
use super::{persist, transaction};
use crate::command::{self, Command};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The handlers by the names of their commands.
const FAMILIES: &[&[(&str, Handler)]] =
    &[connection::HANDLERS, persist::HANDLERS, server::HANDLERS, transaction::HANDLERS];

/// The handlers by the numbers of their commands.
static HANDLERS: LazyLock<Vec<Option<Handler>>> = LazyLock::new(|| {
    let named: HashMap<&str, Handler> =
        FAMILIES.iter().flat_map(|family| family.iter().copied()).collect();
    let mut handlers = vec![None; command::all().count()];
    for command in command::all() {
        handlers[command.number] = named.get(command.spec.name).copied();
    }
    handlers
});

/// What runs a command.
pub(super) fn handler(command: &Command) -> Option<Handler> {
    HANDLERS[command.number]
}
