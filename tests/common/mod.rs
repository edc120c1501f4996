//! Support for the whole-program tests: the `rkv` program, files, real servers, and a client to talk to them.
#![allow(dead_code)] // each test file uses a part of it

pub mod client;
pub mod convert;
pub mod files;
pub mod program;
pub mod replicas;
pub mod roundtrip;
pub mod servers;
