//! The `rkv` program: everything it does is in the library.

use std::process::ExitCode;

/// Small allocations of many sizes, made and freed by several threads, are what the data store is made of.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rkv::cli::main()
}
