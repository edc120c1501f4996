//! Layer 10: arguments, help, exit status; the only code that prints.
//!
//! One file per subcommand: its help, its options as typed, and a `run` that checks them, calls
//! one operation of [`crate::tool`] and says how it went.

mod aof;
pub mod args;
mod crash;
mod daemon;
pub mod exit;
pub mod out;
pub mod progress;
mod rdb;
mod replicate;
mod restore;
mod serve;
mod simulate;
mod slots;

use crate::base::memory;
use args::GlobalArgs;
use clap::{CommandFactory, Parser, Subcommand};
use exit::{CliError, Exit};
use out::Ui;
use std::process::ExitCode;

/// Exit status, as every help text tells it.
pub const EXIT_STATUS: &str = "\
Exit status:
  0    clean
  1    the command ran and found something
  2    wrong usage
  3    input or output could not be read or written
  4    input not recognised, or a version or type that cannot be handled
  5    input is corrupt
  6    input is truncated (all before the cut was sound)
  130  interrupted (143: terminated); output files are complete or absent";

const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nreads RDB: REDIS 1-15, VALKEY 11, 80, 81, plain or as gzip, zstd, LZ4 or VCS stream",
    "\nwrites RDB: REDIS 1-15, VALKEY 11, 80, 81",
);

/// Inspects, checks and converts what Redis and Valkey write to disk.
#[derive(Debug, Parser)]
#[command(name = "rkv", version, long_version = LONG_VERSION, after_help = EXIT_STATUS)]
#[command(propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// RDB files: snapshots of a data set
    #[command(subcommand)]
    Rdb(rdb::RdbCommand),
    /// Append-only files: the log of writes
    #[command(subcommand)]
    Aof(aof::AofCommand),
    Slots(slots::SlotsArgs),
    /// What would happen, found out with the code that would do it
    #[command(subcommand)]
    Simulate(simulate::SimulateCommand),
    Serve(serve::ServeArgs),
    Replicate(Box<replicate::ReplicateArgs>),
    Restore(restore::RestoreArgs),
}

/// The whole command line, for man pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    memory::allow_huge_pages(false);
    if let Some(args) = serve::args_of_server(std::env::args_os()) {
        let ui = Ui { quiet: false, verbose: 0, json_errors: false, color: false };
        return out::conclude(&ui, serve::run(args, &ui));
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return say_usage(&e),
    };
    // These heed signals in ways of their own.
    let heeds =
        matches!(cli.command, Command::Serve(_) | Command::Replicate(_) | Command::Restore(_));
    if !heeds {
        out::watch_signals();
    }
    let ui = cli.global.ui();
    let context = Context { global: cli.global, ui };
    let done = match cli.command {
        Command::Rdb(command) => command.run(&context),
        Command::Aof(command) => command.run(&context),
        Command::Slots(args) => args.run(&context),
        Command::Simulate(command) => command.run(&context),
        Command::Serve(args) => args.run(&context),
        Command::Replicate(args) => args.run(&context),
        Command::Restore(args) => args.run(&context),
    };
    out::conclude(&context.ui, done)
}

/// Says what clap has to say: help, the version, or what is wrong with the arguments.
fn say_usage(e: &clap::Error) -> ExitCode {
    if !e.use_stderr() {
        // Help and version go to standard output and are no error.
        let _ = e.print();
        return ExitCode::from(Exit::Clean as u8);
    }
    let wants_json = std::env::args_os().take_while(|arg| arg != "--").any(|arg| arg == "--json");
    if wants_json {
        let ui = Ui { quiet: false, verbose: 0, json_errors: true, color: false };
        return out::conclude(&ui, Err(exit::usage_of_clap(e)));
    }
    let _ = e.print();
    ExitCode::from(Exit::Usage as u8)
}

/// What every command gets.
pub(crate) struct Context {
    /// General options.
    pub global: GlobalArgs,
    /// Standard error.
    pub ui: Ui,
}

/// How commands end.
pub(crate) type Done = Result<Exit, CliError>;
