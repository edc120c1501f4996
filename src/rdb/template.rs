//! Hash templates of Redis 8.10: field names stored once for many hashes (section 8.9 of the
//! format), and the hashes that use them.

use super::error::{ErrorKind, Halt};
use super::event::{Elem, Visit};
use super::string::{ReadStr, Str};
use super::walk::{Walk, Walked};
use crate::base::bulk::Bulk;
use crate::base::cursor::Cursor;
use crate::base::limits;
use crate::packed;
use std::collections::HashMap;
use std::sync::Arc;

/// The field names of one template, in their stored order.
pub type Fields = Arc<Vec<Vec<u8>>>;

/// The templates that a file has defined so far. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    by_id: Arc<HashMap<u64, Fields>>,
    bytes: usize,
}

impl Templates {
    /// The field names of a template.
    pub fn get(&self, id: u64) -> Option<&Fields> {
        self.by_id.get(&id)
    }

    /// Adds a template; a later one with the same id replaces it.
    pub fn insert(&mut self, id: u64, fields: Fields) -> Result<(), ErrorKind> {
        self.bytes += fields.iter().map(|field| field.len() + 24).sum::<usize>();
        if self.bytes > limits::TEMPLATE_BYTES_MAX {
            return Err(ErrorKind::TemplateBytes(limits::TEMPLATE_BYTES_MAX));
        }
        Arc::make_mut(&mut self.by_id).insert(id, fields);
        Ok(())
    }
}

/// Whether names stand in the order templates need: shorter first, then by bytes, no two equal.
fn is_sorted(fields: &[Vec<u8>]) -> bool {
    fields.windows(2).all(|pair| match pair {
        [a, b] => (a.len(), a) < (b.len(), b),
        _ => true,
    })
}

/// Reads a count and that many field names.
pub(super) fn fields<E>(c: &mut Cursor<'_>) -> Result<Vec<Vec<u8>>, Halt<E>> {
    let at = c.pos();
    let n = c.count()?;
    if n == 0 {
        return Err(Halt::Bad(ErrorKind::Value("template with zero fields"), at));
    }
    let mut fields = Vec::new();
    let mut scratch = Vec::new();
    let mut total = 0;
    for _ in 0..n {
        let at = c.pos();
        let name = c.string()?;
        total += name.len() as usize;
        if total > limits::TEMPLATE_BYTES_MAX {
            return Err(Halt::Bad(ErrorKind::TemplateBytes(limits::TEMPLATE_BYTES_MAX), at));
        }
        let name = name.resolve(&mut scratch).map_err(|e| Halt::Bad(ErrorKind::Lzf(e), at))?;
        fields.push(name.to_vec());
    }
    if !is_sorted(&fields) {
        return Err(Halt::Bad(ErrorKind::Value("template fields are not strictly sorted"), at));
    }
    Ok(fields)
}

impl<V: Visit> Walk<'_, '_, V> {
    /// Reads the field names that stand in front of the values of a DUMP payload.
    fn own_fields(&mut self) -> Result<Fields, Halt<V::Error>> {
        let at = self.c.pos();
        match ReadStr::len(&mut self.c)? {
            0 => {
                let mut names = Vec::new();
                let string: Str<'_> = self.c.string()?;
                let mut scratch = Vec::new();
                let blob =
                    string.resolve(&mut scratch).map_err(|e| Halt::Bad(ErrorKind::Lzf(e), at))?;
                let blob = blob.to_vec();
                let kind = packed::Kind::Listpack;
                let broken = |e| Halt::Bad(ErrorKind::Packed(kind, e), at);
                let mut walk = packed::Walk::start(kind, &blob).map_err(broken)?;
                while let Some(name) = walk.next(&blob).map_err(broken)? {
                    names.push(name.to_vec());
                }
                if names.is_empty() || !is_sorted(&names) {
                    let kind = ErrorKind::Value("template fields are not strictly sorted");
                    return Err(Halt::Bad(kind, at));
                }
                Ok(Arc::new(names))
            }
            1 => Ok(Arc::new(fields(&mut self.c)?)),
            _ => Err(Halt::Bad(ErrorKind::Value("unknown form of template fields"), at)),
        }
    }

    /// The field names of the template with this id.
    fn referenced(&self, id: u64, at: usize) -> Result<Fields, Halt<V::Error>> {
        self.templates.get(id).cloned().ok_or(Halt::Bad(ErrorKind::Template(id), at))
    }

    pub(super) fn template_strings(&mut self, own: bool) -> Walked<V> {
        let at = self.c.pos();
        let fields = if own {
            self.own_fields()?
        } else {
            let id = ReadStr::len(&mut self.c)?;
            self.referenced(id, at)?
        };
        for (element, field) in fields.iter().enumerate() {
            if !V::DECODE {
                self.c.skip_string()?;
                continue;
            }
            let at = self.c.pos();
            let value = self.c.string()?;
            self.with_one(value, at, element as u64, |walk, value| {
                walk.emit(&Elem::Field { field: Bulk::Bytes(field), value, expire_at_ms: None })
            })?;
        }
        Ok(())
    }

    pub(super) fn template_listpack(&mut self, own: bool) -> Walked<V> {
        let fields = if own { Some(self.own_fields()?) } else { None };
        self.with_blob(packed::Kind::Listpack, 0, |walk, blob| {
            let id = match walk.next(blob)? {
                Some(Bulk::Int(id)) => id,
                Some(_) => {
                    let kind =
                        ErrorKind::Value("the template listpack's first entry is not an integer");
                    return walk.damage(kind, blob.at, None);
                }
                None => return walk.not_empty(blob),
            };
            let fields = match fields {
                Some(fields) => fields,
                None => match walk.templates.get(id as u64) {
                    Some(fields) => fields.clone(),
                    None => return walk.damage(ErrorKind::Template(id as u64), blob.at, None),
                },
            };
            let mut names = fields.iter();
            while let Some(value) = walk.next(blob)? {
                let Some(field) = names.next() else {
                    return walk.template_count(blob.at);
                };
                walk.emit(&Elem::Field { field: Bulk::Bytes(field), value, expire_at_ms: None })?;
            }
            if names.next().is_some() && !blob.lost { walk.template_count(blob.at) } else { Ok(()) }
        })
    }

    fn template_count(&mut self, at: usize) -> Walked<V> {
        self.damage(
            ErrorKind::Value("the number of values differs from the template's fields"),
            at,
            None,
        )
    }
}
