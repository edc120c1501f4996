//! The `rkv` program: everything it does is in the library.

use std::process::ExitCode;

/// Counts, for INFO and `maxmemory`.
#[global_allocator]
static MEMORY: rkv::base::memory::Counting = rkv::base::memory::Counting;

fn main() -> ExitCode {
    rkv::cli::main()
}
