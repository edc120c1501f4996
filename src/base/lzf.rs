//! LZF, the compression of strings in RDB files (liblzf's format).
//!
//! ```text
//! 000LLLLL                     L + 1 literal bytes follow
//! LLLooooo oooooooo            copy L + 2 bytes (L = 1..6) from distance o + 1
//! 111ooooo LLLLLLLL oooooooo   copy L + 9 bytes from distance o + 1
//! ```

/// Why a string does not decompress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LzfError {
    /// No input of this size can give so many bytes.
    #[error("{input} bytes cannot hold {size}")]
    Impossible {
        /// Compressed bytes.
        input: usize,
        /// Declared original size.
        size: usize,
    },
    /// The input ends inside an item.
    #[error("it ends inside an item")]
    InputEnd,
    /// More bytes come out than declared.
    #[error("it holds more than the declared {0} bytes")]
    TooLong(usize),
    /// Fewer bytes come out than declared.
    #[error("it holds fewer than the declared {0} bytes")]
    TooShort(usize),
    /// A copy from before the start.
    #[error("it refers to before its start")]
    Distance,
}

/// Most bytes that one item of three bytes gives.
const ITEM_BYTES_MAX: usize = 264;

/// Decompresses to exactly `size` bytes, appended to `out`.
///
/// The declared size is checked against what the input can hold before anything is allocated.
pub fn decompress(input: &[u8], size: usize, out: &mut Vec<u8>) -> Result<(), LzfError> {
    if size > (input.len() / 2 + 1).saturating_mul(ITEM_BYTES_MAX) {
        return Err(LzfError::Impossible {
            input: input.len(),
            size,
        });
    }
    let start = out.len();
    out.resize(start + size, 0);
    let target = out.get_mut(start..).unwrap_or(&mut []);
    let written = expand(input, target)?;
    if written == size {
        Ok(())
    } else {
        Err(LzfError::TooShort(size))
    }
}

/// Expands into a slice of the declared size; gives the bytes written.
fn expand(input: &[u8], out: &mut [u8]) -> Result<usize, LzfError> {
    let size = out.len();
    let mut from = 0;
    let mut to = 0;
    while let Some(control) = input.get(from) {
        let control = usize::from(*control);
        from += 1;
        if control < 32 {
            let len = control + 1;
            // Copying a fixed size is much faster; the surplus is overwritten by what follows.
            if let (Some(source), Some(target)) = (
                input.get(from..).and_then(<[u8]>::first_chunk::<32>),
                out.get_mut(to..).and_then(<[u8]>::first_chunk_mut::<32>),
            ) {
                *target = *source;
            } else {
                let source = input.get(from..from + len).ok_or(LzfError::InputEnd)?;
                let target = out.get_mut(to..to + len).ok_or(LzfError::TooLong(size))?;
                target.copy_from_slice(source);
            }
            from += len;
            to += len;
            continue;
        }
        let mut len = control >> 5;
        if len == 7 {
            len += usize::from(*input.get(from).ok_or(LzfError::InputEnd)?);
            from += 1;
        }
        len += 2;
        let low = usize::from(*input.get(from).ok_or(LzfError::InputEnd)?);
        from += 1;
        let distance = ((control & 0x1f) << 8 | low) + 1;
        copy_back(out, to, distance, len)?;
        to += len;
    }
    if from > input.len() {
        Err(LzfError::InputEnd)
    } else {
        Ok(to)
    }
}

/// Copies `len` bytes from `distance` behind `to`; regions may overlap.
#[inline(always)]
fn copy_back(out: &mut [u8], to: usize, distance: usize, len: usize) -> Result<(), LzfError> {
    let size = out.len();
    let start = to.checked_sub(distance).ok_or(LzfError::Distance)?;
    if len > size - to.min(size) {
        return Err(LzfError::TooLong(size));
    }
    if distance >= 16 && len <= 16 && to + 16 <= size {
        let (head, tail) = out.split_at_mut(to);
        if let (Some(source), Some(target)) = (
            head.get(start..).and_then(<[u8]>::first_chunk::<16>),
            tail.first_chunk_mut::<16>(),
        ) {
            *target = *source;
            return Ok(());
        }
    }
    if distance >= len {
        out.copy_within(start..start + len, to);
        return Ok(());
    }
    if distance == 1 {
        let byte = out.get(start).copied().unwrap_or(0);
        if let Some(target) = out.get_mut(to..to + len) {
            target.fill(byte);
        }
        return Ok(());
    }
    // The pattern doubles with each round.
    let mut done = 0;
    while done < len {
        let n = (distance + done).min(len - done);
        out.copy_within(start..start + n, to + done);
        done += n;
    }
    Ok(())
}

const HASH_BITS: u32 = 14;
const LITERALS_MAX: usize = 32;
const MATCH_MAX: usize = 264;
const DISTANCE_MAX: usize = 8192;

/// Compresses; the table is reused from call to call.
pub struct Compressor {
    /// Position + 1 of the last occurrence of a hash, valid only if above `base`.
    table: Vec<u32>,
    base: u32,
}

impl Default for Compressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Compressor {
    /// A compressor with an empty table.
    pub fn new() -> Self {
        Compressor {
            table: vec![0; 1 << HASH_BITS],
            base: 0,
        }
    }

    /// Appends the compressed form if it saves at least 4 bytes, as Redis asks; else leaves `out`
    /// as it was and gives `false`.
    pub fn compress(&mut self, input: &[u8], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let Some(limit) = input.len().checked_sub(4).filter(|limit| *limit > 0) else {
            return false;
        };
        if self.pack(input, out, start + limit).is_some() {
            return true;
        }
        out.truncate(start);
        false
    }

    fn pack(&mut self, input: &[u8], out: &mut Vec<u8>, limit: usize) -> Option<()> {
        // Old positions are told from new ones by the base, so the table is cleared only on wrap.
        let len = u32::try_from(input.len()).ok()?;
        if self
            .base
            .checked_add(len)
            .and_then(|end| end.checked_add(1))
            .is_none()
        {
            self.table.fill(0);
            self.base = 0;
        }
        let base = self.base;
        self.base += len + 1;
        let mut literals = 0;
        let mut pos = 0;
        while let Some(three) = input.get(pos..).and_then(<[u8]>::first_chunk::<3>) {
            let hash = u32::from_le_bytes([three[0], three[1], three[2], 0]);
            let slot = (hash.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize;
            let seen = self.table.get_mut(slot)?;
            let before = std::mem::replace(seen, base + pos as u32 + 1);
            let found = before
                .checked_sub(base + 1)
                .map(|at| at as usize)
                .filter(|at| {
                    pos - at <= DISTANCE_MAX && input.get(*at..*at + 3) == Some(&three[..])
                });
            let Some(at) = found else {
                pos += 1;
                continue;
            };
            let most = (input.len() - pos).min(MATCH_MAX);
            let same = input
                .get(at + 3..)?
                .iter()
                .zip(input.get(pos + 3..pos + most)?)
                .take_while(|(a, b)| a == b)
                .count();
            write_literals(out, input.get(literals..pos)?);
            write_match(out, pos - at, same + 3);
            if out.len() > limit {
                return None;
            }
            pos += same + 3;
            literals = pos;
        }
        write_literals(out, input.get(literals..)?);
        (out.len() <= limit).then_some(())
    }
}

fn write_literals(out: &mut Vec<u8>, literals: &[u8]) {
    for run in literals.chunks(LITERALS_MAX) {
        out.push((run.len() - 1) as u8);
        out.extend_from_slice(run);
    }
}

fn write_match(out: &mut Vec<u8>, distance: usize, len: usize) {
    let offset = distance - 1;
    let high = (offset >> 8) as u8;
    match len - 2 {
        short @ 1..7 => out.push((short as u8) << 5 | high),
        long => out.extend_from_slice(&[7 << 5 | high, (long - 7) as u8]),
    }
    out.push(offset as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unpack(input: &[u8], size: usize) -> Result<Vec<u8>, LzfError> {
        let mut out = Vec::new();
        decompress(input, size, &mut out).map(|()| out)
    }

    #[test]
    fn a_servers_vector() {
        let packed = [0x01, 0x61, 0x61, 0xe0, 0x0a, 0x00];
        assert_eq!(unpack(&packed, 21).unwrap(), vec![b'a'; 21]);
        assert_eq!(unpack(&packed, 20), Err(LzfError::TooLong(20)));
        assert_eq!(unpack(&packed, 22), Err(LzfError::TooShort(22)));
        assert_eq!(unpack(&packed[..4], 21), Err(LzfError::InputEnd));
        assert_eq!(unpack(&[0x20, 0x05], 3), Err(LzfError::Distance));
    }

    #[test]
    fn a_bomb_is_refused_before_allocating() {
        assert!(matches!(
            unpack(&[0; 8], 1 << 40),
            Err(LzfError::Impossible { .. })
        ));
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(words in prop::collection::vec(0u8..20, 0..4000)) {
            let input: Vec<u8> = words.iter().flat_map(|w| [b'a' + w, b'k', *w]).collect();
            let mut compressor = Compressor::new();
            for _ in 0..2 {
                let mut packed = Vec::new();
                if compressor.compress(&input, &mut packed) {
                    prop_assert!(packed.len() + 4 <= input.len());
                    prop_assert_eq!(unpack(&packed, input.len()).unwrap(), input.clone());
                    prop_assert_eq!(lzf::decompress(&packed, input.len()).unwrap(), input.clone());
                } else {
                    prop_assert!(packed.is_empty());
                }
            }
        }

        #[test]
        fn hostile_input_agrees_with_the_reference(
            input in prop::collection::vec(any::<u8>(), 1..200),
            size in 0usize..2000,
        ) {
            let ours = unpack(&input, size).ok();
            let reference = lzf::decompress(&input, size).ok().filter(|out| out.len() == size);
            prop_assert_eq!(ours, reference);
        }
    }
}
