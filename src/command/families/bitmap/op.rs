//! BITOP: strings combined bit by bit.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::is;
use super::Done;
use crate::keyspace::{Change, Event};
use crate::value::StringForm;

/// How strings are combined. Shorter ones count as if zeroes followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    And,
    Or,
    Xor,
    Not,
    /// In the first, and in none of the others.
    Diff,
    /// In any of the others, and not in the first.
    Diff1,
    /// In the first, and in any of the others.
    AndOr,
    /// In exactly one.
    One,
}

use Operation::*;

/// The operations by name.
const OPERATIONS: &[(&str, Operation)] = &[
    ("AND", And),
    ("OR", Or),
    ("XOR", Xor),
    ("NOT", Not),
    ("DIFF", Diff),
    ("DIFF1", Diff1),
    ("ANDOR", AndOr),
    ("ONE", One),
];

/// Bytes that are combined in one go; as many of each string stay in the processor's nearest memory.
const BLOCK_BYTES: usize = 4096;

/// Changes words by those at the same place, and then the bytes that are left, as far as both strings go.
fn zip(into: &mut [u8], from: &[u8], change: impl Fn(u64, u64) -> u64) {
    let len = into.len().min(from.len());
    let (words, rest) = into[..len].as_chunks_mut::<8>();
    let (other_words, other_rest) = from[..len].as_chunks::<8>();
    for (word, other) in words.iter_mut().zip(other_words) {
        *word = change(u64::from_ne_bytes(*word), u64::from_ne_bytes(*other)).to_ne_bytes();
    }
    for (byte, other) in rest.iter_mut().zip(other_rest) {
        *byte = change(u64::from(*byte), u64::from(*other)) as u8;
    }
}

/// Combines strings; the result is as long as the longest.
pub(super) fn combine(operation: Operation, sources: &[&[u8]]) -> Vec<u8> {
    let len = sources.iter().map(|source| source.len()).max().unwrap_or_default();
    let mut result = vec![0; len];
    let Some((first, others)) = sources.split_first() else { return result };
    let mut repeated = [0; BLOCK_BYTES];
    for (i, block) in result.chunks_mut(BLOCK_BYTES).enumerate() {
        let (start, end) = (i * BLOCK_BYTES, i * BLOCK_BYTES + block.len());
        let part = |source: &[u8]| start.min(source.len())..end.min(source.len());
        let first = &first[part(first)];
        let others = others.iter().map(|source| &source[part(source)]);
        if !matches!(operation, Diff | Diff1 | AndOr) {
            block[..first.len()].copy_from_slice(first);
        }
        match operation {
            Not => block.iter_mut().for_each(|byte| *byte = !*byte),
            And => others.for_each(|other| {
                zip(block, other, |word, other| word & other);
                block[other.len()..].fill(0);
            }),
            Xor => others.for_each(|other| zip(block, other, |word, other| word ^ other)),
            Or | Diff | Diff1 | AndOr => {
                others.for_each(|other| zip(block, other, |word, other| word | other));
            }
            One => {
                let repeated = &mut repeated[..block.len()];
                repeated.fill(0);
                others.for_each(|other| {
                    let pairs = block.iter_mut().zip(&mut *repeated);
                    for ((byte, repeated), other) in pairs.zip(other) {
                        *repeated |= *byte & other;
                        *byte ^= other;
                    }
                });
                zip(block, repeated, |word, repeated| word & !repeated);
            }
        }
        let (under_first, behind) = block.split_at_mut(first.len());
        match operation {
            Diff => {
                zip(under_first, first, |word, first| first & !word);
                behind.fill(0);
            }
            Diff1 => zip(under_first, first, |word, first| word & !first),
            AndOr => {
                zip(under_first, first, |word, first| word & first);
                behind.fill(0);
            }
            And | Or | Xor | Not | One => {}
        }
    }
    result
}

pub(super) fn bitop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let found = OPERATIONS.iter().find(|(name, _)| is(args[1], name));
    let (name, operation) = *found.ok_or(Error::Syntax)?;
    let (target, keys) = (args[2], &args[3..]);
    if operation == Not && keys.len() != 1 {
        return Err(Error::text("ERR BITOP NOT must be called with a single source key."));
    }
    if matches!(operation, Diff | Diff1 | AndOr) && keys.len() < 2 {
        return Err(Error::text(format!(
            "ERR BITOP {name} must be called with at least two source keys."
        )));
    }
    for key in keys {
        ctx.unit.string(key)?;
    }
    let sources: Vec<&[u8]> = keys
        .iter()
        .map(|key| ctx.unit.peek(key).and_then(|value| value.string()).unwrap_or_default())
        .collect();
    let result = combine(operation, &sources);
    let len = result.len();
    if len == 0 {
        ctx.unit.delete(target);
    } else {
        ctx.update(target, |place| {
            place.put_string(result, StringForm::Raw, None);
            Ok(((), Change::wrote(Event::string("set"), 1)))
        })?;
    }
    ctx.reply.count(len as u64);
    Ok(())
}
