//! The `rkv` program: everything it does is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: rkv::base::memory::Allocator = rkv::base::memory::Allocator;

fn main() -> ExitCode {
    rkv::cli::main()
}
