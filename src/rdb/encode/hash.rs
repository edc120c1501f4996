//! Hashes: packed or plain, with field expiries in the form of either vendor.

use super::Strings;
use super::encoder::{HASH_ENTRIES_MAX, Hint, PACKED_VALUE_BYTES, Packed};
use super::loss::{Loss, Losses};
use super::target::Target;
use crate::base::bulk::Bulk;
use crate::base::spool::Spool;
use crate::packed::ListpackBuilder;
use crate::rdb::string::write_len;
use std::io;

/// A field kept for the packed form.
type Kept = (Option<i64>, Vec<u8>, Vec<u8>);

pub(super) struct HashBuilder {
    target: Target,
    packed: Option<Packed>,
    hint: Hint,
    kept: Vec<Kept>,
    count: u64,
    /// Lowest expiry seen.
    min_expire_ms: Option<i64>,
}

pub(super) struct Finished {
    pub(super) type_byte: u8,
    pub(super) use_spool: bool,
}

impl HashBuilder {
    pub(super) fn new(target: Target) -> Self {
        HashBuilder {
            target,
            packed: None,
            hint: Hint::Auto,
            kept: Vec::new(),
            count: 0,
            min_expire_ms: None,
        }
    }

    pub(super) fn begin(&mut self, packed: Option<Packed>, hint: Hint) {
        self.packed = packed;
        self.hint = hint;
        self.kept.clear();
        self.count = 0;
        self.min_expire_ms = None;
    }

    pub(super) fn push(
        &mut self,
        (field, value, expire_at_ms): (&Bulk<'_>, &Bulk<'_>, Option<i64>),
        strings: &mut Strings,
        spool: &mut Spool,
        losses: &mut Losses,
    ) {
        let keeps = self.target.has_redis_field_expiry() || self.target.has_valkey_field_expiry();
        if expire_at_ms.is_some() && !keeps {
            losses.add(Loss::FieldExpiry);
        }
        // Redis writes 0 for none: the field would live for ever. It has been gone since 1970 either way.
        let least_ms = if self.target.has_redis_field_expiry() { 1 } else { i64::MIN };
        let expire_at_ms = expire_at_ms.filter(|_| keeps).map(|ms| ms.max(least_ms));
        self.count += 1;
        if let Some(ms) = expire_at_ms {
            self.min_expire_ms = Some(self.min_expire_ms.map_or(ms, |min| min.min(ms)));
        }
        // Every pair is framed by its expiry and length, since whether any has one is known last.
        let out = spool.buf();
        out.extend_from_slice(&expire_at_ms.unwrap_or(-1).to_le_bytes());
        let at = out.len();
        out.extend_from_slice(&[0; 8]);
        strings.write(out, field);
        strings.write(out, value);
        let len = (out.len() - at - 8) as u64;
        if let Some(slot) = out.get_mut(at..at + 8) {
            slot.copy_from_slice(&len.to_le_bytes());
        }
        if self.packed.is_some() {
            let any_size = matches!(self.hint, Hint::Packed | Hint::PackedWithExpiry);
            let short = |bulk: &Bulk<'_>| any_size || bulk.text_len() <= PACKED_VALUE_BYTES;
            let fits = any_size || self.kept.len() < HASH_ENTRIES_MAX;
            if fits && short(field) && short(value) {
                self.kept.push((expire_at_ms, field.to_vec(), value.to_vec()));
            } else {
                self.packed = None;
                self.kept = Vec::new();
            }
        }
    }

    pub(super) fn finish(
        &mut self,
        strings: &mut Strings,
        spool: &mut Spool,
        head: &mut Vec<u8>,
    ) -> io::Result<Finished> {
        let expiring = self.min_expire_ms.is_some()
            || self.hint == Hint::PackedWithExpiry && self.target.has_redis_field_expiry();
        let packed = if expiring { self.packed_triples() } else { self.packed_pairs() };
        if let Some((type_byte, blob)) = packed {
            if type_byte == 25 {
                head.extend_from_slice(&self.min_expire_ms.unwrap_or(0).to_le_bytes());
            }
            strings.write_bytes(head, &blob);
            return Ok(Finished { type_byte, use_spool: false });
        }
        let form = match self.min_expire_ms {
            None => Form::Pairs,
            Some(_) if self.target.has_valkey_field_expiry() => Form::Valkey,
            Some(min) => Form::Redis(min),
        };
        if let Form::Redis(min) = form {
            head.extend_from_slice(&min.to_le_bytes());
        }
        write_len(head, self.count);
        unframe(spool, form)?;
        let type_byte = match form {
            Form::Pairs => 4,
            Form::Valkey => 22,
            Form::Redis(_) => 24,
        };
        Ok(Finished { type_byte, use_spool: true })
    }

    fn packed_pairs(&mut self) -> Option<(u8, Vec<u8>)> {
        let packed = self.packed.as_mut()?;
        for (_, field, value) in &self.kept {
            if !(packed.push(Bulk::Bytes(field)) && packed.push(Bulk::Bytes(value))) {
                return None;
            }
        }
        Some((if packed.is_listpack() { 16 } else { 13 }, packed.finish().to_vec()))
    }

    /// Field, value and expiry, soonest first, fields without expiry at the end.
    fn packed_triples(&mut self) -> Option<(u8, Vec<u8>)> {
        self.packed.as_ref()?;
        if !self.target.has_redis_field_expiry() {
            return None;
        }
        self.kept.sort_by_key(|(expire, _, _)| expire.unwrap_or(i64::MAX));
        let mut listpack = ListpackBuilder::new(self.target.backlen());
        for (expire, field, value) in &self.kept {
            for part in [Bulk::Bytes(field), Bulk::Bytes(value), Bulk::Int(expire.unwrap_or(0))] {
                if ListpackBuilder::is_ambiguous(part) || listpack.push(part).is_err() {
                    return None;
                }
            }
        }
        Some((25, listpack.finish().to_vec()))
    }
}

/// Where the expiry of a field goes.
#[derive(Clone, Copy)]
enum Form {
    /// Nowhere.
    Pairs,
    /// Behind the pair.
    Valkey,
    /// In front of the pair, relative to this minimum.
    Redis(i64),
}

/// Rewrites framed pairs in the target's form.
fn unframe(spool: &mut Spool, form: Form) -> io::Result<()> {
    let mut plain = Spool::new();
    let mut rest: Vec<u8> = Vec::new();
    spool.each(|piece| -> io::Result<()> {
        rest.extend_from_slice(piece);
        let mut at = 0;
        while let Some((expire, pair, next)) = framed_pair(&rest, at) {
            let out = plain.buf();
            if let Form::Redis(min) = form {
                // 0 stands for none, so the minimum itself is 1.
                write_len(out, if expire < 0 { 0 } else { (expire - min + 1) as u64 });
            }
            out.extend_from_slice(pair);
            if let Form::Valkey = form {
                out.extend_from_slice(&expire.to_le_bytes());
            }
            at = next;
        }
        rest.drain(..at);
        plain.settle()
    })?;
    *spool = plain;
    Ok(())
}

/// The framed pair at `at`, if it is there as a whole.
fn framed_pair(bytes: &[u8], at: usize) -> Option<(i64, &[u8], usize)> {
    let expire = i64::from_le_bytes(*bytes.get(at..)?.first_chunk::<8>()?);
    let len = u64::from_le_bytes(*bytes.get(at + 8..)?.first_chunk::<8>()?);
    let end = usize::try_from(len).ok()?.checked_add(at + 16)?;
    Some((expire, bytes.get(at + 16..end)?, end))
}
