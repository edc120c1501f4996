//! Which rule damage belongs to.

use super::rules::Id;
use crate::packed::{PackedError, PackedErrorKind};
use crate::rdb::{Error, ErrorKind};

/// The rule for damage that the reader reports.
pub(super) fn rule_of(error: &Error) -> Id {
    match error.kind() {
        ErrorKind::NotRdb(_) => Id::NotRdb,
        ErrorKind::UnsupportedVersion(_) => Id::Version,
        ErrorKind::Truncated(_) => Id::Truncated,
        ErrorKind::UnknownType(_) => Id::UnknownType,
        ErrorKind::PreGaFunction | ErrorKind::PreGaModule => Id::PreRelease,
        ErrorKind::LengthEncoding(_)
        | ErrorKind::EncodedLength(_)
        | ErrorKind::StringLength(_)
        | ErrorKind::Count(_) => Id::Length,
        ErrorKind::StringEncoding(_) => Id::StringEncoding,
        ErrorKind::OutOfRange { what, .. } => range(what),
        ErrorKind::Lzf(_) => Id::Lzf,
        ErrorKind::Packed(_, error) => packed(error),
        ErrorKind::Uneven { .. } => Id::PackedUneven,
        ErrorKind::Empty => Id::Empty,
        ErrorKind::NanScore => Id::NanScore,
        ErrorKind::Score(_) => Id::Score,
        ErrorKind::Value(_) => value(error),
        ErrorKind::ModuleItem(_) => Id::Module,
        ErrorKind::Template(_) | ErrorKind::TemplateBytes(_) => Id::Template,
    }
}

fn packed(error: &PackedError) -> Id {
    match error.kind {
        PackedErrorKind::TooShort { .. }
        | PackedErrorKind::TotalLength { .. }
        | PackedErrorKind::NoTerminator
        | PackedErrorKind::EarlyTerminator { .. }
        | PackedErrorKind::IntsetWidth(_)
        | PackedErrorKind::IntsetSize { .. } => Id::PackedHeader,
        PackedErrorKind::Overrun { .. } | PackedErrorKind::Cut => Id::PackedLength,
        PackedErrorKind::Encoding(_) => Id::PackedEncoding,
        PackedErrorKind::BacklenUnclear { .. } | PackedErrorKind::Backlen { .. } => {
            Id::PackedBacklen
        }
        PackedErrorKind::Prevlen { .. } => Id::PackedPrevlen,
        PackedErrorKind::Tail { .. } => Id::PackedTail,
        PackedErrorKind::Count { .. } => Id::PackedCount,
        PackedErrorKind::Order { .. } => Id::PackedOrder,
        PackedErrorKind::LongForm(_) => Id::PackedLongForm,
        PackedErrorKind::NoValue => Id::PackedUneven,
    }
}

fn range(what: &str) -> Id {
    match what {
        "slot" => Id::SlotRange,
        "field expiry" | "minimum field expiry" => Id::FieldExpiry,
        "entries-added" => Id::Stream,
        _ => Id::Range,
    }
}

/// Wrong texts and numbers are told apart by the kind of value they are in.
fn value(error: &Error) -> Id {
    match error.path().map(|path| (path.kind, path.encoding)) {
        Some(("stream", _)) => Id::Stream,
        Some(("module", _)) => Id::Module,
        _ => Id::Structure,
    }
}
