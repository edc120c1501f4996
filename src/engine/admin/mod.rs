//! Commands that need the server: a file per subject.

mod absent;
mod acl;
mod change;
mod client;
mod command;
mod connection;
mod debug;
mod function;
mod memory;
mod server;

pub(super) use change::Changing;
pub use change::OomScore;
pub(super) use connection::REDIS_VERSION;

use super::dispatch::Handler;
use super::{
    commandlog, himport, latency, migrate, persist, pubsub, replication, shutdown, transaction,
};
use crate::command::Command;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The handlers by the names of their commands.
const FAMILIES: &[&[(&str, Handler)]] = &[
    absent::HANDLERS,
    acl::HANDLERS,
    client::HANDLERS,
    command::HANDLERS,
    commandlog::HANDLERS,
    connection::HANDLERS,
    debug::HANDLERS,
    function::HANDLERS,
    himport::HANDLERS,
    latency::HANDLERS,
    memory::HANDLERS,
    migrate::HANDLERS,
    persist::HANDLERS,
    pubsub::HANDLERS,
    replication::HANDLERS,
    server::HANDLERS,
    shutdown::HANDLERS,
    transaction::HANDLERS,
];

/// The handlers by the numbers of their commands.
static HANDLERS: LazyLock<Vec<Option<Handler>>> = LazyLock::new(|| {
    let named: HashMap<&str, Handler> =
        FAMILIES.iter().flat_map(|family| family.iter().copied()).collect();
    let mut handlers = vec![None; crate::command::all().count()];
    for command in crate::command::all() {
        handlers[command.number] = named.get(command.spec.name).copied();
    }
    handlers
});

/// What runs a command.
pub(super) fn handler(command: &Command) -> Option<Handler> {
    HANDLERS[command.number]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_one_handler() {
        let mut names: Vec<&str> =
            FAMILIES.iter().flat_map(|family| family.iter().map(|(name, _)| *name)).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None);
        let known = |name: &&str| crate::command::all().any(|command| command.spec.name == *name);
        assert_eq!(names.iter().find(|name| !known(name)), None);
    }
}
