//! LZF, the compression of strings in RDB files.
//!
//! ```text
//! 000LLLLL                   → the L+1 bytes (1–32) that follow, as they are
//! LLLooooo oooooooo          → L+2 bytes (3–8) from o+1 bytes back, L = 1…6
//! 111ooooo llllllll oooooooo → l+9 bytes (9–264) from o+1 bytes back
//! ```
//!
//! Source and target of a copy may overlap. Any choice of copies decodes to the same bytes, and servers differ in theirs.

use std::hint::select_unpredictable;
use thiserror::Error;

/// Longest run of literal bytes in one item.
const MAX_LITERAL: usize = 32;

/// Bytes of a block that is copied at once.
const BLOCK: usize = 16;

/// Most bytes that copying an item writes behind its end.
const MAX_SPILL: usize = 2 * BLOCK;

/// Bytes in reach of one step of decoding; a literal run and a copy behind it take at most 36.
const WINDOW: usize = 64 + 4;

/// Shortest copy that is worth an item.
const MIN_MATCH: usize = 3;

/// Longest copy.
const MAX_MATCH: usize = 264;

/// Furthest start of a copy, in bytes back.
const MAX_DISTANCE: usize = 8192;

/// No item gives more bytes for each of its own: three bytes can stand for 264.
const MAX_EXPANSION: usize = MAX_MATCH / 3;

/// Least gain in bytes for which servers, and [`Compressor::compress`], compress at all.
const MIN_GAIN: usize = 4;

/// Why bytes are not LZF, or not of the length they are said to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LzfError {
    /// The compressed bytes can not give as many bytes as they should.
    #[error("{input} compressed bytes can not hold {expected} bytes")]
    Impossible {
        /// Compressed bytes.
        input: usize,
        /// Bytes that they should give.
        expected: usize,
    },
    /// The compressed bytes end within an item.
    #[error("compressed data is cut off")]
    Cut,
    /// There is more than there should be.
    #[error("compressed data gives more than the {expected} bytes it should")]
    TooLong {
        /// Bytes that it should give.
        expected: usize,
    },
    /// There is less than there should be.
    #[error("compressed data gives {found} bytes instead of {expected}")]
    TooShort {
        /// Bytes that it gives.
        found: usize,
        /// Bytes that it should give.
        expected: usize,
    },
    /// A copy starts before the first byte.
    #[error("distance {distance} reaches back before the start, from byte {at}")]
    Distance {
        /// Bytes back.
        distance: usize,
        /// Bytes decoded so far.
        at: usize,
    },
}

/// Replaces the contents of `out` by what `input` stands for.
///
/// Allocates no more than 88 bytes for each byte of input, whatever `expected_len` says. A buffer that is used again is not
/// cleared in between, which makes a long-lived `out` cheapest.
///
/// # Errors
/// The input is damaged or does not give exactly `expected_len` bytes; `out` is empty then.
pub fn decompress(input: &[u8], expected_len: usize, out: &mut Vec<u8>) -> Result<(), LzfError> {
    if expected_len > input.len().saturating_mul(MAX_EXPANSION) {
        out.clear();
        return Err(LzfError::Impossible { input: input.len(), expected: expected_len });
    }
    // Stale bytes need no clearing: success means that all were written.
    out.resize(expected_len + MAX_SPILL, 0);
    let result = expand(input, out, expected_len);
    out.truncate(if result.is_ok() { expected_len } else { 0 });
    result
}

/// Decodes all items of `input`, which must give `expected` bytes.
///
/// Items are copied in blocks of fixed size, which may spill over bytes of `out` that later items write, and over up to
/// [`MAX_SPILL`] bytes behind the last.
fn expand(input: &[u8], out: &mut [u8], expected: usize) -> Result<(), LzfError> {
    let (from, at) = expand_windows(input, out, expected, 0)?;
    // What is left takes the same steps, with enough bytes behind it; whoever takes of those was cut off.
    let rest = input.get(from..).unwrap_or_default();
    let mut padded = [0; 2 * WINDOW];
    padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let padded = padded.get(..rest.len() + WINDOW - 1).unwrap_or_default();
    let (end, at) = expand_windows(padded, out, expected, at)?;
    match at {
        _ if end > rest.len() => Err(LzfError::Cut),
        _ if at > expected => Err(LzfError::TooLong { expected }),
        _ if at < expected => Err(LzfError::TooShort { found: at, expected }),
        _ => Ok(()),
    }
}

/// Decodes items from `at` on, as long as there is a whole window of input; gives the places behind them and behind what
/// they gave.
#[inline(always)]
fn expand_windows(
    input: &[u8],
    out: &mut [u8],
    expected: usize,
    mut at: usize,
) -> Result<(usize, usize), LzfError> {
    let mut from = 0;
    // Literal bytes may stand in front of a copy or not, and which is anybody's guess: so both are done as one, with a run of
    // no bytes where there is none.
    while let Some(window) = input.get(from..).and_then(|rest| rest.first_chunk::<WINDOW>()) {
        let [first, literal @ ..] = window;
        let is_literal = *first < 32;
        let literal_len = select_unpredictable(is_literal, usize::from(*first) + 1, 0);
        let start = select_unpredictable(is_literal, usize::from(*first) + 2, 0);
        // The mask changes nothing; it shows that the place is within the window.
        let item = window.get(start & 63..).and_then(|item| item.first_chunk());
        let word = u32::from_le_bytes(*item.unwrap_or(&[0; 4]));
        copy_literal(literal, out, at, literal_len).ok_or(LzfError::TooLong { expected })?;
        at += literal_len;
        let [control, second, third, _] = word.to_le_bytes();
        if control < 32 {
            from += start;
            continue;
        }
        let is_long = control >= 0xe0;
        from += start + 2 + usize::from(is_long);
        let more = select_unpredictable(is_long, second, 0);
        let low = select_unpredictable(is_long, third, second);
        let len = usize::from(control >> 5) + 2 + usize::from(more);
        let distance = (usize::from(control & 0x1f) << 8 | usize::from(low)) + 1;
        let source = at.checked_sub(distance).ok_or(LzfError::Distance { distance, at })?;
        copy_match(out, source, at, len).ok_or(LzfError::TooLong { expected })?;
        at += len;
    }
    Ok((from, at))
}

/// Copies a literal run from the start of `source`; `None` when it and what spills do not fit.
#[inline(always)]
fn copy_literal(source: &[u8; WINDOW - 1], out: &mut [u8], at: usize, len: usize) -> Option<()> {
    let room: &mut [u8; 2 * BLOCK] = out.get_mut(at..)?.first_chunk_mut()?;
    *room.first_chunk_mut::<BLOCK>()? = *source.first_chunk()?;
    if len > BLOCK {
        *room.last_chunk_mut::<BLOCK>()? = *source.get(BLOCK..)?.first_chunk()?;
    }
    Some(())
}

/// Copies a block within `out`; the two may overlap.
#[inline(always)]
fn copy_block(out: &mut [u8], source: usize, at: usize) -> Option<()> {
    let both = out.get_mut(source..at + BLOCK)?;
    let block: [u8; BLOCK] = *both.first_chunk()?;
    *both.last_chunk_mut()? = block;
    Some(())
}

/// Copies `len` bytes within `out` from `source` to `at`, which is behind it; `None` when they and what spills do not fit.
#[inline(always)]
fn copy_match(out: &mut [u8], source: usize, at: usize, len: usize) -> Option<()> {
    if len <= BLOCK && len <= at - source {
        return copy_block(out, source, at);
    }
    copy_rare_match(out, source, at, len)
}

/// Copies a match that is long or overlaps what it gives.
fn copy_rare_match(out: &mut [u8], source: usize, at: usize, len: usize) -> Option<()> {
    let distance = at - source;
    if distance >= BLOCK {
        // No block reads what it writes itself, and each reads what those before it wrote.
        return (0..len).step_by(BLOCK).try_for_each(|i| copy_block(out, source + i, at + i));
    }
    let byte = *out.get(source)?;
    let target = out.get_mut(at..at + len)?;
    if distance == 1 {
        target.fill(byte);
        return Some(());
    }
    // What is copied repeats with the distance, so each round can take all that the rounds before made.
    let mut done = 0;
    while done < len {
        let part = (distance + done).min(len - done);
        out.copy_within(source..source + part, at + done);
        done += part;
    }
    Some(())
}

/// Bits of the hash of three bytes. Twice as many places as a copy can reach back.
const HASH_BITS: u32 = 14;

/// Longest input that is tried, so that positions fit 32 bits.
const MAX_INPUT: usize = 1 << 30;

/// Compresses strings one after the other with one hash table.
///
/// The table (64 KiB) is never cleared between strings: positions count on, and those of earlier strings are out of reach.
#[derive(Clone)]
pub struct Compressor {
    /// Where three bytes with this hash were last seen.
    places: Box<[u32; 1 << HASH_BITS]>,
    /// Position of the next input's first byte; all earlier ones are smaller.
    base: u32,
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compressor").finish_non_exhaustive()
    }
}

impl Default for Compressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Compressor {
    /// Makes a compressor that has seen nothing.
    pub fn new() -> Compressor {
        Compressor { places: Box::new([0; 1 << HASH_BITS]), base: 1 }
    }

    /// Replaces the contents of `out` by the compressed `input`, if that is at least four bytes shorter, as servers do.
    ///
    /// Returns whether it is; else `out` is empty. Inputs above 1 GiB are not tried.
    pub fn compress(&mut self, input: &[u8], out: &mut Vec<u8>) -> bool {
        out.clear();
        if input.len() <= MIN_GAIN || input.len() > MAX_INPUT {
            return false;
        }
        let base = self.advance(input.len());
        out.reserve(input.len());
        let mut encoder = Encoder { input, out, limit: input.len() - MIN_GAIN, literal_start: 0 };
        let small_enough = encoder.run(&mut self.places, base).is_some();
        if !small_enough {
            out.clear();
        }
        small_enough
    }

    /// Takes positions for an input and returns the first; starts anew when they run out.
    fn advance(&mut self, len: usize) -> u32 {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        let (base, next) = match self.base.checked_add(len) {
            Some(next) => (self.base, next),
            None => {
                self.places.fill(0);
                (1, len.saturating_add(1))
            }
        };
        self.base = next;
        base
    }
}

/// One input on its way to its output.
struct Encoder<'a> {
    input: &'a [u8],
    out: &'a mut Vec<u8>,
    /// Most bytes that the output may have.
    limit: usize,
    /// Start of the bytes that have been read and not written.
    literal_start: usize,
}

impl Encoder<'_> {
    /// Compresses everything; `None` as soon as it gets too long.
    fn run(&mut self, places: &mut [u32; 1 << HASH_BITS], base: u32) -> Option<()> {
        let mut at = 0;
        // Where nothing matches for long, look at fewer places.
        let mut misses = 0;
        while let Some(window) = self.input.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
            let position = base.wrapping_add(u32::try_from(at).ok()?);
            let seen = std::mem::replace(places.get_mut(hash(*window))?, position);
            // An earlier string's position gives a distance that reaches back before the start.
            let distance = usize::try_from(position.wrapping_sub(seen)).ok()?;
            let len = if distance <= at.min(MAX_DISTANCE) {
                self.match_len(at - distance, at)
            } else {
                0
            };
            if len < MIN_MATCH {
                at += 1 + misses / 64;
                misses += 1;
                continue;
            }
            misses = 0;
            self.write_literals(at)?;
            self.write_match(distance, len)?;
            at += len;
            self.literal_start = at;
            self.remember_end(places, base, at);
        }
        self.write_literals(self.input.len())
    }

    /// Counts the bytes from `at` on that equal those from `source` on, up to the longest copy.
    #[inline]
    fn match_len(&self, source: usize, at: usize) -> usize {
        let rest = self.input.get(at..).unwrap_or_default();
        let rest = rest.get(..MAX_MATCH).unwrap_or(rest);
        let earlier = self
            .input
            .get(source..)
            .and_then(|earlier| earlier.get(..rest.len()))
            .unwrap_or_default();
        let (earlier_words, _) = earlier.as_chunks::<8>();
        let (words, _) = rest.as_chunks::<8>();
        let mut len = 0;
        for (a, b) in earlier_words.iter().zip(words) {
            let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
            if difference != 0 {
                return len + usize::try_from(difference.trailing_zeros() / 8).unwrap_or(0);
            }
            len += 8;
        }
        let tail = earlier.iter().zip(rest).skip(len);
        len + tail.take_while(|(a, b)| a == b).count()
    }

    /// Enters the last two places before `at`, so that what follows a match can match, too.
    #[inline]
    fn remember_end(&self, places: &mut [u32; 1 << HASH_BITS], base: u32, at: usize) {
        for place in at.saturating_sub(2)..at {
            let window = self.input.get(place..).and_then(|rest| rest.first_chunk::<4>());
            if let (Some(window), Ok(offset)) = (window, u32::try_from(place))
                && let Some(entry) = places.get_mut(hash(*window))
            {
                *entry = base.wrapping_add(offset);
            }
        }
    }

    /// Writes the bytes read before `end` as they are.
    #[inline]
    fn write_literals(&mut self, end: usize) -> Option<()> {
        let bytes = self.input.get(self.literal_start..end)?;
        if self.out.len() + bytes.len() + bytes.len().div_ceil(MAX_LITERAL) > self.limit {
            return None;
        }
        for run in bytes.chunks(MAX_LITERAL) {
            self.out.push(u8::try_from(run.len() - 1).ok()?);
            self.out.extend_from_slice(run);
        }
        Some(())
    }

    /// Writes a copy.
    #[inline]
    fn write_match(&mut self, distance: usize, len: usize) -> Option<()> {
        let [high, low] = u16::try_from(distance - 1).ok()?.to_be_bytes();
        match u8::try_from(len - 2).ok() {
            Some(short @ 1..=6) => self.out.extend_from_slice(&[short << 5 | high, low]),
            _ => self.out.extend_from_slice(&[7 << 5 | high, u8::try_from(len - 9).ok()?, low]),
        }
        (self.out.len() <= self.limit).then_some(())
    }
}

/// Hashes the first three of four bytes.
#[inline]
fn hash(window: [u8; 4]) -> usize {
    let three = u32::from_le_bytes(window) << 8;
    let hash = three.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS);
    usize::try_from(hash).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expand_to(input: &[u8], len: usize) -> Result<Vec<u8>, LzfError> {
        let mut out = b"stale".to_vec();
        decompress(input, len, &mut out)
            .map(|()| out.clone())
            .inspect_err(|_| assert!(out.is_empty()))
    }

    /// Compresses, and if that succeeds compares what our and the oracle's decompression give.
    fn round_trip(compressor: &mut Compressor, input: &[u8]) -> bool {
        let mut packed = Vec::new();
        if !compressor.compress(input, &mut packed) {
            assert!(packed.is_empty());
            return false;
        }
        assert!(packed.len() + MIN_GAIN <= input.len());
        assert_eq!(expand_to(&packed, input.len()).unwrap(), input);
        assert_eq!(lzf::decompress(&packed, input.len()).unwrap(), input);
        true
    }

    #[test]
    fn strings_of_servers() {
        assert_eq!(expand_to(b"\x01aa\xe0\x0a\x00", 21).unwrap(), b"a".repeat(21));
        // Key s:lzf in dumps of six servers: c3 0d 4190 …
        let mut expected = b"ab".repeat(200);
        expected.truncate(400);
        let packed = b"\x02aba\xe0\xff\x01\xe0\x7a\x01\x01ab";
        assert_eq!(expand_to(packed, 400).unwrap(), expected);
    }

    #[test]
    fn damage_is_found() {
        assert_eq!(expand_to(b"", 0), Ok(vec![]));
        assert_eq!(expand_to(b"", 1), Err(LzfError::Impossible { input: 0, expected: 1 }));
        assert_eq!(expand_to(b"\x00a", 177), Err(LzfError::Impossible { input: 2, expected: 177 }));
        assert_eq!(
            expand_to(b"\x00a", usize::MAX),
            Err(LzfError::Impossible { input: 2, expected: usize::MAX })
        );
        assert_eq!(expand_to(b"\x00a", 2), Err(LzfError::TooShort { found: 1, expected: 2 }));
        assert_eq!(expand_to(b"\x01ab", 1), Err(LzfError::TooLong { expected: 1 }));
        assert_eq!(expand_to(b"\x02ab", 3), Err(LzfError::Cut));
        assert_eq!(expand_to(b"\x00a\x20", 4), Err(LzfError::Cut));
        assert_eq!(expand_to(b"\x00a\xe0\x00", 10), Err(LzfError::Cut));
        assert_eq!(expand_to(b"\x00a\x20\x01", 4), Err(LzfError::Distance { distance: 2, at: 1 }));
        assert_eq!(expand_to(b"\x20\x00", 3), Err(LzfError::Distance { distance: 1, at: 0 }));
        assert_eq!(expand_to(b"\x00a\x20\x00", 3), Err(LzfError::TooLong { expected: 3 }));
        assert_eq!(expand_to(b"\x00a\x20\x00", 4).unwrap(), b"aaaa");
    }

    #[test]
    fn all_distances_and_lengths_overlap_right() {
        let seed: Vec<u8> = (0..=255).cycle().take(300).collect();
        for distance in 1..=40u16 {
            for len in (3..=60usize).chain([100, 263, 264]) {
                let mut packed = Vec::new();
                for run in seed.chunks(32) {
                    packed.push(u8::try_from(run.len() - 1).unwrap());
                    packed.extend_from_slice(run);
                }
                let mut expected = seed.clone();
                let low = u8::try_from(distance - 1).unwrap();
                match u8::try_from(len - 2).unwrap_or(u8::MAX) {
                    short @ 1..=6 => packed.extend_from_slice(&[short << 5, low]),
                    _ => packed.extend_from_slice(&[0xe0, u8::try_from(len - 9).unwrap(), low]),
                }
                for _ in 0..len {
                    expected.push(expected[expected.len() - usize::from(distance)]);
                }
                assert_eq!(expand_to(&packed, expected.len()).unwrap(), expected);
                // Again with room behind it, where blocks may spill over.
                packed.extend_from_slice(b"\x1f0123456789abcdef0123456789abcdef");
                expected.extend_from_slice(b"0123456789abcdef0123456789abcdef");
                assert_eq!(expand_to(&packed, expected.len()).unwrap(), expected);
            }
        }
    }

    #[test]
    fn typical_strings_compress() {
        let mut compressor = Compressor::new();
        assert!(!round_trip(&mut compressor, b""));
        assert!(!round_trip(&mut compressor, b"abcd"));
        assert!(!round_trip(&mut compressor, b"no repetition here at all"));
        assert!(round_trip(&mut compressor, &b"a".repeat(21)));
        assert!(round_trip(&mut compressor, &b"a".repeat(100_000)));
        assert!(round_trip(&mut compressor, &b"{\"id\":1,\"name\":\"x\"},".repeat(500)));
        let far: Vec<u8> = (0..40_000u32).flat_map(|n| (n % 3000).to_le_bytes()).collect();
        assert!(round_trip(&mut compressor, &far));
    }

    #[test]
    fn positions_start_anew_when_they_run_out() {
        let mut compressor = Compressor::new();
        let text = b"abcabcabcabcabcabcabcabcabcabc";
        assert!(round_trip(&mut compressor, text));
        for base in (u32::MAX - 40)..=u32::MAX {
            compressor.base = base;
            assert!(round_trip(&mut compressor, text));
        }
    }

    proptest! {
        #[test]
        fn what_is_compressed_expands(inputs in prop::collection::vec(prop::collection::vec(0u8..4, 0..2000), 1..8)) {
            let mut compressor = Compressor::new();
            for input in &inputs {
                round_trip(&mut compressor, input);
            }
        }

        #[test]
        fn words_compress(words in prop::collection::vec("[a-z]{1,12}", 1..20), order in prop::collection::vec(any::<prop::sample::Index>(), 0..3000)) {
            let input: Vec<u8> = order.iter().flat_map(|i| words[i.index(words.len())].bytes()).collect();
            round_trip(&mut Compressor::new(), &input);
        }

        #[test]
        fn hostile_input_is_decided_as_the_oracle_does(input in prop::collection::vec(prop_oneof![0u8..40, any::<u8>()], 0..200), len in 1usize..400) {
            let ours = expand_to(&input, len);
            let oracle = lzf::decompress(&input, len);
            match oracle {
                Ok(bytes) if bytes.len() == len => prop_assert_eq!(ours, Ok(bytes)),
                _ => prop_assert!(ours.is_err()),
            }
        }

        #[test]
        fn flipped_bytes_do_no_harm(text in "[ab]{21,300}", at: prop::sample::Index, bit in 0u8..8) {
            let mut packed = Vec::new();
            if Compressor::new().compress(text.as_bytes(), &mut packed) {
                let at = at.index(packed.len());
                packed[at] ^= 1 << bit;
                let _ = expand_to(&packed, text.len());
            }
        }
    }
}
