//! Vectors as arguments.

use super::super::super::error::Error;
use super::super::super::parse::{float, int, is};
use crate::value::vectorset::{DIM_MAX, VectorSet};

/// What is said of a vector that is none.
pub(super) const INVALID_VECTOR: &str = "ERR invalid vector specification";

/// A vector as a client gives it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Given<'a> {
    /// Its components, at least one.
    pub components: Vec<f32>,
    /// The number of dimensions it shall be brought to.
    pub reduce: Option<usize>,
    /// The arguments behind it.
    pub rest: &'a [&'a [u8]],
}

impl<'a> Given<'a> {
    /// Reads `[REDUCE dim] FP32 blob` or `[REDUCE dim] VALUES count number…`, with REDUCE only if that is allowed.
    pub(super) fn parse(args: &'a [&'a [u8]], may_reduce: bool) -> Result<Given<'a>, Error> {
        let given = match args {
            [word, dim, vector @ ..] if may_reduce && is(word, "reduce") && !vector.is_empty() => {
                let dim = int(dim).ok().and_then(|dim| usize::try_from(dim).ok());
                dim.filter(|dim| *dim > 0).and_then(|dim| plain(vector, Some(dim)))
            }
            vector => plain(vector, None),
        };
        given.ok_or(Error::text(INVALID_VECTOR))
    }
}

fn plain<'a>(args: &'a [&'a [u8]], reduce: Option<usize>) -> Option<Given<'a>> {
    let (components, rest) = match args {
        [word, blob, rest @ ..] if is(word, "fp32") => {
            let (numbers, odd) = blob.as_chunks::<4>();
            if !odd.is_empty() || !(1..=DIM_MAX).contains(&numbers.len()) {
                return None;
            }
            (numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(), rest)
        }
        [word, count, rest @ ..] if is(word, "values") => {
            let count = usize::try_from(int(count).ok()?).ok()?;
            if !(1..=DIM_MAX).contains(&count) {
                return None;
            }
            let (numbers, rest) = rest.split_at_checked(count)?;
            let number = |text: &&[u8]| float(text).ok().map(|number| number as f32);
            (numbers.iter().map(number).collect::<Option<Vec<f32>>>()?, rest)
        }
        _ => return None,
    };
    if reduce.is_some_and(|dim| dim > components.len()) {
        return None;
    }
    Some(Given { components, reduce, rest })
}

/// A vector as a set takes it: if it has another number of dimensions and the set reduces vectors, what that makes of it.
pub(super) fn projected(set: &VectorSet, components: Vec<f32>) -> Result<Vec<f32>, Error> {
    let dim = components.len();
    match &set.shape().projection {
        Some(projection) if dim == projection.input_dim() => Ok(projection.apply(&components)),
        Some(projection) => Err(Error::text(format!(
            "ERR Input dimension mismatch for projection - got {dim} but projection expects {}",
            projection.input_dim()
        ))),
        None if dim != set.dim() => Err(dimension_mismatch(dim, set)),
        None => Ok(components),
    }
}

/// A vector of the wrong number of dimensions.
pub(super) fn dimension_mismatch(dim: usize, set: &VectorSet) -> Error {
    let wanted = set.dim();
    Error::text(format!("ERR Vector dimension mismatch - got {dim} but set has {wanted}"))
}
