//! rkv: everything that Redis and Valkey write to disk.
//!
//! This page is the map of the code. What the program does for its users is in `README.md`.
//!
//! # Layers
//!
//! Folders are layers. A module uses strictly lower layers, and modules of one layer do not see each other.
//!
//! ```text
//! 10  cli              arguments, help, exit status; the only printing
//!  9  tool             operations: an input, filters and an output
//!  8  net  sim         drive the engine and replication: sockets, files, threads, the clock | a virtual clock and network
//!  7  engine           the server, without I/O
//!  5  command          the command table, the handlers of data commands, replay
//!  4  keyspace  repl  cluster   databases of keys and the door to their values | replication | nodes.conf and slots
//!  3  value  aof       what a key can hold, copied on write | append-only files: manifest, commands, repair, new sets
//!  2  feed             inputs, batches, filters, threads
//!  1  rdb              bytes <-> records and elements
//! 0b  resp  packed  report   wire format | packed structures | tables, charts, renderers
//! 0a  base             checksums, LZF, numbers, globs, limits
//! ```
//!
//! # How a dump runs
//!
//! [`feed::Input`] opens a path or standard input and unpacks it. One thread runs [`rdb::Parser`] over the bytes, which finds
//! where each record ends without decoding values, and cuts the input into batches. [`feed::run`] hands them to as many workers
//! as there are cores. A worker asks the [`feed::Filter`] about each [`rdb::Entry`], takes those it wants apart with
//! [`rdb::Entry::visit`], and formats the [`rdb::Elem`]s. What the workers write appears in file order.
//!
//! # How an append-only file is read
//!
//! [`aof::set::Set`] opens what a path names, each file as long as it is then. [`tool::aof::chain`] goes over the files in the order
//! of loading: an RDB part as above, then commands in place with [`aof::reader::Reader`], which knows the database, the time and the
//! transaction of each. New sets are made of byte ranges of the old one ([`aof::repair`], [`tool::aof::plan`]) and written by
//! [`aof::output`].
//!
//! # How an append-only file is rewritten
//!
//! [`tool::aof::replay`] loads the RDB part with [`keyspace::load_rdb`] and runs the commands behind it with [`command::Replay`].
//! Handlers change values through [`keyspace::Unit::update`] alone. [`keyspace::Keyspace::snapshot`] clones the top of each
//! [`value::table::Table`], and the snapshot writes itself as a new base.
//!
//! # How a server runs
//!
//! [`engine::Engine`] takes requests and moments and gives replies, bytes for the append-only file and [`engine::Action`]s. A
//! command that changes data goes through two doors: [`keyspace::Unit::update`], and the engine's `publish`, from which the
//! append-only file, watching and waiting clients and subscribers learn of it. [`net`] drives the engine on one thread, which
//! also reads and writes the sockets as long as it can do that alone (`io-threads`); snapshots and the append-only file are
//! written, and large values are freed, by threads of their own. [`base::memory`] counts what is allocated, which `maxmemory` goes
//! by.
//! [`tool::serve`] loads the data on a thread of its own; clients are told to wait until then.
//!
//! Its `replication` is where the state machines of [`repl`] meet the data: what `publish` hears also goes to the stream that
//! replicas read, each at its own place; what a primary sends is run by a client that stands for it, and passed on as it came. The
//! append-only file holds the same commands, and tells with [`aof::place`] where in the stream they stand; [`tool::aof::trail`] reads
//! that when a server starts.
//!
//! # How a primary is captured
//!
//! [`tool::replicate`] opens sockets for a [`repl::replica::Link`], which makes events of what a primary says. A target takes them:
//! a capture writes the stream with [`repl::units::Units`] telling where it may be cut. [`tool::restore`] finds a place of the stream
//! in a capture, and then takes it for an append-only file.
//!
//! # How an outage is simulated
//!
//! [`tool::simulate::resync`] gives settings and writes to [`sim::world::run`], which steps the backlogs, replicas and links of
//! [`repl`] by a virtual clock and moves their bytes over [`sim::network::Line`]s. The run is repeated with what replicas lacked
//! at most, until none needs a snapshot: that is the smallest backlog.
//!
//! # Invariants
//!
//! Most say what a module does not do. The test that holds each stands behind it.
//!
//! - A snapshot stays as it is, and what handlers propagate gives a replica the same data (`tests/differential.rs`).
//! - Servers at the same place of the same stream have the same data, whatever breaks meanwhile (`tests/simulation.rs`).
//! - Wherever an append-only file is cut, its data are those of the place of the stream that it tells (`tests/stream_place.rs`).
//! - Layers look downwards only (`tests/architecture.rs`).
//! - Only `cli` prints and ends the process (`tests/architecture.rs`).
//! - `rdb`, `packed` and `repl` do no I/O and know no clock: bytes come in, events go out, times are arguments. `aof` knows no clock either.
//! - No input makes a parser panic: they hold no unwrap and no index into foreign bytes (`tests/architecture.rs`), and every
//!   file with every byte flipped or cut gives records or an error (`tests/corpus.rs`, `fuzz`).
//! - A length is compared with a bound of [`base::limits`], or with the bytes at hand, before anything is allocated for it.
//! - Pieces give what the whole gives, wherever the input is cut (tests of `rdb`, `fuzz`).
//! - A cut input never passes for a whole one (`tests/corpus.rs`).
//! - Errors carry an offset, the key and the element, and a class that decides the exit status (`tests/cli.rs`).
//! - What passes of Redis's own test suite goes on to pass (`tests/suite/run.sh`).
//! - An output file is complete or absent, an input is never written to (`tests/cli.rs`).
//! - A set is the old one or the new one, wherever the power is cut while it is written (tests of `aof::output`).
//! - A transaction of an append-only file is kept as a whole or not at all (tests of `aof::repair`, `fuzz`).
//! - A capture has no gap and no repeat, whenever it is killed, its link is cut or its disk is full (`tests/replicate.rs`).
//! - Equal settings and seeds give equal simulations (tests of `sim`, `tests/simulate.rs`).
//! - `unsafe` stays in the files that a list names (`tests/architecture.rs`).
//! - Man pages and completions tell what the program takes (`tests/generated.rs`).
//!
//! # Modules in reading order
//!
//! - [`base`]: what needs no knowledge of Redis files: checksums, LZF, numbers, globs, ranges, limits.
//! - [`packed`]: listpack, ziplist, intset and zipmap: checked walks and builders.
//! - [`resp`]: commands on the wire.
//! - [`rdb`]: the file format with its versions; records, values, payloads, errors with a place.
//! - [`feed`]: opens inputs, cuts them into batches, filters keys, shares the work among threads.
//! - [`aof`]: append-only files: what belongs to a set, its commands, what is sound, how a new set is written.
//! - [`value`]: the containers: a persistent hash table and a counted tree, the kinds made of them, and vector sets.
//! - [`keyspace`]: databases, expiry, the write path, loading, saving, digests.
//! - [`repl`]: replication without sockets, clock and data: places in a stream, the link to a primary, a primary's view of its replicas.
//! - [`command`]: what is known of each command, and the handlers that need nothing but data.
//! - [`engine`]: clients, transactions, waiting, messages, saving, configuration: the server without I/O.
//! - [`net`]: sockets, files, threads and the clock for the engine.
//! - [`sim`]: servers that replicate over a simulated network, by a virtual clock.
//! - [`cluster`]: the layout of a cluster: nodes.conf, slots and their owners.
//! - [`report`]: findings, tables and charts, and their forms: text, JSON, CSV, HTML, SARIF.
//! - [`tool`]: the operations behind the subcommands; they write to what they are given.
//! - [`cli`]: a file per subcommand; arguments, messages, progress, exit status.
//!
//! # How to add
//!
//! - A type byte of a known kind: a row in `rdb/types.rs`, its decoder, a file in `testdata`.
//! - A limit: a constant in `base/limits.rs` with its unit and reason.
//! - A form of a dump: a formatter in `tool/dump` and a line in its list of formats.
//! - A command of the server: a row in `command/specs`, and a function in a file of `engine` with a line in its `HANDLERS`.
//! - A directive: a row in `engine/config/table.rs`.
//! - A subcommand: a file in `tool`, one in `cli`, a line of registration, a test; man page and completions follow from it.

pub mod aof;
pub mod base;
pub mod cli;
pub mod cluster;
pub mod command;
pub mod engine;
pub mod feed;
pub mod keyspace;
pub mod net;
pub mod packed;
pub mod rdb;
pub mod repl;
pub mod report;
pub mod resp;
pub mod sim;
pub mod tool;
pub mod value;
