//! Layer 5: the commands: what is known of each, and how those that need nothing but data are run.
//!
//! [`lookup`] finds a [`spec::Spec`] by name; [`Ctx::call`] checks and runs a command on a keyspace. A handler gets its
//! arguments with the command's name first, changes data through [`crate::keyspace::Unit::update`] alone, writes its reply into
//! [`Ctx::reply`], and says with [`Ctx::propagate`] what others must run instead, if that is not what it was given.

mod call;
mod error;
mod families;
mod keys;
mod parse;
mod replay;
pub mod spec;
mod specs;
mod table;

#[cfg(test)]
mod tests;

pub use call::{Ctx, Outcome, Propagation, Wait, WaitFor};
pub use error::Error;
pub use families::dump::stored;
pub use families::function::apply as apply_function;
pub use keys::{KeyAt, KeysError};
pub use replay::{Replay, Replayed};
pub use table::{Command, Reach, all, find, lookup};

/// Runs a command. `args[0]` is its name; the number of arguments suits its arity.
pub type Handler = fn(&mut Ctx<'_, '_>, &[&[u8]]) -> Result<(), Error>;
