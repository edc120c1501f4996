//! Whether a file has an index that can be used.

use super::super::Context;
use crate::feed::Input;
use crate::feed::input::Bytes;
use crate::tool::index::{Index, IndexError, sidecar_path};
use std::io::ErrorKind;
use std::path::Path;

/// The index beside a file, if it is there and fits. One that is there and cannot be used is
/// told of.
pub(super) fn find(context: &Context, path: &Path, input: &Input) -> Option<Index> {
    let Bytes::Map(rdb) = &input.bytes else { return None };
    let sidecar = sidecar_path(path);
    match Index::open(&sidecar, rdb) {
        Ok(index) => {
            context.ui.detail(&format!("{}: used", sidecar.display()));
            Some(index)
        }
        Err(IndexError::Io(e)) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => {
            context.ui.note(&format!("{}: not used: {e}", sidecar.display()));
            None
        }
    }
}
