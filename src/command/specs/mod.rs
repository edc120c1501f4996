//! What is known of each command without running it: a table per family.

use super::spec::Spec;

mod array;
mod bitmap;
mod cluster;
mod connection;
mod generic;
mod geo;
mod hash;
mod hyperloglog;
mod list;
mod pubsub;
mod scripting;
mod server;
mod set;
mod stream;
mod string;
mod transactions;
mod vector;
mod zset;

/// All families.
pub const FAMILIES: &[&[Spec]] = &[
    array::SPECS,
    bitmap::SPECS,
    cluster::SPECS,
    connection::SPECS,
    generic::SPECS,
    geo::SPECS,
    hash::SPECS,
    hyperloglog::SPECS,
    list::SPECS,
    pubsub::SPECS,
    scripting::SPECS,
    server::SPECS,
    set::SPECS,
    stream::SPECS,
    string::SPECS,
    transactions::SPECS,
    vector::SPECS,
    zset::SPECS,
];
