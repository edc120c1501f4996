//! Makes RDB files of other inputs where keys must be looked at twice or chosen among.

use super::parts::{Output, Outputs, Parts};
use super::{ConvertError, Options, SourceFormat, Split, Summary, Transform, jsonl, resp};
use crate::feed::input::Bytes;
use crate::feed::map::Map;
use crate::feed::{Control, Failure, Filter, Input};
use crate::rdb::encode::Target;
use std::fs::File;
use std::io;

/// Writes to a file that is there already.
struct One(File);

impl Outputs for One {
    fn create(&mut self, _: u32) -> io::Result<(String, Output)> {
        Ok((String::new(), Output::Writer(Box::new(io::BufWriter::new(self.0.try_clone()?)))))
    }
}

/// Replaces inputs that are no RDB by unnamed RDB files for the same target, unless one pass over
/// them is enough. Filters, changes of names, and keys of one name in several inputs then mean the
/// same for all inputs.
pub(super) fn stage(
    inputs: &mut [(Input, SourceFormat)],
    target: Target,
    options: &Options,
    control: &Control,
    summary: &mut Summary,
) -> Result<(), (usize, ConvertError)> {
    let filters = !options.filter.is_empty() || !options.filter.accepts_functions();
    if inputs.len() < 2 && !options.transform.can_collide() && !filters {
        return Ok(());
    }
    let options = Options {
        filter: Filter::default(),
        transform: Transform::default(),
        split: Split::None,
        ..options.clone()
    };
    let mut behind_bytes = 0;
    for (i, (input, format)) in inputs.iter_mut().enumerate() {
        control.begin_input(behind_bytes);
        behind_bytes += super::size_bytes(input);
        if *format != SourceFormat::Rdb {
            let done = to_rdb(input, *format, target, &options, control, summary);
            let map = done.map_err(|e| (i, e))?;
            input.bytes = Bytes::Map(map);
            *format = SourceFormat::Rdb;
        }
    }
    Ok(())
}

/// Writes one input as it is; what is lost on the way counts.
fn to_rdb(
    input: &mut Input,
    format: SourceFormat,
    target: Target,
    options: &Options,
    control: &Control,
    summary: &mut Summary,
) -> Result<Map, ConvertError> {
    let file = tempfile::tempfile().map_err(Failure::Write)?;
    let one = One(file.try_clone().map_err(Failure::Write)?);
    let mut parts = Parts::new(target, &options.split, Box::new(one));
    let mut staged = Summary::default();
    match format {
        SourceFormat::Jsonl => {
            jsonl::convert(input, target, options, &mut parts, control, &mut staged)?;
        }
        SourceFormat::Resp | SourceFormat::Rdb => {
            resp::convert(input, target, options, &mut parts, control, &mut staged)?;
        }
    }
    parts.finish().map_err(Failure::Write)?;
    summary.losses.merge(&staged.losses);
    summary.skipped += staged.skipped;
    Map::new(&file).map_err(Failure::Write)
}
